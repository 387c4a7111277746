"""Markings and signed items: what an originator signs holds, and nothing else passes for it."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from trilat.link import (
    TrustStore,
    open_signed_binding,
    open_signed_item,
    sign_binding,
    sign_item,
    sign_label,
    verify_label,
)
from trilat.link.cose import sign1
from trilat.link.statement import ITEM_TYPE, MARKING_TYPE
from trilat.model import EnvelopeError, Portion, TrustError, UsageError, WireError, encode

if TYPE_CHECKING:
    from tests.link.conftest import World

PORTIONS = (Portion(field="about", releasable_to=()),)


def test_a_marking_by_the_originator_is_taken_whatever_the_content(world: "World") -> None:
    item = world.statement()
    marking = sign_label(world.keys["KOR"], item)
    verify_label(world.trust, item, marking)
    verify_label(world.trust, msgspec.structs.replace(item, text="a coarser form"), marking)


def test_staff_are_marked_with_their_partys_key(world: "World") -> None:
    item = world.statement("JPN/officer")
    verify_label(world.trust, item, sign_label(world.keys["JPN"], item))


@pytest.mark.parametrize(
    ("field", "change"),
    [
        ("item_id", lambda _: {"item_id": "KOR:item-2"}),
        ("version", lambda _: {"version": 2}),
        ("subject", lambda _: {"subject": "subject-2"}),
        ("label", lambda item: {"label": msgspec.structs.replace(item.label, releasable_to=("USA",))}),
        ("label", lambda item: {"label": msgspec.structs.replace(item.label, version=2)}),
        ("label", lambda item: {"label": msgspec.structs.replace(item.label, expires_ns=2 * 10**18)}),
        ("label", lambda item: {"label": msgspec.structs.replace(item.label, portions=PORTIONS)}),
        ("label", lambda item: {"label": msgspec.structs.replace(item.label, review_ns=2 * 10**18)}),
    ],
    ids=["id", "version", "subject", "releasable to fewer", "label version", "expiry", "portions", "review"],
)
def test_a_marking_of_something_else_is_refused(
    world: "World", field: str, change: Callable[[Any], dict[str, Any]]
) -> None:
    item = world.statement()
    other = msgspec.structs.replace(item, **change(item))
    with pytest.raises(EnvelopeError, match=f"another {field}"):
        verify_label(world.trust, other, sign_label(world.keys["KOR"], item))
    with pytest.raises(EnvelopeError, match=f"another {field}"):
        verify_label(world.trust, item, sign_label(world.keys["KOR"], other))


def test_a_label_that_names_another_originator_needs_that_ones_signature(world: "World") -> None:
    marking = sign_label(world.keys["USA"], world.statement("USA"))
    with pytest.raises(EnvelopeError, match="not by `KOR`"):
        verify_label(world.trust, world.statement("KOR"), marking)


def test_nobody_marks_or_signs_for_another(world: "World") -> None:
    for sign in (sign_label, sign_item):
        with pytest.raises(UsageError, match="its originator is `KOR`"):
            sign(world.keys["USA"], world.statement("KOR"))


def test_an_originator_without_a_pin_is_refused(world: "World") -> None:
    item = world.statement("PRK")
    with pytest.raises(TrustError, match="`PRK`"):
        verify_label(world.trust, item, sign_label(world.keys["PRK"], item))
    with pytest.raises(TrustError, match="`PRK`"):
        open_signed_item(world.trust, sign_item(world.keys["PRK"], item))


def test_a_forger_with_keys_of_its_own_is_refused(world: "World") -> None:
    item = world.statement("KOR")
    forged = sign1(world.keys["PRK"].signing, ITEM_TYPE, encode(item))
    with pytest.raises(EnvelopeError, match="not by `KOR`"):
        open_signed_item(world.trust, forged)
    with pytest.raises(EnvelopeError, match="another use"):
        verify_label(world.trust, item, forged)


def test_a_signature_for_one_use_is_none_for_another(world: "World") -> None:
    item = world.statement()
    keys = world.keys["KOR"]
    with pytest.raises(EnvelopeError, match="another use"):
        verify_label(world.trust, item, sign_item(keys, item))
    with pytest.raises(EnvelopeError, match="another use"):
        open_signed_item(world.trust, sign_label(keys, item))


@pytest.mark.parametrize("payload", [b"", b"\x90", b"\xff" * 40, b"\x91" * 70_000, bytes(70_000)])
def test_a_payload_that_is_none_is_refused(world: "World", payload: bytes) -> None:
    keys = world.keys["KOR"].signing
    with pytest.raises(WireError):
        open_signed_item(world.trust, sign1(keys, ITEM_TYPE, payload))
    with pytest.raises(WireError):
        verify_label(world.trust, world.statement(), sign1(keys, MARKING_TYPE, payload))


def test_a_signed_consent_comes_back_as_it_was(world: "World") -> None:
    consent = world.consent("JPN")
    assert open_signed_item(world.trust, sign_item(world.keys["JPN"], consent)) == consent


def test_no_byte_of_a_signed_item_can_change(world: "World") -> None:
    data = sign_item(world.keys["KOR"], world.consent())
    for position in range(len(data)):
        changed = bytearray(data)
        changed[position] ^= 1 << (position % 8)
        with pytest.raises((EnvelopeError, WireError, TrustError)):
            open_signed_item(world.trust, bytes(changed))


def test_trust_is_asked_anew_each_time(world: "World") -> None:
    item = world.statement()
    marking = sign_label(world.keys["KOR"], item)
    with pytest.raises(TrustError):
        verify_label(TrustStore(), item, marking)


def test_a_binding_is_taken_from_the_party_that_signed_it_or_its_staff(world: "World") -> None:
    signed = sign_binding(world.keys["KOR"], b"digest of a container")
    for party in ("KOR", "KOR/officer"):
        assert open_signed_binding(world.trust, party, signed) == b"digest of a container"


def test_a_binding_of_another_party_use_or_text_is_refused(world: "World") -> None:
    signed = sign_binding(world.keys["KOR"], b"digest of a container")
    others = [
        sign_binding(world.keys["USA"], b"digest of a container"),
        sign_label(world.keys["KOR"], world.statement()),
        sign_item(world.keys["KOR"], world.statement()),
        signed.replace(b"digest", b"digesT"),
        signed + b"\x00",
        signed[:-1],
        b"",
    ]
    for other in others:
        with pytest.raises(EnvelopeError):
            open_signed_binding(world.trust, "KOR", other)
    with pytest.raises(TrustError):
        open_signed_binding(world.trust, "AUS", signed)
