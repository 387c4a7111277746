"""A node's folder: settings, keys, agreements, partners' cards and trust states, ledger, and what it leaves.

    node.toml          settings, for people to read and change
    card.json          what partners need of this node, to be handed to them
    agreements/*.toml  all agreements that it holds
    peers/CODE.json    partners' cards, each put there after its fingerprint was compared
    hubs/NAME.json     cards of hubs, likewise
    trust/CODE.txt     trust states: the party's own, and those of partners whose root was compared
    keys/              for the owner alone: signing and sealing keys, link identity, ledger key, tokens
    ledger             the record (a SQLite file)
    run/               what the running node says of itself: address, pace, epochs, its server's log

Whoever can read `keys/`, and knows its passphrase, is this party. The folder is made by `make_folder`; a
running node changes nothing in it but `ledger`, `run/`, what a backup left (`restored.json`), and `keys/`
where people have rotated its keys.
"""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

from trilat.domains import MapPlace, read_map_places
from trilat.ledger import Ledger, open_store
from trilat.link import (
    Card,
    DeviceToken,
    Entropy,
    FileReservations,
    HubCard,
    LinkIdentity,
    LinkLimits,
    NodeKeys,
    SignatureState,
    Token,
    TrustStore,
    encode_announcement,
    hub_card_from_json,
    signature_states,
)
from trilat.model import AgreementError, Clock, Transport, TrustError, UsageError, encode
from trilat.node.clock import REAL_TIME, Pace, SystemClock
from trilat.node.config import NodeConfig
from trilat.node.folder_files import (
    ADDRESS_FILE,
    CARD_FILE,
    EPOCHS_FILE,
    LEDGER_FILE,
    OIDC_FILE,
    PACE_FILE,
    RESTORED_CHARACTERS,
    RESTORED_FILE,
    ROLE_SUFFIX,
    WORDS_FILE,
    card_at,
    json_of,
    roles_of,
    text_of,
)
from trilat.node.folder_making import Secrets
from trilat.node.keyfiles import Ask, KeyFiles, nobody, private_bytes_of
from trilat.node.node import Node
from trilat.node.settings import NODE_FILE, NodeSettings, read_settings
from trilat.node.signed import unsigned_agreements
from trilat.node.stored_keys import keys_in_force
from trilat.node.trust_files import read_trust, trust_in
from trilat.policy import AgreementSet, read_agreement

RECEIPT_INTERVAL_NS: Final = 10_000_000
"""A receipt costs both sides as much as an object: a running node gives one for all that came in 10 ms."""


@dataclass(frozen=True)
class NodeFolder:
    """What a node's folder holds, read and checked. Secrets mask themselves when printed."""

    path: Path
    settings: NodeSettings
    identity: LinkIdentity
    trust: TrustStore
    cards: Mapping[str, Card]
    hub_cards: Mapping[str, HubCard]
    agreements: AgreementSet
    agreement_texts: Mapping[str, str]
    secrets: Secrets
    ask: Ask

    @cached_property
    def keys(self) -> NodeKeys:
        """The keys in force, opened when they are first asked for; UsageError where they do not open."""
        return self.read_keys()

    def read_keys(self) -> NodeKeys:
        """The node's keys in force, read anew: others than before where its people have rotated them."""
        party = self.settings.party
        store = trust_in(self.path, self.trust.pin(party), {}, (), SystemClock().now_ns)
        return keys_in_force(self.secrets.files, party, store.pin(party), self.open_token)

    def open_token(self) -> Token:
        """The token that the settings name; UsageError where they name none, or it does not open."""
        return self._token

    @cached_property
    def _token(self) -> Token:
        """Opened once: nobody is asked for its PIN again when keys change."""
        return open_token(self.settings, self.ask)

    @cached_property
    def map_places(self) -> tuple[MapPlace, ...]:
        """Places with names, as the file in the settings has them; UsageError where it cannot be used."""
        name = self.settings.map.places
        return read_map_places(text_of(self.path / name), name) if name else ()

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
            sensor_sites=settings.sensor_sites,
            map_places=self.map_places,
            decision_shift_ns=settings.clock.decision_shift_ns,
            officers=settings.desk.officers,
            deputies=settings.desk.deputies,
            answer_within_s=settings.desk.answer_within_s,
            undo_s=settings.desk.undo_s,
            audit=settings.audit,
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
        key = self.secrets.ledger_key  # Whoever has to be asked for a passphrase is asked first.
        store = open_store(self.ledger_place, self.settings.party, read_only=read_only)
        return Ledger(store, self.settings.party, key, clock, entropy)

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
        if (self.path / RESTORED_FILE).is_file():
            node.resuming.begin(self._heard_since_restored(), self._note_heard, self._restored())
        node.trusting.pinned = lambda party: read_trust(self.path, party)
        node.kept.begin(self._words(), lambda text: self.leave(WORDS_FILE, text))
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
            LinkLimits(receipt_interval_ns=RECEIPT_INTERVAL_NS),
            link_clock=link_clock,
            profiles=self.settings.link_profiles,
            reservations=FileReservations(self._epochs_path()),
        )

    def _heard_since_restored(self) -> list[str]:
        """Partners that told a restored node how far they have accepted; none where it cannot be read, so
        that all are asked.
        """
        try:
            heard = json_of(self.path / RESTORED_FILE).get("heard", [])
        except UsageError:
            return []
        return [code for code in heard if isinstance(code, str)] if isinstance(heard, list) else []

    def _words(self) -> str:
        """What partners' nodes said before; empty where there is none, or it cannot be read."""
        try:
            return text_of(self.run_path / WORDS_FILE)
        except UsageError:
            return ""

    def _restored(self) -> str:
        """Which restore it was that left its file here; empty where that cannot be read."""
        try:
            name = json_of(self.path / RESTORED_FILE).get("name", "")
        except UsageError:
            return ""
        return name[:RESTORED_CHARACTERS] if isinstance(name, str) else ""

    def _note_heard(self, heard: Sequence[str], *, is_all: bool) -> None:
        """Remember which partners were heard; with the last of them the node is like any other."""
        file = self.path / RESTORED_FILE
        unfinished = file.with_suffix(".new")
        try:
            if is_all:
                file.unlink(missing_ok=True)
                return
            text = json.dumps({"name": self._restored(), "heard": list(heard)}) + "\n"
            unfinished.write_text(text, encoding="utf-8")
            unfinished.replace(file)
        except OSError as error:
            raise UsageError(
                f"`{file}` cannot be written: {(error.strerror or 'unknown').lower()}"
            ) from error

    def oidc_secret(self) -> str:
        """The secret that the identity provider gave this node; UsageError where the file is not there."""
        return private_bytes_of(self.path / "keys" / OIDC_FILE).decode("utf-8", "replace").strip()

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
            said = json_of(path)
            try:
                return Pace(**said)
            except TypeError as error:
                raise UsageError(f"`{path}` is not a pace: remove it, and set the clock again") from error
        return Pace(from_wall_ns=0, instant_ns=self.settings.start_ns, speed=0.0)

    def refuse_unpaced(self) -> None:
        """UsageError where the node runs on the system clock, whose pace nobody sets."""
        if self.settings.clock.kind == "system":
            raise UsageError("this node runs on the system clock: nobody sets it but with clock.kind `paced`")

    def keep_pace(self, pace: Pace) -> None:
        """Remember how the node's time runs for a restart.

        Raises:
            UsageError: as of `refuse_unpaced`, or the file cannot be written.
        """
        self.refuse_unpaced()
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
        address = json_of(path).get("web")
        if not isinstance(address, str):
            raise UsageError(f"`{path}` tells no address: remove it, and start the node again")
        return address


def read_folder(path: Path, ask: Ask = nobody) -> NodeFolder:
    """What a node's folder holds. Keys behind a passphrase are not opened yet.

    Args:
        path: the folder.
        ask: gives the passphrase, and the PIN of a token, when they are needed.

    Raises:
        UsageError: it is not a node's folder, or a file in it is missing or not sound.
        AgreementError: an agreement is not sound.
        TrustError: a partner's card is missing or not sound.
    """
    if not (path / NODE_FILE).is_file():
        raise UsageError(f"`{path}` is not a node's folder: make one with `trilat node init`")
    settings = read_settings(text_of(path / NODE_FILE))
    files = KeyFiles(path / "keys", ask)
    texts = {file.name: text_of(file) for file in sorted((path / "agreements").glob("*.toml"))}
    agreements = AgreementSet.of({name: read_agreement(name, text) for name, text in texts.items()})
    tokens = {
        role: private_bytes_of(path / "keys" / f"{role}{ROLE_SUFFIX}").decode("ascii", "replace").strip()
        for role in roles_of(settings)
    }
    secrets = Secrets(files, tokens)
    trust, cards = _known(path, settings, files)
    _refuse_wrong_signatures(agreements, trust)
    folder = NodeFolder(
        path=path,
        settings=settings,
        identity=LinkIdentity.read(path / "keys" / "link"),
        trust=trust,
        cards=cards,
        hub_cards={hub.name: _hub_card(path / "hubs" / f"{hub.name}.json", hub.name) for hub in settings.hub},
        agreements=agreements,
        agreement_texts=texts,
        secrets=secrets,
        ask=ask,
    )
    _ = folder.map_places  # A file that cannot be used is said now.
    if not files.is_locked:
        # Nobody has to be asked, so that what is wrong with them is said at once.
        _ = (folder.secrets.ledger_key, folder.secrets.token_key)
        if not settings.token.module:
            _ = folder.keys
    return folder


def _known(path: Path, settings: NodeSettings, files: KeyFiles) -> tuple[TrustStore, dict[str, Card]]:
    """Whose keys are whose, and the partners' cards."""
    party = settings.party
    if files.is_locked or settings.token.module:
        own = card_at(path / CARD_FILE, party).pin
    else:
        own = keys_in_force(files, party, None).pin
    by_card = {
        code: card_at(path / "peers" / f"{code}.json", code)
        for code in settings.peers
        if read_trust(path, code) is None
    }
    trust = trust_in(path, own, by_card, settings.peers, SystemClock().now_ns)
    cards = {code: trust.card(code) or by_card[code] for code in settings.peers}
    return trust, cards


def open_token(settings: NodeSettings, ask: Ask) -> Token:
    """The token that settings name; UsageError where they name none, or it does not open."""
    named = settings.token
    if not named.module:
        raise UsageError("the signing key is in a token: name it in [token] of node.toml")
    pin = ask(f"the token `{named.label}`").decode("utf-8", "replace")
    return DeviceToken(Path(named.module), named.label, pin)


def trust_contents(folder: NodeFolder) -> list[bytes]:
    """What a ledger holds of whose keys are whose: a party's states, or its card where it has none."""
    contents = []
    for code in (folder.settings.party, *folder.settings.peers):
        states = folder.trust.announcement(code)
        if states is not None:
            contents.append(encode_announcement(states))
        elif code in folder.cards:
            contents.append(encode(folder.cards[code]))
    return contents


def refuse_old_keys(folder: NodeFolder) -> None:
    """UsageError where the ledger knows a newer trust state of the own party than the folder has keys for."""
    party = folder.settings.party
    if folder.keys.pin != folder.trust.pin(party):
        raise UsageError(
            f"the keys of {party} here are older than its ledger: restore the newest `keys` and `trust`"
        )


def read_ledger_key(keys_path: Path, ask: Ask = nobody) -> bytes:
    """The ledger key in a node's folder of keys; UsageError where it is missing, short, or open to others."""
    return Secrets(KeyFiles(keys_path, ask), {}).ledger_key


def _refuse_wrong_signatures(agreements: AgreementSet, trust: TrustStore) -> None:
    """A signature that does not fit means that the text is not what was signed. One that is missing means
    nothing: `trilat agreement verify` tells.
    """
    for file, agreement in agreements.files.items():
        for party, state in signature_states(trust, agreement).items():
            if state is SignatureState.WRONG:
                raise AgreementError(
                    f"{file}: the signature of {party} is wrong: it is by another key, or of another text; "
                    "put back the file that was signed",
                    file=file,
                    clause=None,
                )


def _hub_card(path: Path, name: str) -> HubCard:
    if not path.is_file():
        raise TrustError(f"no card of hub `{name}`: compare its fingerprint, and put it at hubs/{name}.json")
    card = hub_card_from_json(text_of(path))
    if card.name != name:
        raise TrustError(f"hubs/{name}.json is the card of hub `{card.name}`: put each under its own name")
    return card
