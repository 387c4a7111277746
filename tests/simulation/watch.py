"""`Watch`: looks at every byte that leaves a node and at every key that seals, while the run goes on.

Whenever a payload leaves a node
1. every object of an envelope has its RELEASE entry committed on the sender's disk;
2. no acknowledgement and no pull names a number beyond what is committed as RECEIVED.
And at every seal of links and ledgers: no pair of key and nonce is used twice, by whomever, ever.

It reads disks with the ledger's key and payloads by their fields, and asks no code under test.
"""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import msgspec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from tests.simulation.glass import Batch, Glass, Word

from trilat.ledger import EntryKind
from trilat.ledger.vault import Vault
from trilat.link import TrustStore
from trilat.link.cose import A256GCM, OBJECT_ALGORITHMS
from trilat.link.messages import Acknowledgement
from trilat.node import ReceivedRecord, ReleaseRecord
from trilat.node.records import OmissionRecord

if TYPE_CHECKING:
    from tests.simulation.sites import Site

_FIELDS: Final = {
    EntryKind.RELEASE.value: ReleaseRecord.__struct_fields__,
    EntryKind.RECEIVED.value: ReceivedRecord.__struct_fields__,
    EntryKind.CURSOR.value: OmissionRecord.__struct_fields__,
}
Report = Callable[[str], None]


class Committed:
    """How far the streams on a disk go: by partner and stream, those to it and those from it."""

    def __init__(self, key: bytes) -> None:
        """Nothing read yet."""
        self._vault = Vault(key)
        self._read = 0
        self.adopted = False
        """Whether the change of the agreement came."""

        self.count = 0
        """Parcels that came."""

        self.released: dict[tuple[str, str], int] = {}
        self.received: dict[tuple[str, str], set[int]] = {}
        self._whole: dict[tuple[str, str], int] = {}

    def read(self, site: "Site") -> None:
        """Read what was committed since."""
        disk = site.disk
        for row in disk.rows[self._read : disk.committed]:
            self.adopted = self.adopted or row.kind == EntryKind.AGREEMENT.value
            if row.kind not in _FIELDS or row.wrapped_key is None or row.sealed_content is None:
                continue
            secrets = self._vault.unwrap(row.wrapped_key, row.entry, row.chained)
            content = None if secrets is None else self._vault.open(secrets, row.entry, row.sealed_content)
            if content is None:
                continue
            self._take(site.party, row.kind, msgspec.msgpack.decode(content))
        self._read = disk.committed

    def _take(self, party: str, kind: str, values: list[Any]) -> None:
        record = dict(zip(_FIELDS[kind], values, strict=False))
        name = (
            record["sender"] if kind != EntryKind.RELEASE.value else record["recipient"],
            record["stream"],
        )
        if kind == EntryKind.RELEASE.value:
            # A gap ends what counts as written: numbers behind it are not "up to there".
            if record["sequence"] == self.released.get(name, 0) + 1:
                self.released[name] = record["sequence"]
        elif kind == EntryKind.RECEIVED.value:
            self.count += 1
            self.received.setdefault(name, set()).add(record["sequence"])
        elif record["sender"] != party:
            for first, last in record["runs"]:
                self.received.setdefault(name, set()).update(range(first, last + 1))

    def held(self, sender: str, stream: str) -> int:
        """Up to which number all of a partner's stream is on the disk."""
        name = (sender, stream)
        numbers, whole = self.received.get(name, set()), self._whole.get(name, 0)
        while whole + 1 in numbers:
            whole += 1
        self._whole[name] = whole
        return whole


class Watch:
    """Watches one run; tells each thing that should not happen in one line."""

    def __init__(self, report: Report) -> None:
        """Nothing seen."""
        self._report = report
        self._sealed: set[bytes] = set()
        self._glasses: dict[str, Glass] = {}
        self.envelopes = 0
        self.messages = 0
        self.seals = 0

    def leaving(self, site: "Site", recipient: str, payload: bytes) -> None:
        """A payload leaves a node."""
        site.committed.read(site)
        found = self._glass(site, recipient).see(payload)
        if isinstance(found, Batch):
            self.envelopes += 1
            self._envelope(site, recipient, found)
        elif found is not None:
            self.messages += 1
            self._word(site, recipient, found)

    def _glass(self, site: "Site", recipient: str) -> Glass:
        glass = self._glasses.get(recipient)
        if glass is None:
            sites = site.world.sites
            trust = TrustStore(one.keys.pin for one in sites.values())
            glass = self._glasses[recipient] = Glass(sites[recipient].keys, trust)
        return glass

    def _envelope(self, site: "Site", recipient: str, batch: Batch) -> None:
        removed = site.world.plan.change.removed
        if removed in {site.party, recipient} and site.committed.adopted and site.is_changed():
            self._report(f"{site.party} sent to {recipient}, and knew that {removed} is gone: leaked")
        written = site.committed.released.get((recipient, batch.stream), 0)
        if batch.last > written:
            self._report(
                f"{site.party} sent {batch.last} to {recipient}, and its disk holds {written}: "
                "sent before written"
            )

    def _word(self, site: "Site", recipient: str, word: Word) -> None:
        cursor = word.cursor if isinstance(word, Acknowledgement) else word.since
        held = site.committed.held(recipient, word.stream)
        numbers = site.committed.received.get((recipient, word.stream), set())
        ahead = [run for run in word.ahead if not numbers.issuperset(range(run[0], run[1] + 1))]
        if cursor > held or ahead:
            self._report(
                f"{site.party} told {recipient} that it has {cursor} {ahead}, and its disk holds {held}: "
                "acknowledged beyond the disk"
            )

    def sealing(self, key: bytes, nonce: bytes) -> None:
        """Something is sealed under a key and a nonce."""
        self.seals += 1
        pair = hashlib.blake2b(nonce, digest_size=16, key=key).digest()
        if pair in self._sealed:
            self._report("a pair of key and nonce was used twice")
        self._sealed.add(pair)

    @contextmanager
    def on_seals(self) -> Iterator[None]:
        """See every seal by links and ledgers while this lasts."""
        watch = self

        class Watched:
            """AES-GCM as the library has it, that tells of its use."""

            def __init__(self, key: bytes) -> None:
                self._key = bytes(key)
                self._real = AESGCM(key)

            def encrypt(self, nonce: bytes, data: bytes, bound: bytes | None) -> bytes:
                watch.sealing(self._key, nonce)
                return self._real.encrypt(nonce, data, bound)

            def decrypt(self, nonce: bytes, data: bytes, bound: bytes | None) -> bytes:
                return self._real.decrypt(nonce, data, bound)

        rooms = _rooms_with_seals()
        number, sound = OBJECT_ALGORITHMS[A256GCM]
        for room in rooms:
            room.AESGCM = Watched
        OBJECT_ALGORITHMS[A256GCM] = number, Watched
        try:
            yield
        finally:
            OBJECT_ALGORITHMS[A256GCM] = number, sound
            for room in rooms:
                room.AESGCM = AESGCM


def _rooms_with_seals() -> list[Any]:
    """The modules of links and ledgers that seal."""
    import sys  # noqa: PLC0415 - what is imported by now is the question

    return [
        module
        for name, module in list(sys.modules.items())
        if name.startswith(("trilat.link.", "trilat.ledger.")) and getattr(module, "AESGCM", None) is AESGCM
    ]
