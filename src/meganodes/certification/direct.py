"""The transport of the command line: plain HTTP/1.1 to one URL, as the hub speaks it.

It keeps a connection for its next request as the hub does, follows and repeats nothing, and checks
no addresses: whoever types a URL may call it.
"""

import asyncio
import ssl
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, Self
from urllib.parse import SplitResult, urlsplit

from meganodes.certification.clock import Clock
from meganodes.certification.http_reading import BadHttp, read_response
from meganodes.certification.transport import Answer, NoAnswer, Request

KEPT_SECONDS: Final = 3.0
"""A connection that has idled longer is not used again (contract 3.3)."""

_PORTS: Final = {"http": 80, "https": 443}


class BadUrl(ValueError):
    """The URL cannot be called; the text is a sentence."""


@dataclass(slots=True, kw_only=True)
class _Connection:
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    idle_since: float = 0.0
    used: bool = False


class DirectTransport:
    """Sends to one URL. Close it, or use it in `async with`."""

    def __init__(self, url: str, clock: Clock, *, tls: ssl.SSLContext | None = None) -> None:
        """Take the URL apart; `BadUrl` says what is wrong with it."""
        self._target = _taken_apart(url)
        self._clock = clock
        self._tls = (tls or ssl.create_default_context()) if url.startswith("https:") else None
        self._idle: list[_Connection] = []

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.close()
        await asyncio.sleep(0)  # lets the event loop close the sockets

    def close(self) -> None:
        """End the connections that are kept."""
        for connection in self._idle:
            connection.writer.close()
        self._idle.clear()

    async def send(self, request: Request) -> Answer | NoAnswer:
        """Send once and tell what came."""
        began = self._clock.monotonic()
        progress = _Sent()
        try:
            async with asyncio.timeout(request.timeout_seconds):
                return await self._exchange(request, began, progress)
        except TimeoutError:
            limit = f"{request.timeout_seconds:.0f} s"
            sentence = (
                f"No complete reply came within {limit}."
                if progress.sent
                else f"No connection to {self._target.netloc} within {limit}."
            )
        except BadHttp as bad:
            sentence = str(bad)
        except ssl.SSLError as error:
            why = getattr(error, "verify_message", None) or error.reason
            sentence = f"TLS with {self._target.netloc} failed: {why}."
        except OSError as error:
            sentence = _broken(self._target, error, sent=progress.sent)
        return NoAnswer(
            sentence=sentence,
            duration_seconds=self._clock.monotonic() - began,
            sent=progress.sent,
        )

    async def _exchange(self, request: Request, began: float, progress: "_Sent") -> Answer:
        connection = await self._connection(request)
        reused, is_kept = connection.used, False
        try:
            progress.sent = True
            connection.writer.write(self._head(request) + request.body)
            await connection.writer.drain()
            response = await read_response(connection.reader)
            is_kept = response.keeps_alive
        finally:
            if is_kept:
                connection.used = True
                connection.idle_since = self._clock.monotonic()
                self._idle.append(connection)
            else:
                connection.writer.close()
        return Answer(
            status=response.status,
            headers=response.headers,
            body=response.body,
            duration_seconds=self._clock.monotonic() - began,
            reused_connection=reused,
        )

    async def _connection(self, request: Request) -> _Connection:
        now = self._clock.monotonic()
        while self._idle and not request.new_connection:
            kept = self._idle.pop()
            if now - kept.idle_since <= KEPT_SECONDS and not kept.reader.at_eof():
                return kept
            kept.writer.close()
        target = self._target
        assert target.hostname is not None, "the URL was taken apart"
        port = target.port or _PORTS[target.scheme]
        reader, writer = await asyncio.open_connection(target.hostname, port, ssl=self._tls)
        return _Connection(reader=reader, writer=writer)

    def _head(self, request: Request) -> bytes:
        target = self._target
        path = (target.path or "/") + (f"?{target.query}" if target.query else "")
        lines = [
            f"POST {path} HTTP/1.1",
            f"Host: {target.netloc.rpartition('@')[2]}",
            *(f"{name}: {value}" for name, value in request.headers),
            f"Content-Length: {len(request.body)}",
        ]
        return "\r\n".join([*lines, "", ""]).encode("latin-1")


@dataclass(slots=True)
class _Sent:
    sent: bool = False


def _taken_apart(url: str) -> SplitResult:
    target = urlsplit(url)
    port = None
    with suppress(ValueError):
        port = target.port or _PORTS.get(target.scheme)
    if target.scheme not in _PORTS or not target.hostname or port is None:
        raise BadUrl(f"{url!r} is no callback URL: write it like https://casino.example/callback.")
    return target


def _broken(target: SplitResult, error: OSError, *, sent: bool) -> str:
    if not sent:
        return f"No connection to {target.netloc}: {error.strerror or error}."
    return f"The connection broke before the reply was complete: {error.strerror or error}."
