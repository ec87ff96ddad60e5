"""The little of HTTP/1.1 that the load generator and the slow backend need: where a message ends.

Only messages with a Content-Length are read; every program measured here sends one.
"""

from __future__ import annotations

import re

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_HEAD_END = b"\r\n\r\n"


class NotReadable(Exception):
    """The other side sent what these programs do not understand."""


def message_end(buffer: bytes) -> int | None:
    """Give the position after the first message of the buffer; None while it is not whole."""
    head_end = buffer.find(_HEAD_END)
    if head_end < 0:
        return None
    length = _LENGTH.search(buffer, 0, head_end)
    if length is None:
        raise NotReadable(f"no Content-Length in {buffer[:head_end]!r}")
    end = head_end + len(_HEAD_END) + int(length[1])
    return end if len(buffer) >= end else None


def is_good_reply(message: bytes, expected: bytes) -> bool:
    """Whether a whole answer has status 200 and the expected words in its body."""
    return (
        message.startswith(b"HTTP/1.1 200 ") and message.find(expected, message.find(_HEAD_END)) > 0
    )


class BetRequests:
    """The bytes of bets, each with a transaction id and a round of its own."""

    def __init__(self, *, port: int, token: str, session: str, tag: str) -> None:
        body = (
            f'{{"session":"{session}","transaction_id":"{tag}-#########",'
            f'"round_id":"{tag}-#########","amount":"1.00"}}'
        )
        head = (
            "POST /provider/v1/bet HTTP/1.1\r\n"
            f"Host: 127.0.0.1:{port}\r\n"
            f"Authorization: Bearer {token}\r\n"
            "Content-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        self._before, self._between, self._after = (head + body).encode().split(b"#########")

    def request(self, number: int) -> bytes:
        """Give the request with this number of the tag's bets."""
        name = b"%09d" % number
        return b"".join((self._before, name, self._between, name, self._after))
