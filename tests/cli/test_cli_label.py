"""`trilat label`: a label in words, in and out of formats, checked, and bound to its item by signature."""

import json
from pathlib import Path

import pytest
from tests.cli.commands import ROOT, trilat

from trilat.cli.label import Language
from trilat.domains.marking import LANGUAGES

ITEM = ROOT / "examples" / "labels" / "item.jsonl"
USA = ("--originator", "USA", "--created", "2024-01-15T00:00:00Z")
LINE = "SECRET//SPACE//ORCON/REL TO USA, JPN, KOR"


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "Equivalent to USA SECRET, KOR II (군사II급비밀)."),
        ("ja", "区分：JPN GOKUHI (極秘)。"),
        ("ko", "상응 등급: USA SECRET, KOR II (군사II급비밀)."),
    ],
)
def test_a_label_is_shown_in_a_language(language: str, said: str) -> None:
    ended = trilat("label", "show", ITEM, "--language", language)
    assert ended.code == 0
    assert said in ended.out.splitlines()


def test_every_language_has_every_sentence() -> None:
    assert {language.value for language in Language} == set(LANGUAGES)
    shown = [trilat("label", "show", ITEM, "--language", language).out for language in LANGUAGES]
    assert len({text.count("\n") for text in shown}) == 1
    assert len(set(shown)) == len(shown)


def test_a_label_is_shown_as_it_is_at_an_instant() -> None:
    before = trilat("label", "show", ITEM, "--json").value["sentences"]
    after = trilat("label", "show", ITEM, "--at", "2030-01-01T00:00:00Z", "--json").value["sentences"]
    assert "Level: JPN GOKUHI (極秘)." in before
    assert "From 2029-01-12T23:50:00Z its level is JPN HI (秘)." in before
    assert "Level: JPN HI (秘)." in after
    assert "Equivalent to USA CONFIDENTIAL, KOR III (군사III급비밀)." in after


def test_a_line_goes_through_all_that_can_say_it(tmp_path: Path) -> None:
    read = trilat(
        *(
            "label",
            "convert",
            "--as",
            "banner",
            "--line",
            LINE,
            "--categories",
            "SPACE",
            *USA,
            "--to",
            "label",
        )
    )
    assert read.code == 0
    assert read.value["caveats"] == ["originator-control"]
    path = tmp_path / "label.json"
    path.write_text(json.dumps(read.value | {"review_ns": 2_020_896_000_000_000_000}))
    xml = tmp_path / "label.xml"
    xml.write_text(trilat("label", "convert", path, "--to", "4774").out)
    back = trilat("label", "convert", xml, "--as", "4774", "--to", "banner")
    assert back.out == LINE + "\n"
    assert back.err.startswith("warning: banner does not say `review_ns`: ")
    assert back.err.count("\n") == 1


def test_colours_become_a_stix_marking() -> None:
    ended = trilat(
        *("label", "convert", "--as", "tlp", "--line", "TLP:RED PAP:GREEN", *USA, "--to", "stix"),
        *("--releasable-to", "KOR"),
    )
    assert ended.code == 0
    assert ended.value["object_marking_refs"] == [
        "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1",
        "marking-definition--c43594d1-4b11-4c59-93ab-1c9b14d53ce9",
    ]
    assert ended.err.startswith("warning: stix does not say `releasable_to`")


@pytest.mark.parametrize("to", ["banner", "tlp", "stix", "4774"])
def test_what_a_format_cannot_say_is_refused_in_one_line(to: str) -> None:
    ended = trilat("label", "convert", ITEM, "--to", to)
    assert ended.code == 2
    assert ended.out == ""
    assert ended.err.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("--as", "banner", "--line", "SECRET//REL TO USA, К0R", *USA), "label-unknown"),
        (("--as", "banner", "--line", "SECRET//REL TO USA", *USA), "label-partial"),
        (("--as", "banner", "--line", "", *USA), "label-absent"),
        (("--as", "banner", "--line", "TOP SECRET//NOFORN", *USA), "level-never-leaves"),
        (("--as", "tlp", "--line", "TLP:WHITE", *USA), "label-unknown"),
        (("--as", "stix", "--line", "{}", *USA), "label-unknown"),
        (("--as", "4774", "--line", "<a/>"), "label-unknown"),
        (("--line", "{}"), "label-partial"),
        (("--line", '{"kind": "track"}'), "label-partial"),
        ((str(ITEM), "--at", "2020-01-01T00:00:00Z"), "label-expired"),
    ],
)
def test_check_says_for_which_reason_it_would_be_withheld(arguments: tuple[str, ...], reason: str) -> None:
    ended = trilat("label", "check", *arguments)
    assert ended.code == 1
    assert ended.out.strip().endswith(f"({reason})")
    assert trilat("label", "check", *arguments, "--json").value["reasons"] == [reason]


def test_check_says_that_a_label_is_sound() -> None:
    assert trilat("label", "check", ITEM).out == "sound: JPN GOKUHI (極秘)\n"


def test_check_looks_at_the_fields_of_portions_where_it_knows_the_item(tmp_path: Path) -> None:
    item = json.loads(ITEM.read_text(encoding="utf-8"))
    item["label"]["portions"][0]["field"] = "sensers"
    path = tmp_path / "item.json"
    path.write_text(json.dumps(item))
    assert trilat("label", "check", path, "--json").value["reasons"] == ["label-unknown"]


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        (str(ITEM), "--line", "SECRET"),
        ("--as", "banner", "--line", "SECRET"),
        ("--as", "banner", "--line", "SECRET", "--originator", "USA"),
        ("--as", "banner", "--line", "SECRET", "--originator", "USA", "--created", "2024-01-15"),
        ("--as", "word", "--line", "SECRET"),
        ("no-such-file",),
    ],
)
def test_a_command_that_cannot_be_understood_ends_with_one_line(arguments: tuple[str, ...]) -> None:
    for command in ("show", "convert", "check"):
        ended = trilat("label", command, *arguments)
        assert ended.code == 2
        assert ended.err.startswith("trilat: ")
        assert ended.err.count("\n") == 1


@pytest.fixture(scope="module")
def nodes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Folders of two nodes that hold each other's cards."""
    root = tmp_path_factory.mktemp("nodes")
    for code, peer in (("JPN", "KOR"), ("KOR", "JPN")):
        made = trilat(
            *("node", "init", root / code, "--party", code, "--peer", peer),
            *("--agreements", "direct-2016", "--status", "simulated"),
        )
        assert made.code == 0, made.err
    for code, peer in (("JPN", "KOR"), ("KOR", "JPN")):
        (root / code / "peers" / f"{peer}.json").write_bytes((root / peer / "card.json").read_bytes())
    return {code: root / code for code in ("JPN", "KOR")}


def test_a_bound_label_is_opened_by_a_partner_and_no_other_item_is(
    nodes: dict[str, Path], tmp_path: Path
) -> None:
    bound = trilat("label", "bind", ITEM, "--node", nodes["JPN"])
    assert bound.code == 0, bound.err
    binding = tmp_path / "item.binding.xml"
    binding.write_text(bound.out, encoding="utf-8")
    opened = trilat("label", "open", binding, "--item", ITEM, "--node", nodes["KOR"])
    assert opened.code == 0, opened.err
    assert opened.value == json.loads(ITEM.read_text(encoding="utf-8"))["label"]
    other = tmp_path / "other.json"
    other.write_text(ITEM.read_text(encoding="utf-8").replace('"updates_count": 24', '"updates_count": 25'))
    refused = trilat("label", "open", binding, "--item", other, "--node", nodes["KOR"])
    assert (refused.code, refused.out) == (2, "")
    assert "bound to other data" in refused.err


def test_a_binding_that_was_changed_or_signed_by_another_is_refused(
    nodes: dict[str, Path], tmp_path: Path
) -> None:
    assert trilat("label", "bind", ITEM, "--node", nodes["KOR"]).code == 2
    text = trilat("label", "bind", ITEM, "--node", nodes["JPN"]).out
    binding = tmp_path / "item.binding.xml"
    for change, to in ((">GOKUHI<", ">HI<"), ("#sensors", "#stage"), ("ReviewDateTime=", "ReviewDate=")):
        assert change in text
        binding.write_text(text.replace(change, to), encoding="utf-8")
        refused = trilat("label", "open", binding, "--item", ITEM, "--node", nodes["KOR"])
        assert (refused.code, refused.out) == (2, "")
        assert refused.err.count("\n") == 1
