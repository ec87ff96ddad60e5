"""The toy studio with results that a test has planned, so that a win can be looked at.

It lives here because the real studio has no such thing: there, nobody can plan a result.
"""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Sequence
from typing import ClassVar

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from meganodes.demo.serving import serve
from meganodes.demo.toy_studio import ToyStudio, read_settings
from meganodes.kit.clock import SystemClock
from meganodes.kit.identity import SystemIdentity


class PlannedIdentity(SystemIdentity):
    """Draws planned stops first, and from the operating system when none are left."""

    planned: ClassVar[deque[int]] = deque()

    def token_bytes(self, n: int) -> bytes:
        """Return a planned stop for a draw, which takes single bytes; randomness for all else."""
        if n == 1 and self.planned:
            return bytes([self.planned.popleft()])
        return super().token_bytes(n)


async def plan(request: Request) -> JSONResponse:
    """Plan the next results: a list of three stops each. An empty list forgets what is left."""
    results = await request.json()
    PlannedIdentity.planned.clear()
    PlannedIdentity.planned.extend(stop for stops in results for stop in stops)
    return JSONResponse({"planned": len(results)})


def main(arguments: Sequence[str]) -> None:
    """Run the studio until it is told to stop."""
    settings, door, port = read_settings(arguments)
    clock = SystemClock()
    studio = ToyStudio(settings, door, clock, PlannedIdentity(clock, node=0))
    studio.app.router.routes.append(Route("/planned", plan, methods=["POST"]))
    serve(studio.app, "127.0.0.1", port)


if __name__ == "__main__":
    main(sys.argv[1:])
