"""Reads PNG pictures as browsers write them, and writes them again in half the bytes.

Browsers are quick and not thorough; and the last steps of a gradient cost more than they show.
"""

from __future__ import annotations

import struct
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Final

Colour = tuple[int, int, int]

_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
_CHANNELS: Final = {2: 3, 6: 4}
_COLOURED: Final = 3
_COLOURS_AS_THEY_ARE: Final = 2
_PALETTE: Final = 3
_PALETTE_MAX: Final = 256
_NEAR_BITS: Final = 4
_UP: Final = 2
_STEP: Final = 4
_ROUNDED: Final = bytes(min(255, (value + _STEP // 2) // _STEP * _STEP) for value in range(256))
_HEADER: Final = ">IIBBBBB"


@dataclass(frozen=True, slots=True)
class Picture:
    """Pixels of eight bits a channel, row by row; a fourth channel is not looked at."""

    width: int
    channels: int
    rows: list[bytes]

    def pixel(self, x: int, y: int) -> Colour:
        """Return the colour of a place; outside the picture that of its edge."""
        row = self.rows[min(y, len(self.rows) - 1)]
        start = min(x, self.width - 1) * self.channels
        red, green, blue = row[start : start + 3]
        return red, green, blue


def read_png(png: bytes) -> Picture:
    """Read a picture of eight bits a channel without interlacing."""
    width, height, depth, kind, _, _, interlace = struct.unpack(_HEADER, png[16:29])
    assert (depth, interlace) == (8, 0), "browsers write nothing else"
    channels = _CHANNELS[kind]
    stream = zlib.decompress(b"".join(_parts(png)))
    rows: list[bytes] = []
    above = bytes(width * channels)
    size = width * channels + 1
    for number in range(height):
        line = stream[number * size : (number + 1) * size]
        above = _unfiltered(line[0], line[1:], above, channels)
        rows.append(above)
    return Picture(width, channels, rows)


def write_small(picture: Picture) -> bytes:
    """Write a picture with its colours rounded to steps that no eye sees: half the bytes."""
    stream = bytearray()
    above = bytes(picture.width * _COLOURED)
    for row in picture.rows:
        line = _without_alpha(row, picture.channels).translate(_ROUNDED)
        kind, filtered = min(_filtered(line, above), key=lambda each: _restlessness(each[1]))
        stream.append(kind)
        stream += filtered
        above = line
    return _written(picture, _COLOURS_AS_THEY_ARE, (), bytes(stream))


def write_drawn(picture: Picture) -> bytes:
    """Write a picture of text and flat areas with at most 256 colours: a quarter of the bytes.

    A colour that is not kept becomes the nearest of those that are.
    """
    pixels = [_pixels(row, picture.channels) for row in picture.rows]
    counted = Counter(chain.from_iterable(pixels))
    kept = _kept(counted)
    places = {colour: place for place, colour in enumerate(kept)}
    for colour in counted.keys() - places.keys():
        places[colour] = min(range(len(kept)), key=lambda at: _distance(kept[at], colour))
    stream = b"".join(b"\x00" + bytes(map(places.__getitem__, row)) for row in pixels)
    return _written(picture, _PALETTE, (_chunk(b"PLTE", bytes(chain.from_iterable(kept))),), stream)


def _kept(counted: Counter[Colour]) -> list[Colour]:
    """Choose colours: of each neighbourhood the one that is there most, then what is there most.

    By number alone the greys of letters' edges would leave no room for one small red word.
    """
    ordered = [colour for colour, _ in counted.most_common()]
    firsts: dict[Colour, Colour] = {}
    for colour in ordered:
        red, green, blue = colour
        firsts.setdefault((red >> _NEAR_BITS, green >> _NEAR_BITS, blue >> _NEAR_BITS), colour)
    return list(dict.fromkeys(chain(firsts.values(), ordered)))[:_PALETTE_MAX]


def _written(picture: Picture, kind: int, before: tuple[bytes, ...], stream: bytes) -> bytes:
    header = struct.pack(_HEADER, picture.width, len(picture.rows), 8, kind, 0, 0, 0)
    return b"".join(
        (
            _SIGNATURE,
            _chunk(b"IHDR", header),
            *before,
            _chunk(b"IDAT", zlib.compress(stream, 9)),
            _chunk(b"IEND", b""),
        )
    )


def _pixels(row: bytes, channels: int) -> list[Colour]:
    red, green, blue = (row[channel::channels] for channel in range(_COLOURED))
    return list(zip(red, green, blue, strict=True))


def _distance(one: Colour, other: Colour) -> int:
    return sum((left - right) ** 2 for left, right in zip(one, other, strict=True))


def _without_alpha(row: bytes, channels: int) -> bytes:
    made = bytearray(len(row) // channels * _COLOURED)
    for channel in range(_COLOURED):
        made[channel::_COLOURED] = row[channel::channels]
    return bytes(made)


def _filtered(line: bytes, above: bytes) -> Iterator[tuple[int, bytes]]:
    """Write a row as it is, as distances from the left, and as distances from above."""
    yield 0, line
    left = bytes(_COLOURED) + line
    yield 1, bytes((one - other) & 255 for one, other in zip(line, left, strict=False))
    yield 2, bytes((one - other) & 255 for one, other in zip(line, above, strict=True))


def _restlessness(line: bytes) -> int:
    return sum(min(one, 256 - one) for one in line)


def _chunk(name: bytes, content: bytes) -> bytes:
    return (
        struct.pack(">I", len(content))
        + name
        + content
        + struct.pack(">I", zlib.crc32(name + content))
    )


def _parts(png: bytes) -> Iterator[bytes]:
    at = len(_SIGNATURE)
    while at < len(png):
        (length,) = struct.unpack(">I", png[at : at + 4])
        if png[at + 4 : at + 8] == b"IDAT":
            yield png[at + 8 : at + 8 + length]
        at += length + 12


def _unfiltered(kind: int, line: bytes, above: bytes, step: int) -> bytes:
    """Undo the prediction of a row: each byte was written as its distance from a neighbour."""
    if kind == 0:
        return line
    made = bytearray(line)
    if kind == _UP:
        return _added(line, above)
    for at, one in enumerate(line):
        left = made[at - step] if at >= step else 0
        corner = above[at - step] if at >= step else 0
        made[at] = (one + _predicted(kind, left, above[at], corner)) & 255
    return bytes(made)


def _added(line: bytes, above: bytes) -> bytes:
    """Add byte to byte, all at once: every second byte has its neighbour's room for the carry."""
    size = len(line)
    low = int.from_bytes(b"\x00\xff" * (size // 2 + 1))
    one, other = int.from_bytes(line), int.from_bytes(above)
    even = (one & low) + (other & low) & low
    odd = (one >> 8 & low) + (other >> 8 & low) & low
    return (even | odd << 8).to_bytes(size + 4)[-size:]


def _predicted(kind: int, left: int, up: int, corner: int) -> int:
    match kind:
        case 1:
            return left
        case 2:
            return up
        case 3:
            return (left + up) // 2
        case _:
            return _paeth(left, up, corner)


def _paeth(left: int, up: int, corner: int) -> int:
    guess = left + up - corner
    return min((left, up, corner), key=lambda neighbour: abs(guess - neighbour))
