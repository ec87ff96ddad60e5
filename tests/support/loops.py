"""Runs a test on both event loops: asyncio's own, and uvloop's, which the server runs on."""

from __future__ import annotations

import asyncio
import functools
import inspect
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
import uvloop

_LOOPS = [
    pytest.param(asyncio.new_event_loop, id="asyncio"),
    pytest.param(uvloop.new_event_loop, id="uvloop"),
]


def on_each_loop(scenario: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    """Make a plain test of a coroutine function; its own parameters and fixtures stay."""

    @functools.wraps(scenario)
    def run(*, new_loop: Callable[[], asyncio.AbstractEventLoop], **given: object) -> None:
        with asyncio.Runner(loop_factory=new_loop) as runner:
            runner.run(scenario(**given))

    own = inspect.signature(scenario)
    extra = inspect.Parameter("new_loop", inspect.Parameter.KEYWORD_ONLY)
    parameters = [*own.parameters.values(), extra]
    run.__signature__ = own.replace(  # type: ignore[attr-defined]
        parameters=parameters, return_annotation=None
    )
    on_both: Callable[..., None] = pytest.mark.parametrize("new_loop", _LOOPS)(run)
    return on_both
