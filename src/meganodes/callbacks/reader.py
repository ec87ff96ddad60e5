"""Bytes of one connection to complete replies, without touching a socket (contract 3.3).

The grammar is that of httptools (strict: no bare line feeds, no folding, no second length). This
file adds the limits and refuses whatever leaves room for doubt where a reply ends: a reply one byte
off would be the start of a stranger's balance.
"""

from __future__ import annotations

import re
from typing import Final

from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

from meganodes.callbacks.exchange import REPLY_BYTES_KEPT
from meganodes.protocol.replies import HttpReply
from meganodes.protocol.wire import BODY_BYTES_MAX

HEAD_BYTES_MAX: Final = 8_192
"""Status lines and headers of a reply, interim replies included (contract 3.3)."""

INTERIM_REPLIES_MAX: Final = 8
"""Replies 1xx before the one that counts."""

RAW_BYTES_MAX: Final = HEAD_BYTES_MAX + 4 * BODY_BYTES_MAX
"""All bytes of a reply: bounds what chunk sizes, extensions and trailers may add to the body."""

KEEP_ALIVE_MARGIN_SECONDS: Final = 2
"""We stop this long before the backend's own limit, so that its FIN never meets our request."""

TOLD_BY_CLOSING: Final = "reply has no Content-Length; its end was told by closing the connection"
"""The note on a reply that only a FIN has ended."""

_FINAL_STATUS_MIN: Final = 200
_INTERIM_STATUS_MIN: Final = 100
_SWITCHING_PROTOCOLS: Final = 101
_MORE_BYTES: Final = (
    "there are more bytes after the end of the reply: "
    "its Content-Length is too small, or there are two replies"
)
_VERSIONS: Final = (b"HTTP/1.1 ", b"HTTP/1.0 ")
_HEAD_END: Final = b"\r\n\r\n"
_KEEP_ALIVE_TIMEOUT: Final = re.compile(rb"(?:^|[,\s])timeout\s*=\s*\"?(\d{1,6})\b", re.IGNORECASE)


class ReplyReader:
    """Reads the replies of one connection, one after the other; `restart` goes before each.

    ``fault`` is the first thing wrong, as a sentence; ``complete`` says that a whole reply is
    there. With a fault the reply does not count, even when it is complete. ``notes`` are oddities
    that were tolerated.
    """

    __slots__ = (
        "_body",
        "_body_size",
        "_head_fits",
        "_headers",
        "_heads",
        "_interim_replies",
        "_keep_alive",
        "_keep_alive_value",
        "_length",
        "_parser",
        "_raw",
        "_size",
        "_status",
        "complete",
        "fault",
        "notes",
    )

    def __init__(self) -> None:
        self._parser = HttpResponseParser(self)
        self.restart()

    def restart(self) -> None:
        """Forget the last reply and wait for the first byte of the next."""
        self.fault: str | None = None
        self.complete = False
        self.notes: tuple[str, ...] = ()
        self._status = 0
        self._headers: list[tuple[bytes, bytes]] = []
        self._body: list[bytes] = []
        self._raw: list[bytes] = []
        self._body_size = self._size = self._heads = self._interim_replies = 0
        self._length: int | None = None
        self._head_fits = False
        self._keep_alive = False
        self._keep_alive_value: bytes | None = None

    def feed(self, data: bytes) -> None:
        """Read what has come; look at `fault` and `complete` afterwards."""
        self._raw.append(data)
        self._size += len(data)
        try:
            self._parser.feed_data(data)
        except HttpParserUpgrade:
            self._blame("the backend wants to switch the protocol")
        except HttpParserError as error:
            self._blame(_MORE_BYTES if self.complete else f"the reply is not HTTP/1.1: {error}")
        if self._size > HEAD_BYTES_MAX:
            self._check_sizes()
        if self.complete:
            self._check_version()

    def close(self) -> None:
        """Take the backend's FIN, which ends a reply that tells its end in no other way.

        PHP's built-in server and HTTP/1.0 backends answer so. A FIN in the middle of one does no
        harm: a JSON object that was cut is no JSON. Nothing but a clean FIN counts.
        """
        if self.complete or self.fault is not None or not self._ends_by_closing():
            return
        self.complete = True
        self.notes = (TOLD_BY_CLOSING,)
        self._check_version()

    @property
    def raw(self) -> bytes:
        """Everything that has come since the restart."""
        if len(self._raw) != 1:
            self._raw = [b"".join(self._raw)]
        return self._raw[0]

    @property
    def kept(self) -> bytes:
        """The part of it that goes to the API log."""
        return self.raw[:REPLY_BYTES_KEPT]

    def reply(self) -> HttpReply:
        """Return the complete reply."""
        assert self.complete, "there is no reply before it is complete"
        return HttpReply(
            status=self._status, headers=tuple(self._headers), body=b"".join(self._body)
        )

    def keep_seconds(self, usual: float, most: float) -> float:
        """Return how long the connection may idle after this reply; 0 means that it is over.

        ``usual`` holds where the backend names no time, ``most`` where it names a very long one.
        """
        if not self._keep_alive or not self._ends_exactly():
            return 0.0
        if self._keep_alive_value is None:
            return usual
        named = _KEEP_ALIVE_TIMEOUT.search(self._keep_alive_value)
        if named is None:
            return usual
        return max(0.0, min(float(int(named[1]) - KEEP_ALIVE_MARGIN_SECONDS), most))

    def missing(self) -> str:
        """Say, as the end of a sentence, how much of the reply is there."""
        if self._size == 0:
            return "no byte of a reply had come"
        if self._status == 0:
            return f"the head of the reply was not complete after {self._size} bytes"
        if self._length is not None:
            return f"{self._body_size} of {self._length} body bytes had come"
        if self._ends_by_closing():
            return f"the reply has no Content-Length and no end after {self._body_size} body bytes"
        return f"the reply had no end after {self._body_size} body bytes"

    def missing_at_close(self) -> str:
        """Say why what had come when the connection ended is no reply."""
        return f"the backend closed the connection; {self.missing()}"

    # What follows is called by the parser.

    def on_message_begin(self) -> None:
        if self.complete:
            self._blame(_MORE_BYTES)

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._status == 0:  # trailers come after the body and mean nothing to us
            self._headers.append((name, value.rstrip()))

    def on_headers_complete(self) -> None:
        self._heads += 1
        status = self._parser.get_status_code()
        if status < _FINAL_STATUS_MIN:
            self._interim_replies += 1
            if status == _SWITCHING_PROTOCOLS or status < _INTERIM_STATUS_MIN:
                self._blame(f"the backend answered with HTTP status {status}")
            elif self._interim_replies > INTERIM_REPLIES_MAX:
                self._blame(f"the backend sent more than {INTERIM_REPLIES_MAX} interim replies")
            elif any(_announces_body(name.lower(), value) for name, value in self._headers):
                self._blame("an interim reply announces a body, which it cannot have")
            return
        self._status = status
        for name, value in self._headers:
            self._note_framing(name.lower(), value)

    def on_body(self, data: bytes) -> None:
        self._body.append(data)
        self._body_size += len(data)
        if self._body_size > BODY_BYTES_MAX:
            self._blame(f"the body of the reply is above {BODY_BYTES_MAX} bytes")

    def on_message_complete(self) -> None:
        if self._status == 0:
            self._headers.clear()  # an interim reply; the one that counts is still to come
            return
        self.complete = True
        self._keep_alive = self._parser.should_keep_alive()

    def _note_framing(self, name: bytes, value: bytes) -> None:
        if name == b"content-length":
            self._length = int(value)
            if self._length > BODY_BYTES_MAX:
                self._blame(f"the body of the reply is above {BODY_BYTES_MAX} bytes")
        elif name == b"transfer-encoding":
            if value.lower() != b"chunked":
                self._blame("the reply has a Transfer-Encoding other than chunked")
        elif name == b"keep-alive":
            self._keep_alive_value = value

    def _blame(self, fault: str) -> None:
        if self.fault is None:
            self.fault = fault

    def _check_version(self) -> None:
        """Look at each status line: the parser takes other protocols and versions too."""
        start = 0
        for head in range(self._heads):
            if not self.raw.startswith(_VERSIONS, start):
                self._blame("the reply is not HTTP/1.1")
            if head + 1 < self._heads:
                start = self.raw.find(_HEAD_END, start) + len(_HEAD_END)

    def _check_sizes(self) -> None:
        if not self._head_fits:  # measured once, when the whole head is there
            self._head_fits = self._status != 0 and self._head_size() <= HEAD_BYTES_MAX
        if not self._head_fits:
            self._blame(f"the reply has more than {HEAD_BYTES_MAX} bytes of headers")
        elif self._size > RAW_BYTES_MAX:
            self._blame(f"the reply is above {RAW_BYTES_MAX} bytes, body and framing together")

    def _head_size(self) -> int:
        end = 0
        for _ in range(self._heads):
            end = self.raw.find(_HEAD_END, end) + len(_HEAD_END)
        return end

    def _ends_by_closing(self) -> bool:
        if self._status == 0 or self._length is not None:
            return False
        return all(name.lower() != b"transfer-encoding" for name, _ in self._headers)

    def _ends_exactly(self) -> bool:
        """Tell whether nothing, not even the empty lines a parser skips, follows the reply."""
        if self._body and self._length is not None:
            return self._size == self._head_size() + self._length
        raw = self.raw
        return raw.endswith(_HEAD_END) and not raw.endswith(b"\r\n" + _HEAD_END)


def _announces_body(name: bytes, value: bytes) -> bool:
    # The parser would read it, and what it holds would stand before the body that counts.
    return name == b"transfer-encoding" or (name == b"content-length" and value != b"0")
