"""The Main API as an ASGI app: the order of checks, once, for every endpoint (contract 2.1)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any, Final, Protocol

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.routing import BaseRoute, Route

from meganodes.kit.logging import get_logger
from meganodes.main_api.v4 import agent, game, transactions, user, wallet
from meganodes.main_api.v4.auth import address_of, agent_of, check_address, state_allows
from meganodes.main_api.v4.body import read_body
from meganodes.main_api.v4.correlation import Correlation
from meganodes.main_api.v4.endpoint import ApiCall, Endpoint
from meganodes.main_api.v4.envelope import Answer, response
from meganodes.main_api.v4.errors import (
    DRAINING,
    NO_SUCH_METHOD,
    NO_SUCH_PATH,
    CallRefused,
    fault_response,
    too_many_at_once,
)
from meganodes.main_api.v4.places import Places
from meganodes.main_api.v4.schemas import read_fields
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
    *transactions.ENDPOINTS,
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
        exception_handlers={HTTPException: _no_such_route},
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
        self.places = Places(settings.in_flight_max, too_many_at_once(settings.retry_after_seconds))

    def answering(self, endpoint: Endpoint[Any]) -> Callable[[Request], Awaitable[Response]]:
        """Give the function that answers requests to one endpoint."""

        async def answer(request: Request) -> Response:
            started = self._hub.clock.monotonic()
            try:
                said = await self._admitted(endpoint, request)
                code, answered = said.code, response(said)
            except CallRefused as refused:
                code, answered = refused.fault.code, fault_response(refused.fault, refused.faults)
            _log.info(
                "main_api_call_answered",
                path=endpoint.path,
                agent_id=getattr(request.state, "agent_id", None),
                code=code.value,
                duration_ms=round((self._hub.clock.monotonic() - started) * 1000),
            )
            return answered

        return answer

    async def _admitted(self, endpoint: Endpoint[Any], request: Request) -> Answer:
        if self._draining.is_set():
            raise CallRefused(DRAINING)
        caller = agent_of(self._hub.directory, request)
        request.state.agent_id = caller.agent_id
        address = address_of(request, self._settings)
        check_address(caller, address)
        if not state_allows(caller, when_suspended=endpoint.when_suspended):
            return Answer(ApiCode.PERMISSION_ERROR)
        with self.places.taken(caller.agent_id):
            sent = await read_body(request, self._settings.body_bytes_max)
            fields = read_fields(endpoint.body, sent)
            call = ApiCall(hub=self._hub, agent=caller, client_address=str(address or ""))
            return await endpoint.answer(call, fields)


async def _no_such_route(_request: Request, error: Exception) -> Response:
    """Answer what the router itself refuses: 404 and 405, both 1005."""
    assert isinstance(error, HTTPException)
    if error.status_code == NO_SUCH_METHOD.status:
        answered = fault_response(NO_SUCH_METHOD)
        answered.headers.update(error.headers or {})
        return answered
    assert error.status_code == NO_SUCH_PATH.status
    return fault_response(NO_SUCH_PATH)
