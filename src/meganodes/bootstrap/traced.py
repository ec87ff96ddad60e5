"""The parts whose work is traced, each as the plain part with a span around its call.

They are put together instead of the plain ones when spans are asked for, so that nothing on the way
of a bet asks whether they are.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgspec

from meganodes.bootstrap.server_settings import App, Message
from meganodes.callbacks.calls import AgentView, Attempt, Call
from meganodes.callbacks.gateway import HttpGateway
from meganodes.domain.asked import Answer
from meganodes.domain.outcome import NotSent, Unknown
from meganodes.domain.transaction import Transaction
from meganodes.hub.meters import NO_SUCH, OUTCOME_NAMES, Stopwatch
from meganodes.journal.postgres import PostgresJournal
from meganodes.journal.sqlite import SqliteJournal
from meganodes.journal.store import Change, CommitResult
from meganodes.kit.clock import Clock
from meganodes.kit.database import DatabaseUrl
from meganodes.kit.tracing import Side, Span, Tracing
from meganodes.main_api.v4.routes import ENDPOINTS
from meganodes.provider_api.inbound import ProviderDoor
from meganodes.provider_api.messages import DoorRequest, DoorResponse

_SERVER_ERROR_MIN: Final = 500
_PATHS: Final = frozenset(endpoint.path for endpoint in ENDPOINTS)
_REQUEST_ID: Final = b"x-request-id"


class TracedGateway(HttpGateway):
    """A span for each attempt. ``tells_backends``: its traceparent is this span's."""

    def __init__(self, *parts: Any, tracing: Tracing, tells_backends: bool) -> None:  # noqa: ANN401 - those of HttpGateway
        """Take what the plain gateway takes, and where spans come from."""
        super().__init__(*parts)
        self._tracing = tracing
        self._tells_backends = tells_backends

    async def send(self, agent: AgentView, call: Call) -> Attempt:
        """Make one attempt and trace it."""
        asked: dict[str, str | int] = {
            "http.request.method": "POST",
            "meganodes.agent_id": agent.agent_id,
            "meganodes.command": call.command.value,
            "meganodes.attempt": call.attempt,
            "meganodes.lane": call.lane.value,
            "meganodes.webhook_id": call.webhook_id,
        }
        with self._tracing.span(f"callback {call.command.value}", Side.CLIENT, asked) as span:
            if self._tells_backends:
                call = msgspec.structs.replace(call, traceparent=span.traceparent())
            attempt = await super().send(agent, call)
            outcome = OUTCOME_NAMES[type(attempt.outcome)]
            span.note({"meganodes.outcome": outcome, "meganodes.phase": attempt.phase.value})
            if attempt.http_status is not None:
                span.note({"http.response.status_code": attempt.http_status})
            if isinstance(attempt.outcome, NotSent | Unknown):
                span.blame(outcome)
            return attempt


class _Traced:
    """A span for each commit that somebody waits for, its turn in the queue included."""

    _tracing: Tracing

    async def _commit(
        self, change: Change, commit: Callable[[Change], Awaitable[CommitResult]]
    ) -> CommitResult:
        sizes = {
            "meganodes.inserts": len(change.inserts),
            "meganodes.moves": len(change.moves),
            "meganodes.attempts": len(change.attempts),
        }
        with self._tracing.span("journal commit", Side.INTERNAL, sizes) as span:
            result = await commit(change)
            span.note({"meganodes.result": type(result).__name__})
            return result

    async def _claim(
        self, agent_id: int, limit: int, claimed: Awaitable[tuple[Transaction, ...]]
    ) -> tuple[Transaction, ...]:
        asked = {"meganodes.agent_id": agent_id, "meganodes.limit": limit}
        with self._tracing.span("journal claim", Side.INTERNAL, asked) as span:
            rows = await claimed
            span.note({"meganodes.rows": len(rows)})
            return rows


class TracedJournal(_Traced, SqliteJournal):
    """The journal on SQLite, traced."""

    def __init__(self, path: Path, *, clock: Clock, owner: str, tracing: Tracing) -> None:
        """Take what the plain journal takes, and where spans come from."""
        super().__init__(path, clock=clock, owner=owner)
        self._tracing = tracing

    async def commit(self, change: Change) -> CommitResult:
        """Apply a change and trace it."""
        return await self._commit(change, super().commit)

    async def claim(
        self, agent_id: int, *, now_ms: int, limit: int, lease_ms: int
    ) -> tuple[Transaction, ...]:
        """Take due rows and trace it."""
        claimed = super().claim(agent_id, now_ms=now_ms, limit=limit, lease_ms=lease_ms)
        return await self._claim(agent_id, limit, claimed)


class TracedPostgresJournal(_Traced, PostgresJournal):
    """The journal on PostgreSQL, traced."""

    def __init__(self, url: DatabaseUrl, *, clock: Clock, owner: str, tracing: Tracing) -> None:
        """Take what the plain journal takes, and where spans come from."""
        super().__init__(url, clock=clock, owner=owner)
        self._tracing = tracing

    async def commit(self, change: Change) -> CommitResult:
        """Apply a change and trace it."""
        return await self._commit(change, super().commit)

    async def claim(
        self, agent_id: int, *, now_ms: int, limit: int, lease_ms: int
    ) -> tuple[Transaction, ...]:
        """Take due rows and trace it."""
        claimed = super().claim(agent_id, now_ms=now_ms, limit=limit, lease_ms=lease_ms)
        return await self._claim(agent_id, limit, claimed)


@dataclass(slots=True, kw_only=True)
class TracedDoor(ProviderDoor):
    """A span for each call of a provider."""

    tracing: Tracing

    async def handle(self, request: DoorRequest) -> DoorResponse:
        """Answer one request and trace it."""
        route = self._routes.get(request.path)
        command = route.command if route else NO_SUCH
        asked = {"meganodes.command": command, "http.request.method": request.method}
        with self.tracing.span(f"provider {command}", Side.SERVER, asked) as span:
            # With slots the class is made anew: a bare super() would look for the first one.
            response = await super(TracedDoor, self).handle(request)
            _note_answer(span, response.status, response.headers)
            return response

    def _count(self, command: str, answer: Answer, stopwatch: Stopwatch) -> None:
        self.tracing.current().note({"meganodes.code": answer.code.value})
        super(TracedDoor, self)._count(command, answer, stopwatch)


def traced_app(app: App, tracing: Tracing) -> App:
    """Put a span around each call of the Main API; pages and probes of health are not traced."""

    async def answer(
        scope: Message,
        receive: Callable[[], Awaitable[Message]],
        send: Callable[[Message], Awaitable[None]],
    ) -> None:
        if scope["type"] != "http" or scope["path"] not in _PATHS:
            await app(scope, receive, send)
            return
        path = scope["path"]
        asked = {"http.request.method": scope["method"], "http.route": path}
        with tracing.span(f"main_api {path}", Side.SERVER, asked) as span:

            async def note_and_send(message: Message) -> None:
                if message["type"] == "http.response.start":
                    _note_answer(span, message["status"], message["headers"])
                await send(message)

            await app(scope, receive, note_and_send)

    return answer


def _note_answer(span: Span, status: int, headers: Iterable[tuple[bytes, bytes]]) -> None:
    span.note({"http.response.status_code": status})
    for name, value in headers:
        if name == _REQUEST_ID:
            span.note({"meganodes.request_id": value.decode("latin-1")})
    if status >= _SERVER_ERROR_MIN:
        span.blame(str(status))
