"""The listener with a scripted door and a scripted application behind it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from meganodes.bootstrap.server import Listening, serve
from meganodes.bootstrap.server_settings import ServerSettings
from meganodes.provider_api.messages import DoorRequest, DoorResponse

ENVELOPE = ((b"content-type", b"application/json"), (b"x-request-id", b"r-1"))


@dataclass(kw_only=True)
class ScriptedDoor:
    """Answers with the body it was asked with; a body in `gates` waits until it is opened."""

    asked: list[DoorRequest] = field(default_factory=list)
    answered: list[bytes] = field(default_factory=list)
    gates: dict[bytes, asyncio.Event] = field(default_factory=dict)
    is_draining: bool = False

    async def handle(self, request: DoorRequest) -> DoorResponse:
        self.asked.append(request)
        status = 413 if request.too_large else 503 if self.is_draining else 200
        if request.body in self.gates:
            await self.gates[request.body].wait()
        assert request.body != b"defect"
        self.answered.append(request.body)
        return DoorResponse(status, ENVELOPE, request.body)

    def drain(self) -> None:
        self.is_draining = True


@dataclass(kw_only=True)
class ScriptedApp:
    """An ASGI application that answers with what it was asked; paths in `gates` wait."""

    asked: list[str] = field(default_factory=list)
    gates: dict[str, asyncio.Event] = field(default_factory=dict)
    left: list[str] = field(default_factory=list)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:  # noqa: ANN401 - as ASGI
        path = scope["path"]
        self.asked.append(path)
        if path == "/early":
            await self._answer(send, b"early")
            return
        body = b""
        message: dict[str, Any] = {"more_body": True}
        while message.get("more_body"):
            message = await receive()
            if message["type"] == "http.disconnect":
                self.left.append(path)
                return
            body += message["body"]
        if path in self.gates:
            await self.gates[path].wait()
        assert path != "/defect"
        await self._answer(send, self._shown(scope, body))

    def _shown(self, scope: Any, body: bytes) -> bytes:  # noqa: ANN401 - as ASGI
        if scope["path"] == "/large":
            return b"x" * 8_000_000
        shown = {name: scope[name] for name in ("method", "path", "http_version", "type", "scheme")}
        shown["query"] = scope["query_string"].decode()
        shown["client"] = scope["client"][0]
        shown["headers"] = [
            f"{name.decode()}: {value.decode('latin-1')}" for name, value in scope["headers"]
        ]
        return json.dumps(shown | {"body": body.decode("latin-1")}).encode()

    async def _answer(self, send: Any, body: bytes) -> None:  # noqa: ANN401 - as ASGI
        length = str(len(body)).encode()
        start = {"type": "http.response.start", "status": 200}
        await send(start | {"headers": [(b"content-length", length)]})
        await send({"type": "http.response.body", "body": body})


@dataclass(kw_only=True)
class Running:
    """A listener under test. `ended` gives True when it drained."""

    door: ScriptedDoor
    app: ScriptedApp
    listening: Listening
    ended: asyncio.Task[bool]
    finished: list[str]

    @property
    def port(self) -> int:
        return self.listening.port


@asynccontextmanager
async def a_listener(
    *, slow_finish: asyncio.Event | None = None, **settings: object
) -> AsyncIterator[Running]:
    """Run a listener on a free port of this machine until the block ends."""
    door, app, finished = ScriptedDoor(), ScriptedApp(), list[str]()
    started: asyncio.Future[Listening] = asyncio.get_running_loop().create_future()

    async def finish() -> None:
        if slow_finish is not None:
            await slow_finish.wait()
        finished.append("drained")

    usual: dict[str, Any] = {
        "port": 0,
        "freezes_garbage": False,
        "sweep_seconds": 0.05,
        "close_seconds": 0.2,
    }
    given = ServerSettings(**(usual | settings))
    ended = asyncio.create_task(serve(app, door, given, started.set_result, finish))
    either: list[asyncio.Future[Any]] = [started, ended]
    await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
    if ended.done():
        ended.result()
    listening = started.result()
    try:
        yield Running(door=door, app=app, listening=listening, ended=ended, finished=finished)
    finally:
        for gate in (*door.gates.values(), *app.gates.values()):
            gate.set()
        listening.stop()
        listening.stop()
        async with asyncio.timeout(10):
            await ended


async def eventually(condition: Callable[[], object], seconds: float = 5.0) -> None:
    """Wait until the condition holds, which it soon does."""
    end = asyncio.get_running_loop().time() + seconds
    while not condition():
        assert asyncio.get_running_loop().time() < end, "it never came true"
        await asyncio.sleep(0.005)
