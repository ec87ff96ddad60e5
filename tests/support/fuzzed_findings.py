"""What fuzzing of answers starts from, and what it has found: kept for ever, tried on every change.

An input is written as `tests.support.reply_fuzzing` reads it.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from typing import Final

from tests.support.hostile_replies import BROKEN, GARBAGE, INTERIM
from tests.support.hostile_wire import DEFINITE
from tests.support.reply_fuzzing import (
    ENDED,
    IN_PIECES,
    MADE_OF_VALUES,
    QUESTIONS,
    RAW,
    REPEATED,
    an_input,
)

SEED_BYTES_MAX: Final = 1_000
DICTIONARY: Final = (
    b"HTTP/1.1 200 OK\r\n", b"HTTP/1.0 ", b"HTTP/1.1 100 C\r\n\r\n", b"\r\n\r\n", b"\r\n",
    b"Content-Length: ", b"Transfer-Encoding: chunked\r\n", b"Connection: close\r\n",
    b"Connection: keep-alive\r\n", b"Keep-Alive: timeout=5\r\n", b"Content-Encoding: gzip\r\n",
    b"Content-Type: application/json\r\n", b"0\r\n\r\n", b'{"result":0,', b'"result":',
    b'"status":',
    b'"OK"', b'"ERROR"', b'"data":{', b'"account":"player_1"', b'"balance":', b'"trans_status":',
    b'"CANCELED"', b'"permissions":{', b'"play":true', b'"max_bet":', b'"session_minutes":',
    b"null",
    b"true", b"false", b"NaN", b"Infinity", b"1e400", b"-0", b"0.0", b"21", b"22", b"31", b"41",
    b"42", b"43", b"99", b"100", b"9007199254740992", b"\xef\xbb\xbf", b"\\ud83c\\udfb0",
    b"\\ud800",
    b"\\u0000", b"\x00", b"\xff",
)  # fmt: skip
"""What answers are made of, for a fuzzer to put in whole."""

FOUND: Final[dict[str, bytes]] = {
    "took any protocol's reply after an interim one": an_input(
        0, RAW, b"HTTP/1.1 102 P\r\n\r\nHTTP/2.0 200 OK\r\nContent-Length: 2\r\n\r\n{}"
    ),
    "took the chunks of an interim reply for the body of the reply": an_input(
        10,
        RAW,
        b"HTTP/1.1 199 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"
        b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
    ),
    "kept a connection although empty lines followed the body": an_input(
        2,
        RAW | IN_PIECES,
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n\n\n\n\n",
    ),
}
"""Inputs that were once not read as they must be, by what was wrong."""


def seeds() -> Iterator[bytes]:
    """Give good answers to every question, hostile ones, and everything found before."""
    good = b'{"result":0,"status":"OK","data":{"account":"player_1","balance":12.50,%b}}'
    more = b'"trans_status":"OK","permissions":{"play":true,"max_bet":1.5,"session_minutes":9}'
    for number in range(len(QUESTIONS)):
        yield an_input(number, 0, good % more)
        yield an_input(number, MADE_OF_VALUES, bytes((0, 18, 25, 28, 18, 44)) + b" ")
        yield an_input(number, MADE_OF_VALUES, bytes((5, 21, 25, 28, 18, 44)) + b" ")
    for number, body in enumerate(GARBAGE.values()):
        yield an_input(number % len(QUESTIONS), 0, body[:SEED_BYTES_MAX])
    raw = [*BROKEN.values(), *(case.play for case in DEFINITE.values()), INTERIM]
    for number, answer in enumerate(each for each in raw if isinstance(each, bytes)):
        choices = RAW | (number % 2) * IN_PIECES | (number % 3 == 0) * ENDED
        yield an_input(number % len(QUESTIONS), choices, answer[:SEED_BYTES_MAX])
    yield an_input(6, REPEATED, b'\x01\x00\x08["result"]')
    yield an_input(6, REPEATED | RAW, b"\x11\x05\x08HTTP/1.1 200 OK\r\nA: b\r\n\r\n")
    yield from FOUND.values()


def changed(dice: random.Random, known: Sequence[bytes]) -> bytes:
    """Take a known input and put in, take out or change one thing somewhere."""
    data = dice.choice(known)
    at = dice.randrange(len(data))
    put = dice.choice((b"", dice.randbytes(1), dice.choice(DICTIONARY)))
    return data[:at] + put + data[at + dice.choice((0, 1, 1, 3)) :]
