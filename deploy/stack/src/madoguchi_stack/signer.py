"""A key with a certificate of its own, to sign PDFs with."""

from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from pydantic import BaseModel

LIFETIME = timedelta(days=3650)


class Signer(BaseModel, frozen=True):
    """Both in PEM."""

    certificate: str
    key: str


def make_signer() -> Signer:
    """A new key, and a certificate that nobody but itself vouches for: who trusts it names it."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Simulated income information retrieval service")])
    signs_only = dict.fromkeys(
        (
            "key_encipherment",
            "data_encipherment",
            "key_agreement",
            "key_cert_sign",
            "crl_sign",
            "encipher_only",
            "decipher_only",
        ),
        False,
    )
    usage = x509.KeyUsage(digital_signature=True, content_commitment=True, **signs_only)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + LIFETIME)
        .add_extension(usage, critical=True)
        .sign(key, hashes.SHA256())
    )
    pem, pkcs8 = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    return Signer(
        certificate=certificate.public_bytes(pem).decode(),
        key=key.private_bytes(pem, pkcs8, serialization.NoEncryption()).decode(),
    )
