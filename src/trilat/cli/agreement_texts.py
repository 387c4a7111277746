"""`trilat agreement diff|export`: what changes between versions, and agreements for others to read."""

from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from trilat.cli.signing import read_one
from trilat.cli.terminal import in_one_line, out, print_json, say, writing
from trilat.link import agreement_digest
from trilat.model import UsageError
from trilat.policy import differences, export_cedar, readable_text
from trilat.study import find_agreements


class Language(Enum):
    """Languages of the readable text."""

    EN = "en"
    JA = "ja"
    KO = "ko"


@in_one_line
def diff_files(
    old: Annotated[Path, typer.Argument(help="The older version.")],
    new: Annotated[Path, typer.Argument(help="The newer version.")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Say clause by clause what the newer file says otherwise."""
    lines = differences(read_one(old), read_one(new))
    if as_json:
        print_json({"old": old.name, "new": new.name, "differences": list(lines)})
        return
    for line in lines or ("no difference but signatures",):
        say(line, hang=2)


@in_one_line
def export_agreements(
    agreements: Annotated[str, typer.Argument(help="Folder of agreement files, or a preset.")],
    cedar: Annotated[bool, typer.Option("--cedar", help="As policies in Cedar, for auditors.")] = False,
    text: Annotated[
        Language | None, typer.Option(help="As a text to read, in English, Japanese or Korean.")
    ] = None,
    into: Annotated[
        Path | None, typer.Option(help="Folder to write files into; else to standard output.")
    ] = None,
) -> None:
    """Write agreements as Cedar policies with their schema and entities, or as texts to read."""
    if cedar == (text is not None):
        raise UsageError("say what to export: `--cedar`, or `--text` with a language")
    held = find_agreements(agreements)
    if text is None:
        export = export_cedar(held)
        files = {
            "policies.cedar": export.policies,
            "schema.json": export.schema,
            "entities.json": export.entities,
        }
        shown = [export.policies]
    else:
        files = {
            f"{name.removesuffix('.toml')}.{text.value}.txt": readable_text(
                agreement, text.value, agreement_digest(agreement).hex()
            )
            for name, agreement in held.files.items()
        }
        shown = list(files.values())
    if into is None:
        out.print("\n".join(shown), end="", markup=False, soft_wrap=True)
        return
    try:
        into.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            (into / name).write_text(content, encoding="utf-8")
    except OSError as error:
        raise writing(into, error) from error
    say(f"{len(files)} files are written to {into}")
