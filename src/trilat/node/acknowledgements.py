"""`Acknowledgements`: who at the desk took note of which warning, and when.

Rules
1. A warning has two stages: it stands, or it was withdrawn. Each is acknowledged by itself; a warning that is
   raised again begins a new stage, and needs it again. A newer version of the same stage does not.
2. It is an entry of the ledger, with the name of the account, before anybody is told of it.
3. Whoever acknowledges a stage twice has done it once; others may acknowledge it too.
4. To take note changes nothing of the warning, and no partner is told.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from trilat.ledger import Entry, EntryKind, Stored
from trilat.model import (
    SECOND_NS,
    InstantNs,
    ItemReference,
    Noun,
    ShortText,
    UsageError,
    Warning,
    WarningState,
    decode,
    encode,
)
from trilat.node.parts import Part

if TYPE_CHECKING:
    from trilat.node.node import Node

WARNINGS_MAX: Final = 10_000
PEOPLE_MAX: Final = 100
"""So many take note of one stage of a warning."""

LOOK_EVERY_NS: Final = 60 * SECOND_NS


class AcknowledgementRecord(Noun, frozen=True, kw_only=True):
    """Somebody took note of a warning as it was in a version."""

    warning: ItemReference
    is_withdrawn: bool
    """Whether of its being withdrawn."""

    by: ShortText
    """The account, or `staff` for who has the staff's own token."""

    at_ns: InstantNs


@dataclass
class Stage:
    """How a warning is, since which version, and who took note of it."""

    since: int
    is_withdrawn: bool
    acknowledged: dict[str, AcknowledgementRecord] = field(default_factory=dict)


class Acknowledgements(Part):
    """Those of one node, for its own staff."""

    def __init__(self, node: "Node") -> None:
        """No warning yet."""
        self._node = node
        self._stages: dict[str, Stage] = {}
        self._looks: dict[str, tuple[bytes, int]] = {}

    def is_new_look(self, person: str, digest: bytes, now_ns: int) -> bool:
        """Whether somebody is shown something else than before, or was last told of long ago: a banner asks
        every few seconds.
        """
        known, at_ns = self._looks.get(person, (b"", -LOOK_EVERY_NS))
        if known == digest and now_ns - at_ns < LOOK_EVERY_NS:
            return False
        self._looks[person] = digest, now_ns
        return True

    def note(self, warning: Warning) -> None:
        """A version of a warning is about to be used."""
        withdrawn = warning.state is WarningState.RETRACTED
        known = self._stages.get(warning.item_id)
        if known is None or (warning.version > known.since and known.is_withdrawn is not withdrawn):
            self._stages.pop(warning.item_id, None)
            self._stages[warning.item_id] = Stage(warning.version, withdrawn)
            if len(self._stages) > WARNINGS_MAX:
                del self._stages[next(iter(self._stages))]

    def stage(self, item_id: str) -> Stage | None:
        """How a warning is; None where there is none of that name."""
        return self._stages.get(item_id)

    def acknowledge(self, reference: ItemReference, by: str) -> AcknowledgementRecord:
        """The record that somebody took note of a warning as it is in a version, once it is written; the
        first one where it was before.

        Raises:
            UsageError: no warning of that name is held here, or it is at another stage by now.
            LedgerError: it cannot be written.
        """
        item = self._node.holdings.newest(reference.item_id)
        stage = self._stages.get(reference.item_id)
        if stage is None or not isinstance(item, Warning):
            raise UsageError(
                f"no warning `{reference.item_id[:80]}` is held here: look at the banner again", conflict=True
            )
        if not stage.since <= reference.version <= item.version:
            state = "was withdrawn" if stage.is_withdrawn else "stands"
            raise UsageError(
                f"`{reference.item_id}` {state} since version {stage.since}, and is at {item.version}: "
                "read what it says now, and acknowledge that",
                conflict=True,
            )
        known = stage.acknowledged.get(by)
        if known is not None:
            return known
        if len(stage.acknowledged) >= PEOPLE_MAX:
            raise UsageError(f"{PEOPLE_MAX} people took note of it already", conflict=True)
        record = AcknowledgementRecord(
            warning=reference, is_withdrawn=stage.is_withdrawn, by=by, at_ns=self._node.clock.now_ns()
        )
        self._node.write([Entry(kind=EntryKind.ACKNOWLEDGEMENT, content=encode(record))])
        self._use(record)
        return record

    def kinds(self) -> Mapping[EntryKind, Callable[[Stored, bytes], None]]:
        """Who took note is known after a restart."""
        return {EntryKind.ACKNOWLEDGEMENT: self._again}

    def _again(self, _: Stored, content: bytes) -> None:
        self._use(decode(content, AcknowledgementRecord))

    def _use(self, record: AcknowledgementRecord) -> None:
        stage = self._stages.get(record.warning.item_id)
        if stage is not None and stage.is_withdrawn is record.is_withdrawn:
            stage.acknowledged.setdefault(record.by, record)
