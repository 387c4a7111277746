"""`TrustStore`: whose keys this node holds. It never changes a pin by itself; unknown means refused.

Rules
1. One pin per party. A second, different one is refused: keys change by a rotation that the old key signs,
   never by whoever comes later.
2. Staff sign with their party's key, so `JPN/officer` is looked up as `JPN`.
"""

from collections.abc import Iterable, Iterator

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from trilat.link.keys import Pin, signing_key_of
from trilat.model import TrustError


def party_of(code: str) -> str:
    """The party that a code belongs to: `JPN` for `JPN` and for `JPN/officer`."""
    return code.split("/", maxsplit=1)[0] if "/" in code else code


class TrustStore:
    """Pins by party."""

    def __init__(self, pins: Iterable[Pin] = ()) -> None:
        """A store that holds `pins`; TrustError as in `add`."""
        self._pins: dict[str, Pin] = {}
        self._keys: dict[str, Ed25519PublicKey] = {}
        for pin in pins:
            self.add(pin)

    def add(self, pin: Pin) -> None:
        """Hold a pin; the same one again changes nothing.

        Raises:
            TrustError: the party is pinned to other keys, is a member of a party's staff, or the keys
                cannot be used.
        """
        if pin.party != party_of(pin.party):
            raise TrustError(f"`{pin.party}` has no keys of its own: pin `{party_of(pin.party)}`")
        known = self._pins.get(pin.party)
        if known is not None and known != pin:
            raise TrustError(
                f"`{pin.party}` is pinned to {known.fingerprint}: a pin is not replaced, rotate its key"
            )
        key = signing_key_of(pin)
        self._pins[pin.party], self._keys[pin.party] = pin, key

    def pin(self, code: str) -> Pin:
        """The pin of the party that a code belongs to; TrustError where there is none."""
        pin = self._pins.get(party_of(code))
        if pin is None:
            raise TrustError(
                f"no pin for `{party_of(code)}`: nothing of it is read. If you expect it, ask "
                "for its fingerprint by another way than this one, and pin that"
            )
        return pin

    def signing_key(self, code: str) -> Ed25519PublicKey:
        """The key that the party, or its staff, signs with; TrustError where there is no pin."""
        return self._keys[self.pin(code).party]

    def __contains__(self, code: str) -> bool:
        """Whether the party that a code belongs to is pinned."""
        return party_of(code) in self._pins

    def __iter__(self) -> Iterator[Pin]:
        """The pins in the order of their parties."""
        return iter([self._pins[party] for party in sorted(self._pins)])
