"""Pictures keep their pixels, to a step that no eye sees, and lose their weight."""

from __future__ import annotations

import struct
import zlib

import pytest

from tools.png import Picture, read_png, write_small


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
