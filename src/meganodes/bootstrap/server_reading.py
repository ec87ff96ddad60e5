"""Reading HTTP/1.1 requests off a socket, with every guard that parsing itself does not give.

The parser (llhttp) is strict about line ends, lengths and chunks. Added here: limits, one Host,
only plain chunked coding, nothing read after the last request, and bodies behind an `Upgrade`
header, which some clients send by default and which we ignore as RFC 9110 7.8 allows.
"""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from typing import Final

import httptools

from meganodes.bootstrap.server_settings import ServerSettings
from meganodes.kit.logging import get_logger

log = get_logger("bootstrap.server")

_HEADER_OVERHEAD_BYTES: Final = 32  # what keeping a header costs beside its text
_VERSIONS: Final = frozenset({"1.1", "1.0"})


class ReadingEnded(Exception):
    """Nothing more is read from this connection; what there is to answer has been queued."""


class RequestReader(asyncio.Protocol):
    """One connection's reading half. The attributes describe the request being read.

    A subclass is told by `head_read`, `on_body` and `request_read`, in this order, or `unreadable`.
    """

    def __init__(self, settings: ServerSettings, loop: asyncio.AbstractEventLoop) -> None:
        """Start with nothing read."""
        self.settings = settings
        self.loop = loop
        self.is_deaf = False
        self.in_head = False
        self.in_body = False
        self.begun_at = 0.0
        self.method = ""
        self.url = b""
        self.headers: list[tuple[bytes, bytes]] = []
        self.version = "1.1"
        self.content_length = 0
        self.is_chunked = False
        self.expects_continue = False
        self.keep_alive = True
        self._head_bytes = 0
        self._hosts = 0
        self._is_upgrade = False
        self._left_by_hand = 0
        self._parser = httptools.HttpRequestParser(self)

    @abstractmethod
    def head_read(self) -> None:
        """The head is complete; may raise `ReadingEnded` after queueing an answer."""

    @abstractmethod
    def on_body(self, body: bytes) -> None:
        """A piece of the body is there."""

    @abstractmethod
    def request_read(self) -> None:
        """The request is complete."""

    @abstractmethod
    def unreadable(self, status: int, sentence: str) -> None:
        """The request cannot be read on: queue this answer as the last one."""

    def refuse(self, status: int, sentence: str) -> None:
        """Give up on this connection's input; answer what was complete before, then this."""
        self.end_reading()
        self.unreadable(status, sentence)

    def end_reading(self) -> None:
        """Ignore whatever else arrives."""
        self.is_deaf = True
        self.in_head = self.in_body = False

    # --- the event loop calls -------------------------------------------------------------------

    def data_received(self, data: bytes) -> None:
        """Read on; several requests may be in one piece, and one request in many pieces."""
        was_in_head = self.in_head
        rest = data
        try:
            if self._is_upgrade:
                rest = self._read_by_hand(rest)
            while rest and not self.is_deaf:
                rest = self._parse(rest)
            if was_in_head and self.in_head:
                self._count_head(len(data))
        except ReadingEnded:
            assert self.is_deaf, "whoever ends reading has queued the answer"

    def _parse(self, data: bytes) -> bytes:
        """Feed the parser; give back what it left, which only an `Upgrade` header makes it do."""
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            return self._read_by_hand(data[upgrade.args[0] :])
        except httptools.HttpParserError as error:
            if not self.is_deaf:
                self._give_up(error)
        return b""

    def _give_up(self, error: httptools.HttpParserError) -> None:
        if isinstance(error, httptools.HttpParserCallbackError):
            log.error("listener_failed", exc_info=error)
            self.refuse(500, "The hub failed.")
        else:
            self.refuse(400, f"The request is not valid HTTP/1.1: {error}.")

    def _read_by_hand(self, data: bytes) -> bytes:
        """Read the body that the parser skipped because it takes `Upgrade` for a promise."""
        body = data[: self._left_by_hand]
        self._left_by_hand -= len(body)
        if body:
            self.on_body(body)
        if self._left_by_hand == 0:
            self._is_upgrade = False
            self._end_request()
        return data[len(body) :]

    # --- the parser calls -----------------------------------------------------------------------

    def on_message_begin(self) -> None:
        """A request begins."""
        if self.is_deaf:
            raise ReadingEnded
        self.in_head = True
        self.begun_at = self.loop.time()
        self.url = b""
        self.headers = []
        self._head_bytes = 0

    def on_url(self, url: bytes) -> None:
        """The target, in one piece or more."""
        self._count_head(len(url))
        self.url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """One header; fields behind the body (trailers) are not taken for headers."""
        if self.in_head:
            self._count_head(len(name) + len(value) + _HEADER_OVERHEAD_BYTES)
            self.headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        """The head is there: judge the framing before anything acts on it."""
        self.in_head = False
        self.in_body = True
        self.version = self._parser.get_http_version()
        self.method = self._parser.get_method().decode("ascii")
        self.keep_alive = self.version == "1.1" and self._parser.should_keep_alive()
        fault = self._read_framing() or self._version_fault() or self._prepare_upgrade()
        if fault is not None:
            self.refuse(400, fault)
            raise ReadingEnded
        self.head_read()

    def on_message_complete(self) -> None:
        """The request is there, unless its body is still to be read by hand."""
        if not self._is_upgrade:
            self._end_request()

    def _end_request(self) -> None:
        self.in_body = False
        self.is_deaf = not self.keep_alive
        self.request_read()

    def _count_head(self, count: int) -> None:
        self._head_bytes += count
        if self._head_bytes > self.settings.head_bytes_max:
            self.refuse(431, f"The head must not be above {self.settings.head_bytes_max} bytes.")
            raise ReadingEnded

    def _read_framing(self) -> str | None:
        """Note length and expectation; a sentence when two readers could see two requests."""
        self.content_length = self._hosts = 0
        self.is_chunked = self.expects_continue = False
        for name, value in self.headers:
            if name == b"host":
                self._hosts += 1
            elif name == b"content-length":
                self.content_length = int(value)
            elif name == b"transfer-encoding":
                if value.lower() != b"chunked" or self.version != "1.1":
                    return "Only Transfer-Encoding: chunked is understood, and only in HTTP/1.1."
                self.is_chunked = True
            elif name == b"expect":
                self.expects_continue = value.lower() == b"100-continue"
        return None

    def _version_fault(self) -> str | None:
        if self.version not in _VERSIONS:
            return "Only HTTP/1.1 and HTTP/1.0 are spoken here."
        if self._hosts > 1 or (self._hosts == 0 and self.version == "1.1"):
            return "A request has exactly one Host header."
        return None

    def _prepare_upgrade(self) -> str | None:
        if not self._parser.should_upgrade():
            return None
        if self.method == "CONNECT" or self.is_chunked:
            return "There is no tunnel and no protocol to change to."
        self._is_upgrade = True
        self._left_by_hand = self.content_length
        return None
