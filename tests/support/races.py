"""What tests of races need: a backend that answers late, and ports with an odd method."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar, cast

from meganodes.callbacks.gateway import Call
from meganodes.domain.outcome import Outcome
from tests.support.hub_world import World

_Port = TypeVar("_Port")


def held_until(world: World, event: asyncio.Event) -> Callable[[Call], Awaitable[Outcome]]:
    """Script a backend that acts and answers only after an event."""

    async def act_late(call: Call) -> Outcome:
        await event.wait()
        return world.line.execute(call)

    return act_late


def with_methods(port: _Port, **methods: Callable[..., object]) -> _Port:
    """Give a port some of whose methods are others; the rest are its own."""
    return cast("_Port", _Exchanged(port, methods))


class _Exchanged:
    def __init__(self, port: object, methods: dict[str, Callable[..., object]]) -> None:
        self._port = port
        self._methods = methods

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401  # it stands for any port
        return self._methods.get(name) or getattr(self._port, name)


async def pause(seconds: float) -> None:
    """Wait, and then until all that waits for nothing but the processor has gone as far as it can.

    A machine that is busy elsewhere may have used up the seconds alone.
    """
    await asyncio.sleep(seconds)
    for _ in range(200):
        await asyncio.sleep(0)
