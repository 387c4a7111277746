"""Certificates of removal: a holder's signature over what it did, which stands by itself on any way.

An intermediary attaches the certificates of those to whom it had passed an item on; it can neither make nor
change one. Members of staff sign with their party's key.
"""

from typing import Final

from trilat.link.cose import payload_of, sign1
from trilat.link.keys import NodeKeys
from trilat.link.trust import TrustStore, party_of
from trilat.model import SIGNED_BYTES_MAX, Certificate, UsageError, decode, encode

CERTIFICATE_TYPE: Final = "application/vnd.trilat.removal-certificate"


def sign_certificate(keys: NodeKeys, certificate: Certificate) -> bytes:
    """A holder's signed certificate: a COSE_Sign1 that carries it.

    Raises:
        UsageError: the keys are another party's than the holder's.
    """
    if party_of(certificate.holder) != party_of(keys.party):
        raise UsageError(
            f"`{keys.party}` cannot certify for `{certificate.holder}`: each holder signs its own"
        )
    return sign1(keys.signing, CERTIFICATE_TYPE, encode(certificate))


def open_certificate(trust: TrustStore, data: bytes) -> Certificate:
    """The certificate that its holder signed.

    Raises:
        EnvelopeError: not a signed certificate, or not signed by the holder that it names.
        TrustError: there is no pin for that holder.
        WireError: what was signed is not a certificate.
    """
    what = "certificate of removal"
    certificate = decode(payload_of(data, CERTIFICATE_TYPE, what), Certificate, SIGNED_BYTES_MAX)
    holder = party_of(certificate.holder)
    trust.verify_statement(holder, data, CERTIFICATE_TYPE, what)
    return certificate
