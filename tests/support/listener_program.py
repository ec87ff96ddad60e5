"""The listener as a program of its own, as the hub runs it: `listener_program SECONDS_PER_ANSWER`.

Prints its port when it listens, and when it ends how many requests its door was asked.
"""

from __future__ import annotations

import asyncio
import gc
import sys

from meganodes.bootstrap.server import run, serve
from meganodes.bootstrap.server_settings import ServerSettings
from meganodes.kit.logging import LogSettings, configure_logging
from meganodes.provider_api.messages import DoorRequest, DoorResponse
from tests.support.listener import ENVELOPE, ScriptedApp


class SlowDoor:
    """Answers after a while, and counts."""

    def __init__(self, answer_seconds: float) -> None:
        """Take so long for each answer."""
        self._answer_seconds = answer_seconds
        self.count = 0

    async def handle(self, request: DoorRequest) -> DoorResponse:
        self.count += 1
        await asyncio.sleep(self._answer_seconds)
        return DoorResponse(200, ENVELOPE, request.body)

    def drain(self) -> None:
        """Go on: this door never refuses."""


def main() -> int:
    """Run until a signal; exit 0 when drained, 1 when forced."""
    configure_logging(LogSettings())
    door = SlowDoor(float(sys.argv[1]))

    async def finish() -> None:
        await asyncio.sleep(0)
        _say(f"asked {door.count}, frozen {gc.get_freeze_count() > 0}")

    drained = run(
        serve(
            ScriptedApp(),
            door,
            ServerSettings(port=0, linger_seconds=0.3, drain_seconds=5.0),
            lambda listening: _say(str(listening.port)),
            finish,
        )
    )
    return 0 if drained else 1


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
