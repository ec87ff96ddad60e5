"""Programs of the package as processes forked from one that has imported it all already.

They are processes like any other: with an environment, an output, an id and an end of their own, to
be stopped and killed. Only the second or more that importing takes is spent once for a whole run of
tests instead of once for each program. What the start itself is about is tested with a real start.
"""

from __future__ import annotations

import asyncio
import os
import runpy
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import TextIOWrapper
from multiprocessing import get_context
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any, cast

from meganodes.demo.children import ChildFault, Children

_CONTEXT = get_context("forkserver")
_CONTEXT.set_forkserver_preload(
    [
        "tests.support.warm_start",
        "meganodes.cli.app",
        "meganodes.demo.toy_casino",
        "meganodes.demo.toy_studio",
    ]
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Order:
    command: tuple[str, ...]
    environment: dict[str, str]
    folder: Path
    output: Path
    errors: Path


class WarmProcess:
    """A started program, in the words of asyncio's process."""

    def __init__(self, process: ForkServerProcess) -> None:
        self._process = process

    @property
    def pid(self) -> int:
        assert self._process.pid is not None
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        """The exit status, or the negative number of the signal that ended it; None if it runs."""
        return self._process.exitcode

    async def wait(self) -> int:
        """Wait for its end and give its exit status."""
        loop = asyncio.get_running_loop()
        ended = loop.create_future()
        # Readable as soon as the server of forks has heard of the end; a copy for each who waits.
        watched = os.dup(self._process.sentinel)
        loop.add_reader(watched, _set, ended)
        try:
            await ended
        finally:
            loop.remove_reader(watched)
            os.close(watched)
        status = self.returncode
        assert status is not None
        return status

    def wait_here(self, seconds: float) -> int:
        """Wait for its end in the test's own thread; kill it when that takes too long."""
        self._process.join(seconds)
        if (status := self.returncode) is None:
            self.kill()
            self._process.join()
            raise TimeoutError(f"not ended within {seconds:g} s")
        return status

    def terminate(self) -> None:
        os.kill(self.pid, signal.SIGTERM)

    def kill(self) -> None:
        os.kill(self.pid, signal.SIGKILL)


def _set(ended: asyncio.Future[None]) -> None:
    if not ended.done():
        ended.set_result(None)


def start_warm(
    command: Sequence[str],
    environment: Mapping[str, str],
    *,
    output: Path,
    errors: Path | None = None,
    folder: Path | None = None,
) -> WarmProcess:
    """Start ``python -m`` with these words; what it says is added to a file, or to two."""
    order = _Order(
        command=tuple(command),
        environment=dict(environment),
        folder=folder or Path.cwd(),
        output=output,
        errors=errors or output,
    )
    process = _CONTEXT.Process(target=_obey, args=(order,), daemon=True)
    process.start()
    return WarmProcess(process)


def _obey(order: _Order) -> None:
    os.environ.clear()
    os.environ.update(order.environment)
    time.tzset()
    os.chdir(order.folder)
    signal.signal(signal.SIGINT, signal.default_int_handler)  # the server of forks ignores it
    for number, path in ((1, order.output), (2, order.errors)):
        opened = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        os.dup2(opened, number)
        os.close(opened)
    sys.stdin = TextIOWrapper(open(os.devnull, "rb"), encoding="utf-8")  # noqa: PTH123, SIM115 - for the process's life
    sys.stdout = TextIOWrapper(open(1, "wb", closefd=False), encoding="utf-8", write_through=True)  # noqa: SIM115
    sys.stderr = TextIOWrapper(
        open(2, "wb", closefd=False),  # noqa: SIM115
        encoding="utf-8",
        errors="backslashreplace",
        write_through=True,
    )
    sys.argv = list(order.command)
    runpy.run_module(order.command[0], run_name="__main__", alter_sys=True)


class WarmChildren(Children):
    """The demo's children, started warm."""

    async def run(self, *arguments: str) -> str:
        """Run one command line of the hub to its end and return what it printed."""
        said = [self.folder / f"command.{name}" for name in ("out", "err")]
        for each in said:
            each.unlink(missing_ok=True)
        process = start_warm(
            ("meganodes", *arguments), self._environment(), output=said[0], errors=said[1]
        )
        if await process.wait() != 0:
            words = (said[1].read_text() or said[0].read_text()).strip()
            raise ChildFault(f"meganodes {' '.join(arguments)} failed:\n{words}")
        return said[0].read_text()

    async def _start(
        self,
        name: str,
        command: Sequence[str],
        environment: Mapping[str, str],
        *,
        leads_group: bool,
    ) -> None:
        if leads_group:  # another language
            await super()._start(name, command, environment, leads_group=leads_group)
            return
        log = self.folder / f"{name}.log"
        _python, _m, *words = command
        process = start_warm(words, environment, output=log)
        self._keep(name, as_process(process), log, leads_group=False)


def as_process(process: WarmProcess) -> asyncio.subprocess.Process:
    """Give it for what it stands in for: whoever takes it reads its id and its end, and waits."""
    return cast("asyncio.subprocess.Process", cast("Any", process))
