"""Merkle trees as Certificate Transparency has them (RFC 9162, section 2.1; RFC 6962, section 2.1).

    MTH({})     = SHA-256()
    MTH({d})    = SHA-256(0x00 | d)                              `leaf_hash`
    MTH(D[n])   = SHA-256(0x01 | MTH(D[0:k]) | MTH(D[k:n]))      `node_hash`; k: largest power of 2 below n

A leaf and a node are hashed behind different bytes, so that neither can stand for the other. `MerkleLog` is
added to in O(log n) time; it keeps whole subtrees of 256 leaves and more, a quarter of a byte a leaf, and the
newest leaves. Older leaves it asks its source for, so that a proof costs a few blocks and not the tree.
"""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import Final

from trilat.model import UsageError

HASH_BYTES: Final = 32
PATH_MAX: Final = 64
"""Hashes of a proof; a tree of 2^63 leaves has longer ones nowhere."""

EMPTY_ROOT: Final = sha256(b"").digest()
_BLOCK_LEVEL: Final = 8
BLOCK_LEAVES: Final = 1 << _BLOCK_LEVEL
_RECENT_BLOCKS: Final = 8
_BLOCKS_CACHED: Final = 16

LeafSource = Callable[[int, int], Sequence[bytes]]
"""Gives the hashes of leaves from an index on to before another; LedgerError where they cannot be had."""


def leaf_hash(data: bytes) -> bytes:
    """The hash of a leaf (RFC 9162, section 2.1.1)."""
    return sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of an inner node (RFC 9162, section 2.1.1)."""
    return sha256(b"\x01" + left + right).digest()


class MerkleLog:
    """The tree over a list of leaves that only grows. Leaves are given as their hashes."""

    def __init__(self, source: LeafSource) -> None:
        """An empty tree; `source` gives leaves again that were appended."""
        self._source = source
        self._levels: list[bytearray] = []
        """From `_BLOCK_LEVEL` up: the roots of all whole subtrees of a level, one behind another."""

        self._newest: list[bytes] = []
        """Leaves behind the last whole block."""

        self._blocks: OrderedDict[int, list[bytes]] = OrderedDict()
        self.size = 0
        """How many leaves there are."""

    def append(self, leaf: bytes) -> None:
        """Add the hash of a leaf; UsageError for another length."""
        if len(leaf) != HASH_BYTES:
            raise UsageError(f"the hash of a leaf has {HASH_BYTES} bytes, not {len(leaf)}")
        self._newest.append(leaf)
        self.size += 1
        if len(self._newest) < BLOCK_LEAVES:
            return
        block, self._newest = self._newest, []
        number = self.size // BLOCK_LEAVES - 1
        self._keep(number, block, _RECENT_BLOCKS)
        root = _whole_root(block)
        for level in range(64):
            if level == len(self._levels):
                self._levels.append(bytearray())
            roots = self._levels[level]
            roots += root
            if (len(roots) // HASH_BYTES) % 2:
                return
            root = node_hash(bytes(roots[-2 * HASH_BYTES : -HASH_BYTES]), root)

    def root(self, size: int | None = None) -> bytes:
        """MTH of the first `size` leaves; of all without it. UsageError where there are not so many."""
        wanted = self.size if size is None else size
        self._refuse_beyond(wanted)
        return EMPTY_ROOT if wanted == 0 else self.subtree(0, wanted)

    def subtree(self, start: int, stop: int) -> bytes:
        """MTH of the leaves from `start` on to before `stop`; both on borders of subtrees, or at the end."""
        self._refuse_beyond(stop)
        count = stop - start
        if count < 1:
            raise UsageError("a subtree has at least one leaf")
        height = (count - 1).bit_length()
        if count == 1 << height and start % count == 0 and height >= _BLOCK_LEVEL:
            at = start // count * HASH_BYTES
            return bytes(self._levels[height - _BLOCK_LEVEL][at : at + HASH_BYTES])
        if start // BLOCK_LEAVES == (stop - 1) // BLOCK_LEAVES:
            return _root_of(self.leaves(start, stop))
        split = 1 << (height - 1)
        return node_hash(self.subtree(start, start + split), self.subtree(start + split, stop))

    def leaves(self, start: int, stop: int) -> list[bytes]:
        """Hashes of leaves; LedgerError where the source does not have them."""
        self._refuse_beyond(stop)
        found: list[bytes] = []
        while start < stop:
            block, offset = divmod(start, BLOCK_LEAVES)
            end = min(stop, (block + 1) * BLOCK_LEAVES)
            found += self._block(block)[offset : offset + end - start]
            start = end
        return found

    def inclusion(self, index: int, size: int) -> tuple[bytes, ...]:
        """PATH(index, D[size]), from the leaf's sibling up (RFC 9162, section 2.1.3.1)."""
        if not 0 <= index < size:
            raise UsageError(f"leaf {index} is not in a tree of {size}")
        path: list[bytes] = []
        start, stop = 0, size
        while stop - start > 1:
            split = start + (1 << (stop - start - 1).bit_length() - 1)
            if index < split:
                path.append(self.subtree(split, stop))
                stop = split
            else:
                path.append(self.subtree(start, split))
                start = split
        return tuple(reversed(path))

    def consistency(self, first: int, second: int) -> tuple[bytes, ...]:
        """PROOF(first, D[second]) (RFC 9162, section 2.1.4.1); empty where one of them proves itself."""
        if not 0 <= first <= second:
            raise UsageError(f"a tree of {first} leaves does not come before one of {second}")
        self._refuse_beyond(second)
        if first in {0, second}:
            return ()
        path: list[bytes] = []
        start, stop, whole = 0, second, True
        while first != stop:
            split = start + (1 << (stop - start - 1).bit_length() - 1)
            if first <= split:
                path.append(self.subtree(split, stop))
                stop = split
            else:
                path.append(self.subtree(start, split))
                start, whole = split, False
        if not whole:
            path.append(self.subtree(start, stop))
        return tuple(reversed(path))

    def _refuse_beyond(self, size: int) -> None:
        if not 0 <= size <= self.size:
            raise UsageError(f"the tree has {self.size} leaves, not {size}")

    def _block(self, number: int) -> list[bytes]:
        if number == self.size // BLOCK_LEAVES:
            return self._newest
        block = self._blocks.get(number)
        if block is None:
            block = list(self._source(number * BLOCK_LEAVES, (number + 1) * BLOCK_LEAVES))
            at = number * HASH_BYTES
            if _whole_root(block) != self._levels[0][at : at + HASH_BYTES]:
                raise UsageError(f"leaves from {number * BLOCK_LEAVES} on are not those that were appended")
            self._keep(number, block, _BLOCKS_CACHED)
        return block

    def _keep(self, number: int, block: list[bytes], most: int) -> None:
        self._blocks[number] = block
        while len(self._blocks) > most:
            self._blocks.popitem(last=False)


def _root_of(leaves: Sequence[bytes]) -> bytes:
    """MTH of hashed leaves, at least one."""
    if len(leaves) == 1:
        return leaves[0]
    split = 1 << (len(leaves) - 1).bit_length() - 1
    return node_hash(_root_of(leaves[:split]), _root_of(leaves[split:]))


def _whole_root(leaves: Sequence[bytes]) -> bytes:
    """As `_root_of`, level by level, for a number of leaves that is a power of two; empty for none."""
    row = list(leaves)
    while len(row) > 1:
        row = [node_hash(row[at], row[at + 1]) for at in range(0, len(row) - 1, 2)]
    return row[0] if row else b""


def verify_inclusion(leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> bool:
    """Whether `path` shows the hashed leaf at `index` in the tree of `size` with this root (RFC 9162, section
    2.1.3.2).
    """
    if not 0 <= index < size or not _is_path(path):
        return False
    place, last, found = index, size - 1, leaf
    for part in path:
        if last == 0:
            return False
        if place & 1 or place == last:
            found = node_hash(part, found)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            found = node_hash(found, part)
        place, last = place >> 1, last >> 1
    return last == 0 and found == root


def verify_consistency(
    first: int, second: int, first_root: bytes, second_root: bytes, path: Sequence[bytes]
) -> bool:
    """Whether `path` shows that the tree of `second` leaves begins with that of `first` (RFC 9162, section
    2.1.4.2). Every tree begins with the empty one.
    """
    if not 0 <= first <= second or not _is_path(path):
        return False
    if first == second:
        return not path and first_root == second_root
    if first == 0:
        return not path and first_root == EMPTY_ROOT
    # A tree whose size is a power of two is itself the first node of the path.
    parts = [first_root, *path] if first & (first - 1) == 0 else list(path)
    if not parts:
        return False
    found = _along(first, second, parts)
    return found == (first_root, second_root)


def _along(first: int, second: int, parts: Sequence[bytes]) -> tuple[bytes, bytes] | None:
    """The roots of both trees along a path of consistency; None where it is too short or too long."""
    place, last = first - 1, second - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    old = new = parts[0]
    for part in parts[1:]:
        if last == 0:
            return None
        if place & 1 or place == last:
            old, new = node_hash(part, old), node_hash(part, new)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            new = node_hash(new, part)
        place, last = place >> 1, last >> 1
    return (old, new) if last == 0 else None


def _is_path(path: Sequence[bytes]) -> bool:
    return len(path) <= PATH_MAX and all(len(part) == HASH_BYTES for part in path)
