"""`shown_why_sight`: which items a fused object rests on, and what let each of them in.

Rules
1. The object is one of those that the own staff is shown: of the View of what the staff has in full.
2. Of each party at the most one item is told of, the newest that is about the object. Each is asked for as if
   the staff had asked for it alone (`why`), and one that the staff may not see is not told of. Nothing else
   is told: neither what a partner has besides, nor that there is something which it did not give.
3. Each question is an entry of the ledger, with a digest of the answer.
"""

from trilat.model import TrilatError, UsageError
from trilat.node.at_desk import look_entry
from trilat.node.node import Node
from trilat.node.shown import Plain
from trilat.node.standing import plain_digest
from trilat.node.why import shown_source, staff_answers


def shown_why_sight(node: Node, key: str, who: str) -> Plain:
    """From which items an object is fused; recorded as asked by `who`.

    Raises:
        UsageError: the staff is shown no such object, or may see nothing that it rests on;
            `facts["unknown"]` is true.
        LedgerError: it cannot be recorded, and nothing is shown.
    """
    now_ns = node.clock.now_ns()
    found = [shown_source(node, item_id) for item_id in _basis(node, key, now_ns)]
    sources = [source for source in found if source is not None]
    told: Plain = {"at_ns": now_ns, "key": key, "sources": sources} if sources else {}
    node.write([look_entry(node.config.party, who, f"why sight {key}", plain_digest(told))])
    if not told:
        raise UsageError(f"no object `{key[:80]}` is fused from items that you may see", unknown=True)
    return told


def _basis(node: Node, key: str, now_ns: int) -> list[str]:
    """Names of the items that an object of the staff's picture rests on (rule 1)."""
    answers, views = staff_answers(node), node.views
    # Of a class that has not begun each item is refused by itself.
    classes = answers.classes_in_full(views.object_classes, now_ns, views.object_classes)
    try:
        return [name.item_id for name in views.watch(answers, classes).basis(key, now_ns)]
    except TrilatError:
        # What a partner sent may be beyond what a filter can carry: then a picture has no objects either.
        return []
    finally:
        views.unwatch(answers)
