"""What an originator signs for good: the marking of an item version, and whole items such as a consent.

A marking is the originator's signature over which item, which version, what it is about, and under which
label: nobody on the way can give the item another label, or this label to another item. It does not cover
the item's content, because an intermediary may pass on a coarser form; the content of an envelope is vouched
for by its sender's signature. Members of staff sign with their party's key.

Many markings are made under one signature (`sign_labels`, see `trilat.link.marking`). One with a signature of
its own (`sign_label`) is what was made before, and is read for good.
"""

from collections.abc import Sequence
from typing import Annotated, Final

import msgspec

from trilat.link.cose import is_sign1, joined1, payload_of, sign1, signature_of
from trilat.link.keys import Entropy, NodeKeys
from trilat.link.marking import (
    LEAVES_MAX,
    VerifiedRoots,
    climb,
    leaf_of,
    mark,
    read_path,
    statement_of,
)
from trilat.link.parcel import PARCEL_BYTES_MAX, Parcel
from trilat.link.trust import TrustStore, party_of
from trilat.model import (
    SCHEMA_VERSION,
    AnyItem,
    EnvelopeError,
    Identifier,
    Label,
    Noun,
    PeerError,
    Release,
    UsageError,
    decode,
    decode_item,
    encode,
)

MARKING_TYPE: Final = "application/vnd.trilat.marking"
ITEM_TYPE: Final = "application/vnd.trilat.item"
BINDING_TYPE: Final = "application/vnd.trilat.binding"


class Marking(Noun, frozen=True, kw_only=True):
    """What an originator signs of an item version."""

    schema_version: Annotated[int, msgspec.Meta(ge=1, le=65_535)]
    item_id: Identifier
    version: Annotated[int, msgspec.Meta(ge=1, le=1_000_000_000)]
    subject: Identifier
    label: Label


def sign_label(keys: NodeKeys, item: AnyItem) -> bytes:
    """The marking of an item version: a COSE_Sign1 by its label's originator.

    Raises:
        UsageError: the keys are another party's than the label's originator.
    """
    _refuse_stranger(keys, item, "label")
    return sign1(keys.signing, MARKING_TYPE, encode(_marking_of(item)))


def sign_labels(keys: NodeKeys, items: Sequence[AnyItem], entropy: Entropy) -> list[bytes]:
    """The markings of item versions, in their order, with one signature for each 128 of them.

    Give together what one recipient gets together, and nothing else: who has a marking learns in which class
    the number of the others is.

    Args:
        keys: the originator's.
        items: each of them its own.
        entropy: random bytes, for salts.

    Raises:
        UsageError: an item's originator is another party.
    """
    for item in items:
        _refuse_stranger(keys, item, "label")
    statements = [statement_of(item.item_id, item.version, item.subject, item.label) for item in items]
    return [
        marking
        for start in range(0, len(statements), LEAVES_MAX)
        for marking in mark(keys, statements[start : start + LEAVES_MAX], entropy)
    ]


def verify_label(
    trust: TrustStore, item: AnyItem, marking: bytes, roots: VerifiedRoots | None = None
) -> None:
    """Return if `marking` is the originator's signature over this item's id, version, subject and label.

    Args:
        trust: whose key is the originator's.
        item: what is said to be marked.
        marking: one with a path, or one with a signature of its own.
        roots: remembers signed roots, where many markings are verified.

    Raises:
        EnvelopeError: it is of another item, version, subject or label, or not by the label's originator.
        TrustError: there is no pin for that originator.
        WireError: it is no marking.
    """
    LabelVerifier(trust, VerifiedRoots(1) if roots is None else roots).verify(item, marking, item.label)


class LabelVerifier:
    """Verifies the markings of one batch, during which nothing that is known of anybody's keys changes."""

    def __init__(self, trust: TrustStore, roots: VerifiedRoots) -> None:
        """Nothing verified; `roots` remembers signed roots of other batches."""
        self._trust = trust
        self._roots = roots
        self._asked: dict[tuple[str, bytes], bytes] = {}
        """Roots by originator and signed bytes, each asked of `roots` once."""

    def verify(self, item: AnyItem, marking: bytes, label: Label | msgspec.Raw) -> None:
        """As `verify_label`; `label` is the item's, or that as this schema writes it."""
        if is_sign1(marking):
            _verify_single(self._trust, item, marking)
            return
        originator = party_of(item.label.originator)
        salt, place, path, signed = read_path(marking)
        statement = statement_of(item.item_id, item.version, item.subject, label)
        root = climb(leaf_of(salt, statement), place, path, self._roots.climbed)
        known = self._asked.get((originator, signed))
        if known is None:
            what = f"marking of `{item.item_id}`"
            known = self._asked[originator, signed] = self._roots.root(self._trust, originator, signed, what)
        if known != root:
            raise EnvelopeError(
                f"the marking of `{item.item_id}` is for another item, version, subject or label: the item "
                f"is not what `{originator}` marked"
            )


def _verify_single(trust: TrustStore, item: AnyItem, marking: bytes) -> None:
    originator = party_of(item.label.originator)
    payload = trust.verify_statement(originator, marking, MARKING_TYPE, f"marking of `{item.item_id}`")
    signed, expected = decode(payload, Marking), _marking_of(item)
    for field in Marking.__struct_fields__:
        if getattr(signed, field) != getattr(expected, field):
            raise EnvelopeError(
                f"the marking of `{item.item_id}` is for another {field}: the item is not what "
                f"`{originator}` marked",
                field=field,
            )


def thin_parts(parcel: bytes) -> tuple[bytes, bytes | None]:
    """The release in a parcel, and the signature of its marking; None in its place where these two do not
    make the whole parcel again.

    Raises:
        WireError: the parcel is none.
    """
    found = decode(parcel, Parcel, PARCEL_BYTES_MAX)
    if found.consents or not is_sign1(found.marking):
        return found.release, None
    try:
        signature = signature_of(found.marking, MARKING_TYPE, "marking")
        whole = thick_parcel(decode(found.release, Release), found.release, signature)
    except PeerError:
        return found.release, None
    return found.release, signature if whole == parcel else None


def thick_parcel(release: Release, wire: bytes, signature: bytes) -> bytes:
    """The parcel of a release, given in both forms, whose marking has this signature; nothing is verified."""
    marking = joined1(MARKING_TYPE, encode(_marking_of(release.item)), signature)
    return encode(Parcel(release=wire, marking=marking))


def sign_item(keys: NodeKeys, item: AnyItem) -> bytes:
    """A whole item signed by its originator, as a consent is: a COSE_Sign1 that carries the item.

    Raises:
        UsageError: the keys are another party's than the label's originator.
    """
    _refuse_stranger(keys, item, "item")
    return sign1(keys.signing, ITEM_TYPE, encode(item))


def open_signed_item(trust: TrustStore, data: bytes) -> AnyItem:
    """The item that its originator signed.

    Raises:
        EnvelopeError: not a signed item, or not signed by its label's originator.
        TrustError: there is no pin for that originator.
        WireError: what was signed is not an item.
    """
    item = decode_item(payload_of(data, ITEM_TYPE, "signed item"))
    originator = party_of(item.label.originator)
    trust.verify_statement(originator, data, ITEM_TYPE, f"signed item `{item.item_id}`")
    return item


def sign_binding(keys: NodeKeys, digest: bytes) -> bytes:
    """The party's signature over the digest of a binding of labels to data (STANAG 4778): a COSE_Sign1 that
    carries the digest. Whose label it binds, the caller must have seen to.
    """
    return sign1(keys.signing, BINDING_TYPE, digest)


def open_signed_binding(trust: TrustStore, party: str, data: bytes) -> bytes:
    """The digest that a party, or a member of its staff, signed as that of a binding.

    Raises:
        EnvelopeError: not a signed binding, or not signed by that party.
        TrustError: there is no pin for the party.
    """
    signer = party_of(party)
    return trust.verify_statement(signer, data, BINDING_TYPE, f"binding by `{signer}`")


def read_signed_item(data: bytes) -> AnyItem:
    """The item in a signed statement whose signature was checked before, as that of a ledger's row was.

    Raises:
        EnvelopeError: not a signed item.
        WireError: what was signed is not an item.
    """
    return decode_item(payload_of(data, ITEM_TYPE, "signed item"))


def _marking_of(item: AnyItem) -> Marking:
    return Marking(
        schema_version=SCHEMA_VERSION,
        item_id=item.item_id,
        version=item.version,
        subject=item.subject,
        label=item.label,
    )


def _refuse_stranger(keys: NodeKeys, item: AnyItem, what: str) -> None:
    originator = party_of(item.label.originator)
    if originator != party_of(keys.party):
        raise UsageError(f"`{keys.party}` cannot sign this {what}: its originator is `{originator}`")
