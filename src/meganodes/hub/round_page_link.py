"""The link to a round's page: two numbers, an end and a signature; nothing of it is stored.

It carries the hub's own number of the round's first transaction, so that neither a name nor what a
provider calls the round stands in an address. Whoever has the link sees the round, for an hour.
"""

from __future__ import annotations

import hmac
import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

LINK_SECONDS: Final = 3_600
"""How long a link opens its page (contract 2.2, round-details)."""

_VERSION: Final = 1
_FIELDS: Final = struct.Struct(">BQQQ")
_SIGNATURE_BYTES: Final = 32
# A multiple of three bytes: no padding and no spare bits.
_LINK_BYTES: Final = _FIELDS.size + _SIGNATURE_BYTES
_LINK_CHARACTERS: Final = _LINK_BYTES * 4 // 3


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundLink:
    """What a link says: whose round, by which transaction of it, and until when (Unix seconds)."""

    agent_id: int
    trans_id: int
    expires_at: int


class RoundLinkFault(StrEnum):
    """Why a link shows no round. Whatever was not signed by this hub is UNKNOWN, without nuance."""

    EXPIRED = "expired"
    UNKNOWN = "unknown"


def write_link(link: RoundLink, key: bytes) -> str:
    """Write a link's text, of URL-safe characters only."""
    fields = _FIELDS.pack(_VERSION, link.agent_id, link.trans_id, link.expires_at)
    return urlsafe_b64encode(fields + _signature(key, fields)).decode()


def read_link(text: str, keys: Sequence[bytes], now_ms: int) -> RoundLink | RoundLinkFault:
    """Read a link's text; a link signed with one of the older keys holds until it expires.

    Nothing in it is looked at before its signature is found right.
    """
    raw = _bytes_of(text)
    fields, signature = raw[: _FIELDS.size], raw[_FIELDS.size :]
    is_ours = False
    for key in keys:
        is_ours |= hmac.compare_digest(_signature(key, fields), signature)
    if not is_ours:
        return RoundLinkFault.UNKNOWN
    version, agent_id, trans_id, expires_at = _FIELDS.unpack(fields)
    if version != _VERSION:
        return RoundLinkFault.UNKNOWN
    if now_ms >= expires_at * 1_000:
        return RoundLinkFault.EXPIRED
    return RoundLink(agent_id=agent_id, trans_id=trans_id, expires_at=expires_at)


def _signature(key: bytes, fields: bytes) -> bytes:
    return hmac.digest(key, fields, "sha256")


def _bytes_of(text: str) -> bytes:
    """Decode the text; b"" when it cannot be a link, which no signature fits."""
    if len(text) != _LINK_CHARACTERS or not text.isascii():
        return b""
    try:
        raw = urlsafe_b64decode(text)
    except NotBase64:
        return b""
    # The decoder passes over foreign characters and takes two alphabets.
    return raw if urlsafe_b64encode(raw).decode() == text else b""
