"""The thin handler in front of every bet: checks in order, adapter, core, adapter (contract 4).

No framework and no queue: what cannot be served now is refused at once.
"""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple, Protocol

from structlog.contextvars import bind_contextvars

from meganodes.directory.records import Provider
from meganodes.domain.asked import Answer, Asked
from meganodes.hub.meters import NO_SUCH, DoorName, Meters, Stopwatch
from meganodes.kit.addresses import is_allowed, read_address
from meganodes.kit.clock import Clock
from meganodes.kit.identity import Identity
from meganodes.kit.logging import get_logger
from meganodes.protocol.codes import ApiCode
from meganodes.protocol.ids import is_transaction_id
from meganodes.provider_api import refusals
from meganodes.provider_api.messages import DoorRequest, DoorResponse
from meganodes.provider_api.refusals import Refusal
from meganodes.provider_api.routes import Route, route_table
from meganodes.providers.fields import BODY_BYTES_MAX
from meganodes.providers.port import Adapter, BadRequest
from meganodes.providers.registry import ADAPTERS

log = get_logger("provider_api")

_JSON: Final = (b"content-type", b"application/json")
_REQUEST_ID: Final = b"x-request-id"
_REQUEST_ID_BYTES: Final = 12
_SECURITY_STATUSES: Final = frozenset({401, 403})


class Serve(Protocol):
    """The core: answers within 3 s of ``arrived`` (monotonic seconds), raises only for defects."""

    def __call__(self, provider: Provider, asked: Asked, arrived: float) -> Awaitable[Answer]: ...


class Providers(Protocol):
    """The part of the directory this door needs."""

    def provider_by_token(self, text: str) -> Provider | None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class DoorSettings:
    """Limits of the door, of one process.

    Up to ``in_flight_max`` requests are served at once, and ``in_flight_reserve`` more when they
    are about money that is owed already (win, cancel, round). Above that: 429, nothing is queued.
    """

    in_flight_max: int = 2_000
    in_flight_reserve: int = 500
    body_bytes_max: int = BODY_BYTES_MAX


class _Caller(NamedTuple):
    route: Route
    provider: Provider


@dataclass(slots=True, kw_only=True)
class ProviderDoor:
    """The door for providers' servers. ``in_flight`` is how many requests the core has now."""

    providers: Providers
    serve: Serve
    clock: Clock
    identity: Identity
    settings: DoorSettings = field(default_factory=DoorSettings)
    adapters: tuple[Adapter, ...] = ADAPTERS
    meters: Meters = field(default_factory=Meters)
    in_flight: int = field(default=0, init=False)
    is_draining: bool = field(default=False, init=False)
    _routes: Mapping[str, Route] = field(init=False)

    def __post_init__(self) -> None:
        """Make the table of paths."""
        self._routes = route_table(self.adapters)

    def drain(self) -> None:
        """Answer everything that comes from now on with 503; what is under way goes on."""
        self.is_draining = True

    async def handle(self, request: DoorRequest) -> DoorResponse:
        """Answer one request; whatever happens inside, the caller gets an envelope and no trace."""
        stopwatch = Stopwatch(self.clock.monotonic())
        headers = dict(request.headers)
        request_id = self._request_id(headers.get(_REQUEST_ID))
        bind_contextvars(request_id=request_id.decode())  # each request has a context of its own
        try:
            return await self._answer(request, headers, stopwatch, request_id)
        except Exception:  # the door's one handler: a defect becomes a 500
            log.exception("provider_call_failed", path=request.path)
            return self._refuse(request, refusals.DEFECT, request_id)

    def _request_id(self, given: bytes | None) -> bytes:
        if given is not None and is_transaction_id(given.decode("latin-1")):
            return given
        return self.identity.token_bytes(_REQUEST_ID_BYTES).hex().encode()

    async def _answer(
        self,
        request: DoorRequest,
        headers: dict[bytes, bytes],
        stopwatch: Stopwatch,
        request_id: bytes,
    ) -> DoorResponse:
        caller = self._admit(request, headers)
        if isinstance(caller, Refusal):
            return self._refuse(request, caller, request_id)
        route = caller.route
        asked = route.adapter.parse(route.command, request.body)
        if isinstance(asked, BadRequest):
            answer = Answer(code=ApiCode.VALIDATION_ERROR, faults=asked.faults)
        else:
            answer = await self._served(caller, asked, stopwatch.started)
        body = route.adapter.render(route.command, answer)
        self._count(route.command, answer, stopwatch)
        return DoorResponse(200, (_JSON, (_REQUEST_ID, request_id)), body)

    async def _served(self, caller: _Caller, asked: Asked, arrived: float) -> Answer:
        self.in_flight += 1
        try:
            answer = await self.serve(caller.provider, asked, arrived)
        finally:
            self.in_flight -= 1
        log.debug(
            "provider_call_answered",
            provider_id=caller.provider.provider_id,
            command=caller.route.command,
            code=answer.code,
        )
        return answer

    def _count(self, command: str, answer: Answer, stopwatch: Stopwatch) -> None:
        """Count an answer; what a repeat waits for, another request has asked: no share of ours."""
        self.meters.calls[DoorName.PROVIDER_API, command, answer.code] += 1
        if not answer.replay:
            own_seconds = stopwatch.own_seconds(self.clock.monotonic())
            self.meters.own_seconds[DoorName.PROVIDER_API].observe(own_seconds)

    def _admit(self, request: DoorRequest, headers: dict[bytes, bytes]) -> _Caller | Refusal:
        caller = self._identify(request)
        if isinstance(caller, Refusal):
            return caller
        return self._hindrance(caller.route, request, headers) or caller

    def _identify(self, request: DoorRequest) -> _Caller | Refusal:
        """Check path, token and address, in this order (contract 2.1)."""
        route = self._routes.get(request.path)
        if route is None:
            return refusals.PATH_UNKNOWN
        if request.method != "POST":
            return refusals.METHOD_WRONG
        token = refusals.bearer_token(request.headers)
        if token is None:
            return refusals.TOKEN_MISSING
        provider = self.providers.provider_by_token(token)
        if provider is None:
            return refusals.TOKEN_WRONG
        if provider.allow_list and not is_allowed(
            provider.allow_list, read_address(request.peer_ip)
        ):
            return refusals.ADDRESS_REFUSED
        return _Caller(route, provider)

    def _hindrance(
        self, route: Route, request: DoorRequest, headers: dict[bytes, bytes]
    ) -> Refusal | None:
        """Check the door's own state, how crowded it is, and the kind of content, in this order."""
        if self.is_draining:
            return refusals.DRAINING
        reserve = self.settings.in_flight_reserve if route.is_owed else 0
        if self.in_flight >= self.settings.in_flight_max + reserve:
            return refusals.CROWDED
        if request.too_large or len(request.body) > self.settings.body_bytes_max:
            return refusals.too_large(self.settings.body_bytes_max)
        return refusals.content_fault(headers)

    def _refuse(self, request: DoorRequest, refusal: Refusal, request_id: bytes) -> DoorResponse:
        route = self._routes.get(request.path)
        adapter = route.adapter if route else self.adapters[0]
        name = route.command if route else NO_SUCH
        self.meters.calls[DoorName.PROVIDER_API, name, refusal.code] += 1
        if refusal.status in _SECURITY_STATUSES:
            log.info(
                "provider_call_refused",
                path=request.path,
                code=refusal.code,
                peer_ip=request.peer_ip,
            )
        body = adapter.render(
            route.command if route else "", Answer(code=refusal.code, faults=refusal.faults)
        )
        headers = (_JSON, (_REQUEST_ID, request_id), *refusal.headers)
        return DoorResponse(refusal.status, headers, body)
