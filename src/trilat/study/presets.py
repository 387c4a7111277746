"""The historical regimes: folders of agreement files with the instant at which they are tried.

A regime is a folder with a `regime.toml` that names its agreement files, or any folder of agreement files of
one's own. The presets stand beside this module, so that they come with the package.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from trilat.model import AgreementError, UsageError
from trilat.policy import AgreementSet, Regime, read_agreement, read_regime

REGIME_FILE: Final = "regime.toml"
PRESETS: Final = ("separate-2009", "hub-2014", "direct-2016", "realtime-2023", "multilateral")
"""In the order of history."""

_FOLDER: Final = Path(__file__).parent / "regimes"
_FILE_BYTES_MAX: Final = 1_000_000
_FILES_MAX: Final = 1_000


@dataclass(frozen=True)
class Preset:
    """A regime with its agreements."""

    name: str
    regime: Regime
    agreements: AgreementSet


@cache
def preset(name: str) -> Preset:
    """A preset by its name.

    Raises:
        UsageError: there is none of that name.
    """
    if name not in PRESETS:
        raise UsageError(f"no regime `{name}`: choose one of {', '.join(PRESETS)}")
    folder = _FOLDER / name
    regime = read_regime(REGIME_FILE, _text(folder / REGIME_FILE))
    return Preset(name, regime, agreements_in(folder))


def agreements_in(folder: Path) -> AgreementSet:
    """The agreements of a folder: those that its `regime.toml` includes, and every other TOML file in it.

    Raises:
        UsageError: there is no such folder, or nothing in it.
        AgreementError: a file is not sound, or two files do not go together.
    """
    if not folder.is_dir():
        raise UsageError(f"no folder `{folder.name}`: give a folder of agreement files, or a preset's name")
    paths = _files_in(folder)
    if not paths:
        raise UsageError(f"no agreement files in `{folder.name}`: they end in .toml")
    if len(paths) > _FILES_MAX:
        raise UsageError(f"`{folder.name}` has {len(paths)} agreement files, over the limit of {_FILES_MAX}")
    files = {}
    for path in paths:
        if path.name in files:
            raise AgreementError(f"{path.name}: included twice, or two files of that name: rename one")
        files[path.name] = read_agreement(path.name, _text(path))
    return AgreementSet.of(files)


def _files_in(folder: Path) -> list[Path]:
    paths = sorted(path for path in folder.glob("*.toml") if path.name != REGIME_FILE)
    if (folder / REGIME_FILE).is_file():
        regime = read_regime(REGIME_FILE, _text(folder / REGIME_FILE))
        paths += [folder / name for name in regime.include]
    return paths


def find_agreements(name_or_folder: str) -> AgreementSet:
    """The agreements of a preset by name, or of a folder; a folder of that name comes first."""
    folder = Path(name_or_folder)
    if name_or_folder in PRESETS and not folder.is_dir():
        return preset(name_or_folder).agreements
    return agreements_in(folder)


def partners_of(chosen: Preset, party: str, others: Sequence[str]) -> tuple[str, ...]:
    """The parties that a label of `party` names: those with whom it has an agreement in force."""
    at_ns = chosen.regime.as_of_ns
    return tuple(
        other
        for other in others
        if any(
            from_ns <= at_ns < until_ns for _, from_ns, until_ns in chosen.agreements.between(party, other)
        )
    )


def agreement_files(name_or_folder: str) -> dict[str, str]:
    """The texts of the agreement files of a preset by name, or of a folder, as a node's folder holds them.

    Raises:
        UsageError: there is no such preset or folder, or a file cannot be read.
        AgreementError: a file is too long or not UTF-8.
    """
    folder = Path(name_or_folder)
    if name_or_folder in PRESETS and not folder.is_dir():
        folder = _FOLDER / name_or_folder
    if not folder.is_dir():
        raise UsageError(f"no regime or folder `{name_or_folder}`: choose one of {', '.join(PRESETS)}")
    return {path.name: _text(path) for path in _files_in(folder)}


def _text(path: Path) -> str:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UsageError(f"`{path.name}` cannot be read: {error.strerror}") from error
    if len(data) > _FILE_BYTES_MAX:
        raise AgreementError(f"{path.name}: {len(data)} bytes, over the limit of {_FILE_BYTES_MAX}")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise AgreementError(f"{path.name}: not UTF-8 at byte {error.start}: save it as UTF-8") from error
