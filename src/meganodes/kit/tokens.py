"""Tokens that are presented to us: how they are made, recognised and stored.

A token is a prefix that says what it opens, 51 random characters, and a checksum of six that tells
a typing mistake from a wrong token without a look into the database. The first eight random
characters find the stored row and may be shown; the other 43 alone carry 256 bits (reliability
3.10, S16).
"""

from __future__ import annotations

import hmac
import re
import zlib
from collections.abc import Sequence

from meganodes.kit.identity import Identity
from meganodes.kit.secrets import Secret

API_PREFIX = "mna_"
PROVIDER_PREFIX = "mnp_"
CALLBACK_PREFIX = "mnc_"
SESSION_PREFIX = "mns_"
LAUNCH_PREFIX = "mng_"
STAFF_PREFIX = "mno_"
STAFF_CODE_PREFIX = "mnw_"

TOKEN_PATTERN = re.compile(r"mn[acgopsw]_[0-9A-Za-z]{57}")
_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_BODY_CHARACTERS = 51
_CHECKSUM_CHARACTERS = 6
_PREFIX_CHARACTERS = 4
_LOOKUP_CHARACTERS = 8
_RANDOM_BYTES = 64


def new_token(prefix: str, identity: Identity) -> Secret:
    """Make a new token of 61 characters."""
    number = int.from_bytes(identity.token_bytes(_RANDOM_BYTES))
    payload = prefix + _base62(number, _BODY_CHARACTERS)
    return Secret(payload + _checksum(payload))


def parse_token(text: str, prefix: str | None = None) -> bool:
    """Tell whether this has the form of a token (with this prefix) and its checksum is right."""
    if TOKEN_PATTERN.fullmatch(text) is None:
        return False
    if prefix is not None and not text.startswith(prefix):
        return False
    return _checksum(text[:-_CHECKSUM_CHARACTERS]) == text[-_CHECKSUM_CHARACTERS:]


def lookup_part(text: str) -> str:
    """Return the characters that find the stored row. They open nothing and may be shown."""
    return text[_PREFIX_CHARACTERS : _PREFIX_CHARACTERS + _LOOKUP_CHARACTERS]


def token_hash(key: bytes, text: str) -> bytes:
    """Return what is stored in place of a token: HMAC-SHA256 under the derived key."""
    # Text from outside may hold half a surrogate pair, which has no UTF-8 form.
    return hmac.digest(key, text.encode(errors="backslashreplace"), "sha256")


def token_hashes(keys: Sequence[bytes], text: str) -> tuple[bytes, ...]:
    """Return the hash under each key that may have been used, the current one first."""
    return tuple(token_hash(key, text) for key in keys)


def hash_matches(stored: bytes, presented: Sequence[bytes]) -> bool:
    """Compare in constant time, whatever the key the stored hash was made with."""
    matches = False
    for each in presented:
        matches |= hmac.compare_digest(stored, each)
    return matches


def _base62(number: int, characters: int) -> str:
    digits = []
    for _ in range(characters):
        number, digit = divmod(number, len(_ALPHABET))
        digits.append(_ALPHABET[digit])
    return "".join(digits)


def _checksum(payload: str) -> str:
    return _base62(zlib.crc32(payload.encode()), _CHECKSUM_CHARACTERS)
