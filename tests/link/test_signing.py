"""Signatures of agreements: valid for the very text and the pinned key, and for nothing else."""

from functools import partial

import msgspec
import pytest
from tests.examples import example

from trilat.link import (
    NodeKeys,
    SignatureState,
    TrustStore,
    agreement_digest,
    sign_agreement,
    signature_states,
)
from trilat.model import Agreement, PartySignature, UsageError


def repeated(byte: int, count: int) -> bytes:
    """The same "random" byte each time: keys that are no secret."""
    return bytes([byte]) * count


NOW_NS = 1_700_000_000_000_000_000
KEYS = {
    code: NodeKeys.generate(code, partial(repeated, seed))
    for seed, code in enumerate(("USA", "JPN", "KOR"), 1)
}
PACT: Agreement = msgspec.structs.replace(example("agreement"), signatures=())
TRUST = TrustStore(keys.pin for keys in KEYS.values())
VALID, MISSING, WRONG = SignatureState.VALID, SignatureState.MISSING, SignatureState.WRONG


def signed(agreement: Agreement, *parties: str) -> Agreement:
    for party in parties:
        signature = sign_agreement(KEYS[party], agreement, NOW_NS)
        agreement = msgspec.structs.replace(agreement, signatures=(*agreement.signatures, signature))
    return agreement


def states(agreement: Agreement, trust: TrustStore = TRUST) -> list[SignatureState]:
    return list(signature_states(trust, agreement).values())


def test_each_party_signs_the_same_text_in_any_order() -> None:
    assert states(signed(PACT, "KOR", "USA")) == [VALID, MISSING, VALID]
    assert states(signed(PACT, "JPN", "KOR", "USA")) == [VALID, VALID, VALID]


@pytest.mark.parametrize(
    "change",
    [
        {"title": "Drills"},
        {"version": 2},
        {"agreement_id": "other"},
        {"notice_days": 91},
        {"purposes": ("missile-warning", "relief")},
    ],
)
def test_one_word_changed_and_no_signature_fits(change: dict[str, object]) -> None:
    changed = msgspec.structs.replace(signed(PACT, "USA", "JPN", "KOR"), **change)
    assert states(changed) == [WRONG, WRONG, WRONG]


def test_a_signature_by_the_wrong_key_is_wrong() -> None:
    thief = NodeKeys.generate("USA", lambda count: b"\x09" * count)
    forged = sign_agreement(thief, PACT, NOW_NS)
    assert states(msgspec.structs.replace(PACT, signatures=(forged,)))[0] is WRONG


def test_a_signature_under_another_partys_name_or_instant_is_wrong() -> None:
    own = sign_agreement(KEYS["JPN"], PACT, NOW_NS)
    for change in ({"party": "USA"}, {"signed_ns": NOW_NS + 1}, {"signature": own.signature[:-1] + b"\x00"}):
        moved: PartySignature = msgspec.structs.replace(own, **change)
        found = signature_states(TRUST, msgspec.structs.replace(PACT, signatures=(moved,)))
        assert found[moved.party] is WRONG


def test_a_second_signature_of_a_party_and_one_of_a_stranger_are_wrong() -> None:
    own = sign_agreement(KEYS["JPN"], PACT, NOW_NS)
    stranger = msgspec.structs.replace(own, party="AUS")
    found = signature_states(TRUST, msgspec.structs.replace(PACT, signatures=(own, own, stranger)))
    assert (found["JPN"], found["AUS"]) == (WRONG, WRONG)


def test_without_a_card_nothing_is_known() -> None:
    trust = TrustStore([KEYS["USA"].pin])
    assert states(signed(PACT, "USA", "JPN"), trust) == [VALID, SignatureState.NO_CARD, MISSING]


def test_a_stranger_does_not_sign_and_nobody_signs_twice() -> None:
    with pytest.raises(UsageError, match="`AUS` is no party of"):
        sign_agreement(NodeKeys.generate("AUS", lambda count: b"\x07" * count), PACT, NOW_NS)
    with pytest.raises(UsageError, match=r"has signed .* already"):
        sign_agreement(KEYS["USA"], signed(PACT, "USA"), NOW_NS)


def test_staff_do_not_sign_their_party_does() -> None:
    internal = msgspec.structs.replace(PACT, parties=(*PACT.parties, "JPN/staff"))
    assert list(signature_states(TRUST, internal)) == ["USA", "JPN", "KOR"]


def test_the_digest_is_of_the_text_without_signatures() -> None:
    assert agreement_digest(signed(PACT, "USA")) == agreement_digest(PACT)
    assert agreement_digest(msgspec.structs.replace(PACT, version=2)) != agreement_digest(PACT)
