"""The listener as a process: a signal under load fails no call, a second one ends it at once."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.support.raw_http import Caller, a_caller, post

ROOT = Path(__file__).resolve().parents[2]
DOOR = "/provider/v1/bet"
CALLERS = 20


class Program:
    """A running listener."""

    def __init__(self, process: asyncio.subprocess.Process, port: int) -> None:
        """Wrap a process that listens."""
        self.process = process
        self.port = port

    async def line(self) -> str:
        assert self.process.stdout is not None
        async with asyncio.timeout(10):
            return (await self.process.stdout.readline()).decode().strip()

    async def exit_code(self) -> int:
        async with asyncio.timeout(10):
            return await self.process.wait()


@asynccontextmanager
async def a_program(answer_seconds: float) -> AsyncIterator[Program]:
    command = [sys.executable, "-m", "tests.support.listener_program", str(answer_seconds)]
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=ROOT,
        env={"PYTHONPATH": f"{ROOT / 'src'}:{ROOT}"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    program = Program(process, 0)
    try:
        program.port = int(await program.line())
        yield program
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def _call_until_refused(port: int, seen: Counter[str]) -> None:
    """Bet again and again, on a new connection whenever the old one ends, until none is let in."""
    while True:
        try:
            async with a_caller(port) as caller:
                await _call_on_one_connection(caller, seen)
        except ConnectionRefusedError:
            return
        except (ConnectionError, asyncio.IncompleteReadError):
            seen["unanswered"] += 1


async def _call_on_one_connection(caller: Caller, seen: Counter[str]) -> None:
    while True:
        answer = await caller.ask(post(DOOR, b"bet"))
        assert answer.body == b"bet"
        seen["answered"] += 1
        if answer.closes:
            seen["said close"] += 1
            return


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_under_load_fails_no_call_that_was_read(number: signal.Signals) -> None:
    seen: Counter[str] = Counter()
    async with a_program(0.02) as program:
        callers = [
            asyncio.create_task(_call_until_refused(program.port, seen)) for _ in range(CALLERS)
        ]
        await asyncio.sleep(0.5)
        program.process.send_signal(number)
        await asyncio.gather(*callers)
        assert await program.line() == f"asked {seen['answered']}, frozen True"
        assert await program.exit_code() == 0
    assert seen["answered"] > CALLERS
    assert seen["said close"] >= CALLERS - seen["unanswered"]


async def _until_nobody_new_is_let_in(port: int) -> None:
    for _ in range(500):
        try:
            async with a_caller(port):
                await asyncio.sleep(0.01)
        except ConnectionRefusedError:
            return
    raise AssertionError("new callers are still let in")


async def test_a_second_signal_ends_it_at_once() -> None:
    async with a_program(60.0) as program, a_caller(program.port) as caller:
        await caller.send(post(DOOR, b"never answered"))
        program.process.send_signal(signal.SIGTERM)
        await _until_nobody_new_is_let_in(program.port)
        assert program.process.returncode is None
        program.process.send_signal(signal.SIGTERM)
        assert await program.exit_code() == 1
        assert await caller.is_closed()
