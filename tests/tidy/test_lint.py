"""Each rule of our own lint can fail: a small text that breaks it is caught, and one that keeps it is not."""

import pytest
from tests.tidy import lint

NODE = "src/trilat/node/inbox.py"
CORE = "src/trilat/fusion/filters.py"
PACKAGES = frozenset(
    {
        "trilat",
        "trilat.fusion",
        "trilat.fusion.shelf",
        "trilat.model",
        "trilat.node",
        "trilat.domains",
        "trilat.domains.missile",
    }
)
DOORS = dict.fromkeys(PACKAGES, frozenset[str]()) | {
    "trilat.fusion": frozenset({"bound"}),
    "trilat.domains.missile": frozenset({"claims"}),
}
MODULES = PACKAGES | {
    "trilat.fusion.bound",
    "trilat.fusion.kalman",
    "trilat.fusion.shelf.book",
    "trilat.model.limits",
    "trilat.domains.pipeline",
    "trilat.domains.missile.claims",
}
LATER = "TO" + "DO"
FIX = "FIX" + "ME"

CAUGHT: list[tuple[lint.Rule, str, str, str]] = [
    (lint.made_in_one_room, NODE, "Release(item=item)", "policy.degrade"),
    (lint.made_in_one_room, NODE, "x = model.Release(item=item)", "policy.degrade"),
    (lint.made_in_one_room, "src/trilat/link/seal.py", "Release(item=item)", "outside policy"),
    (lint.made_in_one_room, "src/trilat/policy/degrade.py", "Envelope(sender=s)", "link's sealing"),
    (lint.clock_is_an_argument, NODE, "import time\ntime.time()", "Clock"),
    (lint.clock_is_an_argument, NODE, "import time\nt = time.time_ns()", "Clock"),
    (lint.clock_is_an_argument, NODE, "import time\ntime.monotonic()", "Clock"),
    (lint.clock_is_an_argument, NODE, "import time\ntime.sleep(1)", "Clock"),
    (lint.clock_is_an_argument, NODE, "from time import perf_counter", "Clock"),
    (lint.clock_is_an_argument, CORE, "from datetime import datetime\ndatetime.now(UTC)", "Clock"),
    (lint.clock_is_an_argument, CORE, "import datetime\ndatetime.datetime.utcnow()", "Clock"),
    (lint.clock_is_an_argument, CORE, "date.today()", "Clock"),
    (lint.clock_is_an_argument, "src/trilat/study/run.py", "time.time()", "Clock"),
    (lint.chance_is_an_argument, NODE, "import random", "Generator"),
    (lint.chance_is_an_argument, NODE, "from random import choice", "Generator"),
    (lint.chance_is_an_argument, CORE, "np.random.normal(0, 1)", "Generator"),
    (lint.chance_is_an_argument, CORE, "numpy.random.seed(1)", "Generator"),
    (lint.chance_is_an_argument, CORE, "from numpy.random import normal", "Generator"),
    (lint.chance_is_an_argument, CORE, "rng = np.random.default_rng()", "without a seed"),
    (lint.chance_is_an_argument, CORE, "import secrets", "Generator"),
    (lint.chance_is_an_argument, CORE, "os.urandom(16)", "as an argument"),
    (lint.core_touches_nothing, CORE, "open('x')", "as an argument"),
    (lint.core_touches_nothing, CORE, "Path('x').read_text()", "as an argument"),
    (lint.core_touches_nothing, CORE, "import socket", "as an argument"),
    (lint.core_touches_nothing, CORE, "from pathlib import Path", "as an argument"),
    (lint.core_touches_nothing, CORE, "import urllib.request", "as an argument"),
    (lint.core_touches_nothing, CORE, "def f():\n    import os", "as an argument"),
    (lint.core_touches_nothing, CORE, "print(1)", "as an argument"),
    (lint.core_touches_nothing, "src/trilat/domains/missile/x.py", "np.loadtxt('x')", "as an argument"),
    (lint.nothing_is_too_long, NODE, "def f():\n" + "    a = 1\n" * 70, "move straight work"),
    (lint.nothing_is_too_long, NODE, "class A:\n    async def f():\n" + "        a = 1\n" * 70, "helpers"),
    (lint.nothing_is_too_long, NODE, "a = 1\n" * 601, "split it"),
    (lint.notes_name_an_issue, NODE, f"# {LATER}: tidy up", "open one"),
    (lint.notes_name_an_issue, "docs/a.md", f"{FIX} later", "open one"),
    (lint.notes_name_an_issue, NODE, f"# {LATER}(someone): number 7", "open one"),
    (lint.door_is_explicit, NODE, '"""Text."""\nfrom trilat.node.a import b', "no `__all__`"),
    (lint.door_is_explicit, NODE, "from a import b, c\n__all__ = ['b']", "`c` is not in"),
    (lint.door_is_explicit, NODE, "from a import b\n__all__ = ['b', 'c']", "which is not there"),
    (lint.door_is_explicit, NODE, "from a import b, c\n__all__ = ['c', 'b']", "not sorted"),
    (lint.door_is_explicit, NODE, "from a import b, C\n__all__ = ['b', 'C']", "not sorted"),
    (lint.door_is_explicit, NODE, "from a import b\n__all__ = ['b', 'b']", "not sorted"),
    (lint.no_machine_is_named, "README.md", "see /" + "home/someone/trilat", "relative to the root"),
    (lint.no_machine_is_named, "a.toml", "path = '/" + "root/x'", "relative to the root"),
    (lint.no_machine_is_named, "Makefile", "/" + "work/shared/data", "relative to the root"),
    (lint.no_machine_is_named, "lock.txt", "--index-url https://" + "pypi" + ".org/simple", "no registry"),
    (lint.no_machine_is_named, "lock.json", "https://registry." + "npmjs" + ".org/a.tgz", "no registry"),
    (lint.no_machine_is_named, "Dockerfile", "http://" + "deb.debian" + ".org", "no registry"),
]

KEPT: list[tuple[lint.Rule, str, str]] = [
    (lint.made_in_one_room, "src/trilat/policy/degrade.py", "Release(item=item)"),
    (lint.made_in_one_room, "src/trilat/link/seal.py", "Envelope(sender=s)"),
    (lint.made_in_one_room, "src/trilat/model/release.py", "class Release(Noun):\n    pass"),
    (lint.made_in_one_room, NODE, "decode(data, Release)"),
    (lint.made_in_one_room, NODE, "x = 'Release('"),
    (lint.clock_is_an_argument, "src/trilat/node/clock.py", "import time\ntime.time_ns()"),
    (lint.clock_is_an_argument, "src/trilat/cli/demo.py", "import time\ntime.monotonic()"),
    (lint.clock_is_an_argument, NODE, "clock.now_ns()"),
    (lint.clock_is_an_argument, NODE, "from datetime import datetime\ndatetime(2009, 4, 5)"),
    (lint.chance_is_an_argument, CORE, "np.random.default_rng(seed)"),
    (lint.chance_is_an_argument, CORE, "rng.normal(0, 1)"),
    (lint.chance_is_an_argument, CORE, "def f(rng: np.random.Generator) -> None: ..."),
    (lint.chance_is_an_argument, "src/trilat/link/keys.py", "import secrets"),
    (lint.core_touches_nothing, "src/trilat/cli/demo.py", "open('x')"),
    (lint.core_touches_nothing, CORE, "import tomllib\ntomllib.loads(text)"),
    (lint.nothing_is_too_long, NODE, "def f():\n" + "    a = 1\n" * 69),
    (lint.notes_name_an_issue, NODE, f"# {LATER} issue 7: tidy up"),
    (lint.notes_name_an_issue, NODE, f"# {LATER}(#7): tidy up"),
    (lint.notes_name_an_issue, NODE, "# a note that names nothing to do"),
    (lint.door_is_explicit, NODE, "from a import Bee, CEE, dee\n__all__ = ['CEE', 'Bee', 'dee']"),
    (lint.no_machine_is_named, "README.md", "see ../shared/data and https://example.org/work/x"),
    (lint.no_machine_is_named, "README.md", "src/trilat/work/x and docs/home/y"),
]


@pytest.mark.parametrize(("rule", "path", "text", "words"), CAUGHT)
def test_a_fault_is_caught_and_the_better_way_named(
    rule: lint.Rule, path: str, text: str, words: str
) -> None:
    faults = rule(path, text)
    assert faults
    assert all(fault.startswith(path) and "\n" not in fault for fault in faults)
    assert any(words in fault for fault in faults)


@pytest.mark.parametrize(("rule", "path", "text"), KEPT)
def test_what_keeps_the_rule_is_left_alone(rule: lint.Rule, path: str, text: str) -> None:
    assert rule(path, text) == []


@pytest.mark.parametrize(
    ("path", "text", "faults"),
    [
        (NODE, "from trilat.fusion.kalman import x", 1),
        (NODE, "import trilat.fusion.kalman", 1),
        (NODE, "from trilat.fusion import kalman", 1),
        (NODE, "from trilat.fusion import kalman as k, x", 1),
        (NODE, "from trilat.domains.missile.claims import x", 1),
        (NODE, "def f():\n    from trilat.model.limits import X", 1),
        ("src/trilat/domains/maritime/a.py", "from trilat.domains.missile.claims import x", 1),
        ("src/trilat/fusion_two/a.py", "from trilat.fusion.kalman import x", 1),
        (NODE, "from trilat.fusion.shelf.book import x", 1),
        (NODE, "from trilat.fusion.shelf import book", 1),
        (CORE, "from trilat.fusion.shelf.book import x", 0),
        (CORE, "from trilat.domains.missile.claims import x", 1),
        (CORE, "from trilat.fusion.kalman import x", 0),
        (NODE, "from trilat.fusion import x", 0),
        (NODE, "from trilat.domains import missile", 0),
        (NODE, "from trilat.fusion import bound", 0),
        (NODE, "from trilat.fusion.bound import bound", 1),
        (CORE, "from trilat.fusion import kalman", 0),
        (NODE, "from trilat.domains.missile import x", 0),
        (NODE, "import trilat.fusion", 0),
        ("src/trilat/domains/missile/a.py", "from trilat.domains.pipeline import x", 0),
        (NODE, "from numpy.linalg import norm", 0),
    ],
)
def test_a_package_is_entered_by_its_door(path: str, text: str, faults: int) -> None:
    found = lint.doors_are_used(path, text, DOORS, MODULES)
    assert len(found) == faults
    assert all("import from `trilat." in fault for fault in found)


@pytest.mark.parametrize(
    ("long", "short", "faults"), [(1, 9, 0), (2, 8, 1), (0, 1, 0), (11, 100, 0), (12, 100, 1)]
)
def test_nine_functions_in_ten_are_short(long: int, short: int, faults: int) -> None:
    assert len(lint.most_functions_are_short([45] * long + [44] * short)) == faults


@pytest.mark.parametrize(
    ("path", "text", "faults"),
    [
        ("docs/a.md", "[b](b.md)", 0),
        ("docs/a.md", "[b](../README.md#top)", 0),
        ("docs/a.md", "[b](../examples)", 0),
        ("docs/a.md", "[b](https://example.org/x) [c](#here) [d](mailto:a@example.org)", 0),
        ("docs/a.md", "[b](c.md)", 1),
        ("docs/a.md", "[b](../docs/c.md)", 1),
        ("README.md", "![picture](picture.svg) [b](docs/b.md)", 1),
    ],
)
def test_links_lead_to_files(path: str, text: str, faults: int) -> None:
    tracked = frozenset({"README.md", "docs/a.md", "docs/b.md", "examples/x/y.toml"})
    assert len(lint.links_lead_somewhere(path, text, tracked)) == faults


def test_names_given_are_those_of_all() -> None:
    assert lint.names_given("from a import b\n__all__ = ['b', 'C']") == {"b", "C"}
    assert lint.names_given("from a import b") == frozenset()


def test_headings_are_found() -> None:
    page = "# Title `a`\n\ntext `b`\n### `c` and `d`\n**`e`**: words\n- **`f`** words\n| **`g`** | words |\n"
    assert lint.headings(page) == {"a", "c", "d", "e", "f", "g"}
