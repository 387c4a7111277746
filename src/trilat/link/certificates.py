"""Certificates of links: a party's authority, and the one certificate that it signs. All on P-256.

Both are reproducible: from the same random bytes, instant and hosts come the same certificates.
"""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
    derive_private_key,
)
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from trilat.link.keys import Entropy
from trilat.model import SECOND_NS, UsageError

HOSTS_MAX: Final = 32
OWN_HOSTS: Final = ("127.0.0.1", "localhost")
"""Always certified: the node's own client comes this way."""

_VALID: Final = timedelta(days=3_650)
_SLACK: Final = timedelta(days=1)
"""Certificates hold from this long before they are made: a partner's clock may be behind."""

_ORDER: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
"""Of the group of P-256 (SP 800-186, section 3.2.1.3)."""

_DRAW_BYTES: Final = 40
"""64 bits more than the order has, so that the remainder is as good as uniform (FIPS 186-5, A.2.1)."""

_SERIAL_BYTES: Final = 19
_UNSOUND: Final = (
    ValueError,
    TypeError,
    Warning,
    InvalidSignature,
    UnsupportedAlgorithm,
    x509.ExtensionNotFound,
    x509.DuplicateExtension,
    x509.InvalidVersion,
    x509.UnsupportedGeneralNameType,
)
"""What the library raises for a certificate that is none of ours."""

_HOST_CHARACTERS_MAX: Final = 253
_LABEL_CHARACTERS_MAX: Final = 63


@dataclass(frozen=True, slots=True, repr=False)
class Certified:
    """A private key and the certificate that shows its public half."""

    key: EllipticCurvePrivateKey
    certificate: x509.Certificate

    @property
    def matches(self) -> bool:
        """Whether the two belong together."""
        return self.key.public_key() == self.certificate.public_key()

    @property
    def party(self) -> str:
        """The name in the certificate; empty where it has none."""
        names = self.certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
        return str(names[0].value) if names else ""


def make_authority(party: str, now_ns: int, entropy: Entropy) -> Certified:
    """A new authority of a party, which can sign certificates of links and no further authority."""
    key, name = _new_key(entropy), _name(party)
    builder = (
        _begun(key, now_ns, entropy)
        .subject_name(name)
        .issuer_name(name)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
    )
    return Certified(key, builder.sign(key, SHA256(), ecdsa_deterministic=True))


def make_certificate(authority: Certified, hosts: Sequence[str], now_ns: int, entropy: Entropy) -> Certified:
    """A new key that the authority certifies for these hosts, as a server and as a client.

    Raises:
        UsageError: too many hosts, or one that is none.
    """
    if len(hosts) > HOSTS_MAX:
        raise UsageError(f"{len(hosts)} hosts are over the limit of {HOSTS_MAX}: give fewer")
    names = [name_of_host(host) for host in dict.fromkeys((*OWN_HOSTS, *hosts))]
    key, signer = _new_key(entropy), authority.key
    usages = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
    issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key())
    builder = (
        _begun(key, now_ns, entropy)
        .subject_name(_name(f"{authority.party} link"))
        .issuer_name(authority.certificate.subject)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage(usages), critical=False)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(issuer, critical=False)
    )
    return Certified(key, builder.sign(signer, SHA256(), ecdsa_deterministic=True))


def name_of_host(host: str) -> x509.GeneralName:
    """A host as a certificate names it; UsageError where it is neither a name nor an address."""
    try:
        return x509.IPAddress(ip_address(host))
    except ValueError:
        pass
    labels = host.split(".")
    sound = len(host) <= _HOST_CHARACTERS_MAX and all(_is_label(label) for label in labels)
    if not sound or labels[-1].isdigit():
        raise UsageError(f"`{host}` is not a host: give a name such as `links.example.org`, or an address")
    return x509.DNSName(host)


def is_authority(data: bytes) -> bool:
    """Whether these bytes are, in DER, the certificate of an authority on P-256 that signed itself."""
    try:
        with warnings.catch_warnings():
            # What the library only warns of today, it refuses tomorrow: partners must not differ by that.
            warnings.simplefilter("error")
            certificate = x509.load_der_x509_certificate(data)
        key = certificate.public_key()
        constraints = certificate.extensions.get_extension_for_class(x509.BasicConstraints).value
        certificate.verify_directly_issued_by(certificate)
    except _UNSOUND:
        return False
    return constraints.ca and isinstance(key, EllipticCurvePublicKey) and key.curve.name == SECP256R1.name


def _is_label(label: str) -> bool:
    bare = label.replace("-", "")
    framed = label.startswith("-") or label.endswith("-")
    return len(label) <= _LABEL_CHARACTERS_MAX and bare.isascii() and bare.isalnum() and not framed


def _new_key(entropy: Entropy) -> EllipticCurvePrivateKey:
    drawn = int.from_bytes(entropy(_DRAW_BYTES), "big")
    return derive_private_key(drawn % (_ORDER - 1) + 1, SECP256R1())


def _begun(key: EllipticCurvePrivateKey, now_ns: int, entropy: Entropy) -> x509.CertificateBuilder:
    now = datetime.fromtimestamp(now_ns // SECOND_NS, UTC)
    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    return (
        x509.CertificateBuilder()
        .public_key(key.public_key())
        .serial_number(int.from_bytes(entropy(_SERIAL_BYTES), "big") + 1)
        .not_valid_before(now - _SLACK)
        .not_valid_after(now + _VALID)
        .add_extension(identifier, critical=False)
    )


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )
