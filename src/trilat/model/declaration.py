"""`Declaration`: a party says by its officer that a situation holds, that it suspends its own giving, or that
it gives notice to end an agreement. A newer declaration of the same party on the same thing replaces it.
"""

from enum import Enum

from trilat.model.errors import ItemError
from trilat.model.item import Item
from trilat.model.noun import Identifier, InstantNs, PartyCode


class Declared(Enum):
    """What a party declares."""

    SITUATION = "situation"
    """Something is happening, such as a launch; `about` is its name in the clauses that wait for it."""

    SUSPENSION = "suspension"
    """The party gives nothing, and passes nothing on, under `about`: an agreement, or one of its clauses."""

    NOTICE = "notice"
    """The party ends the agreement `about`, after its days of notice, where it renews itself at the end of
    the term."""


class Declaration(Item, frozen=True, kw_only=True, tag="declaration"):
    """What a party's officer declares, from `valid_ns` on; `about` is a situation, an agreement's id, or a
    clause as `agreement#clause`. It ends by itself at `until_ns`.
    """

    declared: Declared
    about: Identifier
    stands: bool = True
    """False lifts what the same party declared before."""

    officer: PartyCode
    until_ns: InstantNs | None = None
    assumed: bool = False
    """True where a script plays the officer, as in a replay of history."""

    def check(self) -> None:
        """Refuse an officer of another party, a situation without an end, and an end that cannot be."""
        if "/" not in self.officer or self.officer.split("/")[0] != self.label.originator.split("/")[0]:
            raise ItemError(
                f"Declaration.officer `{self.officer}` is not on the staff of `{self.label.originator}`: "
                "a party declares by its own officer"
            )
        if self.until_ns is not None and self.until_ns <= self.valid_ns:
            raise ItemError("Declaration.until_ns must be after valid_ns")
        if self.declared is Declared.SITUATION and self.stands and self.until_ns is None:
            raise ItemError("Declaration.until_ns is missing: a situation ends by itself, say when")
        if self.declared is Declared.NOTICE and self.until_ns is not None:
            raise ItemError("Declaration.until_ns is of no use in a notice: withdraw it by a newer one")
