"""What hostile operators put on the wire, and what each of it may mean, command by command.

The classes are those of contract 3.4 and reliability 2.5, written out: nothing here is computed
from the code that is tested. `NAMED` lists every item that reliability 3.5 asks for.
"""

from __future__ import annotations

import asyncio
import functools
import gzip
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import brotli  # type: ignore[import-untyped]
import zstandard

from meganodes.protocol.commands import Command
from tests.support.hostile_backend import PLAIN_REPLY, Peer, Script, chunked, http
from tests.support.hostile_replies import BAD_BALANCES, BROKEN, GARBAGE, INTERIM

CLASSES: Final = {
    "U": "unknown",
    "A": "accepted with its balance, or with its trans_status",
    "B": "accepted, the balance unknown",
    "R": "refused",
    "D": "duplicate",
    "N": "not seen",
}
NEVER: Final = "U U U U U U"
"""No answer to any command, in the order authenticate, balance, bet, win, cancel, status."""

NO_BALANCE: Final = "U U U B B A"
"""A success without a usable balance: what is owed is delivered all the same."""

BOMB_BYTES: Final = 64 * 1024 * 1024
DRIP_SECONDS: Final = 0.5
RESET_AFTER_SECONDS: Final = 0.005
"""So long the hub has to read what came before a RST; what it has not read then is lost."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One thing an operator does. ``says`` is a letter of `CLASSES` for each command.

    ``pad_bytes`` makes the hub's request so much larger: more than the sockets take at once.
    """

    play: bytes | Script
    says: str = NEVER
    pad_bytes: int = 0

    def means(self, command: Command) -> str:
        """Give the letter of this command."""
        return self.says.split()[list(Command).index(command)]

    def script(self) -> Script:
        """Give what happens on the connection."""
        return _sends(self.play) if isinstance(self.play, bytes) else self.play


def _sends(raw: bytes) -> Script:
    async def script(peer: Peer) -> None:
        if await peer.request():
            await peer.send(raw)
            peer.finish()
            await peer.until_ended()

    return script


def _then_waits(raw: bytes) -> Script:
    async def script(peer: Peer) -> None:
        if await peer.request():
            await peer.send(raw)
            await peer.until_ended()

    return script


def _then_resets(raw: bytes) -> Script:
    async def script(peer: Peer) -> None:
        if await peer.request():
            await peer.send(raw)
            await asyncio.sleep(RESET_AFTER_SECONDS)
            peer.reset()

    return script


def _for_ever(head: bytes, part: bytes) -> Script:
    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(head)
        while not peer.was_ended_by_hub:
            await peer.send(part)

    return script


def _drips(head: bytes, part: bytes, seconds: float) -> Script:
    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(head)
        await peer.drip(part, seconds)

    return script


async def _answers_half_a_request(peer: Peer) -> None:
    await peer.send_without_reading(http())
    await asyncio.Event().wait()  # whoever does not read does not see the end either


def _status(status: int) -> bytes:
    return http(start=b"HTTP/1.1 %d X" % status)


def _redirect(status: int, location: bytes) -> bytes:
    return http(start=b"HTTP/1.1 %d Moved" % status, headers=(b"Location: " + location,))


REDIRECTS: Final = {
    f"{status} to {name}": Case(play=_redirect(status, location))
    for status in (301, 302, 303, 307, 308)
    for name, location in {
        "metadata": b"http://169.254.169.254/latest/meta-data/",
        "a file": b"file:///etc/passwd",
        "itself": b"/callback",
        "nowhere": b"",
    }.items()
}
OTHER_STATUS: Final = {
    f"status {status}": Case(play=_status(status))
    for status in (*range(201, 207), 300, 304, 305, *range(400, 430), *range(500, 512), 999)
}
CUT_OFF: Final = {
    f"cut after {size}": Case(play=http()[:size]) for size in (0, 1, 8, 12, 17, 60, 90, 130)
}


@functools.cache
def packed() -> Mapping[str, Case]:
    """Good answers in encodings nobody asked for, and bombs of `BOMB_BYTES` blanks."""
    bomb = b" " * BOMB_BYTES + PLAIN_REPLY
    encodings: dict[str, Callable[[bytes], bytes]] = {
        "gzip": lambda body: gzip.compress(body, 9),
        "br": lambda body: brotli.compress(body, quality=1),
        "zstd": zstandard.compress,
        "deflate": zlib.compress,
    }
    cases: dict[str, Case] = {}
    for name, pack in encodings.items():
        header = (b"Content-Encoding: " + name.encode(),)
        small = pack(PLAIN_REPLY)
        cases[f"{name}"] = Case(play=http(small, headers=header))
        cases[f"{name} bomb"] = Case(play=http(pack(bomb), headers=header))
        cases[f"{name} without a word"] = Case(play=http(small))
    twice = gzip.compress(gzip.compress(PLAIN_REPLY))
    double = (b"Content-Encoding: gzip, gzip",)
    in_turn = (b"Content-Encoding: gzip", b"Content-Encoding: identity")
    plain = (b"x-gzip", b"compress", b"unknown", b"identity, gzip", b"*")
    return {
        **cases,
        "gzip twice": Case(play=http(twice, headers=double)),
        "gzip twice, both bombs": Case(
            play=http(gzip.compress(gzip.compress(bomb)), headers=double)
        ),
        "gzip in a header before identity": Case(play=http(PLAIN_REPLY, headers=in_turn)),
        **{
            f"encoding {name.decode()} and plain": Case(
                play=http(PLAIN_REPLY, headers=(b"Content-Encoding: " + name,))
            )
            for name in plain
        },
    }


_BODY: Final = (
    b'{"result":%b,"status":"%b","data":{"account":"%b","balance":%b,"trans_status":"OK"}}'
)
_OK: Final = (b"0", b"OK", b"player_1")


def _answer(result: bytes, status: bytes = b"ERROR", balance: bytes = b"100.00") -> bytes:
    return http(_BODY % (result, status, b"player_1", balance))


def _balance(balance: bytes) -> bytes:
    return _answer(b"0", b"OK", balance)


DEFINITE: Final = {
    # the table of 2.5, row by row
    "success": Case(play=_balance(b"100.00"), says="A A A A A A"),
    "result 21": Case(play=_answer(b"21"), says="R R R R R R"),
    "result 22": Case(play=_answer(b"22"), says="R R R R R U"),
    "result 31": Case(play=_answer(b"31"), says="U U R U U U"),
    "result 41": Case(play=_answer(b"41"), says="U U U D D U"),
    "result 42": Case(play=_answer(b"42"), says="U U U U U N"),
    "result 43": Case(play=_answer(b"43"), says="U U U U N U"),
    "result 100": Case(play=_answer(b"100"), says="R R R R R R"),
    "result 31 as text": Case(play=_answer(b'"31"'), says="U U R U U U"),
    "result 21 without data": Case(play=http(b'{"result":21}'), says="R R R R R R"),
    "result 31 without its balance": Case(play=http(b'{"result":31}'), says="U U R U U U"),
    "result 43 with a bad balance": Case(play=_answer(b"43", balance=b"NaN"), says=NEVER),
    "result 43 with text for a balance": Case(
        play=_answer(b"43", balance=b'"x"'), says="U U U U N U"
    ),
    "success in text": Case(play=_answer(b'"0"', b"ok", b'"100.00"'), says="A A A A A A"),
    "byte order mark": Case(play=http(b"\xef\xbb\xbf" + _BODY % (*_OK, b"1")), says="A A A A A A"),
    "two byte order marks": Case(play=http(b"\xef\xbb\xbf" * 2 + _BODY % (*_OK, b"1"))),
    "balance a hundredfold": Case(play=_balance(b"10000.00"), says="A A A A A A"),
    "balance a thousandfold": Case(play=_balance(b"100000.00"), says="A A A A A A"),
    "balance with a tail": Case(play=_balance(b"34.7499999"), says="A A A A A A"),
    "balance above 2^53": Case(play=_balance(b"90071992547409.92"), says=NO_BALANCE),
    "balance missing": Case(
        play=http(b'{"result":0,"status":"OK","data":{"account":"player_1"}}'),
        says="U U U B B U",
    ),
    "data missing": Case(play=http(b'{"result":0,"status":"OK"}'), says="U U U B B U"),
    "somebody else's account": Case(
        play=http(_BODY % (b"0", b"OK", b"player_2", b"1")), says="U U U B B U"
    ),
    "account in other letters": Case(
        play=http(_BODY % (b"0", b"OK", b"PLAYER_1", b"1")), says="U U U B B U"
    ),
    "trans_status nobody knows": Case(
        play=http(_BODY.replace(b'"OK"}}', b'"MAYBE"}}') % (*_OK, b"1")), says="A A A A A U"
    ),
    "told by closing": Case(play=http(_BODY % (*_OK, b"1"), length=None), says="A A A A A A"),
    **{
        f"balance {name}": Case(play=http(body), says="U U U B B U")
        for name, body in BAD_BALANCES.items()
    },
}

LARGE: Final = {
    "body of 10 MB": Case(play=http(b" " * 10_000_000 + PLAIN_REPLY)),
    "body of 10 MB in chunks": Case(play=chunked(*[b" " * 100_000] * 100)),
    "body of 10 MB without a length": Case(play=http(b" " * 10_000_000, length=None)),
    "gigabyte declared and sent": Case(play=_for_ever(http(b"", length=1 << 30), b" " * 65_536)),
    "header of 64 KB": Case(play=http(headers=(b"X-Long: " + b"x" * 65_536,))),
    "headers for ever": Case(play=_for_ever(b"HTTP/1.1 200 OK\r\n", b"A: b\r\n" * 1_000)),
    "one header for ever": Case(play=_for_ever(b"HTTP/1.1 200 OK\r\nX: ", b"x" * 10_000)),
    "interim replies for ever": Case(play=_for_ever(b"", INTERIM * 10)),
    "trailers for ever": Case(play=_for_ever(chunked(b"a")[:-2], b"X: y\r\n" * 1_000)),
    "body for ever without a length": Case(play=_for_ever(http(b"", length=None), b" " * 65_536)),
    "deep, 200,000 levels": Case(play=http(b"[" * 200_000)),
    "result of two full-width zeros": Case(
        play=http('{"result":"\uff10\uff10","status":"OK","data":{"balance":1}}'.encode())
    ),
}
BROKEN_OFF: Final = {
    "RST instead of an answer": Case(play=_then_resets(b"")),
    "RST after the status line": Case(play=_then_resets(b"HTTP/1.1 200 OK\r\n")),
    "RST after the headers": Case(play=_then_resets(http()[:-73])),
    "RST in the body": Case(play=_then_resets(http()[:-5])),
    "RST as the end of the body": Case(play=_then_resets(http(length=None))),
    "RST in a chunk": Case(play=_then_resets(chunked(PLAIN_REPLY)[:-10])),
    "answer before the request ends": Case(play=_answers_half_a_request, pad_bytes=8_000_000),
}
LATE: Final = {
    "silence": Case(play=_then_waits(b"")),
    "stop in the status line": Case(play=_then_waits(b"HTTP/1.1 2")),
    "stop in the headers": Case(play=_then_waits(b"HTTP/1.1 200 OK\r\nContent-")),
    "stop after the headers": Case(play=_then_waits(http()[:-73])),
    "stop before the last byte": Case(play=_then_waits(http()[:-1])),
    "stop before the last chunk": Case(play=_then_waits(chunked(PLAIN_REPLY)[:-5])),
    "stop after an interim reply": Case(play=_then_waits(INTERIM)),
    "no length and no end": Case(play=_then_waits(http(length=None))),
    "length too large": Case(play=_then_waits(http(length=80))),
    "drip": Case(play=_drips(b"", http() * 1_000, DRIP_SECONDS)),
    "drip of the body": Case(play=_drips(http()[:-73], PLAIN_REPLY, DRIP_SECONDS)),
    "drip of headers": Case(play=_drips(b"HTTP/1.1 200 OK\r\n", b"X: y\r\n" * 99, DRIP_SECONDS)),
    "drip of interim replies": Case(play=_drips(INTERIM, INTERIM * 99, DRIP_SECONDS)),
}
"""Nothing whole until the deadline: these take its time, so that tests mostly shorten it."""


@functools.cache
def quick() -> Mapping[str, Case]:
    """Give everything that is over at once."""
    return {
        **{name: Case(play=raw) for name, raw in BROKEN.items()},
        **OTHER_STATUS,
        **REDIRECTS,
        **CUT_OFF,
        **packed(),
        **{f"body: {name}": Case(play=http(body)) for name, body in GARBAGE.items()},
        **{
            f"chunked body: {name}": Case(play=chunked(GARBAGE[name]))
            for name in ("HTML", "cut off", "a list")
        },
        **LARGE,
        **BROKEN_OFF,
        **DEFINITE,
    }


NAMED: Final[Mapping[str, tuple[str, ...]]] = {
    "200 + HTML": ("body: HTML", "chunked body: HTML"),
    "result false": ("body: result false",),
    "result 0.0": ("body: result 0.0", "body: result text 0.0"),
    'result "0 "': ("body: result text with blank",),
    "result null": ("body: result null",),
    "result [0]": ("body: result list",),
    "result 0e0/": ("body: result 0e0",),
    "result of full-width zeros": (
        "body: result full-width zero",
        "result of two full-width zeros",
    ),
    "result 1e400": ("body: result 1e400",),
    "result of 5,000 digits": ("body: result 5,000 digits", "body: result text of 5,000 digits"),
    "duplicate keys": ("body: duplicate result", "body: duplicate balance"),
    "NaN": ("body: NaN", "body: NaN as result", "result 43 with a bad balance"),
    "depth 2,000": ("body: deep",),
    "depth 200,000": ("body: very deep", "deep, 200,000 levels"),
    "lone surrogates": ("body: lone surrogate",),
    "BOM": ("byte order mark", "two byte order marks"),
    "UTF-16": ("body: UTF-16",),
    "two documents": ("body: two documents",),
    "10 MB body": ("body of 10 MB", "body of 10 MB in chunks", "body of 10 MB without a length"),
    "1 GB declared length": ("length of a gigabyte", "gigabyte declared and sent"),
    "missing length": ("no length and no end", "told by closing", "RST as the end of the body"),
    "wrong length": ("length too small", "length too large", "two different lengths"),
    "chunk size overflow": ("chunk size overflow",),
    "100,000 headers": ("a hundred thousand headers", "headers for ever"),
    "64 KB header": ("header of 64 KB", "one header for ever"),
    "endless 1xx": ("interim replies for ever", "drip of interim replies"),
    "HTTP/0.9": ("HTTP/0.9", "HTTP/0.9 in words"),
    "answer before request ends": ("answer before the request ends",),
    "two answers on one connection": ("second reply", "second reply after chunks"),
    "gzip bomb": ("gzip", "gzip bomb"),
    "zstd": ("zstd", "zstd bomb"),
    "br": ("br", "br bomb"),
    "deflate": ("deflate", "deflate bomb"),
    "double encoding": ("gzip twice", "gzip twice, both bombs"),
    "drip 1 byte per 0.5 s": ("drip", "drip of the body", "drip of headers"),
    "stop after headers": ("stop after the headers",),
    "RST after status line": ("RST after the status line",),
    "redirect to metadata": tuple(f"{code} to metadata" for code in (301, 302, 307, 308)),
    "redirect to file": tuple(f"{code} to a file" for code in (301, 302, 307, 308)),
    "redirect to itself": tuple(f"{code} to itself" for code in (301, 302, 307, 308)),
    "balance 100x": ("balance a hundredfold", "balance a thousandfold"),
    "balance negative": ("balance negative", "balance negative text"),
    'balance "1,234.50"': ("balance comma",),
    "balance 34.75 as 34.7499999": ("balance with a tail",),
    "wrong account in authenticate": ("somebody else's account", "account in other letters"),
}
"""Every item of reliability 3.5, in its order and its words, and the cases that stand for it."""
