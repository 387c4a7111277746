"""The tree keeps the rules of this house."""

import subprocess
from collections import Counter
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import pytest
from tests.tidy import lint

ROOT = Path(__file__).parents[2]
NOT_OURS = {".git", ".venv", ".mypy_cache", ".ruff_cache", ".pytest_cache", "__pycache__", "node_modules"}
MUST_BE_THERE = [
    "README.md",
    "LICENSE",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    "Makefile",
    ".ci/run",
    "pyproject.toml",
    "src/trilat/py.typed",
    "docs/agreements.md",
    "docs/ais.md",
    "docs/commands.md",
    "docs/items.md",
]


def refuse(faults: Iterable[str]) -> None:
    """Fail with one line per fault."""
    found = list(faults)
    assert not found, "\n" + "\n".join(found)


@cache
def tracked() -> frozenset[str]:
    """The files of the repository; in an unpacked archive all files that are not made by tools."""
    listed = subprocess.run(["git", "ls-files", "--cached", "-z"], cwd=ROOT, capture_output=True, check=False)
    if listed.returncode == 0:
        names = listed.stdout.decode("utf-8").split("\0")
        return frozenset(name for name in names if name and (ROOT / name).is_file())
    return frozenset(
        path.relative_to(ROOT).as_posix()
        for path in ROOT.rglob("*")
        if path.is_file() and not NOT_OURS & set(path.relative_to(ROOT).parts)
    )


@cache
def text_of(name: str) -> str:
    """A tracked file as text; empty where it is binary."""
    try:
        return (ROOT / name).read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return ""


@cache
def sources() -> tuple[str, ...]:
    return tuple(sorted(name for name in tracked() if name.startswith("src/") and name.endswith(".py")))


@cache
def packages() -> frozenset[str]:
    return frozenset(
        name.removeprefix("src/").removesuffix("/__init__.py").replace("/", ".")
        for name in sources()
        if name.endswith("/__init__.py")
    )


@cache
def doors() -> dict[str, frozenset[str]]:
    return {
        package: lint.names_given(text_of(f"src/{package.replace('.', '/')}/__init__.py"))
        for package in packages()
    }


@cache
def modules() -> frozenset[str]:
    named = (name.removeprefix("src/").removesuffix(".py").replace("/", ".") for name in sources())
    return frozenset(name.removesuffix(".__init__") for name in named)


@pytest.mark.parametrize(
    "rule",
    [
        lint.made_in_one_room,
        lint.clock_is_an_argument,
        lint.chance_is_an_argument,
        lint.core_touches_nothing,
        lint.nothing_is_too_long,
    ],
    ids=lambda rule: rule.__name__,
)
def test_every_source_file_keeps(rule: lint.Rule) -> None:
    refuse(fault for name in sources() for fault in rule(name, text_of(name)))


def test_every_package_is_entered_by_its_door() -> None:
    refuse(
        fault for name in sources() for fault in lint.doors_are_used(name, text_of(name), doors(), modules())
    )


def test_every_door_is_explicit() -> None:
    doors = [name for name in sources() if name.endswith("/__init__.py")]
    refuse(fault for name in doors for fault in lint.door_is_explicit(name, text_of(name)))


def test_every_source_folder_is_a_package() -> None:
    folders = {name.rpartition("/")[0] for name in sources()}
    assert folders == {f"src/{package.replace('.', '/')}" for package in packages()}


def test_most_functions_are_short() -> None:
    lengths = [length for name in sources() for _, length in lint.functions(name, text_of(name))]
    refuse(lint.most_functions_are_short(lengths))


def test_no_python_file_is_too_long() -> None:
    names = [name for name in tracked() if name.endswith(".py") and not name.startswith("src/")]
    assert [
        fault
        for name in sorted(names)
        for fault in lint.nothing_is_too_long(name, text_of(name))
        if not name.startswith("tests/")
    ] == []


def test_notes_name_an_issue() -> None:
    # The agreed patterns of secrets and hashes in lock files can spell anything.
    names = sorted(name for name in tracked() if not name.startswith("requirements/"))
    refuse(fault for name in names for fault in lint.notes_name_an_issue(name, text_of(name)))


def test_no_machine_is_named() -> None:
    refuse(fault for name in sorted(tracked()) for fault in lint.no_machine_is_named(name, text_of(name)))


def test_links_of_pages_lead_somewhere() -> None:
    pages = sorted(name for name in tracked() if name.endswith(".md"))
    refuse(fault for name in pages for fault in lint.links_lead_somewhere(name, text_of(name), tracked()))


def test_test_files_are_told_apart_by_name_alone() -> None:
    names = [name for name in tracked() if name.startswith("tests/")]
    assert [name for name in names if name.endswith("__init__.py")] == []
    counts = Counter(name.rpartition("/")[2] for name in names if "/test_" in name)
    assert [name for name, count in counts.items() if count > 1] == []


@pytest.mark.parametrize("name", MUST_BE_THERE)
def test_what_a_newcomer_looks_for_is_there(name: str) -> None:
    assert name in tracked()
