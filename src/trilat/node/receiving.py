"""What a node makes of a partner's release before it uses it: its record, and the item as it is held."""

from collections.abc import Hashable, Sequence
from typing import Final

from trilat.model import AnyItem, Consent, Declaration, Provenance, Release, checked_copy
from trilat.node.config import NodeConfig
from trilat.node.intake import foreign_refusal
from trilat.node.records import ReceivedRecord
from trilat.policy import AgreementSet, RememberedDecisions

_REMEMBERED_MAX: Final = 4_096
_RECORD: Final = ReceivedRecord(sender="XX", stream="x", sequence=1, parcel=b"x")


def received_record(
    *, sender: str, stream: str, sequence: int, parcel: bytes, refusal: str | None
) -> ReceivedRecord:
    """The record of a parcel that was opened: all but the refusal comes out of what the link has checked."""
    if refusal:
        return ReceivedRecord(sender=sender, stream=stream, sequence=sequence, parcel=parcel, refusal=refusal)
    return checked_copy(_RECORD, sender=sender, stream=stream, sequence=sequence, parcel=parcel)


class Receiving:
    """Judges what partners release to one node, and says in it under which agreements it came. What holds for
    a batch is worked out once.
    """

    def __init__(self, config: NodeConfig) -> None:
        """Nothing received."""
        self._config = config
        self._remembered = RememberedDecisions()
        self._agreements: AgreementSet | None = None
        self._known: dict[Hashable, Provenance] = {}

    def refusal(
        self,
        release: Release,
        sender: str,
        agreements: AgreementSet,
        said: tuple[Sequence[Consent], Sequence[Declaration]],
        now_ns: int,
    ) -> str | None:
        """Why a partner's release is not used, in one line; None where it is: see `foreign_refusal`."""
        return foreign_refusal(
            release, sender, self._config, agreements, said, now_ns, self._remembered.alike
        )

    def marked(self, release: Release, agreements: AgreementSet) -> AnyItem:
        """The item of a release, whose provenance names the agreements behind it, `agreement@version`."""
        if agreements is not self._agreements or len(self._known) >= _REMEMBERED_MAX:
            self._agreements = agreements
            self._known.clear()
        item, provenance = release.item, release.item.provenance
        key = (release.clauses, provenance.originators, provenance.observations, provenance.lineage)
        found = self._known.get(key)
        if found is None:
            under = {
                f"{rule.agreement.agreement_id}@{rule.agreement.version}"
                for name in release.clauses
                if (rule := agreements.rule(name)) is not None
            }
            found = self._known[key] = Provenance(
                originators=provenance.originators,
                observations=provenance.observations,
                received_under=tuple(sorted(under)),
                lineage=provenance.lineage,
            )
        return checked_copy(item, provenance=found)
