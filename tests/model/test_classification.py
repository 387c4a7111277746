"""Classification against Article 4 of the agreement of 23 November 2016 and the texts of 2012 and 2014.

The expected values are the published equivalence: Gokuhi and Tokutei Himitsu (before: Boei Himitsu) = Korean
military secret II = SECRET; Hi = III = CONFIDENTIAL; Korean level I is never exchanged.
"""

import pytest

from trilat.model import (
    SCHEMES,
    Classification,
    ItemError,
    Rank,
    equivalent,
    find_level,
    parse_instant,
)

IN_2009_NS = parse_instant("2009-04-05T02:30:15Z")
IN_2017_NS = parse_instant("2017-01-01T00:00:00Z")
BEFORE_THE_ACT_NS = parse_instant("2014-12-09T14:59:59.999999999Z")
THE_ACT_NS = parse_instant("2014-12-09T15:00:00Z")
"""10 December 2014, 00:00 in Japan: the Act on the Protection of Specially Designated Secrets."""


def mark(scheme: str, level: str) -> Classification:
    return Classification(scheme=scheme, level=level)


@pytest.mark.parametrize(
    ("given", "scheme", "expected"),
    [
        (mark("KOR", "II"), "JPN", {"GOKUHI", "TOKUTEI-HIMITSU"}),
        (mark("KOR", "II"), "USA", {"SECRET"}),
        (mark("KOR", "III"), "JPN", {"HI"}),
        (mark("KOR", "III"), "USA", {"CONFIDENTIAL"}),
        (mark("JPN", "GOKUHI"), "KOR", {"II"}),
        (mark("JPN", "GOKUHI"), "USA", {"SECRET"}),
        (mark("JPN", "TOKUTEI-HIMITSU"), "KOR", {"II"}),
        (mark("JPN", "TOKUTEI-HIMITSU"), "USA", {"SECRET"}),
        (mark("JPN", "HI"), "KOR", {"III"}),
        (mark("JPN", "HI"), "USA", {"CONFIDENTIAL"}),
        (mark("USA", "SECRET"), "KOR", {"II"}),
        (mark("USA", "SECRET"), "JPN", {"GOKUHI", "TOKUTEI-HIMITSU"}),
        (mark("USA", "CONFIDENTIAL"), "KOR", {"III"}),
        (mark("USA", "CONFIDENTIAL"), "JPN", {"HI"}),
        (mark("USA", "UNCLASSIFIED"), "KOR", {"UNCLASSIFIED"}),
    ],
)
def test_equivalents_are_those_of_article_4(given: Classification, scheme: str, expected: set[str]) -> None:
    found = equivalent(given, scheme, IN_2017_NS)
    assert found is not None
    assert found.scheme == scheme
    assert found.level in expected


@pytest.mark.parametrize("scheme", sorted(SCHEMES))
def test_a_level_is_its_own_equivalent_in_rank_at_home(scheme: str) -> None:
    for level in SCHEMES[scheme]:
        at_ns = level.from_ns
        found = equivalent(mark(scheme, level.level), scheme, at_ns)
        assert found is not None
        home = find_level(found, at_ns)
        assert home is not None
        assert home.rank is level.rank


@pytest.mark.parametrize(
    ("level", "at_ns", "valid"),
    [
        ("BOEI-HIMITSU", IN_2009_NS, True),
        ("BOEI-HIMITSU", BEFORE_THE_ACT_NS, True),
        ("BOEI-HIMITSU", THE_ACT_NS, False),
        ("BOEI-HIMITSU", IN_2017_NS, False),
        ("TOKUTEI-HIMITSU", IN_2009_NS, False),
        ("TOKUTEI-HIMITSU", BEFORE_THE_ACT_NS, False),
        ("TOKUTEI-HIMITSU", THE_ACT_NS, True),
        ("TOKUTEI-HIMITSU", IN_2017_NS, True),
        ("GOKUHI", IN_2009_NS, True),
        ("GOKUHI", IN_2017_NS, True),
    ],
)
def test_a_scheme_is_versioned_by_date(level: str, at_ns: int, valid: bool) -> None:
    classification = mark("JPN", level)
    assert (find_level(classification, at_ns) is not None) is valid
    assert (equivalent(classification, "KOR", at_ns) is not None) is valid


def test_no_equivalent_is_a_level_out_of_its_time() -> None:
    for at_ns in (IN_2009_NS, BEFORE_THE_ACT_NS, THE_ACT_NS, IN_2017_NS):
        found = equivalent(mark("KOR", "II"), "JPN", at_ns)
        assert found is not None
        assert find_level(found, at_ns) is not None


@pytest.mark.parametrize(("scheme", "level"), [("KOR", "I"), ("JPN", "KIMITSU"), ("USA", "TOP SECRET")])
def test_the_highest_level_of_each_never_leaves(scheme: str, level: str) -> None:
    found = find_level(mark(scheme, level), IN_2017_NS)
    assert found is not None
    assert found.never_leaves
    assert found.rank is Rank.TOP_SECRET
    assert [entry.level for entry in SCHEMES[scheme] if entry.never_leaves] == [level]


@pytest.mark.parametrize(
    ("scheme", "level"),
    [
        ("KOR", "IV"),
        ("KOR", "ii"),
        ("KOR", "II "),
        ("KOR", " II"),
        ("KOR", "Ⅱ"),  # one character, Roman numeral two
        ("KOR", "ІІ"),  # Cyrillic
        ("KOR", "2"),
        ("KOR", "SECRET"),
        ("JPN", "Gokuhi"),
        ("JPN", "極秘"),
        ("JPN", "SECRET"),
        ("USA", "Secret"),
        ("USA", "SECRET//NOFORN"),
        ("USA", ""),
        ("", "SECRET"),
        ("usa", "SECRET"),
        ("US", "SECRET"),
        ("AUS", "SECRET"),
        ("JPN/watch", "HI"),
    ],
)
def test_unknown_and_misspelt_levels_have_no_rank_and_no_equivalent(scheme: str, level: str) -> None:
    classification = mark(scheme, level)
    assert find_level(classification, IN_2017_NS) is None
    assert all(equivalent(classification, other, IN_2017_NS) is None for other in SCHEMES)


@pytest.mark.parametrize("scheme", ["", "AUS", "jpn", "NATO"])
def test_an_unknown_scheme_has_no_equivalent_to_give(scheme: str) -> None:
    assert equivalent(mark("KOR", "II"), scheme, IN_2017_NS) is None


def test_each_rank_has_one_level_in_each_scheme_at_any_time() -> None:
    for scheme in SCHEMES:
        for at_ns in (IN_2009_NS, IN_2017_NS):
            ranks = {
                found.rank
                for level in SCHEMES[scheme]
                if (found := find_level(mark(scheme, level.level), at_ns))
            }
            assert ranks == set(Rank)


def test_banners_of_article_4() -> None:
    banners = {level.level: level.banner for scheme in ("JPN", "KOR") for level in SCHEMES[scheme]}
    assert banners["GOKUHI"] == "極秘"
    assert banners["TOKUTEI-HIMITSU"] == "特定秘密"
    assert banners["HI"] == "秘"
    assert banners["II"] == "군사II급비밀"
    assert banners["III"] == "군사III급비밀"


@pytest.mark.parametrize(
    ("scheme", "level"), [(1, "II"), ("KOR", None), ("x" * 121, "II"), ("KOR", "\ud800")]
)
def test_what_is_not_short_text_is_refused(scheme: object, level: object) -> None:
    with pytest.raises(ItemError):
        Classification(scheme=scheme, level=level)  # type: ignore[arg-type]  # that is what is tested
