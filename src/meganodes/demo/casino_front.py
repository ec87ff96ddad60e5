"""Stands between the hub and a backend in any language, and gives it a toy casino's bad days.

Callbacks go through byte for byte, are kept, and are spoilt as planned; so the backend itself stays
plain, and the whole tour runs against it. Its ledger and its players are asked through, too.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from meganodes.demo.callback_door import CallbackDoor, CallbackRequest
from meganodes.demo.casino_control import CasinoControl
from meganodes.demo.http_client import HttpRequest, HttpResult, NoAnswer, send, send_bytes
from meganodes.demo.json_body import BadOrder, bad_order
from meganodes.demo.lobby.casino_line import HubPlace
from meganodes.demo.serving import serve
from meganodes.demo.way_into_game import WayIntoGame
from meganodes.kit.clock import Clock, SystemClock
from meganodes.sdk import HttpAnswer

DEFAULT_PORT = 8701
_FORWARD_SECONDS = 60.0
# What belongs to the connection with the backend and not to its answer.
_HOP_HEADERS = frozenset(
    {"connection", "content-length", "date", "host", "keep-alive", "transfer-encoding"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FrontSettings:
    """``backend_url`` is where the backend listens, without a path.

    ``hub`` None: no game can be opened from here.
    """

    backend_url: str
    hub: HubPlace | None = None
    numeric_text: bool = False


class CasinoFront:
    """The front: fault plan, log of callbacks, and the application that passes them on."""

    def __init__(self, settings: FrontSettings, clock: Clock) -> None:
        self._backend_url = settings.backend_url
        control = CasinoControl()
        door = CallbackDoor(
            self._execute,
            plan=control.faults,
            log=control.log,
            clock=clock,
            numeric_text=settings.numeric_text,
        )
        self.app = Starlette(
            routes=[
                Route("/callback", door),
                Route("/play", WayIntoGame(settings.backend_url, settings.hub).open),
                *control.routes(),
                Route("/control/players", self._pass_on, methods=["POST"]),
                Route("/control/ledger", self._pass_on),
                Route("/health", self._pass_on),
            ],
            exception_handlers={BadOrder: bad_order},
        )

    async def _execute(self, request: CallbackRequest) -> HttpAnswer | None:
        try:
            result = await send_bytes(self._backend_url, request.received, _FORWARD_SECONDS)
        except NoAnswer:
            return None
        return HttpAnswer(result.status, _end_to_end(result), result.body)

    async def _pass_on(self, request: Request) -> Response:
        asked = HttpRequest(
            method=request.method,
            url=f"{self._backend_url}{request.url.path}",
            body=await request.body(),
        )
        try:
            result = await send(asked, _FORWARD_SECONDS)
        except NoAnswer as silence:
            return JSONResponse({"error": f"the backend is silent: {silence}"}, status_code=502)
        return Response(result.body, result.status, _end_to_end(result))


def _end_to_end(result: HttpResult) -> dict[str, str]:
    return {name: text for name, text in result.headers.items() if name not in _HOP_HEADERS}


def read_settings(arguments: Sequence[str]) -> tuple[FrontSettings, int]:
    """Read the command line: the settings and the port."""
    parser = argparse.ArgumentParser(prog="casino_front", description=__doc__)
    parser.add_argument("--backend", required=True, help="such as http://127.0.0.1:8703")
    parser.add_argument("--port", type=int, default=DEFAULT_PORT)
    parser.add_argument("--hub", help="the hub's address, to open a game: http://127.0.0.1:8700")
    parser.add_argument("--agent", type=Path, help="what `agent add --json` printed, for --hub")
    parser.add_argument("--numeric-text", action="store_true")
    given = parser.parse_args(arguments)
    if given.hub and not given.agent:
        parser.error("--hub needs --agent")
    settings = FrontSettings(
        backend_url=given.backend,
        hub=given.hub and HubPlace(url=given.hub, api_token=_api_token(given.agent)),
        numeric_text=given.numeric_text,
    )
    return settings, given.port


def _api_token(agent: Path) -> str:
    return str(json.loads(agent.read_text())["api_token"])


def main(arguments: Sequence[str]) -> None:
    """Run the front until it is told to stop."""
    settings, port = read_settings(arguments)
    serve(CasinoFront(settings, SystemClock()).app, "127.0.0.1", port)


if __name__ == "__main__":
    main(sys.argv[1:])
