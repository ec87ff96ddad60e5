"""``/health/live`` and ``/health/ready``: for supervisors and load balancers, not for people."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from meganodes.bootstrap.worker_member import Member
from meganodes.hub.core import Hub
from meganodes.journal.store import Change, CommitUnknown, StoreUnavailable

READY_WITHIN_SECONDS = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """What the two addresses answer from; a worker's ``member`` speaks for the whole group."""

    hub: Hub
    is_draining: Callable[[], bool]
    has_number: Callable[[], bool] = lambda: True
    member: Member | None = None

    def routes(self) -> list[Route]:
        """Make the routes."""
        return [
            Route("/health/live", self._live, methods=["GET"]),
            Route("/health/ready", self._ready, methods=["GET"]),
        ]

    async def _live(self, _request: Request) -> JSONResponse:
        """The event loop answers: there is no reason to restart the process."""
        return JSONResponse({"status": "live"})

    async def _ready(self, _request: Request) -> JSONResponse:
        """New work is welcome: not draining, and the journal reads and commits in time."""
        if self.member is not None:
            return _verdict(await self.member.group_health())
        return _verdict({"accepting": not self.is_draining(), **await self.checks()})

    async def checks(self) -> dict[str, bool]:
        """Say how this process is, whether it ends or not."""
        return {"journal": await self._journal(), "node_number": self.has_number()}

    async def _journal(self) -> bool:
        try:
            async with asyncio.timeout(READY_WITHIN_SECONDS):
                now_ms = self.hub.clock.now_ms()
                await self.hub.journal.due_work(now_ms=now_ms)
                # A database may show all that it has and take nothing: its standby is gone.
                await self.hub.journal.commit(Change(at_ms=now_ms))
        except (TimeoutError, StoreUnavailable, CommitUnknown):
            return False
        return True


def _verdict(checks: Mapping[str, bool]) -> JSONResponse:
    ready = all(checks.values())
    return JSONResponse(
        {"status": "ready" if ready else "not ready", "checks": dict(checks)},
        status_code=200 if ready else 503,
    )
