"""Canary secrets and the search for them, in every form in which bytes come to lie somewhere.

Long secrets are sought by two stretches of their inside, so that one that was cut off is found too,
and the eight characters of a token that people may see are none of it.
"""

from __future__ import annotations

import base64
import html
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Final
from urllib.parse import quote

PIECE: Final = 20
_SHOWN: Final = 12
_CHECKSUM: Final = 6
_GRAM: Final = 8
FORMS: Final = (
    "plain",
    "reversed",
    "hex",
    "HEX",
    "base64 at 0",
    "base64 at 1",
    "base64 at 2",
    "base64url at 0",
    "base64url at 1",
    "base64url at 2",
    "percent",
    "PERCENT",
    "json",
    "JSON",
    "json text",
    "html",
    "address",
    "whole address",
    "utf-16",
)


@dataclass(frozen=True, kw_only=True)
class Hit:
    """Where a canary was found, and in what form."""

    canary: str
    form: str
    where: str
    around: bytes


def pieces(secret: bytes) -> tuple[bytes, ...]:
    """Give the stretches by which a secret is sought: itself, or two of its inside."""
    if len(secret) < _SHOWN + PIECE + _CHECKSUM:
        return (secret,)
    return (secret[_SHOWN : _SHOWN + PIECE], secret[-PIECE - _CHECKSUM : -_CHECKSUM])


def forms(piece: bytes) -> dict[str, bytes]:
    """Write a stretch in every form; where two are the same bytes the first name stays."""
    hexed = piece.hex().encode()
    pairs = [hexed[at : at + 2] for at in range(0, len(hexed), 2)]
    percent = b"".join(b"%" + each for each in pairs)
    escaped = b"".join(b"\\u00" + each for each in pairs)
    written = {
        "plain": piece,
        "reversed": piece[::-1],
        "hex": hexed,
        "HEX": hexed.upper(),
        **_base64_forms(piece),
        "percent": percent,
        "PERCENT": percent.upper(),
        "json": escaped,
        "JSON": escaped.upper().replace(b"\\U", b"\\u"),
        **_text_forms(piece),
        "utf-16": b"\0".join(bytes([each]) for each in piece),
    }
    first: dict[bytes, str] = {}
    for name, needle in written.items():
        first.setdefault(needle, name)
    return {name: needle for needle, name in first.items()}


def _base64_forms(piece: bytes) -> dict[str, bytes]:
    """Write base64 as it comes out behind 0 to 2 other bytes, without what depends on them."""
    written = {}
    for before in range(3):
        whole = (len(piece) + before) // 3 * 3 - before
        coded = base64.b64encode(b"\0" * before + piece[:whole])[4 if before else 0 :]
        written[f"base64 at {before}"] = coded
        written[f"base64url at {before}"] = coded.replace(b"+", b"-").replace(b"/", b"_")
    return written


def _text_forms(piece: bytes) -> dict[str, bytes]:
    """Write text as JSON, pages and addresses do where only some characters need it."""
    if not piece.isascii():
        return {}
    text = piece.decode()
    return {
        "json text": json.dumps(text)[1:-1].encode(),
        "html": html.escape(text).replace("&quot;", "&#34;").replace("&#x27;", "&#39;").encode(),
        "address": quote(text).encode(),
        "whole address": quote(text, safe="").encode(),
    }


@dataclass(kw_only=True)
class Hunt:
    """The canaries of a test, and how much was searched for them."""

    canaries: dict[str, bytes] = field(default_factory=dict)
    searched: int = 0

    def plant(self, name: str, secret: str | bytes) -> str:
        """Make a secret a canary; returns its text."""
        raw = secret.encode() if isinstance(secret, str) else secret
        assert len(raw) >= PIECE - 4, f"{name} is too short to be sought"
        self.canaries[name] = raw
        return secret if isinstance(secret, str) else ""

    def find(self, where: str, content: bytes, *, but: tuple[str, ...] = ()) -> list[Hit]:
        """Search bytes for every canary ``but`` those that belong there."""
        self.searched += len(content)
        if self._grams().isdisjoint(grams_of(content)):
            return []
        return [
            Hit(canary=name, form=form, where=where, around=content[max(0, at - 60) : at + 90])
            for name, form, needle in self._needles(but)
            if (at := content.find(needle)) >= 0
        ]

    def _grams(self) -> frozenset[int]:
        return _grams_inside(tuple(self.canaries.values()))

    def _needles(self, but: tuple[str, ...]) -> Iterator[tuple[str, str, bytes]]:
        for name, secret in self.canaries.items():
            if name not in but:
                for piece in pieces(secret):
                    yield from ((name, form, needle) for form, needle in _forms(piece).items())


def grams_of(content: bytes) -> memoryview:
    """Give every eighth stretch of eight bytes, as numbers.

    Whatever is at least fifteen bytes long has one of them inside wherever it lies, so content that
    shares none with any needle holds none: megabytes are looked through once and not for each.
    """
    return memoryview(content + b"\0" * (-len(content) % _GRAM)).cast("Q")


@cache
def _grams_inside(canaries: tuple[bytes, ...]) -> frozenset[int]:
    """Collect the stretches of eight bytes of all needles, wherever they begin."""
    grams: set[int] = set()
    for needle in {
        each for one in canaries for piece in pieces(one) for each in _needles_of(piece)
    }:
        assert len(needle) >= 2 * _GRAM - 1, "too short to be found by its stretches"
        for start in range(len(needle) - _GRAM + 1):
            grams.update(memoryview(needle[start : start + _GRAM]).cast("Q"))
    return frozenset(grams)


def _needles_of(piece: bytes) -> tuple[bytes, ...]:
    return tuple(_forms(piece).values())


@cache
def _forms(piece: bytes) -> dict[str, bytes]:
    return forms(piece)
