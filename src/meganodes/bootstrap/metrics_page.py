"""`/metrics`, for this machine and the networks that are named; for all others there is none."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from prometheus_client import CollectorRegistry, GCCollector, ProcessCollector
from prometheus_client.exposition import choose_encoder
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from meganodes.bootstrap.metrics_families import HubCollector, Sources
from meganodes.bootstrap.worker_line import NoAnswerOnLine
from meganodes.bootstrap.worker_member import Member
from meganodes.bootstrap.worker_metrics import Family, Shown, families_of
from meganodes.kit.addresses import Network, caller_address, is_among
from meganodes.main_api.v4.errors import DRAINING, NO_SUCH_PATH, fault_response

_FORWARDING = frozenset({"forwarded", "via", "x-forwarded-for", "x-real-ip"})
REBALANCE_SECONDS = 3_600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricsAccess:
    """Who may read: loopback and ``allow``, behind ``trusted_proxies`` too."""

    allow: tuple[Network, ...] = ()
    trusted_proxies: tuple[Network, ...] = ()

    def admits(self, request: Request) -> bool:
        """Judge the real peer (reliability 3.10, S20 and S32).

        A peer on this machine that passes somebody else's request on, and is no trusted proxy, is a
        proxy that nobody has told us of: what comes through it comes from anywhere.
        """
        peer = request.client.host if request.client else None
        forwarded_for = request.headers.getlist("x-forwarded-for")
        caller = caller_address(peer, forwarded_for, self.trusted_proxies)
        if caller is None:
            return False
        if is_among(self.allow, caller):
            return True
        return caller.is_loopback and (not self._is_passed_on(request))

    def _is_passed_on(self, request: Request) -> bool:
        return any(name.lower() in _FORWARDING for name in request.headers)


@dataclass(slots=True, kw_only=True)
class MetricsPage:
    """The page. Text is made in a thread: a long list must not hold up the loop.

    A worker's page says what its group says together, and 503 while the group cannot be asked: a
    part of the numbers would look as if counters had gone back.
    """

    sources: Sources
    access: MetricsAccess
    member: Member | None = None
    _registry: CollectorRegistry = field(default_factory=CollectorRegistry, init=False)
    _rebalanced_at: float = field(default=0.0, init=False)

    def __post_init__(self) -> None:
        """Gather what is shown."""
        self._registry.register(HubCollector(self.sources))
        ProcessCollector(registry=self._registry)
        GCCollector(registry=self._registry)
        self._rebalanced_at = self.sources.hub.clock.monotonic()

    def routes(self) -> list[Route]:
        """Make the route."""
        return [Route("/metrics", self._answer, methods=["GET"])]

    async def _answer(self, request: Request) -> Response:
        if not self.access.admits(request):
            return fault_response(NO_SUCH_PATH)
        registry = self._registry
        if self.member is None:
            self._rebalance()
        else:
            try:
                registry = _registry_of(await self.member.group_metrics())
            except NoAnswerOnLine:
                return fault_response(DRAINING)
        encode, content_type = choose_encoder(request.headers.get("accept", ""))
        text = await asyncio.to_thread(encode, registry)
        return Response(text, headers={"cache-control": "no-store", "content-type": content_type})

    async def families(self) -> list[Family]:
        """Copy this process's own numbers."""
        self._rebalance()
        return await asyncio.to_thread(lambda: families_of(self._registry.collect()))

    def _rebalance(self) -> None:
        """Let the busiest agents have their own series; on the loop, where they are counted."""
        now = self.sources.hub.clock.monotonic()
        if now - self._rebalanced_at >= REBALANCE_SECONDS:
            self._rebalanced_at = now
            self.sources.hub.meters.backends.rebalance()


def _registry_of(families: list[Family]) -> CollectorRegistry:
    registry = CollectorRegistry(auto_describe=False)
    registry.register(Shown(families))
    return registry
