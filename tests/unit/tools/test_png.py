"""Pictures keep their pixels, to a step that no eye sees, and lose their weight."""

from __future__ import annotations

import struct
import zlib

import pytest

from tools.png import Picture, read_png, write_drawn, write_small


def png_of(rows: list[bytes], channels: int, kinds: list[int]) -> bytes:
    """Write a picture row by row with the given kinds of prediction."""
    above = bytes(len(rows[0]))
    stream = b""
    for kind, row in zip(kinds, rows, strict=True):
        stream += bytes([kind]) + predicted(kind, row, above, channels)
        above = row
    width = len(rows[0]) // channels
    header = struct.pack(">IIBBBBB", width, len(rows), 8, {3: 2, 4: 6}[channels], 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(stream)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(content)) + name + content + struct.pack(">I", 0)
        for name, content in chunks
    )


def predicted(kind: int, row: bytes, above: bytes, step: int) -> bytes:
    made = bytearray()
    for at, one in enumerate(row):
        left = row[at - step] if at >= step else 0
        up = above[at]
        corner = above[at - step] if at >= step else 0
        guess = left + up - corner
        paeth = min((left, up, corner), key=lambda each: abs(guess - each))
        made.append((one - [0, left, up, (left + up) // 2, paeth][kind]) & 255)
    return bytes(made)


@pytest.mark.parametrize("channels", [3, 4])
@pytest.mark.parametrize("kind", range(5))
def test_every_kind_of_prediction_is_read(channels: int, kind: int) -> None:
    rows = [bytes((7 * x * x + 31 * y) % 256 for x in range(5 * channels)) for y in range(4)]
    picture = read_png(png_of(rows, channels, [kind] * 4))
    assert (picture.width, picture.channels, picture.rows) == (5, channels, rows)
    assert picture.pixel(1, 2) == tuple(rows[2][channels : channels + 3])
    assert picture.pixel(99, 99) == tuple(rows[3][4 * channels : 4 * channels + 3])


def test_what_is_written_can_be_read_and_is_nearly_the_same() -> None:
    rows = [bytes((x * y + 3 * x) % 256 for x in range(40 * 4)) for y in range(30)]
    small = read_png(write_small(Picture(40, 4, rows)))
    assert (small.width, small.channels, len(small.rows)) == (40, 3, 30)
    for y in range(30):
        for x in range(40):
            wanted = rows[y][4 * x : 4 * x + 3]
            assert all(
                abs(one - other) <= 2 or one == 255
                for one, other in zip(small.pixel(x, y), wanted, strict=True)
            )


def test_a_gradient_weighs_less_than_before() -> None:
    rows = [bytes((x // 3 + y) % 256 for x in range(300 * 3)) for y in range(100)]
    plain = len(zlib.compress(b"".join(rows), 1))
    assert len(write_small(Picture(300, 3, rows))) < plain


def palette_rows(png: bytes) -> list[list[bytes]]:
    """Read a picture that names its colours in a palette, row by row."""
    parts: dict[bytes, bytes] = {}
    at = 8
    while at < len(png):
        (length,) = struct.unpack(">I", png[at : at + 4])
        parts[png[at + 4 : at + 8]] = png[at + 8 : at + 8 + length]
        at += length + 12
    width, height = struct.unpack(">II", parts[b"IHDR"][:8])
    colours = [parts[b"PLTE"][each : each + 3] for each in range(0, len(parts[b"PLTE"]), 3)]
    stream = zlib.decompress(parts[b"IDAT"])
    lines = [stream[row * (width + 1) + 1 : (row + 1) * (width + 1)] for row in range(height)]
    return [[colours[place] for place in line] for line in lines]


def test_a_drawing_of_few_colours_keeps_every_one_of_them() -> None:
    rows = [bytes([10 * y, 20, 30, 255] * 7) for y in range(9)]
    shown = palette_rows(write_drawn(Picture(7, 4, rows)))
    assert shown == [[bytes([10 * y, 20, 30])] * 7 for y in range(9)]


def test_a_colour_too_many_becomes_the_nearest_of_those_kept() -> None:
    """256 greys twice each, and one pixel of nearly white that is no grey."""
    greys = b"".join(bytes([value] * 3) for value in range(256))
    rare = bytes([255, 255, 254]) + bytes(3 * 255)
    shown = palette_rows(write_drawn(Picture(256, 3, [greys, greys, rare])))
    assert shown[0] == [bytes([value] * 3) for value in range(256)]
    assert shown[2][0] == bytes([255, 255, 255])


def test_one_small_red_word_keeps_its_red_among_many_greys() -> None:
    greys = [
        bytes([value, value, (value + shift) % 256]) for value in range(250) for shift in (0, 3)
    ]
    line = b"".join(greys)
    red = bytes([200, 20, 30]) + line[3:]
    shown = palette_rows(write_drawn(Picture(len(greys), 3, [line] * 20 + [red])))
    assert shown[20][0] == bytes([200, 20, 30])
