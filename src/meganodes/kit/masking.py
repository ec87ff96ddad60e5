"""Finds the hub's own tokens in what others wrote, so that they can be kept and shown without them.

A backend that fails likes to show its surroundings: the headers it was sent, its environment. With
that come the Callback-Token, the API token and the signing secret. They are found by their form and
not by comparing, so one that was cut off, has ended or belongs to somebody else is found as well.
"""

from __future__ import annotations

import re
from typing import Final

MASK: Final = "****"
_MASK_BYTES: Final = MASK.encode("ascii")
# Up to seven characters behind the prefix may stay: people are shown more of a token to tell which
# one it is. A prefix that is part of a longer word costs that word's end, which is harmless.
_FORM: Final = r"(mn[acgopsw]_|whsec_)[0-9A-Za-z+/=_-]{8,}"
_IN_TEXT: Final = re.compile(_FORM, re.ASCII)
_IN_BYTES: Final = re.compile(_FORM.encode("ascii"))


def masked_text(text: str) -> str:
    """Return the text with every token replaced but for its prefix."""
    return _IN_TEXT.sub(rf"\1{MASK}", text) if "_" in text else text


def masked_bytes(raw: bytes) -> bytes:
    """Return the bytes with every token replaced but for its prefix."""
    return _IN_BYTES.sub(rb"\1" + _MASK_BYTES, raw) if b"_" in raw else raw
