"""`OnwardRequests`: asking an originator on another node for leave to pass its item on, and being asked.

Rules
1. Asked is only what an agreement could permit: a clause of the originator's names us as intermediary to that
   party, and waits for the originator's approval. Anything else is refused here, before anybody is asked.
2. The request is an item: policy decides whether it may go, and it is in both ledgers.
3. Who is asked answers for items that it made and released to who asks. What cannot be granted is answered at
   once with the reason; the rest is a question on the release desk, with the asker's deadline.
4. The answer is a consent, granted or refused, or an answer that says why there is none. A deadline that
   passes without one leaves the item where it is.
"""

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Final

from trilat.model import (
    SECOND_NS,
    Answer,
    AnyItem,
    Approval,
    HolderAnswer,
    ItemReference,
    Outcome,
    Request,
    UsageError,
    is_kind,
    kind_of,
)
from trilat.node.exchange import Held
from trilat.node.parts import Part
from trilat.node.records import Referral
from trilat.policy import Rule

if TYPE_CHECKING:
    from trilat.node.node import Node

_QUESTION: Final = "may this be passed on?"


class RequestState(Enum):
    """How an own request stands."""

    WAITING = "waiting"
    GRANTED = "granted"
    REFUSED = "refused"
    LAPSED = "lapsed"


@dataclass(frozen=True, slots=True)
class OwnRequest:
    """A request of this node's, and how it stands; `said` is the reason of a refusal."""

    request: Request
    state: RequestState
    said: str = ""


class OnwardRequests(Part):
    """Requests of one node, its own and partners'."""

    def __init__(self, node: "Node") -> None:
        """Nobody was asked."""
        self._node = node
        self._config = node.config
        self._to_refuse: dict[ItemReference, tuple[Request, str]] = {}

    # --- asking ---

    def ask(self, item_id: str, onward_to: str, within_s: int, question: str = "") -> Request:
        """Ask the originator of a held item for leave to pass it on, within so many seconds.

        Raises:
            UsageError: the item is not held or is our own, no clause waits for such leave (rule 1), or policy
                does not let the request go (rule 2).
        """
        item = self._held(item_id)
        originator = item.label.originator
        rule = self._clause(item, onward_to)
        node, config = self._node, self._config
        now_ns = node.clock.now_ns()
        request = Request(
            **node.heads.head(
                f"ask-{item.item_id}-{onward_to}",
                item.subject,
                kind="request",
                domain=item.domain,
                valid_ns=now_ns,
                now_ns=now_ns,
                releasable_to=(originator,),
            ),
            question=question or _QUESTION,
            about=(item.reference,),
            deadline_ns=now_ns + within_s * SECOND_NS,
            onward_to=onward_to,
            clause=rule.consent_name,
        )
        held = Held(request, b"", audience=originator)
        decision = node.exchange.decide(held, originator, now_ns)
        if decision.outcome is Outcome.WITHHOLD:
            raise UsageError(
                f"{originator} cannot be asked: no agreement lets a request go from {config.party} to it "
                f"({decision.reasons[0].value})",
                refused=True,
            )
        node.say(request, originator)
        return request

    def _held(self, item_id: str) -> AnyItem:
        item = self._node.holdings.newest(item_id)
        if item is None:
            raise UsageError(f"no item `{item_id[:80]}` is held here: name one as the picture does")
        if item.label.originator == self._config.party:
            raise UsageError(f"`{item_id[:80]}` is our own: our officers decide on it, nobody else is asked")
        return item

    def _clause(self, item: AnyItem, onward_to: str) -> Rule:
        """The clause under which the originator could let this node pass an item on (rule 1)."""
        at_ns = self._node.heads.deciding_ns(self._node.clock.now_ns())
        for rule in self._node.agreements.rules:
            if (
                _asks(rule, item.label.originator, self._config.party, onward_to)
                and item.domain in rule.clause.domains
                and kind_of(item) in rule.clause.kinds
                and rule.speaks(at_ns, self._config.purpose)
            ):
                return rule
        raise UsageError(
            f"no clause in force lets {self._config.party} pass `{item.item_id}` of "
            f"{item.label.originator} on to {onward_to} with its consent: there is nothing to ask for",
            refused=True,
        )

    def own(self) -> tuple[OwnRequest, ...]:
        """Own requests, oldest first, with how they stand."""
        return tuple(
            self._standing(item)
            for item in self._node.holdings.items()
            if isinstance(item, Request) and item.onward_to and item.label.originator == self._config.party
        )

    def _standing(self, request: Request) -> OwnRequest:
        subject = request.subject.removeprefix(f"{self._config.party}-")
        for consent in reversed(self._node.exchange.consents):
            if (
                consent.clause == request.clause
                and consent.recipient == request.onward_to
                and consent.via == self._config.party
                and consent.valid_ns >= request.label.created_ns
                and not {subject, *(one.item_id for one in request.about)}.isdisjoint(consent.subjects)
            ):
                state = RequestState.GRANTED if consent.granted else RequestState.REFUSED
                return OwnRequest(request, state, "")
        for item in self._node.holdings.items():
            if isinstance(item, Answer) and item.to == request.reference:
                return OwnRequest(request, RequestState.REFUSED, item.reason)
        passed = request.deadline_ns is not None and request.deadline_ns <= self._node.clock.now_ns()
        return OwnRequest(request, RequestState.LAPSED if passed else RequestState.WAITING)

    # --- being asked ---

    def take(self, held: Held, sender: str) -> None:
        """Take a partner's request, which is in the ledger: a question for our desk, or a refusal to come."""
        request = held.item
        if not is_kind(type(request), Request):
            return
        if not isinstance(request, Request) or request.onward_to is None or request.clause is None:
            return
        item = self._node.holdings.newest(request.about[0].item_id)
        if item is None or self._problem(request, sender) is not None:
            self._to_refuse[request.reference] = request, sender
            return
        key = (request.clause, item.subject, request.onward_to, sender)
        # It may be asked already by our own deciding; then the asker's deadline holds from now on.
        self._node.exchange.referrals[key] = Referral(
            clause=request.clause,
            subject=item.subject,
            domain=item.domain,
            recipient=request.onward_to,
            via=sender,
            item=item.reference,
            asked_ns=request.valid_ns,
            deadline_ns=request.deadline_ns,
            request=request.reference,
        )

    def _problem(self, request: Request, sender: str) -> str | None:
        """Why a partner's request cannot be granted by anybody here (rule 3); None where it can."""
        rules = [
            rule
            for rule in self._node.agreements.rules
            if rule.consent_name == request.clause
            and _asks(rule, self._config.party, sender, request.onward_to or "")
        ]
        if not rules:
            return (
                f"no clause `{request.clause}` of ours lets {sender} pass anything on to {request.onward_to}"
            )
        for reference in request.about:
            item = self._node.holdings.newest(reference.item_id)
            known = item is not None and item.label.originator == self._config.party
            # One sentence for what is not there, not ours, or was never released to who asks: none of the
            # three may be told apart.
            if not known or not self._node.exchange.has_left(sender, reference.item_id):
                return f"`{reference.item_id}` is no item that we released to {sender}"
        return None

    def made(self, now_ns: int) -> list[Held]:
        """Answers to requests that nobody here can grant, each once, also after a restart."""
        if not self._to_refuse:
            # Most ticks: what is held need not be looked through.
            return []
        answered = {item.to for item in self._node.holdings.items() if isinstance(item, Answer)}
        waiting = [told for reference, told in self._to_refuse.items() if reference not in answered]
        self._to_refuse.clear()
        made = [
            Held(self._refusal(request, sender, now_ns), b"", audience=sender) for request, sender in waiting
        ]
        for held in made:
            self._node.use_item(held)
        return made

    def _refusal(self, request: Request, sender: str, now_ns: int) -> Answer:
        node = self._node
        return Answer(
            **node.heads.head(
                f"answer-{request.item_id}",
                request.subject,
                kind="answer",
                domain=request.domain,
                valid_ns=now_ns,
                now_ns=now_ns,
                releasable_to=(sender,),
            ),
            to=request.reference,
            holder=self._config.party,
            answer=HolderAnswer.REFUSED,
            reason=self._problem(request, sender) or "it can be asked for again",
        )


def _asks(rule: Rule, giver: str, via: str, receiver: str) -> bool:
    """Whether a clause lets `via` pass on what `giver` made to `receiver`, once the giver approves."""
    clause = rule.clause
    return (
        clause.via == via
        and giver in clause.givers
        and receiver in clause.receivers
        and clause.approval is not Approval.NONE
    )
