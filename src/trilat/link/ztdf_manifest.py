"""The manifest of a ZTDF, in the one shape that is written and read here; in the file in camel case.

Source: OpenTDF specification, schema/OpenTDF (manifest, encryption_information, key_access_object,
integrity_information, method, payload, assertion, assertion_binding). A field that is not below is refused:
nobody here could say what it means.
"""

from typing import Annotated, Final, Literal

import msgspec

ALGORITHM: Final = "AES-256-GCM"
HMAC_NAME: Final = "HS256"
LABEL_SCHEMA: Final = "urn:trilat:label:1"
ORIGIN_SCHEMA: Final = "urn:trilat:marking:1"

Short = Annotated[str, msgspec.Meta(max_length=2_048)]
Long = Annotated[str, msgspec.Meta(max_length=524_288)]
Size = Annotated[int, msgspec.Meta(ge=0, le=4_194_304)]


class _Part(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True, rename="camel"
):
    """A part of the manifest: what has its default is left out, and what is not known is refused."""


class Payload(_Part, frozen=True, kw_only=True):
    """Where the payload is, and what."""

    type: Literal["reference"]
    url: Literal["0.payload"]
    protocol: Literal["zip"]
    is_encrypted: bool
    mime_type: Short


class PolicyBinding(_Part, frozen=True, kw_only=True):
    """The policy, bound to the key."""

    alg: Literal["HS256"]
    hash: Short


class KeyAccess(_Part, frozen=True, kw_only=True):
    """The payload's key, wrapped to a key access server."""

    type: Literal["wrapped", "ec-wrapped"]
    url: Short
    protocol: Literal["kas"]
    wrapped_key: Short
    policy_binding: PolicyBinding
    kid: Short | None = None
    ephemeral_public_key: Short | None = None
    schema_version: Short | None = None


class Method(_Part, frozen=True, kw_only=True):
    """How segments are sealed; each begins with an IV of its own, and `iv` is empty."""

    algorithm: Literal["AES-256-GCM"]
    is_streamable: bool
    iv: Short


class RootSignature(_Part, frozen=True, kw_only=True):
    """The HMAC of the hashes of all segments."""

    alg: Literal["HS256"]
    sig: Short


class Segment(_Part, frozen=True, kw_only=True):
    """One segment: its tag, and its sizes where they are not the default ones."""

    hash: Short
    segment_size: Size | None = None
    encrypted_segment_size: Size | None = None


class Integrity(_Part, frozen=True, kw_only=True):
    """What tells whether the payload is whole."""

    root_signature: RootSignature
    segment_hash_alg: Literal["GMAC"]
    segment_size_default: Size
    encrypted_segment_size_default: Size
    segments: Annotated[list[Segment], msgspec.Meta(min_length=1, max_length=4_096)]


class Encryption(_Part, frozen=True, kw_only=True):
    """Policy, key, method and integrity. A key in several shares is not read here."""

    type: Literal["split"]
    policy: Long
    key_access: Annotated[list[KeyAccess], msgspec.Meta(min_length=1, max_length=1)]
    method: Method
    integrity_information: Integrity


class Statement(_Part, frozen=True, kw_only=True):
    """What an assertion says: a text of JSON."""

    format: Literal["json-structured"]
    schema: Short
    value: Long


class Binding(_Part, frozen=True, kw_only=True):
    """Who signed an assertion."""

    method: Literal["jws"]
    signature: Long


class Assertion(_Part, frozen=True, kw_only=True):
    """A statement, bound to this container."""

    id: Short
    type: Literal["handling"]
    scope: Literal["tdo"]
    applies_to_state: Literal["unencrypted"]
    statement: Statement
    binding: Binding | None = None


class Manifest(_Part, frozen=True, kw_only=True):
    """The whole."""

    payload: Payload
    encryption_information: Encryption
    assertions: Annotated[list[Assertion], msgspec.Meta(max_length=16)]
    schema_version: Short
