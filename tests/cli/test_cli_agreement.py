"""`trilat agreement`: from an empty file to one signed by all; every refusal is one line that names where."""

import json
from functools import partial
from pathlib import Path

import pytest
from tests.cli.commands import EXAMPLE, QUESTION, trilat
from tests.three_nodes import RING

from trilat.link import LinkIdentity, NodeKeys, card_to_json, write_private

PARTIES = ("JPN", "KOR")


def repeated(byte: int, count: int) -> bytes:
    """The same "random" byte each time: keys that are no secret."""
    return bytes([byte]) * count


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a new agreement in `pacts/`, and keys and cards of its parties."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pacts").mkdir()
    assert trilat("agreement", "new", "pacts/one.toml", "--parties", "JPN,KOR").code == 0
    for seed, party in enumerate((*PARTIES, "AUS"), start=1):
        keys = NodeKeys.generate(party, partial(repeated, seed))
        write_private(tmp_path / f"{party}.keys", keys.private_bytes())
        identity = LinkIdentity.generate(
            party, ["example.org"], 1_700_000_000_000_000_000, partial(repeated, seed)
        )
        (tmp_path / f"{party}.json").write_text(card_to_json(identity.card(keys.pin)), encoding="utf-8")
    return tmp_path


def sign(party: str, file: str = "pacts/one.toml", key: str | None = None) -> tuple[int, str]:
    ended = trilat("agreement", "sign", file, "--party", party, "--key", key or f"{party}.keys")
    return ended.code, ended.err


def verify(file: str = "pacts/one.toml") -> tuple[int, dict[str, str]]:
    ended = trilat("agreement", "verify", file, "--card", "JPN.json", "--card", "KOR.json", "--json")
    return ended.code, ended.value["signatures"]


def test_a_new_file_is_sound_and_signed_by_all_it_is_valid(desk: Path) -> None:
    assert trilat("agreement", "check", "pacts").code == 0
    assert verify() == (1, {"JPN": "missing", "KOR": "missing"})
    for party in PARTIES:
        assert sign(party) == (0, "")
    assert verify() == (0, {"JPN": "valid", "KOR": "valid"})
    text = (desk / "pacts/one.toml").read_text(encoding="utf-8")
    (desk / "pacts/one.toml").write_text("# a comment more\n" + text, encoding="utf-8")
    assert verify()[0] == 0


def test_one_word_changed_after_signing_is_told_by_party(desk: Path) -> None:
    sign("JPN")
    path = desk / "pacts/one.toml"
    path.write_text(path.read_text(encoding="utf-8").replace("delay_s = 60", "delay_s = 0"), encoding="utf-8")
    assert verify() == (1, {"JPN": "wrong", "KOR": "missing"})


def test_a_removal_that_who_leaves_signed_is_judged_as_a_node_judges_it(desk: Path) -> None:
    _leaving_files(desk)
    cards = [word for party in ("JPN", "KOR", "AUS") for word in ("--card", f"{party}.json")]

    def judged(*more: str) -> tuple[int, dict[str, str], str]:
        ended = trilat("agreement", "verify", "next.toml", *cards, "--json", *more)
        return ended.code, ended.value["signatures"], ended.err

    code, states, why = judged("--before", "pacts/ring.toml")
    assert (code, states) == (1, {"JPN": "missing", "KOR": "missing"})
    assert "is not signed by JPN, KOR" in why
    assert trilat(*LEAVING, "--before", "pacts/ring.toml").code == 0
    states = {"JPN": "missing", "KOR": "missing", "AUS": "leaves"}
    assert judged("--before", "pacts/ring.toml")[:2] == (0, states)
    assert judged()[:2] == (1, states), "without the version before nothing says that it is a removal"
    # Of another text the leaver's signature fits no more, and nothing is believed.
    text = (desk / "next.toml").read_text(encoding="utf-8")
    (desk / "next.toml").write_text(text.replace("fresh_s = 20", "fresh_s = 30"), encoding="utf-8")
    code, states, why = judged("--before", "pacts/ring.toml")
    assert (code, states["AUS"]) == (1, "wrong")
    assert "does not fit" in why


LEAVING = ("agreement", "sign", "next.toml", "--party", "AUS", "--key", "AUS.keys")


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ((), "`AUS` is no party of `ring`"),
        (("--before", "pacts/one.toml"), "does not come before `ring` version 2"),
        (("--before", "next.toml"), "does not come before `ring` version 2"),
        (("--before", "pacts/alone.toml"), "`AUS` is no party of `ring`"),
        (("--before", "pacts/gone.toml"), "cannot be read"),
    ],
)
def test_who_is_in_neither_version_signs_no_leaving(desk: Path, more: tuple[str, ...], words: str) -> None:
    _leaving_files(desk)
    before = (desk / "next.toml").read_bytes()
    ended = trilat(*LEAVING, *more)
    assert ended.code == 2
    assert words in " ".join(ended.err.split())
    assert (desk / "next.toml").read_bytes() == before


def test_who_leaves_signs_once(desk: Path) -> None:
    _leaving_files(desk)
    ended = trilat(*LEAVING, "--before", "pacts/ring.toml")
    assert (ended.code, ended.err) == (0, "")
    assert "AUS has signed ring version 2, which it is in no more" in " ".join(ended.out.split())
    assert "has signed `ring` already" in trilat(*LEAVING, "--before", "pacts/ring.toml").err


def _leaving_files(desk: Path) -> None:
    """Version 1 of three parties, another one of two, and version 2 without AUS."""
    text = RING.split('[[clause]]\nid = "through')[0].replace('removal_by = ["USA"]\n', "")
    text = text.replace('"JPN", "KOR", "USA"', '"JPN", "KOR", "AUS"')
    (desk / "pacts/ring.toml").write_text(text, encoding="utf-8")
    text = text.replace('"JPN", "KOR", "AUS"', '"JPN", "KOR"')
    (desk / "pacts/alone.toml").write_text(text, encoding="utf-8")
    text = text.replace("version = 1", "version = 2").replace("2020-01-01", "2031-01-01")
    (desk / "next.toml").write_text(text, encoding="utf-8")


@pytest.mark.usefixtures("desk")
def test_a_signature_by_the_wrong_key_is_told() -> None:
    sign("JPN", key="KOR.keys")
    assert verify()[1]["JPN"] == "wrong"


@pytest.mark.parametrize(
    ("party", "key", "words"),
    [
        ("AUS", None, "`AUS` is no party of `one`"),
        ("JPN", "gone.keys", "`gone.keys` cannot be read"),
        ("JPN", "JPN.json", "open to others"),
        ("JPN", "short.keys", "private keys have"),
    ],
)
def test_what_cannot_sign_leaves_the_file_as_it_was(
    desk: Path, party: str, key: str | None, words: str
) -> None:
    write_private(desk / "short.keys", b"short")
    before = (desk / "pacts/one.toml").read_bytes()
    code, err = sign(party, key=key)
    assert code == 2
    assert words in err
    assert err.count("\n") == 1
    assert (desk / "pacts/one.toml").read_bytes() == before


def test_no_key_is_ever_printed(desk: Path) -> None:
    secret = (desk / "JPN.keys").read_bytes()
    ended = trilat("agreement", "sign", "pacts/one.toml", "--party", "JPN", "--key", "JPN.keys")
    assert secret.hex() not in ended.out + ended.err


@pytest.mark.usefixtures("desk")
def test_a_file_that_is_there_is_not_written_over() -> None:
    ended = trilat("agreement", "new", "pacts/one.toml", "--parties", "JPN,KOR")
    assert (ended.code, "is there already" in ended.err) == (2, True)


def test_a_new_version_is_told_clause_by_clause_in_words(desk: Path) -> None:
    text = (desk / "pacts/one.toml").read_text(encoding="utf-8")
    newer = text.replace("version = 1 ", "version = 2 ").replace(
        "round_position_m = 5000", "round_position_m = 900"
    )
    (desk / "two.toml").write_text(
        newer.replace('to = ["KOR"]', 'to = ["KOR"]\nsituations = ["launch"]'), encoding="utf-8"
    )
    ended = trilat("agreement", "diff", "pacts/one.toml", "two.toml", "--json")
    assert ended.value["differences"] == [
        "agreement: `version` was 1, is 2",
        "clause 1: `duties.round_position_m` was 5000, is 900",
        "clause 1: `situations` was not said, is launch",
    ]
    same = trilat("agreement", "diff", "two.toml", "two.toml")
    assert same.out == "no difference but signatures\n"


def test_copies_of_one_version_that_differ_are_an_error_by_file(desk: Path) -> None:
    (desk / "theirs").mkdir()
    text = (desk / "pacts/one.toml").read_text(encoding="utf-8")
    (desk / "theirs/copy.toml").write_text(
        text.replace("notice_days = 90", "notice_days = 30"), encoding="utf-8"
    )
    ended = trilat("agreement", "check", "pacts", "--against", "theirs")
    assert ended.code == 1
    assert "error: one.toml: the copy copy.toml differs: agreement: `notice_days` was 90, is 30" in ended.out
    assert trilat("agreement", "check", "pacts", "--against", "pacts").code == 0


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("approval =", "aproval ="), "clause `1`: unknown field `aproval` in `clause`: write `approval`"),
        (('to = ["KOR"]', 'to = ["KRO"]'), "clause `1`: unknown `KRO` in `to`: write `KOR`"),
        (('to = ["KOR"]', 'to = ["KOR"]\nareas = ["nowhere"]'), "clause `1`: unknown `nowhere` in `areas`"),
        (
            ('to = ["KOR"]', 'to = ["KOR"]\nin_force_from = 2020-01-01T00:00:00Z'),
            "clause `1` begins before the agreement",
        ),
        (('onward = "never"', 'onward = "to-named"'), "`onward_to` goes with"),
        (('approval = "originator"', 'approval = "two-persons"'), "clause `1`: unknown `two-persons`"),
        (('to = ["KOR"]', 'to = ["KOR"]\ndeclared_by = ["JPN"]'), "go with `situations`"),
        (("[[clause]]", '[[area]]\nname = "x"\n[[clause]]'), "area `x` is a `circle` or a `polygon`"),
        (
            (
                "[[clause]]",
                (
                    '[[area]]\nname = "x"\n'
                    "[area.circle]\nlatitude_deg = 91.0\nlongitude_deg = 0.0\nradius_m = 9\n[[clause]]"
                ),
            ),
            "area `x`: Place.latitude_1e7deg must be at most",
        ),
        (
            ("sources", 'equivalents = [["KOR II", "JPN GOKUHI"], ["JPN GOKUHI", "KOR III"]]\nsources'),
            "`equivalents` go in a circle: KOR II and KOR III become the same level",
        ),
        (
            ("sources", 'equivalents = [["KOR II", "JPN HI"]]\nsources'),
            "KOR II and JPN HI are not equivalent",
        ),
        (("sources", 'equivalents = [["KOR 2", "JPN HI"]]\nsources'), "unknown `KOR 2` in `equivalents`"),
        (("[[clause]]", '[[signature]]\nparty = "JPN"\n[[clause]]'), "`signature number 1` lacks `signed`"),
        (
            (
                "[[clause]]",
                '[[signature]]\nparty = "JPN"\nsigned = 2020-01-01T00:00:00Z\nvalue = "?"\n[[clause]]',
            ),
            "signature number 1 cannot be read",
        ),
    ],
)
def test_a_mistake_is_one_line_with_file_and_clause(desk: Path, change: tuple[str, str], words: str) -> None:
    path = desk / "pacts/one.toml"
    text = path.read_text(encoding="utf-8")
    assert change[0] in text
    path.write_text(text.replace(change[0], change[1], 1), encoding="utf-8")
    ended = trilat("agreement", "check", "pacts")
    assert ended.code == 2
    assert ended.err.startswith("trilat: one.toml")
    assert words in ended.err
    assert ended.err.count("\n") == 1


def test_ten_thousand_and_one_clauses_are_refused_with_the_limit_named(desk: Path) -> None:
    text = (desk / "pacts/one.toml").read_text(encoding="utf-8")
    head = text[: text.index("[[clause]]")]
    many = "".join(f'[[clause]]\nid = "{number}"\n' for number in range(10_001))
    (desk / "pacts/one.toml").write_text(head + many, encoding="utf-8")
    ended = trilat("agreement", "check", "pacts")
    assert (ended.code, ended.err) == (
        2,
        "trilat: one.toml: 10001 clauses are over the limit of 10000: split the agreement\n",
    )


@pytest.mark.usefixtures("desk")
@pytest.mark.parametrize(
    ("language", "words"), [("en", "Not signed by JPN"), ("ja", "未署名: JPN"), ("ko", "미서명: JPN")]
)
def test_the_text_to_read_is_made_from_the_file_in_three_languages(language: str, words: str) -> None:
    ended = trilat("agreement", "export", "pacts", "--text", language)
    assert ended.code == 0
    assert words in ended.out
    sign("JPN")
    assert words not in trilat("agreement", "export", "pacts", "--text", language).out


def test_cedar_files_are_written_into_a_folder(desk: Path) -> None:
    assert trilat("agreement", "export", "hub-2014", "--cedar", "--into", "cedar").code == 0
    assert '@id("three-way-2014.toml#' in (desk / "cedar/policies.cedar").read_text(encoding="utf-8")
    assert "Trilat" in json.loads((desk / "cedar/schema.json").read_text(encoding="utf-8"))


@pytest.mark.usefixtures("desk")
@pytest.mark.parametrize("options", [(), ("--cedar", "--text", "en"), ("--text", "fr")])
def test_an_export_of_nothing_or_of_two_things_is_refused(options: tuple[str, ...]) -> None:
    assert trilat("agreement", "export", "pacts", *options).code == 2


def test_explain_shows_every_clause_considered_for_an_item() -> None:
    ended = trilat(
        "agreement",
        "explain",
        EXAMPLE / "agreements",
        "--items",
        EXAMPLE / "items.jsonl",
        *QUESTION,
        "--json",
    )
    by_line = {row["line"]: row for row in ended.values}
    assert not by_line[1]["favours"]
    said = json.dumps(by_line[1])
    assert "japan-korea.toml#3" in said
    assert "forbids it" in said
