"""`Part`: a concern of a node that has its turn in each of the node's seconds, and a file of its own.

A node asks its parts, in their order, at these points and no others:
1. `made`: items of this second, which are written, offered and decided on with all others;
2. `steps`: entries of this second's commit; what they record may be used before, since a node that cannot
   write stops;
3. `written`: after the commit. Only now may a part say anything on the links (`LinkEndpoint.notify`);
4. `take`: an item that a partner released, when it is in the ledger;
5. `topics`: what partners' nodes say beside items (`Notice`): not in the ledger unless the part writes it;
6. `kinds`: entries of its own, given again in order after a restart;
7. `restored`: the ledger was read whole after a start, and nothing was done yet;
8. `recorded`: a parcel or a partner's receipt is in the ledger, now or before a restart.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence

from trilat.ledger import Entry, EntryKind, Stored
from trilat.node.exchange import Held
from trilat.node.records import ReceiptRecord, ReceivedRecord, ReleaseRecord

Heard = Callable[[str, bytes], None]
"""Takes the party that said it, and what it said: bytes by an authentic partner that may be hostile."""

Recorded = ReleaseRecord | ReceivedRecord | ReceiptRecord


class Part:
    """A part that does nothing; each overrides what it needs."""

    def made(self, now_ns: int) -> Sequence[Held]:  # noqa: ARG002
        """Items that this part makes at an instant."""
        return ()

    def steps(self, now_ns: int) -> Iterable[Entry]:  # noqa: ARG002
        """Entries to be written with this second's commit."""
        return ()

    def written(self, now_ns: int) -> None:
        """What was made and stepped at this instant is on disk."""

    def take(self, held: Held, sender: str) -> None:
        """Take an item that a partner released to this node."""

    def recorded(self, entry: int, recorded_ns: int, record: Recorded) -> None:
        """Take what was written of a stream; `entry` is -1 for a receipt that is written with the tick."""

    def restored(self) -> None:
        """All entries of the ledger were given again."""

    def topics(self) -> Mapping[str, Heard]:
        """Who takes notices, by topic."""
        return {}

    def kinds(self) -> Mapping[EntryKind, Callable[[Stored, bytes], None]]:
        """Who takes entries of the ledger after a restart, by kind."""
        return {}


def tell_recorded(parts: Iterable[Part], entry: int, recorded_ns: int, record: Recorded) -> None:
    """Tell all parts what was written of a stream."""
    for part in parts:
        part.recorded(entry, recorded_ns, record)
