"""What a fuzzer talks to, how much it asks, and how its findings are repeated.

The town is one ASGI application: paths of the Provider API go to its thin handler as the listener
hands them over, all else to the application of the Main API. It lives, in whatever event loop
serves the calls, for one operation's test, so that no finding depends on the tests before it.
"""

from __future__ import annotations

import json
import os
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.python import asgi
from schemathesis.schemas import BaseSchema

from meganodes.main_api.reference.documents import document_json
from meganodes.provider_api.messages import DoorRequest
from meganodes.provider_api.routes import PREFIX
from tests.support.door import CALLER
from tests.support.effort import effort
from tests.support.town import Town, a_town

EXAMPLES: Final = int(os.environ.get("FUZZ_EXAMPLES", "0")) or effort(100, 500)
"""Generated examples of each operation, besides those that cover its schema systematically."""
SEED: Final = int(os.environ.get("FUZZ_SEED", "20261122")) or time.time_ns() // 1_000_000_000
"""Every example follows from it and the operation's name. `make test` always takes the same one, so
that a change is judged by itself; `make fuzz` takes another one each time."""

SETTINGS: Final = settings(deadline=None, database=None, suppress_health_check=list(HealthCheck))
"""Of Hypothesis: nothing is remembered, the seed alone repeats a finding."""

NAMED_APART: Final = pytest.mark.parametrize("target", ["a town"], indirect=True)
"""Pytest 9.2 leaves the operation out of a test's id unless it has a parameter; and what shares an
id is one test for `pytest -n`, which would try one operation and be content."""

PACE: Final = 20.0
"""What waits three seconds in the field waits an instant here."""
SETTLE_EVERY: Final = 50
"""After so many calls the worker does what is due."""


def the_schema(api: str) -> BaseSchema:
    """Read the OpenAPI document of an API as its page shows it."""
    schema = schemathesis.openapi.from_dict(json.loads(document_json(api)))
    schema.config.seed = SEED
    schema.config.generation.update(max_examples=EXAMPLES, with_security_parameters=False)
    return schema


class TownApp:
    """The application. ``own_seconds`` is how long its loop worked for the latest call."""

    def __init__(self) -> None:
        """Build nothing yet."""
        self.town: Town
        self.own_seconds = 0.0
        self._calls = 0
        self._app: Any = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:  # noqa: ANN401 - as ASGI
        """Serve a call, or the life of the application."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        self._calls += 1
        if self._calls % SETTLE_EVERY == 0:
            await self.town.settle()
        scope["client"] = (CALLER, 4711)
        started = time.thread_time()
        if scope["path"].startswith(PREFIX):
            await self._ask_the_door(scope, receive, send)
        else:
            await self._app(scope, receive, send)
        self.own_seconds = time.thread_time() - started

    async def _live(self, receive: Any, send: Any) -> None:  # noqa: ANN401 - as ASGI
        await receive()
        async with AsyncExitStack() as stack:
            folder = stack.enter_context(TemporaryDirectory())
            self.town = await stack.enter_async_context(a_town(Path(folder), PACE))
            self._app = self.town.app()
            await send({"type": "lifespan.startup.complete"})
            await receive()
        await send({"type": "lifespan.shutdown.complete"})

    async def _ask_the_door(self, scope: Any, receive: Any, send: Any) -> None:  # noqa: ANN401 - as ASGI
        body = b""
        message: dict[str, Any] = {"more_body": True}
        while message.get("more_body"):
            message = await receive()
            body += message.get("body", b"")
        answer = await self.town.door.handle(
            DoorRequest(scope["method"], scope["path"], scope["headers"], body, CALLER)
        )
        headers = [*answer.headers, (b"content-length", b"%d" % len(answer.body))]
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await send({"type": "http.response.body", "body": answer.body})


@dataclass(frozen=True, slots=True)
class Target:
    """A running town and the session that calls it."""

    app: TownApp
    session: asgi.ASGIClient
    codes: Counter[int] = field(default_factory=Counter)
    """How often each code was answered."""

    @property
    def town(self) -> Town:
        return self.app.town

    def call_options(self, token: str) -> dict[str, Any]:
        """Give what a case needs to be sent here with a token."""
        headers = {"Authorization": f"Bearer {token}"}
        return {"app": self.app, "session": self.session, "headers": headers}


@contextmanager
def a_target() -> Iterator[Target]:
    """Let a town live until the block ends."""
    app = TownApp()
    with asgi.get_client(app) as session:
        try:
            yield Target(app, session)
        finally:
            asgi.shutdown_lifespans()
