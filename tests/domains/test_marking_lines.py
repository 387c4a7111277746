"""Banner lines and colours: read letter by letter, written only where they can say it, and back again."""

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from tests.domains.marking_labels import CONTROL, MADE_NS, labels, mark, origin

from trilat.domains.marking import (
    Pap,
    Tlp,
    read_banner,
    read_tlp,
    write_banner,
    write_tlp,
)
from trilat.model import (
    Attribution,
    Downgrade,
    Label,
    MarkingError,
    Portion,
    Reason,
    parse_instant,
)

MANY = settings(max_examples=150, deadline=None)


def label(originator: str = "USA", level: str = "SECRET", **changes: Any) -> Label:
    return Label(originator=originator, classification=mark(originator, level), created_ns=MADE_NS, **changes)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("SECRET//REL TO USA, JPN, KOR", label(releasable_to=("JPN", "KOR"))),
        ("SECRET//REL TO USA, JPN, KOR//ORCON", label(releasable_to=("JPN", "KOR"), caveats=CONTROL)),
        ("SECRET//ORCON/REL TO USA, JPN, KOR", label(releasable_to=("JPN", "KOR"), caveats=CONTROL)),
        ("SECRET//NOFORN", label()),
        ("SECRET", label()),
        ("TOP SECRET//NOFORN", label(level="TOP SECRET")),
        ("UNCLASSIFIED//REL TO USA, KOR", label(level="UNCLASSIFIED", releasable_to=("KOR",))),
        (
            "SECRET//SEA/SPACE//REL TO USA, KOR",
            label(releasable_to=("KOR",), restrictive=("SEA", "SPACE")),
        ),
        ("極秘", label("JPN", "GOKUHI")),
        ("秘／提供先：KOR、USA", label("JPN", "HI", releasable_to=("KOR", "USA"))),
        (
            "特定秘密／提供先：USA／要作成元同意／区分：SPACE／いずれか：SEA、SIGNALS",
            label(
                "JPN",
                "TOKUTEI-HIMITSU",
                releasable_to=("USA",),
                caveats=CONTROL,
                restrictive=("SPACE",),
                permissive=("SEA", "SIGNALS"),
            ),
        ),
        ("군사II급비밀 / 제공 대상: JPN, USA", label("KOR", "II", releasable_to=("JPN", "USA"))),
        (
            "군사III급비밀 / 생산기관 동의 필요 / 구분: SEA",
            label("KOR", "III", caveats=CONTROL, restrictive=("SEA",)),
        ),
        ("군사I급비밀", label("KOR", "I")),
    ],
)
def test_a_line_is_read_as_it_is_written(line: str, expected: Label) -> None:
    assert read_banner(line, origin(expected.originator)) == expected


@MANY
@given(labels())
def test_a_label_that_a_line_can_say_comes_back_from_it(said: Label) -> None:
    assert read_banner(write_banner(said), origin(said.originator)) == said


@pytest.mark.parametrize(
    ("originator", "line", "reason"),
    [
        ("USA", "", Reason.LABEL_ABSENT),
        ("USA", "   ", Reason.LABEL_ABSENT),
        ("USA", "Secret//REL TO USA, KOR", Reason.LABEL_UNKNOWN),
        ("USA", "secret", Reason.LABEL_UNKNOWN),
        ("USA", "SECRET ", Reason.LABEL_UNKNOWN),
        ("USA", " SECRET", Reason.LABEL_UNKNOWN),
        ("USA", "SECRET\u200b", Reason.LABEL_UNKNOWN),
        ("USA", "ＳＥＣＲＥＴ", Reason.LABEL_UNKNOWN),
        ("USA", "SЕCRET", Reason.LABEL_UNKNOWN),
        ("USA", "TERCES", Reason.LABEL_UNKNOWN),
        ("USA", "\u202eSECRET", Reason.LABEL_UNKNOWN),
        ("USA", "S", Reason.LABEL_UNKNOWN),
        ("USA", "COSMIC TOP SECRET", Reason.LABEL_UNKNOWN),
        ("USA", "NATO SECRET", Reason.LABEL_UNKNOWN),
        ("USA", "極秘", Reason.LABEL_UNKNOWN),
        ("USA", "SECRET/REL TO USA, KOR", Reason.LABEL_UNKNOWN),
        ("USA", "SECRET///REL TO USA, KOR", Reason.LABEL_UNKNOWN),
        ("USA", "SECRET//", Reason.LABEL_UNKNOWN),
        ("USA", "SECRET//REL TO", Reason.LABEL_PARTIAL),
        ("USA", "SECRET//REL TO USA", Reason.LABEL_PARTIAL),
        ("USA", "SECRET//REL TO USA,", Reason.LABEL_PARTIAL),
        ("USA", "SECRET//REL TO USA, ", Reason.LABEL_UNKNOWN),
        ("USA", "SECRET//REL TO KOR, USA", Reason.LABEL_PARTIAL),
        ("USA", "SECRET//REL TO USA,KOR", Reason.LABEL_PARTIAL),
        ("USA", "SECRET//REL TO USA, KOR JPN", Reason.LABEL_UNKNOWN),
        ("USA", "SECRET//REL TO USA, KOR, KOR", Reason.LABEL_UNKNOWN),
        ("USA", "SECRET//REL TO USA, kor", Reason.LABEL_UNKNOWN),
        ("USA", "SECRET//REL TO USA, КОR", Reason.LABEL_UNKNOWN),
        ("USA", "SECRET//RELTO USA, KOR", Reason.LABEL_UNKNOWN),
        ("USA", "SECRET//REL  TO USA, KOR", Reason.LABEL_UNKNOWN),
        ("USA", "SECRET//Rel To USA, KOR", Reason.LABEL_UNKNOWN),
        ("USA", "SECRET//NOFORN/REL TO USA, KOR", Reason.LABEL_UNKNOWN),
        ("USA", "SECRET//REL TO USA, KOR/NOFORN", Reason.LABEL_UNKNOWN),
        ("USA", "SECRET//REL TO USA, KOR//REL TO USA, JPN", Reason.LABEL_UNKNOWN),
        ("USA", "SECRET//ORCON/ORCON", Reason.LABEL_UNKNOWN),
        ("USA", "SECRET//ORCN/REL TO USA, KOR", Reason.LABEL_UNKNOWN),
        ("USA", "SECRET//OC/REL TO USA, KOR", Reason.LABEL_UNKNOWN),
        ("USA", "SECRET//REL TO USA, KOR//PROPIN", Reason.LABEL_UNKNOWN),
        ("USA", "SECRET//REL TO USA, KOR//SPACE", Reason.LABEL_UNKNOWN),
        ("USA", "SECRET//SPACE/SPACE//NOFORN", Reason.LABEL_UNKNOWN),
        ("USA", "SECRET//NOFORM", Reason.LABEL_UNKNOWN),
        ("USA", "X" * 1_001, Reason.LABEL_UNKNOWN),
        ("JPN", "極密", Reason.LABEL_UNKNOWN),
        ("JPN", "GOKUHI", Reason.LABEL_UNKNOWN),
        ("JPN", "防衛秘密", Reason.LABEL_UNKNOWN),
        ("JPN", "極秘/提供先：KOR", Reason.LABEL_UNKNOWN),
        ("JPN", "極秘／提供先:KOR", Reason.LABEL_UNKNOWN),
        ("JPN", "極秘／提供先：KOR,USA", Reason.LABEL_UNKNOWN),
        ("JPN", "極秘／提供先：", Reason.LABEL_PARTIAL),
        ("JPN", "極秘／提供先：KOR／提供先：USA", Reason.LABEL_UNKNOWN),
        ("JPN", "極秘／要作成元同意／提供先：KOR", Reason.LABEL_UNKNOWN),
        ("JPN", "極秘／要作成元同意済", Reason.LABEL_UNKNOWN),
        ("JPN", "極秘／取扱注意", Reason.LABEL_UNKNOWN),
        ("JPN", "極秘／", Reason.LABEL_UNKNOWN),
        ("JPN", "極秘／区分：宇宙", Reason.LABEL_UNKNOWN),
        ("KOR", "II급비밀", Reason.LABEL_UNKNOWN),
        ("KOR", "군사Ⅱ급비밀", Reason.LABEL_UNKNOWN),
        ("KOR", "군사 II급 비밀", Reason.LABEL_UNKNOWN),
        ("KOR", "군사II급비밀 / 제공 대상: ", Reason.LABEL_PARTIAL),
        ("KOR", "군사II급비밀/제공 대상: JPN", Reason.LABEL_UNKNOWN),
        ("KOR", "군사II급비밀 / 대외비", Reason.LABEL_UNKNOWN),
        ("AUS", "SECRET", Reason.LABEL_UNKNOWN),
        ("JPN/watch", "極秘", Reason.LABEL_UNKNOWN),
    ],
)
def test_a_line_that_is_absent_partial_or_unknown_is_refused(
    originator: str, line: str, reason: Reason
) -> None:
    with pytest.raises(MarkingError) as refused:
        read_banner(line, origin(originator))
    assert refused.value.facts["reason"] is reason
    assert "\n" not in str(refused.value)


def test_a_level_is_read_by_its_time() -> None:
    then = parse_instant("2012-01-01T00:00:00Z")
    assert read_banner("防衛秘密", origin("JPN", created_ns=then)).classification.level == "BOEI-HIMITSU"
    with pytest.raises(MarkingError):
        read_banner("特定秘密", origin("JPN", created_ns=then))


def test_a_category_that_its_parties_do_not_use_is_no_category() -> None:
    with pytest.raises(MarkingError, match="no category of its parties"):
        read_banner("SECRET//SPACE//NOFORN", origin("USA", categories=("SEA",)))


UNSAYABLE: list[dict[str, Any]] = [
    {"expires_ns": MADE_NS + 1},
    {"portions": (Portion(field="sensors", releasable_to=()),)},
    {"attribution": Attribution.OFFICE},
    {"attribution": Attribution.ANONYMOUS},
]


@pytest.mark.parametrize(
    "changes",
    [
        *UNSAYABLE,
        {"permissive": ("SEA",)},
        {"releasable_to": ("KOR/watch",)},
        {"restrictive": ("sea",)},
        {"restrictive": ("SEA//NOFORN",)},
        {"restrictive": ("ORCON",)},
        {"classification": mark("USA", "Secret")},
        {"classification": mark("JPN", "GOKUHI")},
    ],
)
def test_what_a_us_line_cannot_say_is_not_written(changes: dict[str, Any]) -> None:
    with pytest.raises(MarkingError):
        write_banner(msgspec.structs.replace(label(), **changes))


def test_a_line_may_leave_out_what_keeps_more_at_home() -> None:
    downgrade = Downgrade(at_ns=MADE_NS + 5, classification=mark("JPN", "HI"))
    said = label("JPN", "GOKUHI", review_ns=MADE_NS + 1, downgrade=downgrade)
    assert write_banner(said) == "極秘"


@pytest.mark.parametrize("tlp", Tlp)
@pytest.mark.parametrize("pap", [None, *Pap])
@pytest.mark.parametrize("originator", ["USA", "JPN", "KOR"])
def test_colours_come_back(tlp: Tlp, pap: Pap | None, originator: str) -> None:
    line = tlp.value if pap is None else f"{tlp.value} {pap.value}"
    found = read_tlp(line, origin(originator, releasable_to=("AUS",)))
    assert write_tlp(found) == line
    assert read_tlp(write_tlp(found), origin(originator, releasable_to=("AUS",))) == found
    assert found.classification.level == "UNCLASSIFIED"
    assert bool(found.caveats) == (tlp.value in {"TLP:AMBER", "TLP:AMBER+STRICT", "TLP:RED"})


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("", Reason.LABEL_ABSENT),
        ("PAP:RED", Reason.LABEL_PARTIAL),
        ("TLP:WHITE", Reason.LABEL_UNKNOWN),
        ("TLP:AMBER-STRICT", Reason.LABEL_UNKNOWN),
        ("TLP:AMBER STRICT", Reason.LABEL_UNKNOWN),
        ("TLP: RED", Reason.LABEL_UNKNOWN),
        ("TLP RED", Reason.LABEL_UNKNOWN),
        ("tlp:red", Reason.LABEL_UNKNOWN),
        ("Tlp:Red", Reason.LABEL_UNKNOWN),
        ("RED", Reason.LABEL_UNKNOWN),
        ("TLP:RED ", Reason.LABEL_UNKNOWN),
        ("TLP:RED\u200b", Reason.LABEL_UNKNOWN),
        ("TLP：RED", Reason.LABEL_UNKNOWN),
        ("ΤLP:RED", Reason.LABEL_UNKNOWN),
        ("TLP:RED TLP:CLEAR", Reason.LABEL_UNKNOWN),
        ("TLP:RED TLP:RED", Reason.LABEL_UNKNOWN),
        ("TLP:RED PAP:RED PAP:GREEN", Reason.LABEL_UNKNOWN),
        ("TLP:RED  PAP:RED", Reason.LABEL_UNKNOWN),
        ("PAP:WHITE TLP:RED", Reason.LABEL_UNKNOWN),
        ("TLP:PURPLE", Reason.LABEL_UNKNOWN),
    ],
)
def test_colours_that_nobody_knows_are_refused(line: str, reason: Reason) -> None:
    with pytest.raises(MarkingError) as refused:
        read_tlp(line, origin("JPN"))
    assert refused.value.facts["reason"] is reason


@pytest.mark.parametrize(
    "changes",
    [
        *UNSAYABLE,
        {"classification": mark("JPN", "HI")},
        {"classification": mark("JPN", "Unclassified")},
        {"restrictive": ()},
        {"restrictive": ("TLP:GREEN", "TLP:RED")},
        {"restrictive": ("TLP:GREEN", "SEA")},
        {"restrictive": ("TLP:RED",)},
        {"caveats": CONTROL},
        {"permissive": ("SEA",)},
    ],
)
def test_what_colours_cannot_say_is_not_written(changes: dict[str, Any]) -> None:
    good = read_tlp("TLP:GREEN", origin("JPN"))
    assert write_tlp(good) == "TLP:GREEN"
    with pytest.raises(MarkingError):
        write_tlp(msgspec.structs.replace(good, **changes))
