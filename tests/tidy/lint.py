"""Our own lint: rules of this house that no tool knows. Each takes a path and its text and gives one line per
fault, which says where it is and what to call or write instead. `test_lint.py` proves that each can fail.

Paths are relative to the root of the repository, with slashes.
"""

import ast
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Final

Rule = Callable[[str, str], list[str]]

CORE_ROOMS: Final = ("model", "geo", "policy", "fusion", "scenario", "domains")
FUNCTION_LINES_MAX: Final = 70
FUNCTION_LINES_USUAL: Final = 45
FUNCTIONS_LONG_SHARE_MAX: Final = 0.1
MODULE_LINES_MAX: Final = 600

_CLOCK_MODULES: Final = frozenset({"time"})
_CLOCK_CALLS: Final = frozenset(
    {
        "time",
        "time_ns",
        "monotonic",
        "monotonic_ns",
        "perf_counter",
        "perf_counter_ns",
        "sleep",
        "localtime",
        "gmtime",
    }
)
_CALENDAR_CALLS: Final = frozenset({"now", "utcnow", "today"})
_CALENDARS: Final = frozenset({"datetime", "date"})
_SEEDED: Final = frozenset(
    {"Generator", "BitGenerator", "SeedSequence", "PCG64", "PCG64DXSM", "Philox", "SFC64", "default_rng"}
)
_RANDOM_MODULES: Final = frozenset({"random", "secrets", "uuid"})
_OUTSIDE_MODULES: Final = frozenset(
    {
        "os",
        "pathlib",
        "shutil",
        "tempfile",
        "glob",
        "socket",
        "ssl",
        "subprocess",
        "asyncio",
        "urllib",
        "http",
        "sqlite3",
        "logging",
    }
)
_FILE_CALLS: Final = frozenset(
    {
        "open",
        "read_text",
        "read_bytes",
        "write_text",
        "write_bytes",
        "fromfile",
        "tofile",
        "loadtxt",
        "savetxt",
    }
)


def room_of(path: str) -> str:
    """The room of the house that a source file is in; empty outside `src/trilat`."""
    parts = path.split("/")
    return parts[2].removesuffix(".py") if parts[:2] == ["src", "trilat"] and len(parts) > 2 else ""


def _dotted(node: ast.expr) -> str:
    """`a.b.c` of a name or attribute; empty for anything else."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        inner = _dotted(node.value)
        return f"{inner}.{node.attr}" if inner else node.attr
    return ""


def _imports(tree: ast.Module) -> Iterator[tuple[int, str, tuple[str, ...]]]:
    """Line, module and names of each import; no names where the module itself is imported."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name, ()
        elif isinstance(node, ast.ImportFrom):
            yield node.lineno, node.module or "", tuple(alias.name for alias in node.names)


def _calls(tree: ast.Module) -> Iterator[tuple[int, str, ast.Call]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield node.lineno, _dotted(node.func), node


def made_in_one_room(path: str, text: str) -> list[str]:
    """A `Release` is made only by policy, an `Envelope` only by link."""
    homes = {"Release": ("policy", "policy.degrade"), "Envelope": ("link", "link's sealing")}
    faults = []
    for line, name, _ in _calls(ast.parse(text)):
        home, better = homes.get(name.split(".")[-1], ("", ""))
        if home and room_of(path) != home:
            faults.append(f"{path}:{line}: `{name}(` outside {home}: call {better}")
    return faults


def clock_is_an_argument(path: str, text: str) -> list[str]:
    """The real clock is read only in `node/clock.py` and in cli; all else takes a Clock or an instant."""
    if path == "src/trilat/node/clock.py" or room_of(path) in {"", "cli", "__main__"}:
        return []
    faults = []
    tree = ast.parse(text)
    better = "take a Clock or an instant in ns as an argument"
    for line, module, names in _imports(tree):
        faults += [
            f"{path}:{line}: `from {module} import {name}`: {better}"
            for name in names
            if module in _CLOCK_MODULES and name in _CLOCK_CALLS
        ]
    for line, name, _ in _calls(tree):
        owner, _, call = name.rpartition(".")
        read = (owner in _CLOCK_MODULES and call in _CLOCK_CALLS) or (
            owner.split(".")[-1] in _CALENDARS and call in _CALENDAR_CALLS
        )
        if read:
            faults.append(f"{path}:{line}: `{name}()` reads the real clock: {better}")
    return faults


def chance_is_an_argument(path: str, text: str) -> list[str]:
    """No global random source: numpy Generators are arguments, made from a seed; core has no other either."""
    room = room_of(path)
    if not room:
        return []
    faults = []
    tree = ast.parse(text)
    better = "take a numpy Generator as an argument"
    for line, module, names in _imports(tree):
        root = module.split(".")[0]
        if root == "random" or (room in CORE_ROOMS and root in _RANDOM_MODULES):
            faults.append(f"{path}:{line}: `{module}`: {better}")
        if module == "numpy.random":
            faults += [
                f"{path}:{line}: `numpy.random.{name}`: {better}" for name in names if name not in _SEEDED
            ]
    for line, name, call in _calls(tree):
        owner, _, function = name.rpartition(".")
        if owner in {"np.random", "numpy.random"} and function not in _SEEDED:
            faults.append(f"{path}:{line}: `{name}()` is global: {better}")
        if function == "default_rng" and not (call.args or call.keywords):
            faults.append(f"{path}:{line}: `default_rng()` without a seed: {better}")
        if room in CORE_ROOMS and name in {"os.urandom", "uuid.uuid4"}:
            faults.append(f"{path}:{line}: `{name}()`: take the bytes as an argument")
    return faults


def core_touches_nothing(path: str, text: str) -> list[str]:
    """Core rooms have no file, socket, process or log: bytes and text come in as arguments."""
    if room_of(path) not in CORE_ROOMS:
        return []
    tree = ast.parse(text)
    faults = [
        f"{path}:{line}: `{module}` in the core: take bytes or text as an argument, read them in cli or study"
        for line, module, _ in _imports(tree)
        if module.split(".")[0] in _OUTSIDE_MODULES
    ]
    faults += [
        f"{path}:{line}: `{name}(` in the core: take bytes or text as an argument, read them in cli or study"
        for line, name, _ in _calls(tree)
        if name.split(".")[-1] in _FILE_CALLS or name == "print"
    ]
    return faults


def functions(path: str, text: str) -> list[tuple[str, int]]:
    """Where each function is, and its lines from `def` to its end."""
    return [
        (f"{path}:{node.lineno}: `{node.name}`", (node.end_lineno or node.lineno) - node.lineno + 1)
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]


def nothing_is_too_long(path: str, text: str) -> list[str]:
    """No function over 70 lines, no module over 600."""
    lines = len(text.splitlines())
    faults = [f"{path}: {lines} lines: split it by its nouns"] if lines > MODULE_LINES_MAX else []
    faults += [
        f"{where} has {length} lines: keep the branches, move straight work into helpers"
        for where, length in functions(path, text)
        if length > FUNCTION_LINES_MAX
    ]
    return faults


def most_functions_are_short(lengths: list[int]) -> list[str]:
    """Nine functions in ten are under 45 lines."""
    long = sum(length >= FUNCTION_LINES_USUAL for length in lengths)
    if long > FUNCTIONS_LONG_SHARE_MAX * len(lengths):
        return [f"{long} of {len(lengths)} functions have {FUNCTION_LINES_USUAL} lines or more: split some"]
    return []


_NOTE: Final = re.compile(r"\b(?:TO" + r"DO|FIX" + r"ME|XX" + r"X|HA" + r"CK)\b(?P<rest>.*)")
_ISSUE: Final = re.compile(r"^\s*[(:]?\s*(?:issue\s+|#)\d+")


def notes_name_an_issue(path: str, text: str) -> list[str]:
    """A note to fix something later names the issue that will."""
    return [
        f"{path}:{number}: a note without an issue: open one and write its number, as `issue 7`"
        for number, line in enumerate(text.splitlines(), start=1)
        if (found := _NOTE.search(line)) and not _ISSUE.match(found["rest"])
    ]


def doors_are_used(
    path: str, text: str, doors: Mapping[str, frozenset[str]], modules: frozenset[str]
) -> list[str]:
    """A package is entered by its door: nobody outside imports a module within it, or from one. `doors` has
    the names that each package gives; a function may bear the name of its module. A folder inside a room
    that gives no names is a shelf of that room: who stands in the room may take from it.
    """
    importer = path.removeprefix("src/").removesuffix(".py").replace("/", ".")
    faults = []
    for line, target, names in _imports(ast.parse(text)):
        given = doors.get(target, frozenset())
        for wanted in (target, *(f"{target}.{name}" for name in names if name not in given)):
            package = wanted.rpartition(".")[0]
            while package.count(".") > 1 and not doors.get(package):
                package = package.rpartition(".")[0]
            if wanted in modules - doors.keys() and not importer.startswith(f"{package}."):
                faults.append(f"{path}:{line}: `{wanted}` from outside: import from `{package}`")
    return faults


def names_given(text: str) -> frozenset[str]:
    """The names in a module's `__all__`."""
    for node in ast.parse(text).body:
        if isinstance(node, ast.Assign) and _dotted(node.targets[0]) == "__all__":
            return frozenset(ast.literal_eval(node.value))
    return frozenset()


def _sort_key(name: str) -> tuple[int, str]:
    """Constants, then classes, then functions, as ruff sorts `__all__`."""
    bare = name.lstrip("_")
    return (0 if bare.isupper() else 1 if bare[:1].isupper() else 2), name


def door_is_explicit(path: str, text: str) -> list[str]:
    """A package's `__init__` has a sorted `__all__` that names all that it imports, and nothing else."""
    tree = ast.parse(text)
    exported: list[str] | None = None
    bound: set[str] = set()
    for node in tree.body:
        if isinstance(node, ast.ImportFrom):
            bound |= {alias.asname or alias.name for alias in node.names}
        elif isinstance(node, ast.Import):
            bound |= {(alias.asname or alias.name).split(".")[0] for alias in node.names}
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names = {target.id for target in targets if isinstance(target, ast.Name)}
            if names == {"__all__"} and node.value is not None:
                exported = list(ast.literal_eval(node.value))
            else:
                bound |= names
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            bound.add(node.name)
    if exported is None:
        return [f"{path}: no `__all__`: list what the package gives, sorted"]
    bound = {name for name in bound if not name.startswith("_")}
    faults = [f"{path}: `{name}` is not in `__all__`: add it" for name in sorted(bound - set(exported))]
    faults += [
        f"{path}: `__all__` has `{name}`, which is not there"
        for name in sorted(set(exported) - bound)
        if name != "__version__"
    ]
    if exported != sorted(set(exported), key=_sort_key):
        faults.append(f"{path}: `__all__` is not sorted: constants, classes, functions, each by name")
    return faults


# The patterns are put together here, so that this file does not contain what it looks for.
_MACHINE_PATHS: Final = re.compile(
    r"(?<![\w./-])/(?:" + "|".join(["wo" + "rk", "ro" + "ot", "ho" + "me", "Us" + "ers"]) + r")/[\w.-]+"
)
_REGISTRIES: Final = [
    ".".join(parts)
    for parts in [
        ("pypi", "org"),
        ("python" + "hosted", "org"),
        ("npm" + "js", "org"),
        ("yarn" + "pkg", "com"),
        ("deb", "debian", "org"),
        ("security", "debian", "org"),
        ("ftp", "debian", "org"),
        ("conda", "anaconda", "org"),
    ]
]


def no_machine_is_named(path: str, text: str) -> list[str]:
    """No absolute path of some machine, and no registry's host name, in any file."""
    faults = []
    for number, line in enumerate(text.splitlines(), start=1):
        if found := _MACHINE_PATHS.search(line):
            faults.append(
                f"{path}:{number}: `{found[0]}` is a path of one machine: write it relative to the root"
            )
        faults += [
            f"{path}:{number}: `{host}`: name no registry, tools are set up with their own default"
            for host in _REGISTRIES
            if host in line
        ]
    return faults


_LINK: Final = re.compile(r"\]\((?!https?://|mailto:|#)([^)\s#]+)(?:#[^)]*)?\)")


def links_lead_somewhere(path: str, text: str, tracked: frozenset[str]) -> list[str]:
    """Relative links of a page lead to files of the repository."""
    faults = []
    folder = path.rpartition("/")[0]
    for number, line in enumerate(text.splitlines(), start=1):
        for target in _LINK.findall(line):
            parts: list[str] = []
            for step in f"{folder}/{target}".split("/"):
                if step == "..":
                    del parts[-1:]
                elif step not in {"", "."}:
                    parts.append(step)
            whole = "/".join(parts)
            if whole not in tracked and not any(name.startswith(f"{whole}/") for name in tracked):
                faults.append(f"{path}:{number}: link to `{target}`, which is not there: correct it")
    return faults


def headings(text: str) -> frozenset[str]:
    """The words in backticks of all headings of a page, and of terms in bold at the beginning of a line."""
    found: set[str] = set()
    for line in text.splitlines():
        if line.startswith("#") or re.match(r"[-*|\s]*\*\*", line):
            found |= set(re.findall(r"`([^`]+)`", line))
    return frozenset(found)
