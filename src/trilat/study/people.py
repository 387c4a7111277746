"""People of a run: officers who answer referrals, and operators who speak at fixed instants. All assumed.

An officer approves every referral of the own node after the regime's `approval_delay_s`; a regime without one
has no officer, and what is referred waits for ever. The answer is a signed consent, marked as assumed.
"""

from typing import Final

from trilat.model import SECOND_NS, Domain, ItemReference, TrilatError, WarningKind
from trilat.study.federation import Federation, Person

CONSENT_VALID_S: Final = 3_600
"""How long an approval holds, assumed."""


def release_officers(approval_delay_s: int) -> Person:
    """Officers of all parties who approve what was asked `approval_delay_s` before; 0 for nobody."""

    def act(federation: Federation, now_ns: int) -> None:
        if approval_delay_s <= 0:
            return
        for party, node in federation.nodes.items():
            for referral in node.referrals():
                if referral.asked_ns + approval_delay_s * SECOND_NS <= now_ns:
                    node.answer(
                        referral,
                        granted=True,
                        officer=f"{party}/release-officer",
                        valid_s=CONSENT_VALID_S,
                        assumed=True,
                    )

    return act


class FalseReportOperator:
    """The operator of 4 April 2009: takes an unrelated track for a launch, and withdraws after five minutes.

    Tries first to have it confirmed by an early-warning report that no item shows; that is refused, and only
    a warning marked as raised on one source goes out. What was refused is kept in `refusals`.
    """

    def __init__(self, party: str, raise_ns: int, retract_ns: int) -> None:
        """An operator at the node of `party` who speaks at two instants."""
        self._party = party
        self._raise_ns = raise_ns
        self._retract_ns = retract_ns
        self.refusals: list[str] = []
        self.acts: list[str] = []
        """What was done, in sentences for people."""

        self.raised = 0
        self.retracted = 0

    def __call__(self, federation: Federation, now_ns: int) -> None:
        """Act when the time has come."""
        node = federation.nodes.get(self._party)
        if node is None:
            return
        tracks = [item for item in node.holdings.items() if item.item_id.startswith(f"{self._party}-t")]
        if now_ns >= self._raise_ns and not self.raised and tracks:
            basis = (tracks[0].reference,)
            spoken = (ItemReference(item_id="USA-early-warning-received", version=1),)
            try:
                node.raise_warning(
                    "by-hand-1", WarningKind.LAUNCH, Domain.MISSILE, basis, spoken, "launch confirmed"
                )
            except TrilatError as error:
                self.refusals.append(str(error))
                self.acts.append(f"{self._party} gave out a launch as confirmed by hand; refused: {error}.")
            warnings = node.raise_warning(
                "by-hand-1", WarningKind.LAUNCH, Domain.MISSILE, basis, (), "launch, one source"
            )
            self.raised = len(warnings)
            self.acts.append(f"{self._party} raised the warning, marked as resting on one source.")
        if now_ns >= self._retract_ns and self.raised and not self.retracted:
            self.retracted = len(node.retract_warning("by-hand-1", "no launch: the track was unrelated"))
            stood_s = (now_ns - self._raise_ns) // SECOND_NS
            self.acts.append(f"{self._party} retracted it after {stood_s} s, to everyone who held it.")
