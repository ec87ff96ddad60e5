"""One connection of the listener: what is read becomes turns, and turns are answered in order.

Paths of the provider door go to the thin handler without an ASGI scope; everything else goes to the
ASGI application as uvicorn does it (docs/adr/0011).
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Final, NoReturn, cast

import httptools
from uvicorn.protocols.http.flow_control import FlowControl

from meganodes.bootstrap.server_reading import ReadingEnded, RequestReader
from meganodes.bootstrap.server_settings import Shared
from meganodes.bootstrap.server_turns import AppTurn, DoorTurn, RefusalTurn, Turn, rendered
from meganodes.kit.logging import get_logger
from meganodes.provider_api.messages import DoorRequest, DoorResponse
from meganodes.provider_api.routes import PREFIX

log = get_logger("bootstrap.server")

_DOOR_PREFIX: Final = PREFIX.encode()
_CONTINUE: Final = b"HTTP/1.1 100 Continue\r\n\r\n"


class Connection(RequestReader):
    """A caller's connection. `turns[0]` is being answered, the others wait for it."""

    transport: asyncio.Transport
    flow: FlowControl

    def __init__(self, shared: Shared) -> None:
        """Belong to a listener."""
        super().__init__(shared.settings, shared.loop)
        self.shared = shared
        self.turns: deque[Turn] = deque()
        self.server: tuple[str, int] | None = None
        self.peer_ip = ""
        self.peer_port = 0
        self._is_behind_proxy = False
        self._idle_since = self.loop.time()
        self._stalled_since = 0.0
        self._closing_at: float | None = None
        self._is_ending = False
        self._is_half_closed = False
        self._owes_continue = False
        self._is_for_door = False
        self._app_turn: AppTurn | None = None
        self._body: bytes | bytearray = b""

    # --- the event loop calls -------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin, or turn the caller away when there are too many."""
        self.transport = cast("asyncio.Transport", transport)
        self.flow = FlowControl(self.transport)
        if len(self.shared.connections) >= self.shared.connections_max:
            self.is_deaf = True
            self.transport.abort()
            return
        self.shared.connections.add(self)
        peer, local = transport.get_extra_info("peername"), transport.get_extra_info("sockname")
        self.peer_ip, self.peer_port = (peer[0], peer[1]) if peer else ("", 0)
        self.server = (local[0], local[1]) if local else None
        self._is_behind_proxy = self.shared.callers.is_proxy(self.peer_ip)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - the loop's own words
        """Forget the caller; what was begun for them goes on."""
        self.shared.connections.discard(self)
        self.is_deaf = True
        for turn in self.turns:
            turn.abandon()
        self.flow.resume_writing()
        del self._parser  # it holds this object's methods: no cycle is left behind

    def eof_received(self) -> bool:
        """Answer what was asked completely, then close; a half-closed caller still listens."""
        self._drop_unread_app_turn()
        self.end_reading()
        self._is_ending = self._is_half_closed = True
        self._mark_last_turn()
        return bool(self.turns) and self._closing_at is None

    def pause_writing(self) -> None:
        """The caller takes no bytes: read no more from it either."""
        self._stalled_since = self.loop.time()
        self.flow.pause_writing()
        self.flow.pause_reading()

    def resume_writing(self) -> None:
        """The caller takes bytes again."""
        self.flow.resume_writing()
        if len(self.turns) <= 1:
            self.flow.resume_reading()

    # --- the reading half calls -----------------------------------------------------------------

    def head_read(self) -> None:
        """Choose who answers, from the path alone."""
        if not self.url.startswith(b"/"):
            self.url = self._target_of_absolute_form()
        self._is_for_door = self.url.startswith(_DOOR_PREFIX)
        if self._is_for_door:
            self._body = b""
            if self.content_length > self.settings.body_bytes_max:
                self._refuse_large_body()
            if self.expects_continue and self._has_body():
                self._continue()
        elif self.content_length > self.settings.app_body_bytes_max:
            self._refuse_large_app_body()
        else:
            self._app_turn = AppTurn(self)
            self._queue(self._app_turn)

    def on_body(self, body: bytes) -> None:
        """Collect the body for the door; pass it on for the application."""
        if not self._is_for_door:
            self._pass_on(body)
            return
        if not self._body:
            self._body = body
        elif isinstance(self._body, bytearray):
            self._body += body
        else:
            self._body = bytearray(self._body + body)
        if len(self._body) > self.settings.body_bytes_max:
            self._refuse_large_body()

    def _has_body(self) -> bool:
        return self.version == "1.1" and (self.is_chunked or self.content_length > 0)

    def _pass_on(self, body: bytes) -> None:
        assert self._app_turn is not None, "a body follows a head"
        self._app_turn.take(body)
        if self._app_turn.body_bytes > self.settings.app_body_bytes_max:
            self._refuse_large_app_body()

    def request_read(self) -> None:
        """The request is complete."""
        if self._is_for_door:
            self._owes_continue = False
            self._queue(DoorTurn(self, self._door_request(bytes(self._body))))
            self._body = b""
        else:
            assert self._app_turn is not None, "a request has a head"
            self._app_turn.finish_reading()
            self._app_turn = None
            self._mark_last_turn()

    def unreadable(self, status: int, sentence: str) -> None:
        """Queue the last answer; a request that was only half read gets no other."""
        log.info("request_unreadable", peer_ip=self.peer_ip, status=status, reason=sentence)
        self._is_ending = True
        if self._drop_unread_app_turn():
            self._queue(RefusalTurn(self, status, sentence))
        else:
            self.close_gently()

    def _drop_unread_app_turn(self) -> bool:
        """Give up a request whose body will never be complete; False if its answer has begun."""
        turn, self._app_turn = self._app_turn, None
        if turn is None:
            return True
        turn.abandon()
        if turn in self.turns:
            self.turns.remove(turn)
        return not turn.cycle.response_started

    def _refuse_large_body(self) -> NoReturn:
        """Let the door say it, after its checks of path and token; the rest is not read."""
        self.end_reading()
        self._is_ending = True
        self._queue(DoorTurn(self, self._door_request(b"", too_large=True)))
        raise ReadingEnded

    def _refuse_large_app_body(self) -> NoReturn:
        limit = self.settings.app_body_bytes_max
        self.refuse(413, f"The body must not be above {limit} bytes.")
        raise ReadingEnded

    def _target_of_absolute_form(self) -> bytes:
        try:
            target = httptools.parse_url(self.url)
        except httptools.HttpParserInvalidURLError:
            target = None
        if target is None or not (target.path or b"").startswith(b"/"):
            self.refuse(400, "The target of a request is a path.")
            raise ReadingEnded
        return target.path + (b"?" + target.query if target.query else b"")

    def _door_request(self, body: bytes, *, too_large: bool = False) -> DoorRequest:
        path = self.url.partition(b"?")[0].decode("latin-1")
        return DoorRequest(self.method, path, self.headers, body, self.caller(), too_large)

    def caller(self) -> str:
        """Give the address of whoever sent the request just read."""
        if self._is_behind_proxy:
            return self.shared.callers.behind(self.peer_ip, self.headers)
        return self.peer_ip

    def _continue(self) -> None:
        """Ask for the body, but not before earlier requests have been answered."""
        if self.turns:
            self._owes_continue = True
        else:
            self._owes_continue = False
            self.transport.write(_CONTINUE)

    # --- answers --------------------------------------------------------------------------------

    def _queue(self, turn: Turn) -> None:
        self.turns.append(turn)
        if len(self.turns) == 1:
            turn.start()
        else:
            self.flow.pause_reading()

    def answer(self, response: DoorResponse, *, keep_alive: bool, has_body: bool = True) -> None:
        """Write the answer of the current turn."""
        if self.transport.is_closing():
            return
        closes = not keep_alive or self.is_last_turn()
        self.transport.write(rendered(response, closes=closes, has_body=has_body))
        if not keep_alive and not self._is_ending:
            self.transport.close()
        self.turn_done()

    def turn_done(self) -> None:
        """Go on after an answer: the next turn, the next request, or the end."""
        self.turns.popleft()
        if self.transport.is_closing():
            return
        self._idle_since = self.loop.time()
        if len(self.turns) <= 1 and self.flow.read_paused and not self.flow.write_paused:
            self.begun_at = self._idle_since
            self.flow.resume_reading()
        if self.turns:
            self.turns[0].start()
        elif not self._is_reading() and (self._is_ending or self.shared.is_draining):
            self.close_gently()
        elif self._owes_continue:
            self._continue()

    def is_last_turn(self) -> bool:
        """Tell whether the connection ends with the answer that is being made."""
        if not (self._is_ending or self.shared.is_draining):
            return False
        return len(self.turns) == 1 and not self._is_reading()

    def _mark_last_turn(self) -> None:
        if self.is_last_turn() and isinstance(self.turns[0], AppTurn):
            self.turns[0].cycle.keep_alive = False

    def _is_reading(self) -> bool:
        return self.in_head or self.in_body

    # --- the end --------------------------------------------------------------------------------

    def close_gently(self) -> None:
        """Close so that the peer can still read the last answer: no reset for what it sends."""
        if self._is_half_closed:
            self.transport.close()
        elif self._closing_at is None and not self.transport.is_closing():
            self.end_reading()
            self._closing_at = self.loop.time() + self.settings.close_seconds
            self.flow.resume_reading()
            self.transport.write_eof()

    def abort(self) -> None:
        """Drop the connection at once."""
        self.transport.abort()

    def drain(self) -> None:
        """Tell the peer with the answer under way that it is the last one."""
        self._mark_last_turn()

    def close_if_idle(self) -> None:
        """Close when nothing was asked that is not answered."""
        if not self.turns and not self._is_reading():
            self.transport.close()

    def check(self, now: float) -> None:
        """Enforce the time limits; the listener calls this every ``sweep_seconds``."""
        limits = self.settings
        if self._closing_at is not None:
            if now >= self._closing_at:
                self.abort()
        elif self.flow.write_paused:
            if now - self._stalled_since > limits.stalled_write_seconds:
                self.abort()
        elif self._is_reading():
            self._check_reading(now)
        elif not self.turns and now - self._idle_since > self._idle_seconds():
            self.transport.close()

    def _check_reading(self, now: float) -> None:
        part, seconds = (
            ("head", self.settings.headers_seconds)
            if self.in_head
            else ("body", self.settings.request_seconds)
        )
        if now - self.begun_at > seconds and not self.flow.read_paused:
            self.refuse(408, f"The {part} of the request did not arrive within {seconds:g} s.")

    def _idle_seconds(self) -> float:
        has_asked = self.begun_at > 0.0
        return self.settings.keep_alive_seconds if has_asked else self.settings.headers_seconds
