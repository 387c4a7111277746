"""`trilat audit`: is a ledger whole, what can be had again, what does it prove, what does it tell?"""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from trilat.cli.audit_compare import compare
from trilat.cli.audit_proofs import check, prove
from trilat.cli.audit_report import report
from trilat.cli.ledgers import KEY_SUFFIX
from trilat.cli.records import opened_record
from trilat.cli.terminal import DAMAGED, in_one_line, print_json, read_file, say, stop
from trilat.ledger import Salvaged, Verification, is_postgres_url, is_well_formed, salvage
from trilat.model import LedgerError, UsageError
from trilat.node import Damage, lost, mark_restored, put_right, read_folder, surveyed

app = typer.Typer(help="Questions to a ledger: is it whole, what does it prove, what does it tell?")

_LEDGER = typer.Argument(help="A ledger file, such as JPN.ledger, or a node's folder.")
_PARTY = typer.Option(help="Whose it is; from the file's name if not given.")
_KEY = typer.Option(help="File with the ledger key; FILE.key if not given.")
_JSON = typer.Option("--json", help="One JSON object.")
_LINES_SHOWN: Final = 20


@app.callback()
def audit() -> None:
    """Questions to a ledger: is it whole, what does it prove, what does it tell?"""


@app.command("verify")
@in_one_line
def verify(
    ledger: Annotated[Path, _LEDGER],
    party: Annotated[str | None, _PARTY] = None,
    key: Annotated[Path | None, _KEY] = None,
    as_json: Annotated[bool, _JSON] = False,
) -> None:
    """Examine every row of a ledger: chain, commitments and contents."""
    with opened_record(ledger, party, key, read_only=ledger.is_dir()) as record:
        whose, verification = record.party, record.verify()
    if as_json:
        print_json({"party": whose, **asdict(verification)})
    elif verification.verified:
        say(
            f"{whose}: {verification.entries} entries, {verification.removed} removed, {_sound(verification)}"
        )
    else:
        say(f"{whose}: entry {verification.broken_entry} is damaged: {verification.problem}", hang=2)
    if not verification.verified:
        stop(DAMAGED)


def _sound(verification: Verification) -> str:
    if not verification.damaged:
        return "all verified"
    return (
        f"{verification.damaged} damaged ({verification.repaired} repaired, {verification.lost} known to be "
        "lost), all others verified"
    )


@app.command("repair")
@in_one_line
def repair(
    ledger: Annotated[Path, _LEDGER],
    go_on: Annotated[
        bool, typer.Option("--go-on", help="Write down what is lost, so that the node can go on.")
    ] = False,
    party: Annotated[str | None, _PARTY] = None,
    key: Annotated[Path | None, _KEY] = None,
    as_json: Annotated[bool, _JSON] = False,
) -> None:
    """Have again what is damaged in a ledger that is not in use; what partners have, the node asks for."""
    salvaged = _salvaged(ledger, key)
    with opened_record(ledger, party, key, read_only=False) as record:
        damages = surveyed(record).damage()
        mended = [repair for damage in damages if (repair := put_right(record, damage)) is not None]
        had = {repair.entry for repair in mended}
        rest = [damage for damage in damages if damage.entry not in had]
        known = record.repairs()
        unknown = [damage for damage in rest if damage.entry not in known]
        record.repair([*mended, *([lost(damage) for damage in unknown] if go_on else [])])
        whose = record.party
    if go_on and ledger.is_dir() and unknown:
        # Which number, or version, was given last is not known for sure: as after a restored backup.
        mark_restored(ledger, "audit repair")
    _tell(whose, salvaged, len(mended), rest, go_on=go_on, as_json=as_json)
    if unknown and not go_on:
        stop(DAMAGED)


def _tell(
    party: str, salvaged: Salvaged | None, mended: int, rest: list[Damage], *, go_on: bool, as_json: bool
) -> None:
    rows = [_plain(party, damage) for damage in rest]
    if as_json:
        print_json(
            {
                "party": party,
                "salvaged": None if salvaged is None else salvaged._asdict(),
                "put_right": mended,
                "damaged": rows,
                "goes_on": go_on or not rows,
            }
        )
        return
    if salvaged is not None:
        say(
            f"{party}: the file was damaged: {salvaged.entries} entries are in a fresh one, "
            f"{salvaged.found} of them found off its tree; {len(salvaged.missing)} could not be read"
        )
    say(f"{party}: {mended} damaged entries put right, {len(rest)} not")
    for row in rows[:_LINES_SHOWN]:
        whom = f"{row['partner']} has it: its node is asked" if row["partner"] else "nobody else has it"
        say(f"{row['problem']}; {whom}", indent=2, hang=2)
    if rows and not go_on:
        say("With --go-on this is written down, and the node can go on.")


def _plain(party: str, damage: Damage) -> dict[str, Any]:
    claim = damage.claim
    partner = "" if claim is None else claim.recipient if claim.sender == party else claim.sender
    return {
        "entry": damage.entry,
        "problem": damage.problem,
        "kind": damage.kind,
        "partner": partner,
        "sequence": None if claim is None else claim.sequence,
    }


def _salvaged(ledger: Path, key: Path | None) -> Salvaged | None:
    """What was salvaged where the file itself is damaged; the damaged file is kept beside it."""
    if ledger.is_dir():
        held = read_folder(ledger)
        if is_postgres_url(str(held.ledger_place)):
            return None
        path, secret = Path(held.ledger_place), held.secrets.ledger_key
    else:
        path = ledger
        if not path.is_file():
            raise UsageError(f"no ledger `{path}`: give the file that a node wrote, or a node's folder")
        secret = read_file(key or path.with_name(path.name + KEY_SUFFIX), bytes_max=4_096)
    if is_well_formed(path):
        return None
    fresh = path.with_name(f"{path.name}.salvaged")
    fresh.unlink(missing_ok=True)
    found = salvage(path, fresh, secret)
    aside = _free_name(path)
    path.replace(aside)
    for ending in ("-wal", "-shm"):
        Path(f"{path}{ending}").unlink(missing_ok=True)
    fresh.replace(path)
    return found


def _free_name(path: Path) -> Path:
    for number in range(1, 1_000):
        aside = path.with_name(f"{path.name}.damaged-{number}")
        if not aside.exists():
            return aside
    raise LedgerError(f"there are too many damaged files beside `{path}`: put them elsewhere")


app.command("prove")(prove)
app.command("check")(check)
app.command("compare")(compare)
app.command("report")(report)
