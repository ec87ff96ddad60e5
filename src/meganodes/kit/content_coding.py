"""In which content coding an answer goes out, by what the caller accepts (RFC 9110, 12.5.3).

Nothing is compressed unasked: the length of a compressed answer betrays a secret to whoever may
choose what stands beside it (BREACH). So whoever makes an answer decides that it may be.
"""

from __future__ import annotations

import gzip
import re
from enum import StrEnum
from typing import Final, NamedTuple

import brotli  # type: ignore[import-untyped]
import zstandard


class Coding(StrEnum):
    """A content coding by its name on the wire."""

    ZSTD = "zstd"
    BROTLI = "br"
    GZIP = "gzip"
    IDENTITY = "identity"


class Accepted(NamedTuple):
    """What a caller takes: the coding it gets, and whether plain bytes would do as well."""

    coding: Coding
    takes_identity: bool


BEST_FIRST: Final = (Coding.ZSTD, Coding.BROTLI, Coding.GZIP)
"""The codings we make, in the order in which we like to send them."""

_ALIASES: Final = {"x-gzip": "gzip"}
_QUALITY: Final = re.compile(r"(?:0(?:\.([0-9]{0,3}))?|1(?:\.0{0,3})?)", re.ASCII)
_WHOLE: Final = 1000
_IDENTITY_AT_LEAST: Final = 1
_LEVELS: Final = {Coding.ZSTD: (3, 9), Coding.BROTLI: (4, 6), Coding.GZIP: (5, 6)}


def accepted(accept_encoding: str | None, best_first: tuple[Coding, ...] = BEST_FIRST) -> Accepted:
    """Choose a coding by the field's value, None without one; any text gives a right answer.

    Qualities are honoured, at equal quality ``best_first`` decides. Elements that are not of the
    field's form count as not sent. Where nothing we have is acceptable, the field is disregarded
    and plain bytes go out, as the standard permits.
    """
    if accept_encoding is None:
        return Accepted(Coding.IDENTITY, takes_identity=True)
    listed = _qualities(accept_encoding)
    others = listed.get("*", 0)
    identity = listed.get(Coding.IDENTITY, others if "*" in listed else _IDENTITY_AT_LEAST)
    best = _best(best_first, listed, others)
    quality = listed.get(best, others)
    if not quality or (Coding.IDENTITY in listed and identity > quality):
        return Accepted(Coding.IDENTITY, takes_identity=True)
    return Accepted(best, takes_identity=identity > 0)


def _best(best_first: tuple[Coding, ...], listed: dict[str, int], others: int) -> Coding:
    """Find the best; of those that only `*` stands for, the last is the best understood."""
    named = [each for each in best_first if each in listed]
    rest = [each for each in reversed(best_first) if each not in listed]
    return max([*named, *rest], key=lambda coding: listed.get(coding, others))


def _qualities(accept_encoding: str) -> dict[str, int]:
    """Read the elements of the field, qualities in thousandths; of two, the first counts."""
    found: dict[str, int] = {}
    for element in accept_encoding.split(","):
        name, *parameters = (part.strip().lower() for part in element.split(";"))
        quality = _quality(parameters)
        if name and quality is not None:
            found.setdefault(_ALIASES.get(name, name), quality)
    return found


def _quality(parameters: list[str]) -> int | None:
    if not parameters:
        return _WHOLE
    name, _, value = parameters[0].partition("=")
    match = _QUALITY.fullmatch(value.strip())
    if len(parameters) > 1 or name.strip() != "q" or match is None:
        return None
    if value.strip().startswith("1"):
        return _WHOLE
    return int((match[1] or "").ljust(3, "0"))


def compressed(body: bytes, coding: Coding, *, is_kept: bool = False) -> bytes:
    """Compress a body; the same bytes always give the same. One that is kept is worth more work.

    About 2 to 20 ms a megabyte, so large ones belong into a thread.
    """
    if coding is Coding.IDENTITY:
        return body
    level = _LEVELS[coding][is_kept]
    match coding:
        case Coding.ZSTD:
            return zstandard.ZstdCompressor(level=level).compress(body)
        case Coding.BROTLI:
            packed: bytes = brotli.compress(body, quality=level)
            return packed
        case Coding.GZIP:
            return gzip.compress(body, compresslevel=level, mtime=0)
