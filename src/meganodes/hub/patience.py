"""Answering in time while the work goes on: a provider gets its answer within 3 s (contract 4)."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from meganodes.domain.transaction import Transaction
    from meganodes.hub.core import Hub

_T = TypeVar("_T")

POLL_SECONDS = 0.1


async def result_by(hub: Hub, task: asyncio.Task[_T], answer_by: float) -> _T | None:
    """Wait for a task until a moment; None when it still runs. It is never cancelled."""
    if not task.done():
        loop = asyncio.get_running_loop()
        waiter: asyncio.Future[None] = loop.create_future()
        timer = loop.call_later(max(0.0, answer_by - hub.clock.monotonic()), _wake, waiter)

        def finished(_: object) -> None:
            _wake(waiter)

        task.add_done_callback(finished)
        await waiter
        timer.cancel()
    return task.result() if task.done() else None


def _wake(waiter: asyncio.Future[None]) -> None:
    if not waiter.done():
        waiter.set_result(None)


async def next_look(hub: Hub, row: Transaction, answer_by: float) -> Transaction | None:
    """Wait for news of a row and read it again; None when the time for an answer is over.

    Another node may be the one that decides, so the row is read at least every tenth of a second.
    """
    left = answer_by - hub.clock.monotonic()
    if left <= 0:
        return None
    await hub.decisions.wait(row.trans_id, min(left, POLL_SECONDS))
    return await hub.journal.fetch(row.agent_id, row.trans_id)
