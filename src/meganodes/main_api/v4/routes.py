"""The Main API as an ASGI app: the order of checks, once, for every endpoint (contract 2.1)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any, Final, Protocol
from zoneinfo import ZoneInfo

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.routing import BaseRoute, Route

from meganodes.hub.meters import NO_SUCH, DoorName, Stopwatch
from meganodes.kit.logging import get_logger
from meganodes.main_api.v4 import (
    agent,
    game,
    online,
    rounds,
    statistics,
    transactions,
    user,
    wallet,
)
from meganodes.main_api.v4.all_games import AllGames
from meganodes.main_api.v4.auth import address_of, agent_of, check_address, state_allows
from meganodes.main_api.v4.body import read_body
from meganodes.main_api.v4.correlation import Correlation
from meganodes.main_api.v4.endpoint import ApiCall, Endpoint
from meganodes.main_api.v4.envelope import Answer, Ready
from meganodes.main_api.v4.errors import (
    DEFECT,
    DRAINING,
    NO_SUCH_METHOD,
    NO_SUCH_PATH,
    CallRefused,
    busy,
    fault_response,
)
from meganodes.main_api.v4.places import Places
from meganodes.main_api.v4.schemas import read_fields
from meganodes.main_api.v4.writing import Writer
from meganodes.protocol.codes import ApiCode

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from meganodes.hub.core import Hub
    from meganodes.main_api.settings import MainApiSettings

ENDPOINTS: Final[tuple[Endpoint[Any], ...]] = (
    *agent.ENDPOINTS,
    *user.ENDPOINTS,
    *wallet.ENDPOINTS,
    *game.ENDPOINTS,
    *online.ENDPOINTS,
    *transactions.ENDPOINTS,
    *rounds.ENDPOINTS,
    *statistics.ENDPOINTS,
)
"""Every endpoint of the Main API; what is not here does not exist (1005)."""

_log = get_logger(__name__)


class Draining(Protocol):
    """Says whether the hub is closing down; an `asyncio.Event` is one."""

    def is_set(self) -> bool:
        """Say whether new calls are turned away."""


def make_app(
    hub: Hub,
    settings: MainApiSettings,
    draining: Draining,
    *,
    pages: Sequence[BaseRoute] = (),
) -> Starlette:
    """Make the app. ``pages`` are routes of other doors that share its paths (player pages)."""
    door = Door(hub, settings, draining)
    routes = [
        Route(each.path, door.answering(each), methods=["POST"], name=each.path)
        for each in ENDPOINTS
    ]
    app = Starlette(
        routes=[*routes, *pages],
        middleware=[Middleware(Correlation, identity=hub.identity)],
        exception_handlers={HTTPException: door.no_such_route},
    )
    app.router.redirect_slashes = False
    return app


class Door:
    """Admits calls: path (the router), token, address, state, concurrency, body, fields."""

    def __init__(self, hub: Hub, settings: MainApiSettings, draining: Draining) -> None:
        """Open the door of this process."""
        self._hub = hub
        self._settings = settings
        self._draining = draining
        self.places = Places(settings.in_flight_max, busy(settings.retry_after_seconds))
        self._writer = Writer()
        self._all_games = AllGames(hub.directory, self._writer)

    def answering(self, endpoint: Endpoint[Any]) -> Callable[[Request], Awaitable[Response]]:
        """Give the function that answers requests to one endpoint."""

        async def answer(request: Request) -> Response:
            stopwatch = Stopwatch(self._hub.clock.monotonic())
            code = DEFECT.code
            self._hub.meters.main_api_in_flight += 1
            try:
                said = await self._admitted(endpoint, request)
                code, answered = said.code, await self._written(said, request)
            except CallRefused as refused:
                code, answered = refused.fault.code, fault_response(refused.fault, refused.faults)
            finally:
                self._count(endpoint.path, code, stopwatch)
            _log.info(
                "main_api_call_answered",
                path=endpoint.path,
                agent_id=getattr(request.state, "agent_id", None),
                code=code.value,
                duration_ms=round((self._hub.clock.monotonic() - stopwatch.started) * 1000),
            )
            return answered

        return answer

    def _count(self, path: str, code: ApiCode, stopwatch: Stopwatch) -> None:
        meters = self._hub.meters
        meters.main_api_in_flight -= 1
        meters.calls[DoorName.MAIN_API, path, code] += 1
        own_seconds = stopwatch.own_seconds(self._hub.clock.monotonic())
        meters.own_seconds[DoorName.MAIN_API].observe(own_seconds)

    async def _written(self, said: Answer | Ready, request: Request) -> Response:
        if isinstance(said, Ready):
            return said.response
        return await self._writer.response(said, request.headers)

    async def _admitted(self, endpoint: Endpoint[Any], request: Request) -> Answer | Ready:
        if self._draining.is_set():
            raise CallRefused(DRAINING)
        caller = agent_of(self._hub.directory, request)
        request.state.agent_id = caller.agent_id
        self._hub.last_api_calls[caller.agent_id] = self._hub.clock.now_ms()
        address = address_of(request, self._settings)
        check_address(caller, address)
        if not state_allows(caller, when_suspended=endpoint.when_suspended):
            return Answer(ApiCode.PERMISSION_ERROR)
        with self.places.taken(caller.agent_id):
            sent = await read_body(request, self._settings.body_bytes_max)
            fields = read_fields(endpoint.body, sent, ZoneInfo(caller.time_zone))
            call = ApiCall(
                hub=self._hub,
                agent=caller,
                client_address=str(address or ""),
                headers=request.headers,
                all_games=self._all_games,
            )
            return await endpoint.answer(call, fields)

    async def no_such_route(self, _request: Request, error: Exception) -> Response:
        """Answer what the router itself refuses: 404 and 405, both 1005."""
        assert isinstance(error, HTTPException)
        fault = NO_SUCH_METHOD if error.status_code == NO_SUCH_METHOD.status else NO_SUCH_PATH
        assert error.status_code == fault.status
        self._hub.meters.calls[DoorName.MAIN_API, NO_SUCH, fault.code] += 1
        answered = fault_response(fault)
        if fault is NO_SUCH_METHOD:
            answered.headers.update(error.headers or {})
        return answered
