"""The line between parent and worker: questions, answers, and an end that nobody misses."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from meganodes.bootstrap.worker_line import (
    About,
    Line,
    Message,
    NoAnswerOnLine,
    Ready,
    Stop,
    open_line,
)

PATIENCE_SECONDS = 20.0


class Side:
    """One side of a line: what it has heard, and what it answers once it may."""

    def __init__(self) -> None:
        """Begin with nothing heard; answering is allowed."""
        self.heard: list[Message] = []
        self.came = asyncio.Event()
        self.may_answer = asyncio.Event()
        self.may_answer.set()
        self.line: Line
        self.life: asyncio.Task[None]

    async def open(self, end: socket.socket) -> None:
        self.line = Line(await open_line(end), self.answer, self.hear)
        self.life = asyncio.create_task(self.line.run())

    async def answer(self, about: About) -> object:
        await self.may_answer.wait()
        return {"about": about.value, "text": "x" * 200_000}

    def hear(self, message: Message) -> None:
        self.heard.append(message)
        self.came.set()


@asynccontextmanager
async def two_sides() -> AsyncIterator[tuple[Side, Side]]:
    parent, worker = Side(), Side()
    here, there = socket.socketpair()
    await parent.open(here)
    await worker.open(there)
    try:
        yield parent, worker
    finally:
        await parent.line.close()
        await worker.line.close()
        await asyncio.gather(parent.life, worker.life)


async def test_both_sides_ask_at_once_and_long_answers_arrive_whole() -> None:
    async with two_sides() as (parent, worker):
        answers = await asyncio.gather(
            parent.line.ask(About.METRICS, PATIENCE_SECONDS),
            parent.line.ask(About.HEALTH, PATIENCE_SECONDS),
            worker.line.ask(About.HEALTH, PATIENCE_SECONDS),
        )
        assert [b'"metrics"' in each for each in answers] == [True, False, False]
        assert all(len(each) > 200_000 for each in answers)


async def test_what_is_told_arrives_in_order() -> None:
    async with two_sides() as (parent, worker):
        worker.line.tell(Ready(node="node-3"))
        worker.line.tell(Stop())
        async with asyncio.timeout(PATIENCE_SECONDS):
            while len(parent.heard) < 2:
                parent.came.clear()
                await parent.came.wait()
        assert parent.heard == [Ready(node="node-3"), Stop()]


async def test_no_answer_in_time_is_told_and_a_late_one_is_nobodys() -> None:
    async with two_sides() as (parent, worker):
        worker.may_answer.clear()
        with pytest.raises(NoAnswerOnLine, match="no answer about health"):
            await parent.line.ask(About.HEALTH, 0.05)
        worker.may_answer.set()
        assert await parent.line.ask(About.METRICS, PATIENCE_SECONDS)


async def test_the_end_of_the_other_side_ends_what_is_asked() -> None:
    async with two_sides() as (parent, worker):
        worker.may_answer.clear()
        asking = asyncio.create_task(parent.line.ask(About.HEALTH, PATIENCE_SECONDS))
        await asyncio.sleep(0)
        await worker.line.close()
        with pytest.raises(NoAnswerOnLine, match="the other side is gone"):
            await asking
        async with asyncio.timeout(PATIENCE_SECONDS):
            await parent.life
