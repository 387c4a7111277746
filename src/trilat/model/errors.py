"""The one tree of errors, by whose fault it is.

    TrilatError
    ├── InvalidInputError        the caller gave something that cannot be
    │   ├── ItemError            a noun of the model refuses its fields
    │   ├── AgreementError       an agreement file is not sound (file and clause named)
    │   ├── ScenarioError        a scenario, site or telemetry file is not sound
    │   ├── ObservationError     a plot, tracklet or partner track is not sound
    │   ├── MarkingError         a marking in another format cannot be read or written
    │   └── UsageError           a command or call contradicts itself
    ├── PeerError                another party's bytes are refused
    │   ├── WireError            the bytes are not a canonical encoding within the limits
    │   ├── EnvelopeError        signature, recipient, epoch or binding is wrong
    │   │   └── EpochError       the epoch's key is not held here, and was not sent along
    │   ├── ReplayError          the envelope was already accepted
    │   └── TrustError           the party or key is not one that we hold a pin for
    ├── LinkError                the wire failed; nothing is known about the peer
    └── LedgerError              our own record is broken or refuses to be written

A refusal to release is an answer (`Decision`), never an exception. Texts are one line, lower case,
input in backticks, and say what to do. Facts are attributes, so that programs need not read the text.
"""

from typing import Any, Final

_CHARACTERS_MAX: Final = 1_000
"""An error's line: it quotes what others wrote, and they are not to fill a log or a record with it."""

_KEPT_OF_END: Final = 250


class TrilatError(Exception):
    """Base of every error raised by this package; `facts` holds what a program may want to read."""

    def __init__(self, text: str, **facts: Any) -> None:
        """An error with one line of `text` for people and `facts` for programs.

        Foreign input is quoted in texts, so what a terminal would obey or cannot print is escaped, and the
        middle of what is longer than a line has room for is left out.
        """
        super().__init__(_shortened(_printable(_shortened(" ".join(text.split())))))
        self.facts = facts


def _shortened(text: str) -> str:
    if len(text) <= _CHARACTERS_MAX:
        return text
    return f"{text[: _CHARACTERS_MAX - _KEPT_OF_END - 5]} ... {text[-_KEPT_OF_END:]}"


def _printable(text: str) -> str:
    if text.isprintable():
        return text
    return "".join(
        part if part.isprintable() else part.encode("unicode_escape").decode("ascii") for part in text
    )


class InvalidInputError(TrilatError):
    """The caller gave something that cannot be."""


class ItemError(InvalidInputError, ValueError):
    """A noun of the model refuses its fields; also a ValueError, so that decoders report it in place."""


class AgreementError(InvalidInputError):
    """An agreement file is not sound; `facts` has file and clause."""


class ScenarioError(InvalidInputError):
    """A scenario, a sites file or recorded telemetry is not sound."""


class ObservationError(InvalidInputError):
    """A plot, tracklet or partner track is not sound."""


class MarkingError(InvalidInputError):
    """A marking in another format cannot be read or written; `facts` has the reason to withhold."""


class UsageError(InvalidInputError):
    """A command or a call contradicts itself."""


class PeerError(TrilatError):
    """Another party's bytes are refused."""


class WireError(PeerError):
    """The bytes are not a canonical encoding within the limits."""


class EnvelopeError(PeerError):
    """Signature, recipient, epoch or binding of an envelope is wrong."""


class EpochError(EnvelopeError):
    """The key of the envelope's epoch is not held here and does not come with it; `facts` has the sender and
    the epoch, to ask for it.
    """


class ReplayError(PeerError):
    """The envelope was already accepted once."""


class TrustError(PeerError):
    """The party or the key is not one that this node holds a pin for."""


class LinkError(TrilatError):
    """The wire failed; nothing is known about the peer."""


class LedgerError(TrilatError):
    """Our own record is broken, or refuses to be written."""
