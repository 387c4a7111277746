"""A node's folder: settings, keys, agreements, partners' cards, ledger, and what a running node leaves.

    node.toml          settings, for people to read and change
    card.json          what partners need of this node, to be handed to them
    agreements/*.toml  all agreements that it holds
    peers/CODE.json    partners' cards, each put there after its fingerprint was compared
    keys/              for the owner alone: signing and sealing keys, link identity, ledger key, tokens
    ledger             the record (a SQLite file)
    run/               what the running node says of itself: address, pace, epochs, its server's log

Whoever can read `keys/` is this party. The folder is made by `make_folder`; a running node changes nothing in
it but `ledger` and `run/`.
"""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from trilat.ledger import Ledger, open_store
from trilat.link import (
    Card,
    Entropy,
    FileReservations,
    LinkIdentity,
    NodeKeys,
    SignatureState,
    TrustStore,
    card_from_json,
    card_to_json,
    signature_states,
    valid_signers,
    write_private,
)
from trilat.model import Agreement, AgreementError, Clock, Status, Transport, TrustError, UsageError
from trilat.node.clock import REAL_TIME, Pace
from trilat.node.config import NodeConfig
from trilat.node.node import Node
from trilat.node.settings import NODE_FILE, NodeSettings, party_code, read_settings, write_settings
from trilat.node.signed import unsigned_agreements
from trilat.policy import AgreementSet, read_agreement, signatories

LEDGER_FILE: Final = "ledger"
CARD_FILE: Final = "card.json"
RESTORED_FILE: Final = "restored.json"
"""Beside the settings of a node that came from a backup: how far that went."""
ADDRESS_FILE: Final = "address.json"
PACE_FILE: Final = "pace.json"
EPOCHS_FILE: Final = "epochs"
_KEYS_FILE: Final = "node.keys"
_LEDGER_KEY_FILE: Final = "ledger.key"
_OBSERVATION_KEY_FILE: Final = "observations.key"
_OIDC_FILE: Final = "oidc.secret"
_ROLE_SUFFIX: Final = ".token"
_FILE_BYTES_MAX: Final = 1_000_000
_KEY_BYTES: Final = 32


@dataclass(frozen=True)
class NodeFolder:
    """What a node's folder holds, read and checked. Secrets mask themselves when printed."""

    path: Path
    settings: NodeSettings
    keys: NodeKeys
    identity: LinkIdentity
    trust: TrustStore
    cards: Mapping[str, Card]
    agreements: AgreementSet
    agreement_texts: Mapping[str, str]
    secrets: "Secrets"

    @property
    def run_path(self) -> Path:
        """Where the running node leaves what it says of itself."""
        return self.path / "run"

    @property
    def identity_path(self) -> Path:
        """Where the link identity lies."""
        return self.path / "keys" / "link"

    @property
    def ledger_path(self) -> Path:
        """The ledger's file."""
        return self.path / LEDGER_FILE

    @property
    def ledger_place(self) -> Path | str:
        """Where the ledger lies: its file, or the address of the server that keeps it."""
        return self.settings.ledger.url or self.ledger_path

    def config(self) -> NodeConfig:
        """The settings as the node takes them."""
        settings = self.settings
        return NodeConfig(
            party=settings.party,
            peers=settings.peers,
            status=settings.status,
            purpose=settings.purpose,
            releasable_to=settings.releasable_to,
            readers=settings.readers,
            token_key=self.secrets.token_key,
            bias_priors=settings.bias_priors,
            watch_areas=settings.watch_area,
            decision_shift_ns=settings.clock.decision_shift_ns,
            officers=settings.desk.officers,
            deputies=settings.desk.deputies,
            answer_within_s=settings.desk.answer_within_s,
            content_level=settings.content_level,
            headline_level=settings.headline_level,
            keep_days=settings.ledger.keep_days,
            fresh_s=settings.fresh_s,
            takes_unsigned=not settings.refuses_unsigned,
            gossip_s=settings.known.gossip_s,
            two_person_accounts=settings.access.two_person,
        )

    def open_ledger(self, clock: Clock, entropy: Entropy, *, read_only: bool = False) -> Ledger:
        """The ledger, continued where it ended; LedgerError as of the store."""
        store = open_store(self.ledger_place, self.settings.party, read_only=read_only)
        return Ledger(store, self.settings.party, self.secrets.ledger_key, clock, entropy)

    def node(
        self, clock: Clock, ledger: Ledger, transport: Transport, link_clock: Clock | None = None
    ) -> Node:
        """The node of this folder over its ledger; to continue it call `restore`.

        Raises:
            AgreementError: an agreement lacks a signature, and the settings do not take such.
        """
        unsigned = unsigned_agreements(self.agreements, self.trust, self.config())
        if unsigned and self.settings.refuses_unsigned:
            raise AgreementError(
                f"{unsigned[0]}; a node of status {self.settings.status.value} takes signed agreements only",
                file=None,
                clause=None,
            )
        node = self._node(clock, ledger, transport, link_clock)
        for line in unsigned:
            node.note_refusal(f"{line}; taken all the same in an exercise")
        return node

    def _node(self, clock: Clock, ledger: Ledger, transport: Transport, link_clock: Clock | None) -> Node:
        return Node(
            self.config(),
            clock,
            ledger,
            self.agreements,
            self.keys,
            self.trust,
            transport,
            os.urandom,
            link_clock=link_clock,
            profiles=self.settings.link_profiles,
            reservations=FileReservations(self._epochs_path()),
        )

    def oidc_secret(self) -> str:
        """The secret that the identity provider gave this node; UsageError where the file is not there."""
        return _secret(self.path / "keys" / _OIDC_FILE).decode("utf-8", "replace").strip()

    def _epochs_path(self) -> Path:
        """Where counters of epochs are noted; in `run/`, which no backup has to hold."""
        self.run_path.mkdir(mode=0o700, exist_ok=True)
        return self.run_path / EPOCHS_FILE

    def pace(self) -> Pace:
        """How the node's time runs: an exercise goes on as its director last said, also after a restart."""
        if self.settings.clock.kind == "system":
            return REAL_TIME
        path = self.run_path / PACE_FILE
        if path.is_file():
            said = _json(path)
            try:
                return Pace(**said)
            except TypeError as error:
                raise UsageError(f"`{path}` is not a pace: remove it, and set the clock again") from error
        return Pace(from_wall_ns=0, instant_ns=self.settings.start_ns, speed=0.0)

    def keep_pace(self, pace: Pace) -> None:
        """Remember how the node's time runs for a restart.

        Raises:
            UsageError: the node runs on the system clock, or the file cannot be written.
        """
        if self.settings.clock.kind == "system":
            raise UsageError("this node runs on the system clock: nobody sets it but with clock.kind `paced`")
        said = {"from_wall_ns": pace.from_wall_ns, "instant_ns": pace.instant_ns, "speed": pace.speed}
        self.leave(PACE_FILE, json.dumps(said))

    def leave(self, name: str, text: str) -> None:
        """Write a file of `run/` whole or not at all; UsageError where it cannot be."""
        unfinished = self.run_path / f"{name}.new"
        try:
            self.run_path.mkdir(mode=0o700, exist_ok=True)
            unfinished.write_text(text, encoding="utf-8")
            unfinished.replace(self.run_path / name)
        except OSError as error:
            why = (error.strerror or "unknown reason").lower()
            raise UsageError(f"`{self.run_path / name}` cannot be written: {why}") from error

    def take_back(self, name: str) -> None:
        """Remove a file of `run/` that does not hold any more."""
        (self.run_path / name).unlink(missing_ok=True)

    def address(self) -> str | None:
        """Where the HTTP interface listens, as the node said when it began; None where it ended in good order
        or never ran.
        """
        path = self.run_path / ADDRESS_FILE
        if not path.is_file():
            return None
        address = _json(path).get("web")
        if not isinstance(address, str):
            raise UsageError(f"`{path}` tells no address: remove it, and start the node again")
        return address


@dataclass(frozen=True, repr=False)
class Secrets:
    """Keys and tokens that are bare bytes and texts."""

    ledger_key: bytes
    token_key: bytes
    tokens: Mapping[str, str]
    """By role: `intake`, `staff`, `director` where the node is not real, `reader-CODE`, `officer-NAME`."""

    def __repr__(self) -> str:
        """Nothing secret."""
        return f"Secrets(tokens={sorted(self.tokens)}, ***)"


def make_folder(
    path: Path,
    settings: NodeSettings,
    agreements: Mapping[str, str],
    *,
    hosts: Sequence[str],
    now_ns: int,
    entropy: Entropy,
) -> Card:
    """Make a node's folder with new keys; returns its card.

    Args:
        path: a folder that is not there yet, or is empty.
        settings: become its `node.toml`.
        agreements: texts by file name.
        hosts: names under which partners dial its server.
        now_ns: the world's time, UTC ns: certificates begin to hold then.
        entropy: random bytes, never the same twice.

    Raises:
        UsageError: a setting or host cannot be, the folder cannot be made, or it holds something.
        AgreementError: an agreement's text is not sound.
    """
    # All that can be refused is refused before anything is written: the folder is named again then.
    read_settings(write_settings(settings))
    AgreementSet.of({name: read_agreement(name, text) for name, text in agreements.items()})
    roles = roles_of(settings)
    keys = NodeKeys.generate(settings.party, entropy)
    identity = LinkIdentity.generate(settings.party, hosts, now_ns, entropy)
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        if any(path.iterdir()):
            raise UsageError(f"`{path}` is not empty: name a new folder")
        path.chmod(0o700)
        for name in ("agreements", "peers", "keys", "run"):
            (path / name).mkdir(mode=0o700)
        for name, text in agreements.items():
            (path / "agreements" / name).write_text(text, encoding="utf-8")
        identity.write(path / "keys" / "link")
        secrets = {
            _KEYS_FILE: keys.private_bytes(),
            _LEDGER_KEY_FILE: entropy(_KEY_BYTES),
            _OBSERVATION_KEY_FILE: entropy(_KEY_BYTES),
        }
        for role in roles:
            secrets[f"{role}{_ROLE_SUFFIX}"] = entropy(_KEY_BYTES).hex().encode() + b"\n"
        for name, data in secrets.items():
            write_private(path / "keys" / name, data)
        card = identity.card(keys.pin)
        (path / CARD_FILE).write_text(card_to_json(card), encoding="utf-8")
        # The settings come last: a folder without them is not a node's.
        (path / NODE_FILE).write_text(write_settings(settings), encoding="utf-8")
    except OSError as error:
        raise UsageError(
            f"`{path}` cannot be made: {(error.strerror or 'unknown reason').lower()}"
        ) from error
    return card


def roles_of(settings: NodeSettings) -> tuple[str, ...]:
    """The roles that have a token at this node.

    Raises:
        UsageError: a reader is not a party's code, stands twice, or is the party itself.
    """
    readers = [party_code(reader) for reader in settings.readers]
    if len({settings.party, *readers}) <= len(readers):
        raise UsageError(f"{NODE_FILE}: a reader stands twice, or is the party itself: list each once")
    director = () if settings.status is Status.REAL else ("director",)
    officers = (f"officer-{name}" for name in (*settings.desk.officers, *settings.desk.deputies))
    return ("intake", "staff", "administrator", *director, *(f"reader-{code}" for code in readers), *officers)


def read_folder(path: Path) -> NodeFolder:
    """What a node's folder holds.

    Raises:
        UsageError: it is not a node's folder, or a file in it is missing or not sound.
        AgreementError: an agreement is not sound.
        TrustError: a partner's card is missing or not sound.
    """
    if not (path / NODE_FILE).is_file():
        raise UsageError(f"`{path}` is not a node's folder: make one with `trilat node init`")
    settings = read_settings(_text(path / NODE_FILE))
    keys = NodeKeys.from_private_bytes(settings.party, _secret(path / "keys" / _KEYS_FILE))
    texts = {file.name: _text(file) for file in sorted((path / "agreements").glob("*.toml"))}
    cards = {peer.code: _card(path / "peers" / f"{peer.code}.json", peer.code) for peer in settings.peer}
    trust = TrustStore([keys.pin, *(card.pin for card in cards.values())])
    agreements = AgreementSet.of({name: read_agreement(name, text) for name, text in texts.items()})
    _refuse_wrong_signatures(agreements, trust)
    return NodeFolder(
        path=path,
        settings=settings,
        keys=keys,
        identity=LinkIdentity.read(path / "keys" / "link"),
        trust=trust,
        cards=cards,
        agreements=agreements,
        agreement_texts=texts,
        secrets=Secrets(
            ledger_key=_key(path / "keys" / _LEDGER_KEY_FILE),
            token_key=_key(path / "keys" / _OBSERVATION_KEY_FILE),
            tokens={
                role: _secret(path / "keys" / f"{role}{_ROLE_SUFFIX}").decode("ascii", "replace").strip()
                for role in roles_of(settings)
            },
        ),
    )


def read_ledger_key(keys_path: Path) -> bytes:
    """The ledger key in a node's folder of keys; UsageError where it is missing, short, or open to others."""
    return _key(keys_path / _LEDGER_KEY_FILE)


def _refuse_wrong_signatures(agreements: AgreementSet, trust: TrustStore) -> None:
    """A signature that does not fit means that the text is not what was signed. One that is missing means
    nothing: `trilat agreement verify` tells.
    """
    for file, agreement in agreements.files.items():
        for party, state in signature_states(trust, agreement).items():
            if state is SignatureState.WRONG and not _leaves(agreement, party, trust):
                raise AgreementError(
                    f"{file}: the signature of {party} is wrong: it is by another key, or of another text; "
                    "put back the file that was signed",
                    file=file,
                    clause=None,
                )


def _leaves(agreement: Agreement, party: str, trust: TrustStore) -> bool:
    """Whether a party that is in the version no more has signed that."""
    return party not in signatories(agreement) and valid_signers(trust, agreement) is not None


def _card(path: Path, code: str) -> Card:
    if not path.is_file():
        raise TrustError(f"no card of `{code}`: compare its fingerprint, and put it at peers/{code}.json")
    card = card_from_json(_text(path))
    if card.party != code:
        raise TrustError(f"peers/{code}.json is the card of `{card.party}`: put each under its own code")
    return card


def _key(path: Path) -> bytes:
    """A key of `_KEY_BYTES`, as it was made."""
    data = _secret(path)
    if len(data) != _KEY_BYTES:
        raise UsageError(f"`{path}` has {len(data)} bytes, a key has {_KEY_BYTES}: restore it from a backup")
    return data


def _secret(path: Path) -> bytes:
    """The bytes of a key file that nobody but its owner can read."""
    data = _read(path)
    if path.stat().st_mode & 0o077:
        raise UsageError(f"`{path}` can be read by others: `chmod 600` it, and think of the key as known")
    return data


def _text(path: Path) -> str:
    try:
        return _read(path).decode("utf-8")
    except UnicodeDecodeError as error:
        raise UsageError(f"`{path}` is not UTF-8 at byte {error.start}: save it as UTF-8") from error


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(_FILE_BYTES_MAX + 1)
    except OSError as error:
        raise UsageError(f"`{path}` cannot be read: {(error.strerror or 'unknown').lower()}") from error
    if len(data) > _FILE_BYTES_MAX:
        raise UsageError(f"`{path}` has more than {_FILE_BYTES_MAX} bytes: it is not what it should be")
    return data


def _json(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(_text(path))
    except ValueError as error:
        raise UsageError(f"`{path}` is not JSON: remove it, and start the node again") from error
    if not isinstance(value, dict):
        raise UsageError(f"`{path}` is not a JSON object: remove it, and start the node again")
    return value
