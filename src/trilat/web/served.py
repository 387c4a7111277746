"""What the HTTP interface asks of a node: `ServedNode`, which the node's own service is.

Every answer is made of JSON values only (instants are integers of UTC nanoseconds), and what it holds was
released to the reader that it is for: this package shows what it is given and decides nothing.
"""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Any, Protocol, TypeVar

from trilat.model import Status
from trilat.node import Condition, IntakeAnswer, Node, Pace

_T = TypeVar("_T")


class ServedNode(Protocol):
    """A running node. Errors are those of `trilat.model`; LedgerError means that the node has stopped."""

    @property
    def party(self) -> str:
        """Whose node it is."""
        ...

    @property
    def status(self) -> Status:
        """Whether its world is meant."""
        ...

    async def looked(self, what: str, digest: bytes) -> None:
        """Write down that an auditor is shown something of the ledger."""
        ...

    async def on_node(self, job: Callable[[Node], _T]) -> _T:
        """What a job returned or raised, done on the node's own thread between its other work: for what has a
        module of its own in `trilat.node`.
        """
        ...

    async def intake(self, reports: Sequence[Any], key: str, digest: bytes) -> IntakeAnswer:
        """Take a feed's batch; returns after the commit.

        Args:
            reports: JSON values as they were given; each is checked by the node.
            key: the feed's own name for the batch.
            digest: SHA-256 of the batch as it was sent.

        Raises:
            UsageError: the key was used for another batch; `facts["conflict"]` is true.
            LedgerError: the node has stopped, nothing was accepted.
        """
        ...

    async def keep_aside(self, source: str, text: str, content: bytes) -> None:
        """Write down input that could not be read, with the reason in one line."""
        ...

    async def picture(self, reader: str, person: str = "") -> dict[str, Any]:
        """What a reader may see now, as one standing release opened and closed.

        Raises:
            UsageError: nothing is released to the reader; `facts["refused"]` is true.
        """
        ...

    def stream(self, reader: str, person: str = "") -> AsyncIterator[tuple[str, dict[str, Any]]]:
        """Name and data of each event of a reader's picture; errors as in `picture`, at the first step."""
        ...

    async def referrals(self, person: str = "") -> list[dict[str, Any]]:
        """Questions that wait for a person."""
        ...

    async def answer(self, answer: Mapping[str, Any]) -> dict[str, Any]:
        """Answer one of them; returns what was written."""
        ...

    async def desk(self, who: str, person: str = "") -> dict[str, Any]:
        """Questions of release with previews, for an officer by name, or for `staff`; the look is recorded.

        Raises:
            UsageError: the name is no officer's and no deputy's; `facts["refused"]` is true.
        """
        ...

    async def answer_at_desk(self, officer: str, said: Mapping[str, Any]) -> dict[str, Any]:
        """Answer a question as an officer; returns the consent that was written."""
        ...

    async def delegate(self, officer: str, deputy: str, for_s: int) -> dict[str, Any]:
        """Let a deputy stand in for so many seconds, or for 0 no longer; returns what was written."""
        ...

    async def declare(self, officer: str, said: Mapping[str, Any]) -> dict[str, Any]:
        """Declare something for the party as an officer, or as the staff with an empty name."""
        ...

    async def ask_onward(self, said: Mapping[str, Any]) -> dict[str, Any]:
        """Ask an item's originator for leave to pass it on; returns the request that was written."""
        ...

    async def onward_requests(self, person: str = "") -> list[dict[str, Any]]:
        """Own requests for leave to pass items on, and how they stand."""
        ...

    async def raise_warning(self, said: Mapping[str, Any]) -> dict[str, Any]:
        """Give out a warning in a person's words; returns what was written."""
        ...

    async def retract_warning(self, key: str, text: str) -> dict[str, Any]:
        """Take a warning back; returns what was written."""
        ...

    async def state(self, person: str = "") -> dict[str, Any]:
        """How the node is: links, ledger, reports, refusals."""
        ...

    async def condition(self, person: str = "") -> Condition:
        """How the node is in figures, and what of it is wrong; the look is recorded now and then."""
        ...

    async def sensors(self, person: str = "") -> list[dict[str, Any]]:
        """What is known of own sensors' constant errors, a row each."""
        ...

    def pace(self) -> Pace:
        """How its time runs."""
        ...

    async def set_pace(self, pace: Pace) -> None:
        """Run at another pace.

        Raises:
            UsageError: this node's time is the world's.
        """
        ...

    async def timings(self, after: int) -> dict[str, Any]:
        """When what was accepted, released and received, from a cursor on."""
        ...

    def problem(self) -> str | None:
        """Why it cannot do its work, in one sentence; None where it can."""
        ...

    def counts(self) -> Mapping[str, int | float]:
        """Its counts by name; of a link to a partner by `link_NAME_PARTY`."""
        ...
