"""Six digits of an authenticator app, each good once, and codes for when the phone is lost (S7)."""

from __future__ import annotations

import base64
import hmac
import re
from typing import Final

import pyotp
import segno

from meganodes.kit.identity import Identity
from meganodes.kit.secrets import Secret

STEP_SECONDS: Final = 30
SEED_BYTES: Final = 20
RECOVERY_CODES: Final = 10
_DRIFT_STEPS: Final = 1
_RECOVERY_BYTES: Final = 15
_GROUP: Final = 4
_DIGITS: Final = re.compile(r"[0-9]{6}", re.ASCII)


def matching_step(seed: Secret, code: str, now_ms: int, used_step: int) -> int | None:
    """Return the 30 s step a code belongs to, one later than the last used one; None for none.

    A clock may be one step early or late. A code that was used is never taken again.
    """
    if not _DIGITS.fullmatch(code):
        return None
    app = pyotp.TOTP(base64.b32encode(seed.reveal_bytes()).decode())
    now = now_ms // 1000 // STEP_SECONDS
    found = None
    for step in range(now - _DRIFT_STEPS, now + _DRIFT_STEPS + 1):
        expected = app.at(step * STEP_SECONDS)
        if hmac.compare_digest(expected, code) and step > used_step:
            found = step
    return found


def seed_text(seed: Secret) -> str:
    """Write a seed for typing into an app, in groups of four."""
    return _grouped(base64.b32encode(seed.reveal_bytes()).decode())


def seed_picture(seed: Secret, account: str) -> str:
    """Draw the QR code that sets an app up, as inline SVG."""
    app = pyotp.TOTP(base64.b32encode(seed.reveal_bytes()).decode())
    address = app.provisioning_uri(name=account, issuer_name="MegaNodes")
    return str(segno.make(address, error="m").svg_inline(scale=4, border=2, light="#fff"))


def new_recovery_codes(identity: Identity) -> tuple[Secret, ...]:
    """Make ten codes of 120 bits each, to be shown once."""
    return tuple(
        Secret(_grouped(base64.b32encode(identity.token_bytes(_RECOVERY_BYTES)).decode()))
        for _ in range(RECOVERY_CODES)
    )


def plain_recovery_code(typed: str) -> str:
    """Bring a recovery code that a person typed into the form in which it was made."""
    return _grouped(re.sub(r"[\s-]+", "", typed).upper())


def _grouped(text: str) -> str:
    return "-".join(text[at : at + _GROUP] for at in range(0, len(text), _GROUP))
