"""Signatures of callbacks after Standard Webhooks: HMAC-SHA256 over `id.timestamp.body`.

Secrets travel as `whsec_` and base64; a header may carry several signatures, separated by blanks,
while the rotation of a secret overlaps (contract 3.1).
"""

import binascii
import re
from base64 import b64decode, b64encode
from collections.abc import Iterable
from enum import StrEnum
from hashlib import sha256
from hmac import compare_digest
from hmac import digest as hmac_digest
from typing import Final

TOLERANCE_SECONDS: Final = 300
"""How far a timestamp may be from the receiver's clock, either way."""

SECRET_BYTES_MIN: Final = 24
SECRET_BYTES_MAX: Final = 64

_VERSION: Final = "v1,"
_SECRET_PREFIX: Final = "whsec_"
_TIMESTAMP: Final = re.compile(r"[0-9]{1,15}", re.ASCII)
_SIGNATURES_MAX: Final = 16


class SignatureFault(StrEnum):
    """Why a signed request is not believed; the value is the sentence."""

    TIMESTAMP_UNREADABLE = "webhook-timestamp is no whole number of seconds."
    TIMESTAMP_OUTSIDE_WINDOW = "webhook-timestamp is too far from the receiver's clock."
    NO_MATCH = "No signature in webhook-signature fits the body and the secret."


def sign(secret: bytes, webhook_id: str, timestamp: int, body: bytes) -> str:
    """Sign one attempt; `timestamp` is the attempt's own, in Unix seconds."""
    return _VERSION + _code(secret, webhook_id, str(timestamp), body)


def verify(  # noqa: PLR0913 - the five parts of a signed request and the receiver's clock
    secrets: Iterable[bytes],
    webhook_id: str,
    timestamp: int | str,
    body: bytes,
    header: str,
    *,
    now_seconds: float,
    tolerance_seconds: float = TOLERANCE_SECONDS,
) -> bool:
    """Tell whether the request was signed with one of the secrets, within the window."""
    fault = signature_fault(
        secrets,
        webhook_id,
        timestamp,
        body,
        header,
        now_seconds=now_seconds,
        tolerance_seconds=tolerance_seconds,
    )
    return fault is None


def signature_fault(  # noqa: PLR0913 - as verify
    secrets: Iterable[bytes],
    webhook_id: str,
    timestamp: int | str,
    body: bytes,
    header: str,
    *,
    now_seconds: float,
    tolerance_seconds: float = TOLERANCE_SECONDS,
) -> SignatureFault | None:
    """Say why the request is not believed, or None when it is.

    `timestamp` is the header's text (or its number), `header` that of webhook-signature. Every
    secret is compared with every signature in constant time, whatever was found before.
    """
    text = str(timestamp)
    if _TIMESTAMP.fullmatch(text) is None:
        return SignatureFault.TIMESTAMP_UNREADABLE
    if abs(now_seconds - int(text)) > tolerance_seconds:
        return SignatureFault.TIMESTAMP_OUTSIDE_WINDOW
    given = _given_codes(header)
    found = False
    for secret in secrets:
        expected = _code(secret, webhook_id, text, body).encode()
        for code in given:
            found |= compare_digest(expected, code)
    return None if found else SignatureFault.NO_MATCH


def _given_codes(header: str) -> list[bytes]:
    """Give the codes of our version; other versions stand beside them by design."""
    signatures = header.split(" ")[:_SIGNATURES_MAX]
    return [
        signature.removeprefix(_VERSION).encode("utf-8", "replace")
        for signature in signatures
        if signature.startswith(_VERSION)
    ]


def _code(secret: bytes, webhook_id: str, timestamp: str, body: bytes) -> str:
    signed = b"%b.%b.%b" % (webhook_id.encode(), timestamp.encode(), body)
    return b64encode(hmac_digest(secret, signed, sha256)).decode()


def secret_text(secret: bytes) -> str:
    """Write a signing secret the way it is shown once: `whsec_` and base64."""
    return _SECRET_PREFIX + b64encode(secret).decode()


def parse_secret(text: str) -> bytes:
    """Read a signing secret: `whsec_` and base64 of 24 to 64 bytes, else a `ValueError`."""
    if not text.startswith(_SECRET_PREFIX):
        raise ValueError("A signing secret starts with whsec_.")
    try:
        secret = b64decode(text.removeprefix(_SECRET_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        raise ValueError("A signing secret is whsec_ and base64.") from None
    if not SECRET_BYTES_MIN <= len(secret) <= SECRET_BYTES_MAX:
        raise ValueError("A signing secret has 24 to 64 bytes.")
    return secret
