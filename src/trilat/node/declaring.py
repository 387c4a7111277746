"""`declare`: what a party's officer declares at its node, in force at once and told to every partner."""

from trilat.model import SECOND_NS, Declaration, Declared, Domain
from trilat.node.node import Node


def declare(
    node: Node,
    declared: Declared,
    about: str,
    *,
    officer: str,
    domain: Domain,
    valid_s: int | None = None,
    stands: bool = True,
    assumed: bool = False,
) -> Declaration:
    """The declaration, written down and used. It ends by itself after `valid_s`.

    Raises:
        ItemError: the officer is not on this party's staff, or a situation has no end.
    """
    node.refuse_failed()
    now_ns = node.clock.now_ns()
    at_ns = now_ns + node.config.decision_shift_ns
    name = f"declaration-{declared.value}-{about}"
    declaration = Declaration(
        **node.heads.head(
            name,
            f"{node.config.party}-{name}",
            kind="declaration",
            domain=domain,
            valid_ns=at_ns,
            now_ns=now_ns,
        ),
        declared=declared,
        about=about,
        stands=stands,
        officer=officer,
        until_ns=None if valid_s is None else at_ns + valid_s * SECOND_NS,
        assumed=assumed,
    )
    node.say(declaration)
    return declaration
