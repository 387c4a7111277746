"""`trilat agreement new|sign|verify`: a file from nothing to signed by all."""

from base64 import b64encode
from pathlib import Path
from typing import Annotated

import typer

from trilat.cli.passphrase import asked
from trilat.cli.terminal import BAD_ANSWER, complain, in_one_line, print_json, read_text, say, stop, writing
from trilat.link import (
    NodeKeys,
    SignatureState,
    TrustStore,
    card_from_json,
    refuse_open_to_others,
    sign_agreement,
    signature_states,
    valid_signers,
)
from trilat.model import SECOND_NS, Agreement, UsageError, format_instant, parse_instant
from trilat.node import KeyFiles, SystemClock, keys_from, read_folder
from trilat.policy import agreement_template, read_agreement, signatories, unsigned_reason

_WORDS = {
    SignatureState.VALID: "valid",
    SignatureState.LEAVES: "valid: it is in this version no more",
    SignatureState.MISSING: "missing: not signed yet",
    SignatureState.REVOKED: "revoked: by a key that its party has revoked",
    SignatureState.WRONG: "wrong: by another key, or of another text or version",
    SignatureState.NO_CARD: "not known: give the party's card with --card",
}


def read_one(path: Path) -> Agreement:
    """The agreement in one file; errors name file and clause."""
    return read_agreement(path.name, read_text(path))


@in_one_line
def new_agreement(
    file: Annotated[Path, typer.Argument(help="File to write, ending in .toml; its name becomes the id.")],
    parties: Annotated[str, typer.Option(help="Codes of the parties, as JPN,KOR.")],
    purpose: Annotated[str, typer.Option(help="What for.")] = "missile-warning",
    begins: Annotated[str, typer.Option("--from", help="In force from, RFC 3339 with Z.")] = (
        "2030-01-01T00:00:00Z"
    ),
    title: Annotated[str, typer.Option(help="One line for people.")] = "",
) -> None:
    """Write a file with a comment on every field, to be changed by hand."""
    codes = tuple(code.strip() for code in parties.split(","))
    text = agreement_template(
        file.stem, title or f"Agreement between {', '.join(codes)}", codes, purpose, begins
    )
    read_agreement(file.name, text)
    try:
        with file.open("x", encoding="utf-8") as handle:
            handle.write(text)
    except FileExistsError as error:
        raise UsageError(f"`{file}` is there already: name a new file") from error
    except OSError as error:
        raise writing(file, error) from error
    say(f"{file} is written: change it, then `trilat agreement check` its folder")


@in_one_line
def sign_file(
    file: Annotated[Path, typer.Argument(help="The agreement file; the signature is added to it.")],
    party: Annotated[str, typer.Option(help="The party that signs.")],
    key: Annotated[
        Path | None, typer.Option(help="Its private keys, as `keys/node.keys` of a node's folder.")
    ] = None,
    node: Annotated[Path | None, typer.Option(help="The party's node, whose keys sign.")] = None,
    at: Annotated[str | None, typer.Option(help="When it signs, RFC 3339 with Z; now if not given.")] = None,
    before: Annotated[
        Path | None,
        typer.Option(
            help="The version before, for a party that is in that one alone: it signs that it leaves."
        ),
    ] = None,
) -> None:
    """Add a party's signature. What is signed is what the file says, not its comments and order of lines.

    A party that leaves signs the version without it, with `--before`.
    """
    agreement = read_one(file)
    base = None if before is None else _version_before(agreement, before)
    keys = _keys(party, key, node)
    now_ns = SystemClock().now_ns() if at is None else parse_instant(at)
    signature = sign_agreement(keys, agreement, now_ns // SECOND_NS * SECOND_NS, base)
    value = b64encode(signature.signature).decode("ascii")
    table = (
        f'\n[[signature]]\nparty = "{party}"\nsigned = {format_instant(signature.signed_ns)}\n'
        f'value = "{value}"\n'
    )
    read_agreement(file.name, read_text(file) + table)
    try:
        with file.open("a", encoding="utf-8") as handle:
            handle.write(table)
    except OSError as error:
        raise writing(file, error) from error
    leaves = ", which it is in no more" if party not in signatories(agreement) else ""
    say(f"{file.name}: {party} has signed {agreement.agreement_id} version {agreement.version}{leaves}")


def _version_before(agreement: Agreement, before: Path) -> Agreement:
    """The version that a file follows; UsageError where that is another agreement, or not lower."""
    base = read_one(before)
    if base.agreement_id != agreement.agreement_id or base.version >= agreement.version:
        raise UsageError(
            f"{before.name} holds `{base.agreement_id}` version {base.version}, which does not come before "
            f"`{agreement.agreement_id}` version {agreement.version}: give the version that this one follows"
        )
    return base


def _keys(party: str, key: Path | None, node: Path | None) -> NodeKeys:
    """The keys that sign; UsageError where they do not open, or are another party's."""
    if (key is None) == (node is None):
        raise UsageError("give the keys that sign: --node with the party's node, or --key with its file")
    if node is not None:
        folder = read_folder(node, asked)
        if folder.settings.party != party:
            raise UsageError(f"{node} is the node of {folder.settings.party}, not of {party}")
        return folder.keys
    assert key is not None, "one of the two is given"
    refuse_open_to_others(key)
    return keys_from(party, KeyFiles(key.parent, asked).read(key.name))


@in_one_line
def verify_file(
    file: Annotated[Path, typer.Argument(help="The agreement file.")],
    card: Annotated[list[Path] | None, typer.Option(help="A party's card in JSON; once for each.")] = None,
    before: Annotated[
        Path | None, typer.Option(help="The version before: who must sign a removal follows from it.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Say by party whether its signature is valid, missing or wrong; exit code 1 unless all are valid.

    With `--before` exit code 0 also where these signatures are enough to follow that version, as a node says.
    """
    agreement, base = read_one(file), None if before is None else read_one(before)
    trust = TrustStore(card_from_json(read_text(path)).pin for path in card or ())
    states = signature_states(trust, agreement)
    if as_json:
        print_json(
            {
                "agreement": agreement.agreement_id,
                "version": agreement.version,
                "signatures": {party: state.value for party, state in states.items()},
            }
        )
    else:
        for party, state in states.items():
            say(f"{file.name}: {party}: {_WORDS[state]}")
    if base is not None:
        reason = _unsigned(trust, agreement, base)
        if reason is not None:
            complain(f"{file.name}: {reason}")
            stop(BAD_ANSWER)
    elif any(state not in {SignatureState.VALID, SignatureState.LEAVES} for state in states.values()):
        stop(BAD_ANSWER)


def _unsigned(trust: TrustStore, agreement: Agreement, base: Agreement) -> str | None:
    """Why a node that holds one version would not take the other for its signatures; None where it would."""
    signed_by = valid_signers(trust, agreement)
    if signed_by is None:
        return "a signature does not fit, and nothing of the text is believed"
    signed_ns = max((signature.signed_ns for signature in agreement.signatures), default=0)
    return unsigned_reason(agreement, base, signed_by, signed_ns)
