"""The answers of one connection, each waiting for its turn: requests are answered in their order.

A turn is a request for the door, a request for the ASGI application, or a refusal of the listener.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import urllib.parse
from typing import TYPE_CHECKING, Any, Final, Protocol, cast

from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle

from meganodes.protocol.codes import ApiCode
from meganodes.protocol.wire import dump_json
from meganodes.provider_api.messages import DoorRequest, DoorResponse

if TYPE_CHECKING:
    from meganodes.bootstrap.server_connection import Connection

_uvicorn_log: Final = logging.getLogger("uvicorn.error")  # its lines pass our own handler
_SERVER_ERROR_MIN: Final = 500
_REQUEST_ID_BYTES: Final = 16


class Turn(Protocol):
    """One answer to come."""

    def start(self) -> None:
        """Begin to answer: everything before it on this connection has been answered."""

    def abandon(self) -> None:
        """Nobody waits for the answer any more. Work that may concern money goes on."""


class DoorTurn:
    """A request for the thin handler, complete, and a task that answers it."""

    __slots__ = ("_connection", "_keep_alive", "_request")

    def __init__(self, connection: Connection, request: DoorRequest) -> None:
        """Take the request; whether the caller wants to go on is in the connection now."""
        self._connection = connection
        self._request = request
        self._keep_alive = connection.keep_alive

    def start(self) -> None:
        shared = self._connection.shared
        task = shared.loop.create_task(self._answer())
        shared.tasks.add(task)

    def abandon(self) -> None:
        """Go on: the call may have been made already, and its outcome is recorded."""

    async def _answer(self) -> None:
        connection = self._connection
        task = asyncio.current_task()
        try:
            response = await connection.shared.door.handle(self._request)
        except BaseException:
            connection.abort()
            raise
        finally:
            assert task is not None
            connection.shared.tasks.discard(task)
        has_body = self._request.method != "HEAD"
        connection.answer(response, keep_alive=self._keep_alive, has_body=has_body)


class RefusalTurn:
    """The last answer of a connection whose input is no request."""

    __slots__ = ("_connection", "_sentence", "_status")

    def __init__(self, connection: Connection, status: int, sentence: str) -> None:
        """Keep what to say until everything before it has been said."""
        self._connection = connection
        self._status = status
        self._sentence = sentence

    def start(self) -> None:
        code = ApiCode.VALIDATION_ERROR
        data: list[dict[str, str]] | None = [{"field": "", "message": self._sentence}]
        if self._status >= _SERVER_ERROR_MIN:
            code, data = ApiCode.INTERNAL_SERVER_ERROR, None
        envelope = {"code": int(code), "message": code.name}
        body = dump_json(envelope | {"data": data} if data else envelope)
        # Every answer carries a request id (contract 2.1); what could not be read brought none.
        request_id = secrets.token_hex(_REQUEST_ID_BYTES).encode()
        headers = ((b"content-type", b"application/json"), (b"x-request-id", request_id))
        self._connection.answer(DoorResponse(self._status, headers, body), keep_alive=True)

    def abandon(self) -> None:
        """There is nothing under way."""


class AppTurn:
    """A request for the ASGI application in uvicorn's own cycle; its body may still be coming."""

    __slots__ = ("_connection", "body_bytes", "cycle")

    def __init__(self, connection: Connection) -> None:
        """Make the scope from the head that the connection has just read."""
        self._connection = connection
        self.body_bytes = 0
        self.cycle = RequestResponseCycle(
            scope=cast("Any", _scope(connection)),
            transport=connection.transport,
            flow=connection.flow,
            logger=_uvicorn_log,
            access_logger=_uvicorn_log,
            access_log=False,
            default_headers=connection.shared.default_headers,
            message_event=asyncio.Event(),
            expect_100_continue=connection.expects_continue and connection.version == "1.1",
            keep_alive=connection.keep_alive,
            on_response=connection.turn_done,
        )

    def start(self) -> None:
        shared = self._connection.shared
        if self._connection.is_last_turn():
            self.cycle.keep_alive = False
        task = shared.loop.create_task(self.cycle.run_asgi(cast("Any", shared.app)))
        shared.tasks.add(task)
        task.add_done_callback(shared.tasks.discard)

    def abandon(self) -> None:
        """Tell the application that the caller has gone."""
        self.cycle.disconnected = True
        self.cycle.message_event.set()

    def take(self, body: bytes) -> None:
        """Pass a piece of the body on; a reader slower than the caller stops the caller."""
        self.body_bytes += len(body)
        if self.cycle.response_complete:
            return
        self.cycle.body += body
        if len(self.cycle.body) > HIGH_WATER_LIMIT:
            self._connection.flow.pause_reading()
        self.cycle.message_event.set()

    def finish_reading(self) -> None:
        """The body is complete."""
        self.cycle.more_body = False
        self.cycle.message_event.set()


def rendered(response: DoorResponse, *, closes: bool, has_body: bool) -> bytes:
    """Put the answer's bytes together, framing headers included."""
    parts = [STATUS_LINE[response.status]]
    for name, value in response.headers:
        parts += (name, b": ", value, b"\r\n")
    if closes:
        parts.append(b"connection: close\r\n")
    parts.append(b"content-length: %d\r\n\r\n" % len(response.body))
    if has_body:
        parts.append(response.body)
    return b"".join(parts)


def _scope(connection: Connection) -> dict[str, object]:
    raw_path, _, query = connection.url.partition(b"?")
    path = raw_path.decode("latin-1")
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": connection.version,
        "server": connection.server,
        "client": (connection.caller(), connection.peer_port),
        "scheme": "http",
        "root_path": "",
        "headers": connection.headers,
        "state": {},
        "method": connection.method,
        "path": urllib.parse.unquote(path) if "%" in path else path,
        "raw_path": raw_path,
        "query_string": query,
    }
