"""Heads: identity, version, label and provenance of the items that a node makes.

Item identities start with the party's code. Versions rise by one per item and continue after a restart; after
a restore from a backup they begin behind a floor.
Observation tokens are keyed by the party's own secret: two tokens can be compared, no more. Names that
partners gave to things are in names of own items: where one gets too long, a digest stands for its end.
"""

import hashlib
import hmac
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any, Final

from trilat.domains import Alarm, Dispute, Head, MakeHead
from trilat.model import (
    IDENTIFIER_CHARACTERS_MAX,
    AnyItem,
    Domain,
    Label,
    Provenance,
    kind_of,
    names_watch_area,
)
from trilat.node.config import NodeConfig

_TOKEN_BYTES = 16
_DIGEST_CHARACTERS = 16
AUDIENCE_KINDS: Final = {"warning": "warn", "disagreement": "differ"}
"""Kinds of which every audience has items of its own, with the word that begins their names."""

MakeAudienceHead = Callable[[str, str, str, Domain, int, Provenance | None], Head]
"""`make_head(audience, name, subject, domain, valid_ns, provenance)`."""


class Heads:
    """Makes the heads of own items and counts their versions."""

    def __init__(self, config: NodeConfig) -> None:
        """No item made yet."""
        self._config = config
        self._versions: dict[str, int] = {}
        self._floor = 0
        self.newest_version = 0
        """The highest version of any item that was made or remembered."""

    def remember(self, item: AnyItem) -> None:
        """Continue after an item that was made before a restart."""
        self.go_behind(item.item_id, item.version)

    def go_behind(self, item_id: str, version: int) -> None:
        """This version of an item was made once, whether it is still there or not."""
        self._versions[item_id] = max(self._versions.get(item_id, 0), version)
        self.newest_version = max(self.newest_version, version)

    def begin_behind(self, floor: int) -> None:
        """Every version that is made from now on is above this (`trilat.node.floors`)."""
        self._floor = max(self._floor, floor)

    def deciding_ns(self, now_ns: int) -> int:
        """The instant of deciding at an instant of the clock, UTC ns."""
        return now_ns + self._config.decision_shift_ns

    def label(self, kind: str, now_ns: int, releasable_to: tuple[str, ...] | None = None) -> Label:
        """The label of an own item made now; labels live in the time of deciding."""
        config = self._config
        at_ns = self.deciding_ns(now_ns)
        return Label(
            originator=config.party,
            classification=config.classification(kind, at_ns),
            releasable_to=config.releasable_to if releasable_to is None else releasable_to,
            created_ns=at_ns,
        )

    def token(self, report_id: str) -> bytes:
        """The opaque name of an own observation, 16 bytes (HMAC-SHA256, truncated)."""
        return hmac.new(self._config.token_key, report_id.encode(), hashlib.sha256).digest()[:_TOKEN_BYTES]

    def head(
        self,
        name: str,
        subject: str,
        *,
        kind: str,
        domain: Domain,
        valid_ns: int,
        now_ns: int,
        report_ids: tuple[str, ...] = (),
        releasable_to: tuple[str, ...] | None = None,
        provenance: Provenance | None = None,
    ) -> Head:
        """The head of the next version of the own item called `name`."""
        party = self._config.party
        item_id = f"{party}-{name}"
        version = max(self._versions.get(item_id, 0), self._floor) + 1
        self.go_behind(item_id, version)
        head: dict[str, Any] = {
            "item_id": item_id,
            "version": version,
            "subject": self.own_subject(subject),
            "domain": domain,
            "status": self._config.status,
            "valid_ns": valid_ns,
            "label": self.label(kind, now_ns, releasable_to),
            "provenance": provenance
            or Provenance(
                originators=(party,),
                observations=tuple(self.token(report_id) for report_id in report_ids),
            ),
        }
        return head

    def own_subject(self, subject: str) -> str:
        """The own name for a thing that somebody calls `subject`."""
        lead = f"{self._config.party}-"
        return subject if subject.startswith(lead) else lead + fitting(subject, len(lead))

    def of_alarms(self, alarms: Iterable[Alarm]) -> list[Alarm]:
        """The alarms under names that fit into the names of warnings, whoever they are for."""
        return [
            replace(
                alarm,
                key=self._fitting("warning", alarm.key),
                former_keys=tuple(self._fitting("warning", key) for key in alarm.former_keys),
            )
            for alarm in alarms
        ]

    def of_disputes(self, disputes: Iterable[Dispute]) -> list[Dispute]:
        """The disputes under names that fit into the names of disagreements, whoever they are for."""
        return [replace(one, key=self._fitting("disagreement", one.key)) for one in disputes]

    def _fitting(self, kind: str, name: str) -> str:
        audiences = (self._config.party, *self._config.peers)
        return fitting(name, max(len(self._lead(kind, audience)) for audience in audiences))

    def named_for(self, kind: str, audience: str, key: str) -> str:
        """The name of the own item of one of `AUDIENCE_KINDS` for another audience."""
        return self._lead(kind, audience) + key

    def _lead(self, kind: str, audience: str) -> str:
        return f"{self._config.party}-{AUDIENCE_KINDS[kind]}-{audience}-"

    def for_reports(self, now_ns: int) -> Callable[[Domain], MakeHead]:
        """Makes heads, for each concern, of items that own observations give rise to."""

        def of_domain(domain: Domain) -> MakeHead:
            def head(kind: str, name: str, subject: str, valid_ns: int, reports: tuple[str, ...]) -> Head:
                return self.head(
                    name,
                    subject,
                    kind=kind,
                    domain=domain,
                    valid_ns=valid_ns,
                    now_ns=now_ns,
                    report_ids=reports,
                )

            return head

        return of_domain

    def for_audience(self, kind: str, now_ns: int) -> MakeAudienceHead:
        """Makes heads of items of a kind that are for one audience only: a peer, or the own staff."""
        config = self._config

        def head(
            audience: str,
            name: str,
            subject: str,
            domain: Domain,
            valid_ns: int,
            provenance: Provenance | None,
        ) -> Head:
            return self.head(
                f"{AUDIENCE_KINDS[kind]}-{audience}-{name}",
                subject,
                kind=kind,
                domain=domain,
                valid_ns=valid_ns,
                now_ns=now_ns,
                releasable_to=config.readers if audience == config.party else (audience,),
                provenance=provenance,
            )

        return head

    def audience(self, item: AnyItem) -> str | None:
        """For whom alone an own item was made; None where it is for whoever may have it."""
        if names_watch_area(item):
            return self._config.party
        return self.audience_of(item)[0] if kind_of(item) in AUDIENCE_KINDS else None

    def audience_of(self, item: AnyItem) -> tuple[str, str]:
        """For whom an own item of one of `AUDIENCE_KINDS` was made, and its name without that."""
        config = self._config
        named = [peer for peer in config.peers if peer in item.label.releasable_to]
        audience = named[0] if named else config.party
        return audience, item.item_id.removeprefix(self._lead(kind_of(item), audience))


def fitting(name: str, lead_characters: int) -> str:
    """The name, with a digest for its end where it and its lead are too long for an identifier."""
    room = IDENTIFIER_CHARACTERS_MAX - lead_characters
    if len(name) <= room:
        return name
    digest = hashlib.sha256(name.encode()).hexdigest()[:_DIGEST_CHARACTERS]
    return f"{name[: max(0, room - 1 - _DIGEST_CHARACTERS)]}-{digest}"
