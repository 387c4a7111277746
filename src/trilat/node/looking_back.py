"""What the staff is shown of the past: pictures, what happened when, and warnings with who took note of them.

    pasts = PastPictures()
    past = pasts.begin(node, at_ns)           # refused in one line where there was no picture then
    while not past.step(): ...                # from job to job
    shown = pasts.finish(node, past, "park")  # written down before it is returned

Each look is an entry first, with who looked. An item is told of only where policy lets the staff see it
today.
"""

from typing import Final

from trilat.model import SECOND_NS, UsageError, Warning, format_instant
from trilat.node.acknowledgements import Stage
from trilat.node.at_desk import STAFF, look_entry
from trilat.node.exchange import Held
from trilat.node.node import Node
from trilat.node.past import PastPicture, Today
from trilat.node.reading import reading_entries
from trilat.node.records import ReadingStep
from trilat.node.shown import Plain, shown
from trilat.node.standing import ITEM_S_MAX, plain_digest
from trilat.node.timeline import Mark
from trilat.policy import degrade

KEPT_MAX: Final = 4
"""Pictures kept, so that whoever plays on goes on from one."""

GOES_ON_S_MAX: Final = 300
EVENTS_MAX: Final = 500


class PastPictures:
    """The pictures of the past of one node, each for whoever asked for it."""

    def __init__(self) -> None:
        """Nobody has asked."""
        self._kept: list[PastPicture] = []

    def begin(self, node: Node, at_ns: int) -> PastPicture:
        """The picture of an instant, in the making.

        Raises:
            UsageError: it lies before the ledger, or ahead of the clock; or the staff may see nothing.
            LedgerError: the ledger cannot be read, or the node has stopped.
        """
        node.refuse_failed()
        refuse_unknown(node, at_ns)
        near_ns = at_ns - GOES_ON_S_MAX * SECOND_NS
        near = [past for past in self._kept if near_ns <= past.at_ns <= at_ns]
        for past in sorted(near, key=lambda past: -past.at_ns):
            self._kept.remove(past)
            if past.goes_on_to(at_ns):
                return past
        return PastPicture(node, at_ns)

    def finish(self, node: Node, past: PastPicture, person: str) -> Plain:
        """What a picture shows, once it is written down who was shown it."""
        told, references = past.told()
        entries = reading_entries(
            f"{node.config.party}/staff",
            person,
            node.config.purpose,
            ReadingStep.PAST,
            plain_digest(told),
            references=references,
            reason=f"as known at {format_instant(past.at_ns)}",
        )
        node.refuse_failed()
        receipts = node.ledger.append(entries)
        self._kept = [*self._kept[-(KEPT_MAX - 1) :], past]
        return {**told, "entry": receipts[0].entry}


def refuse_unknown(node: Node, at_ns: int) -> None:
    """UsageError for an instant of which this node can have no picture."""
    began_ns, now_ns = node.timeline.began_ns(), node.clock.now_ns()
    if at_ns > now_ns:
        raise UsageError(
            f"{format_instant(at_ns)} is still to come, it is {format_instant(now_ns)}: "
            "ask for an instant that has been",
            conflict=True,
        )
    if began_ns is None or at_ns < began_ns:
        since = "has nothing yet" if began_ns is None else f"begins at {format_instant(began_ns)}"
        raise UsageError(f"nothing is known of {format_instant(at_ns)}: the ledger {since}", conflict=True)


def shown_history(node: Node, from_ns: int, until_ns: int, person: str) -> Plain:
    """What happened from one instant to another, as this node knew it then, oldest first; the newest
    `EVENTS_MAX` where there is more. The look is written down.

    Raises:
        UsageError: the second instant is before the first.
        LedgerError: it cannot be written down, or the node has stopped.
    """
    node.refuse_failed()
    if until_ns < from_ns:
        raise UsageError("`until_ns` is before `from_ns`: give them in their order", conflict=True)
    today, now_ns = Today(node), node.clock.now_ns()
    marks = [mark for mark in node.timeline.marks(from_ns, until_ns) if _may_tell(node, today, mark, now_ns)]
    told = {
        "began_ns": node.timeline.began_ns(),
        "now_ns": now_ns,
        "events": [_plain(mark) for mark in marks[-EVENTS_MAX:]],
        "left_out": max(0, len(marks) - EVENTS_MAX),
    }
    _note_look(node, person, "history events", told)
    return told


def _may_tell(node: Node, today: Today, mark: Mark, now_ns: int) -> bool:
    if mark.item is None:
        return True
    answer = today.on(node.recalls.relabelled(Held(mark.item, b"")).item, now_ns)
    return answer is not None and answer.permitted


def _plain(mark: Mark) -> Plain:
    item = mark.item
    plain: Plain = {"at_ns": mark.at_ns, "kind": mark.kind, "id": mark.name, "version": mark.version}
    if item is None:
        return {**plain, "originator": None, "subject": None, "status": None}
    originator = item.label.originator.split("/", maxsplit=1)[0]
    return {**plain, "originator": originator, "subject": item.subject, "status": item.status.value}


def shown_warnings(node: Node, person: str) -> Plain:
    """The warnings of the last minutes that the staff may see, each with who showed it first, and who took
    note of how it is now. The look is written down; of one who asks for the same again, once a minute.

    Raises:
        LedgerError: it cannot be written down, or the node has stopped.
    """
    node.refuse_failed()
    today, now_ns = Today(node), node.clock.now_ns()
    told = []
    for warning in node.holdings.warnings():
        stage = node.acknowledgements.stage(warning.item_id)
        is_past = warning.valid_ns + ITEM_S_MAX * SECOND_NS <= now_ns and _is_done(stage)
        plain = None if stage is None or is_past else _shown_today(node, today, warning, now_ns)
        if stage is not None and plain is not None:
            told.append({**_plain_warning(node, warning, stage), "item": plain})
    if node.acknowledgements.is_new_look(person, plain_digest(told), now_ns):
        _note_look(node, person, "warnings", {"warnings": told})
    return {"at_ns": now_ns, "warnings": told}


def _shown_today(node: Node, today: Today, warning: Warning, now_ns: int) -> Plain | None:
    """A warning as the staff may see it; None where it may not."""
    held = node.holdings.held(warning.item_id)
    answer = today.on(warning, now_ns)
    if held is None or answer is None or not answer.permitted:
        return None
    if held.audience not in {None, node.config.party}:
        return None
    release = degrade(warning, answer.about(warning.reference), node.config.release_key)
    return shown(release, node.holdings.sender(warning.item_id), held.form)


def _is_done(stage: Stage | None) -> bool:
    """Whether somebody took note."""
    return stage is None or bool(stage.acknowledged)


def _plain_warning(node: Node, warning: Warning, stage: Stage) -> Plain:
    shows = {reference.item_id for reference in (*warning.basis, *warning.confirmed_by)}
    first = node.timeline.first_mark(shows)
    by = None if first is None or first.item is None else first.item.provenance.originators[0]
    return {
        "id": warning.item_id,
        "version": warning.version,
        "since_version": stage.since,
        "withdrawn": stage.is_withdrawn,
        "status": warning.status.value,
        "first": None if first is None or by is None else {"party": by, "at_ns": first.at_ns},
        "basis": sorted(shows),
        "acknowledged": [{"by": one.by, "at_ns": one.at_ns} for one in stage.acknowledged.values()],
    }


def _note_look(node: Node, person: str, what: str, told: Plain) -> None:
    entry = look_entry(node.config.party, person or STAFF, what, plain_digest(told))
    node.ledger.append([entry])
