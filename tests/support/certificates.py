"""Certificates for tests: an authority of our own, and good and bad servers under it."""

from __future__ import annotations

import datetime as dt
import ssl
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

NOW = dt.datetime.now(dt.UTC)
DAY = dt.timedelta(days=1)


@dataclass(frozen=True)
class Identity:
    """A certificate with its key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    def files(self, folder: Path, name: str) -> tuple[Path, Path]:
        """Write both as PEM."""
        certificate, key = folder / f"{name}.pem", folder / f"{name}.key"
        certificate.write_bytes(self.certificate.public_bytes(serialization.Encoding.PEM))
        key.write_bytes(
            self.key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        return certificate, key


def authority() -> Identity:
    """Make an authority that signs itself."""
    return _issue("MegaNodes test authority", None, names=(), is_authority=True)


def server(
    issuer: Identity | None,
    names: tuple[str, ...],
    *,
    valid_from: dt.datetime = NOW - DAY,
    valid_until: dt.datetime = NOW + DAY,
) -> Identity:
    """Make a server's certificate; without an issuer it signs itself."""
    return _issue(names[0], issuer, names, period=(valid_from, valid_until))


def _issue(
    common_name: str,
    issuer: Identity | None,
    names: tuple[str, ...],
    *,
    is_authority: bool = False,
    period: tuple[dt.datetime, dt.datetime] = (NOW - DAY, NOW + DAY),
) -> Identity:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
    signer = issuer.key if issuer is not None else key
    issuer_name = issuer.certificate.subject if issuer is not None else subject
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer_name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(period[0])
        .not_valid_after(period[1])
        .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False
        )
    )
    if names:
        alternatives = x509.SubjectAlternativeName([x509.DNSName(name) for name in names])
        builder = builder.add_extension(alternatives, critical=False)
    if is_authority:
        builder = builder.add_extension(_signs_certificates(), critical=True)
    return Identity(builder.sign(signer, hashes.SHA256()), key)


def _signs_certificates() -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=True,
        crl_sign=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def server_context(identity: Identity, folder: Path, name: str) -> ssl.SSLContext:
    """Make the TLS side of a backend with this certificate."""
    certificate, key = identity.files(folder, name)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context
