"""The build hook: when it builds the page, when it leaves it, what it says. npm and node are stand-ins."""

import importlib.util
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]
INDEX = Path("src/trilat/web/page/index.html")

BUILDS = """#!/bin/sh
echo "npm $*" >> "$CALLS"
if [ "$1" = run ]; then
    mkdir -p ../src/trilat/web/page/assets
    echo '<!doctype html>' > ../src/trilat/web/page/index.html
    echo 'built' > ../src/trilat/web/page/assets/index-0a1b2c.js
fi
"""
FAILS = """#!/bin/sh
echo "npm $*" >> "$CALLS"
[ "$1" = {when} ] || exit 0
i=0; while [ $i -lt 60 ]; do i=$((i+1)); echo "line $i of the log"; done
echo "the last word" >&2
exit 7
"""
WRITES_NOTHING = '#!/bin/sh\necho "npm $*" >> "$CALLS"\n'


def read_hook() -> ModuleType:
    spec = importlib.util.spec_from_file_location("hatch_build", ROOT / "hatch_build.py")
    assert spec is not None
    assert spec.loader is not None
    hook = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(hook)
    return hook


HOOK = read_hook()


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A tree with sources of a page, and a path on which only the stand-ins are."""
    root = tmp_path / "a tree"
    (root / "frontend/src").mkdir(parents=True)
    (root / "frontend/package.json").write_text("{}")
    (root / "frontend/src/main.ts").write_text("")
    (tmp_path / "bin").mkdir()
    for needed in ("sh", "mkdir", "cat"):
        found = shutil.which(needed)
        assert found is not None
        (tmp_path / "bin" / needed).symlink_to(found)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("CALLS", str(tmp_path / "calls"))
    return root


def stand_in(root: Path, name: str, script: str) -> None:
    path = root.parent / "bin" / name
    path.write_text(script)
    path.chmod(0o755)


def node_says(root: Path, version: str) -> None:
    stand_in(root, "node", f"#!/bin/sh\necho '{version}'\n")


def calls(root: Path) -> list[str]:
    path = root.parent / "calls"
    return path.read_text().splitlines() if path.exists() else []


def put_page(root: Path, at_s: int) -> None:
    (root / INDEX).parent.mkdir(parents=True)
    (root / INDEX).write_text("as it was")
    os.utime(root / INDEX, (at_s, at_s))


def set_sources(root: Path, at_s: int) -> None:
    for path in (root / "frontend").rglob("*"):
        if path.is_file():
            os.utime(path, (at_s, at_s))


@pytest.mark.parametrize("version", ["v20.19.0", "v20.20.2", "v22.1.0", "v26.0.0-nightly2026"])
def test_the_page_is_installed_and_built(tree: Path, version: str) -> None:
    node_says(tree, version)
    stand_in(tree, "npm", BUILDS)
    assert HOOK.build_page(tree) is None
    assert (tree / INDEX).is_file()
    assert calls(tree) == ["npm ci --no-audit --no-fund --ignore-scripts", "npm run build"]


@pytest.mark.parametrize(
    ("version", "words"),
    [
        (None, "there is no Node.js"),
        ("v18.20.4", "Node.js 18.20 is too old"),
        ("v20.18.3", "Node.js 20.18 is too old"),
        ("v6.19.0", "Node.js 6.19 is too old"),
        ("a node of another sort", "`node --version` says `a node of another sort`"),
        ("", "`node --version` says ``"),
    ],
)
def test_without_a_node_that_can_one_line_says_so(tree: Path, version: str | None, words: str) -> None:
    stand_in(tree, "npm", BUILDS)
    if version is not None:
        node_says(tree, version)
    line = HOOK.build_page(tree)
    assert line == f"page left out: {words}: install Node.js 20.19 or newer and build again"
    assert not (tree / INDEX).exists()
    assert calls(tree) == []


def test_without_npm_one_line_says_so(tree: Path) -> None:
    node_says(tree, "v20.20.2")
    assert HOOK.build_page(tree) == (
        "page left out: there is no npm: install Node.js 20.19 or newer and build again"
    )


def test_an_old_page_without_node_is_said_to_be_old(tree: Path) -> None:
    put_page(tree, 1_000)
    line = HOOK.build_page(tree)
    assert line.startswith("page is older than its sources, and was not built: there is no Node.js")


@pytest.mark.parametrize("when", ["ci", "run"])
def test_a_failing_npm_fails_the_build_with_the_end_of_its_log(tree: Path, when: str) -> None:
    node_says(tree, "v20.20.2")
    stand_in(tree, "npm", FAILS.format(when=when))
    with pytest.raises(HOOK.PageError) as caught:
        HOOK.build_page(tree)
    first, *log = str(caught.value).splitlines()
    assert first.startswith(f"page not built: `npm {when}")
    assert first.endswith("failed")
    assert len(log) == HOOK.LOG_LINES
    assert log[-1] == "the last word"
    assert "line 1 of the log" not in log


def test_an_npm_that_writes_no_page_fails_the_build(tree: Path) -> None:
    node_says(tree, "v20.20.2")
    stand_in(tree, "npm", WRITES_NOTHING)
    with pytest.raises(HOOK.PageError, match=r"wrote no `src/trilat/web/page/index\.html`"):
        HOOK.build_page(tree)


def test_a_page_newer_than_its_sources_stays(tree: Path) -> None:
    set_sources(tree, 1_000)
    put_page(tree, 2_000)
    assert HOOK.build_page(tree) is None
    assert (tree / INDEX).read_text() == "as it was"


@pytest.mark.parametrize("changed", ["src/main.ts", "package.json", "src/lib/new.ts", "index.html"])
def test_a_page_older_than_one_of_its_sources_is_built_again(tree: Path, changed: str) -> None:
    node_says(tree, "v20.20.2")
    stand_in(tree, "npm", BUILDS)
    set_sources(tree, 1_000)
    put_page(tree, 2_000)
    path = tree / "frontend" / changed
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("")
    os.utime(path, (3_000, 3_000))
    assert HOOK.build_page(tree) is None
    assert (tree / INDEX).read_text() != "as it was"


@pytest.mark.parametrize("changed", ["node_modules/vite/x.js", "mock/world.ts", "src/lib/globe.test.ts"])
def test_what_the_page_is_not_made_of_does_not_count(tree: Path, changed: str) -> None:
    set_sources(tree, 1_000)
    put_page(tree, 2_000)
    path = tree / "frontend" / changed
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("")
    os.utime(path, (3_000, 3_000))
    assert HOOK.is_ready(tree)


def test_an_sdist_brings_its_page_ready(tree: Path) -> None:
    put_page(tree, 1_000)
    (tree / "PKG-INFO").write_text("")
    assert HOOK.build_page(tree) is None
    assert (tree / INDEX).read_text() == "as it was"


def test_an_sdist_without_a_page_is_built_like_any_tree(tree: Path) -> None:
    (tree / "PKG-INFO").write_text("")
    assert HOOK.build_page(tree).startswith("page left out")


@pytest.fixture
def package(tree: Path) -> Path:
    """The tree as a package with this project's own build settings and hook, and little in it."""
    for name in ("pyproject.toml", "hatch_build.py", "README.md", "LICENSE", "CHANGELOG.md", ".gitignore"):
        shutil.copy(ROOT / name, tree / name)
    (tree / "src/trilat/web").mkdir(parents=True, exist_ok=True)
    (tree / "src/trilat/__init__.py").write_text("")
    (tree / "frontend/node_modules/vite").mkdir(parents=True)
    (tree / "frontend/node_modules/vite/x.js").write_text("")
    return tree


def build(tree: Path, target: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", target, "-d", "made"],
        cwd=tree,
        capture_output=True,
        text=True,
        check=False,
    )


def names_in_wheel(tree: Path) -> list[str]:
    (wheel,) = (tree / "made").glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        return archive.namelist()


def test_a_wheel_has_the_page(package: Path) -> None:
    node_says(package, "v20.20.2")
    stand_in(package, "npm", BUILDS)
    built = build(package, "wheel")
    assert built.returncode == 0, built.stderr
    names = names_in_wheel(package)
    assert "trilat/web/page/index.html" in names
    assert "trilat/web/page/assets/index-0a1b2c.js" in names


def test_a_wheel_without_node_has_no_page_and_one_line_says_so(package: Path) -> None:
    built = build(package, "wheel")
    assert built.returncode == 0, built.stderr
    said = [line for line in built.stderr.splitlines() if not line.endswith(".whl")]
    assert said == ["page left out: there is no Node.js: install Node.js 20.19 or newer and build again"]
    assert [name for name in names_in_wheel(package) if "page" in name] == []


def test_a_wheel_is_not_made_when_npm_fails(package: Path) -> None:
    node_says(package, "v20.20.2")
    stand_in(package, "npm", FAILS.format(when="run"))
    built = build(package, "wheel")
    assert built.returncode != 0
    assert "page not built: `npm run build` failed" in built.stderr + built.stdout
    assert "the last word" in built.stderr + built.stdout
    assert "Traceback" not in built.stderr
    assert not list((package / "made").glob("*.whl"))


def test_an_sdist_has_sources_and_page_and_gives_a_wheel_without_node(package: Path, tmp_path: Path) -> None:
    node_says(package, "v20.20.2")
    stand_in(package, "npm", BUILDS)
    assert build(package, "sdist").returncode == 0
    (sdist,) = (package / "made").glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = [name.partition("/")[2] for name in archive.getnames()]
        archive.extractall(tmp_path / "unpacked", filter="data")
    assert {"frontend/package.json", "frontend/src/main.ts", "hatch_build.py", INDEX.as_posix()} <= set(names)
    assert [name for name in names if "node_modules" in name] == []
    (package.parent / "bin/node").unlink()
    (unpacked,) = (tmp_path / "unpacked").iterdir()
    built = build(unpacked, "wheel")
    assert built.returncode == 0, built.stderr
    assert "page left out" not in built.stderr
    assert "trilat/web/page/index.html" in names_in_wheel(unpacked)


def test_the_lock_file_names_no_address_of_a_package() -> None:
    text = (ROOT / "frontend/package-lock.json").read_text(encoding="utf-8")
    assert '"resolved"' not in text
    assert '"integrity"' in text
