"""Many markings under one signature: a Merkle tree over item versions and their labels, signed at its root.

    leaf = SHA-256(00 | "trilat/marking/1" 00 | salt | wire form of a Marking)
    node = SHA-256(01 | left | right)                                        (RFC 6962, section 2.1)

Rules
1. A marking is a leaf's salt, its place, the path from it to the root, and the signed root. It stands alone:
   an intermediary passes one on as it is, without the others.
2. Leaves are salted, trees have one of two depths, leaves begin at a random place, and what is missing is
   filled with random digests: a path tells nobody what else was marked, nor how much, but for its class.
3. One tree holds what one recipient gets; see `sign_labels`.
4. A root that was verified is remembered by the bytes that were signed and by the key, so that a batch costs
   one verification. Whose key must fit is asked anew each time.
"""

from collections import OrderedDict
from collections.abc import Sequence
from hashlib import sha256
from typing import Annotated, Final

import msgspec

from trilat.link.cose import sign1
from trilat.link.keys import Entropy, NodeKeys
from trilat.link.trust import TrustStore
from trilat.model import SCHEMA_VERSION, EnvelopeError, Label, Noun, decode, encode

MARKING_ROOT_TYPE: Final = "application/vnd.trilat.marking-root"
SALT_BYTES: Final = 16
DIGEST_BYTES: Final = 32
DEPTHS: Final = (4, 7)
"""Of the trees that are made: 16 and 128 leaves. In a deeper one each path costs more bytes than it saves."""

DEPTH_MAX: Final = 16
LEAVES_MAX: Final = 2 ** DEPTHS[-1]
ROOTS_KEPT: Final = 4_096
"""Verified roots that one cache remembers; the least recently used go first."""

_LEAF: Final = b"\x00"
_NODE: Final = b"\x01"
_FILLER: Final = b"\x02"
_MARKING_DOMAIN: Final = b"trilat/marking/1\0"


class MarkingRoot(Noun, frozen=True, kw_only=True):
    """What an originator signs once for many markings."""

    schema_version: Annotated[int, msgspec.Meta(ge=1, le=65_535)]
    root: Annotated[bytes, msgspec.Meta(min_length=DIGEST_BYTES, max_length=DIGEST_BYTES)]


class PathMarking(Noun, frozen=True, kw_only=True):
    """The marking of one item version: salt and place of its leaf, the digests beside the way up, lowest
    first, and the COSE_Sign1 of the root.
    """

    salt: Annotated[bytes, msgspec.Meta(min_length=SALT_BYTES, max_length=SALT_BYTES)]
    place: Annotated[int, msgspec.Meta(ge=0, lt=2**DEPTH_MAX)]
    path: Annotated[bytes, msgspec.Meta(max_length=DIGEST_BYTES * DEPTH_MAX)]
    signed: Annotated[bytes, msgspec.Meta(min_length=1, max_length=512)]


class _Shape(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, gc=False):
    """The same, as the decoder reads it: for nothing that is said together, no noun must be made."""

    salt: Annotated[bytes, msgspec.Meta(min_length=SALT_BYTES, max_length=SALT_BYTES)]
    place: Annotated[int, msgspec.Meta(ge=0, lt=2**DEPTH_MAX)]
    path: Annotated[bytes, msgspec.Meta(max_length=DIGEST_BYTES * DEPTH_MAX)]
    signed: Annotated[bytes, msgspec.Meta(min_length=1, max_length=512)]


_SHAPES: Final = msgspec.msgpack.Decoder(_Shape)


def read_path(marking: bytes) -> tuple[bytes, int, bytes, bytes]:
    """Salt, place, path and signed root of the wire form of a `PathMarking`; WireError as of `decode`."""
    try:
        found = _SHAPES.decode(marking)
    except msgspec.DecodeError:
        found = None
    if found is None or msgspec.msgpack.encode(found) != marking:
        whole = decode(marking, PathMarking)
        return whole.salt, whole.place, whole.path, whole.signed
    return found.salt, found.place, found.path, found.signed


class VerifiedRoots:
    """Signed roots that were verified, by key and bytes; bounded."""

    def __init__(self, kept: int = ROOTS_KEPT) -> None:
        """Nothing verified yet; `kept` roots are remembered."""
        self._kept = kept
        self._roots: OrderedDict[tuple[bytes, bytes], bytes] = OrderedDict()
        self.climbed: Climbed = {}
        """Ways to roots, whether they were signed or not: that is asked behind each."""

    def root(self, trust: TrustStore, originator: str, signed: bytes, what: str) -> bytes:
        """The root that an originator signed.

        Raises:
            EnvelopeError: not signed by it, or of another schema.
            TrustError: there is no pin for it.
            WireError: what was signed is not a root.
        """
        name = (trust.mark(originator), signed)
        root = self._roots.get(name)
        if root is not None:
            self._roots.move_to_end(name)
            return root
        payload = trust.verify_statement(originator, signed, MARKING_ROOT_TYPE, what)
        found = decode(payload, MarkingRoot)
        if found.schema_version != SCHEMA_VERSION:
            raise EnvelopeError(f"the {what} is of schema {found.schema_version}: this node reads another")
        self._roots[name] = found.root
        if len(self._roots) > self._kept:
            self._roots.popitem(last=False)
        return found.root

    def __len__(self) -> int:
        """How many roots are remembered."""
        return len(self._roots)


class MarkingTree:
    """The tree over some leaves, with its missing parts filled."""

    def __init__(self, leaves: Sequence[bytes], start: int, depth: int, filler_seed: bytes) -> None:
        """A tree of `depth` whose leaves begin at place `start` and go on from 0 behind the last place."""
        self._depth, self._start, self._size = depth, start, 2**depth
        level = {(start + offset) % self._size: leaf for offset, leaf in enumerate(leaves)}
        self._levels: list[dict[int, bytes]] = []
        for height in range(depth):
            for place in [place for place in level if place ^ 1 not in level]:
                level[place ^ 1] = _filler(filler_seed, height, place ^ 1)
            self._levels.append(level)
            level = {
                place >> 1: sha256(_NODE + digest + level[place + 1]).digest()
                for place, digest in level.items()
                if not place & 1
            }
        self.root = level[0]

    def way(self, offset: int) -> tuple[int, bytes]:
        """Place and path of the leaf that was given as number `offset`."""
        place = (self._start + offset) % self._size
        return place, b"".join([level[place >> up ^ 1] for up, level in enumerate(self._levels)])


def leaf_of(salt: bytes, statement: bytes, domain: bytes = _MARKING_DOMAIN) -> bytes:
    """The digest of a leaf; `domain` ends in a zero byte and has none before it."""
    return sha256(_LEAF + domain + salt + statement).digest()


Climbed = dict[tuple[bytes, int, bytes], bytes]
"""Roots by digest, place and what is left of the path: most of the way up is that of other leaves too."""

_CLIMBED_MAX: Final = 4_096


def climb(leaf: bytes, place: int, path: bytes, climbed: Climbed | None = None) -> bytes:
    """The root that a leaf has by its path; EnvelopeError where place and path cannot be of one tree. Where
    `climbed` is given, ways that other leaves went are not gone again, and this one is remembered in it.
    """
    if len(path) % DIGEST_BYTES or place >> (len(path) // DIGEST_BYTES):
        raise EnvelopeError("the path of a marking is not one of a tree: not accepted")
    climbed = {} if climbed is None else climbed
    passed: list[tuple[bytes, int, bytes]] = []
    digest = leaf
    while path:
        beside, path = path[:DIGEST_BYTES], path[DIGEST_BYTES:]
        digest = sha256(_NODE + (beside + digest if place & 1 else digest + beside)).digest()
        place >>= 1
        here = (digest, place, path)
        known = climbed.get(here)
        if known is not None:
            digest = known
            break
        passed.append(here)
    if len(climbed) >= _CLIMBED_MAX:
        climbed.clear()
    for here in passed:
        climbed[here] = digest
    return digest


def mark(keys: NodeKeys, statements: Sequence[bytes], entropy: Entropy) -> list[bytes]:
    """A marking for each of at most `LEAVES_MAX` wire forms of `Marking`, all under one signature."""
    count = len(statements)
    depth = next(depth for depth in DEPTHS if count <= 2**depth)
    salts = entropy(SALT_BYTES * count + DIGEST_BYTES + 2)
    cut = [salts[at : at + SALT_BYTES] for at in range(0, SALT_BYTES * count, SALT_BYTES)]
    leaves = [leaf_of(salt, statement) for salt, statement in zip(cut, statements, strict=True)]
    start = int.from_bytes(salts[-2:], "big") % 2**depth
    tree = MarkingTree(leaves, start, depth, salts[SALT_BYTES * count : -2])
    signed = sign_root(keys, tree.root)
    # The wire form of a PathMarking, without making a noun of each: see the test that compares the two.
    return [msgspec.msgpack.encode((salt, *tree.way(offset), signed)) for offset, salt in enumerate(cut)]


def sign_root(keys: NodeKeys, root: bytes) -> bytes:
    """The COSE_Sign1 of a root."""
    return sign1(
        keys.signing, MARKING_ROOT_TYPE, encode(MarkingRoot(schema_version=SCHEMA_VERSION, root=root))
    )


def statement_of(item_id: str, version: int, subject: str, label: Label | msgspec.Raw) -> bytes:
    """The wire form of a `Marking`: what a leaf says. A label may be given as this schema writes it."""
    return msgspec.msgpack.encode((SCHEMA_VERSION, item_id, version, subject, label))


def _filler(seed: bytes, height: int, place: int) -> bytes:
    return sha256(_FILLER + seed + bytes([height]) + place.to_bytes(2, "big")).digest()
