"""`trilat audit prove` and `check`: a proof in a file, and what it shows to who has the parties' cards."""

import json
from pathlib import Path
from typing import Annotated

import typer

from trilat.cli.records import note_look, opened_record
from trilat.cli.terminal import BAD_ANSWER, in_one_line, print_json, read_file, read_text, say, stop, writing
from trilat.link import TrustStore, card_from_json
from trilat.model import PeerError, UsageError, to_plain
from trilat.node import Heads, Proof, check_proof, proof_from_plain

PROOF_BYTES_MAX = 400_000


@in_one_line
def prove(
    ledger: Annotated[Path, typer.Argument(help="A ledger file, or a node's folder.")],
    partner: Annotated[str, typer.Option("--with", help="The partner at the other end of the stream.")],
    out: Annotated[Path, typer.Option(help="File to write the proof to.")],
    received: Annotated[
        bool, typer.Option("--received", help="Of the stream from the partner; else of the one to it.")
    ] = False,
    sequence: Annotated[
        int | None, typer.Option(min=1, help="Prove that this parcel is in a tree that was signed.")
    ] = None,
    show: Annotated[bool, typer.Option("--show", help="With the parcel's content.")] = False,
    first: Annotated[int | None, typer.Option("--from", help="Older head, by its size; the oldest.")] = None,
    second: Annotated[int | None, typer.Option("--to", help="Newer head, by its size; the newest.")] = None,
    own_ledger: Annotated[
        bool, typer.Option("--ledger-head", help="Open what the newest head commits to of the whole ledger.")
    ] = False,
    party: Annotated[str | None, typer.Option(help="Whose it is; from the file's name if not given.")] = None,
    key: Annotated[Path | None, typer.Option(help="File with the ledger key; FILE.key if not given.")] = None,
) -> None:
    """Write a proof: of one parcel, that nothing was rewritten between two heads, or of the whole ledger."""
    if own_ledger and sequence is not None:
        raise UsageError("--sequence and --ledger-head are two proofs: make one at a time")
    with opened_record(ledger, party, key, read_only=True) as record:
        heads = Heads(record)
        tree = heads.tree(partner, sent=not received)
        proof: Proof
        if own_ledger:
            proof = heads.opening(tree)
        elif sequence is not None:
            proof = heads.inclusion(tree, sequence, show=show)
        else:
            proof = heads.consistency(tree, first, second)
    plain = {"proof": to_plain(proof)}
    note_look(ledger, party, key, "audit prove", plain)
    try:
        out.write_text(json.dumps(plain, indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise writing(out, error) from error
    say(f"{out}: whoever has the cards checks it with `trilat audit check {out} --card CARD`")


@in_one_line
def check(
    proof: Annotated[Path, typer.Argument(help="A file that `trilat audit prove` wrote.")],
    card: Annotated[list[Path], typer.Option(help="A party's card in JSON; once for each.")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Say what a proof shows; exit code 1 where it does not show what it says."""
    trust = TrustStore(card_from_json(read_text(path)).pin for path in card)
    try:
        plain = json.loads(read_file(proof, PROOF_BYTES_MAX))
    except (ValueError, RecursionError) as error:
        raise UsageError(f"`{proof.name}` is not JSON: ask for the proof again") from error
    if not isinstance(plain, dict) or set(plain) != {"proof"}:
        raise UsageError(f"`{proof.name}` is no proof of `trilat audit prove`: ask for it again")
    read = proof_from_plain(plain["proof"])
    try:
        told = check_proof(read, trust)
    except (PeerError, UsageError) as error:
        told = []
        problem = str(error)
    else:
        problem = ""
    if as_json:
        print_json({"shows": told, "problem": problem or None})
    else:
        for line in told or [f"{proof.name} shows nothing: {problem}"]:
            say(line, hang=2)
    if problem:
        stop(BAD_ANSWER)
