"""Replies that say nothing: broken HTTP, and good HTTP with garbage in it, in sizes that pass."""

from __future__ import annotations

import random
from http import HTTPStatus
from typing import Final

from tests.support.hostile_replies import BROKEN, GARBAGE

_SIZE_MAX: Final = 4_096

_LIKE_ZERO: Final = (b"false", b"0.0", b"-0", b"null", b"[]", b'""', b'"0 "', b"0e0")
_LOOKALIKES: Final = tuple(
    (
        f"result {zero.decode()}",
        b'{"result":' + zero + b',"status":"OK","data":{"balance":100,"trans_status":"OK"}}',
    )
    for zero in _LIKE_ZERO
)
_LOOKALIKES_TIMES: Final = 12
"""What is nearly a success is sent more often than noise: there is more to be mistaken."""

GARBAGE_REPLIES: Final = (
    *((name, body) for name, body in GARBAGE.items() if len(body) <= _SIZE_MAX),
    *(_LOOKALIKES * _LOOKALIKES_TIMES),
)
"""Bodies of which none is a success of any command."""

_BROKEN: Final = tuple((name, data) for name, data in BROKEN.items() if len(data) <= _SIZE_MAX)


def http_reply(status: int, body: bytes, *, closes: bool = False) -> bytes:
    """Render an honest HTTP reply; ``closes`` announces the end of the connection."""
    end = b"Connection: close\r\n" if closes else b""
    phrase = HTTPStatus(status).phrase.encode()
    return b"HTTP/1.1 %d %b\r\nContent-Type: application/json\r\n%bContent-Length: %d\r\n\r\n%b" % (
        status,
        phrase,
        end,
        len(body),
        body,
    )


def broken_reply(rng: random.Random) -> tuple[str, bytes]:
    """Give bytes that are no HTTP reply: a known offence, or noise."""
    if rng.random() < 0.2:
        return "noise", rng.randbytes(rng.randrange(1, 200))
    return rng.choice(_BROKEN)
