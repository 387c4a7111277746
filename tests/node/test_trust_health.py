"""What is wrong with trust is one sentence that says what to do; nothing wrong is no sentence."""

from collections.abc import Sequence

import msgspec
import pytest
from tests.link.ceremony import DAY_NS, NOW_NS, Household

from trilat.link import Announcement, TrustStore, sign_agreement
from trilat.model import PartySignature
from trilat.node import agreement_lines, key_lines, known_keys
from trilat.policy import AgreementSet, read_agreement
from trilat.study import agreement_files

KOR, USA = Household("KOR", 1), Household("USA", 2)
FILE = "us-korea-1987.toml"


def store(now_ns: int = NOW_NS, parties: Sequence[Household] = (KOR, USA)) -> TrustStore:
    made = TrustStore(now_ns=lambda: now_ns)
    for party in parties:
        made.pin_state(party.chain[0])
    return made


def test_nothing_wrong_is_no_line() -> None:
    assert key_lines(store(), "KOR", ["USA"]) == []
    assert agreement_lines(store(), _set(()), all_signed=False) == []


@pytest.mark.parametrize(
    ("days", "words"),
    [
        (31, []),
        (29.5, ["our keys end in 29 days: let our root renew them (`trilat trust renew`)",
                "USA's keys end in 29 days: ask it to renew them"]),
        (0.5, ["our keys end in 0 days: let our root renew them (`trilat trust renew`)",
               "USA's keys end in 0 days: ask it to renew them"]),
    ],
)  # fmt: skip
def test_keys_that_end_soon_are_said_with_their_days(days: float, words: list[str]) -> None:
    ends_ns = KOR.chain[0].claimed.ends_ns
    assert key_lines(store(ends_ns - round(days * DAY_NS)), "KOR", ["USA"]) == words


def test_keys_that_ended_or_were_revoked_say_since_when() -> None:
    ended = key_lines(store(KOR.chain[0].claimed.ends_ns), "KOR", ["USA"])
    assert ended[0].startswith(
        "our own keys are not in force, nobody believes them: KOR's keys ended on 2027-"
    )
    assert ended[1].startswith("USA's keys ended on 2027-")
    revoked, usa = store(), Household("USA", 2)
    revoked.update(Announcement(states=(usa.revoke(NOW_NS),)))
    assert key_lines(revoked, "KOR", ["USA"]) == [
        "USA's key was revoked as of 2026-09-21T14:13:20Z: ask USA for its new trust state"
    ]


def test_the_instant_that_is_said_is_that_of_the_key_that_was_revoked() -> None:
    """Also where another key was retired later than the instant as of which the last one is revoked."""
    known, usa = store(), Household("USA", 2)
    known.update(Announcement(states=(usa.rotate(),)))
    known.update(Announcement(states=(usa.revoke(NOW_NS - DAY_NS),)))
    assert key_lines(known, "KOR", ["USA"]) == [
        "USA's key was revoked as of 2026-09-20T14:13:20Z: ask USA for its new trust state"
    ]


def test_a_fork_is_said_until_people_have_spoken() -> None:
    forked, usa, other = store(), Household("USA", 2), Household("USA", 2)
    other.draw(1)
    forked.update(Announcement(states=(usa.rotate(),)))
    with pytest.raises(Exception, match="signed two different trust states"):
        forked.update(Announcement(states=(other.rotate(),)))
    (line,) = key_lines(forked, "KOR", ["USA"])
    assert line.startswith("USA signed two different trust states of one version: speak with USA")


def _set(signatures: tuple[PartySignature, ...]) -> AgreementSet:
    agreement = read_agreement(FILE, agreement_files("separate-2009")[FILE])
    return AgreementSet.of({FILE: msgspec.structs.replace(agreement, signatures=signatures)})


def test_an_agreement_without_a_signature_is_said_where_signing_has_begun_or_must() -> None:
    bare = _set(())
    agreement = bare.files[FILE]
    ours = sign_agreement(KOR.keys, agreement, NOW_NS)
    name = agreement.agreement_id
    assert agreement_lines(store(), _set((ours,)), all_signed=False) == [
        f"USA has not signed `{name}`: ask it for the signed file"
    ]
    assert len(agreement_lines(store(), bare, all_signed=True)) == 2
    lines = agreement_lines(store(parties=(USA,)), _set((ours,)), all_signed=False)
    assert f"the signature of KOR under `{name}` is not known: pin KOR" in lines


def test_a_signature_by_a_revoked_key_counts_if_it_was_before() -> None:
    agreement = _set(()).files[FILE]
    signature = sign_agreement(KOR.keys, agreement, NOW_NS)
    for as_of_ns, wrong in ((NOW_NS + 1, False), (NOW_NS, True)):
        kor, known = Household("KOR", 1), store()
        known.update(Announcement(states=(kor.revoke(as_of_ns, renew=True),)))
        lines = agreement_lines(known, _set((signature,)), all_signed=False)
        assert any("KOR signed" in line and "with a key that is revoked" in line for line in lines) is wrong


def test_rows_say_how_a_party_is_known() -> None:
    known = TrustStore([USA.keys.pin])
    known.pin_state(KOR.chain[0])
    rows = known_keys(known, ["KOR", "USA", "JPN"])
    assert [(row["party"], row["by"], row["in_force"]) for row in rows] == [
        ("KOR", "root", True),
        ("USA", "card", True),
    ]
    assert rows[0]["fingerprint"] == KOR.root.fingerprint
    assert rows[1]["fingerprint"] == USA.keys.pin.fingerprint
