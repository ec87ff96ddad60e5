"""The demo's child processes: started with a clean environment, watched, and ended by their pid."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

import meganodes
from meganodes.demo.http_client import HttpRequest, NoAnswer, send
from meganodes.kit.clock import Clock

_END_SECONDS = 20.0
_LOG_LINES = 15


class ChildFault(Exception):
    """A program of the demo did not do its part; the text names it and shows its last words."""


@dataclass(slots=True)
class _Child:
    name: str
    process: asyncio.subprocess.Process
    log: Path
    leads_group: bool


@dataclass(slots=True)
class Children:
    """Starts programs of this package and ends them all when the block is left, come what may.

    ``folder`` takes their logs; ``environment`` is all they get to see beside what Python needs.
    """

    folder: Path
    clock: Clock
    environment: Mapping[str, str] = field(default_factory=dict)
    _running: list[_Child] = field(default_factory=list)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        fault: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """End the children, the last started first, so that the hub can still deliver."""
        for child in reversed(self._running):
            await self._end(child)

    async def start(self, name: str, module: str, *arguments: str) -> None:
        """Start a program that stays; its output goes to ``<name>.log``."""
        command = _command(module, arguments)
        await self._start(name, command, self._environment(), leads_group=False)

    async def start_foreign(
        self, name: str, command: Sequence[str], environment: Mapping[str, str]
    ) -> None:
        """Start a program in another language, which may start workers that it does not end."""
        await self._start(name, command, {**self.environment, **environment}, leads_group=True)

    async def ready(self, name: str, url: str, within_seconds: float) -> None:
        """Wait until a child answers 200; raise ChildFault when it ends or takes too long."""
        child = next(one for one in self._running if one.name == name)
        deadline = self.clock.monotonic() + within_seconds
        while self.clock.monotonic() < deadline:
            if child.process.returncode is not None:
                raise ChildFault(f"the {name} ended at once:\n{_last_words(child.log)}")
            if await _answers(url):
                return
            await self.clock.sleep(0.1)
        raise ChildFault(
            f"the {name} was not ready within {within_seconds:g} s:\n{_last_words(child.log)}"
        )

    async def run(self, *arguments: str) -> str:
        """Run one command line of the hub to its end and return what it printed."""
        process = await asyncio.create_subprocess_exec(
            *_command("meganodes", arguments),
            env=self._environment(),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        output, errors = await process.communicate()
        if process.returncode != 0:
            words = (errors or output).decode("utf-8", "replace").strip()
            raise ChildFault(f"meganodes {' '.join(arguments)} failed:\n{words}")
        return output.decode()

    async def _start(
        self,
        name: str,
        command: Sequence[str],
        environment: Mapping[str, str],
        *,
        leads_group: bool,
    ) -> None:
        log = self.folder / f"{name}.log"
        with log.open("ab") as output:
            process = await asyncio.create_subprocess_exec(
                *command,
                env=environment,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=leads_group,
            )
        self._keep(name, process, log, leads_group=leads_group)

    def _keep(
        self, name: str, process: asyncio.subprocess.Process, log: Path, *, leads_group: bool
    ) -> None:
        self._running.append(_Child(name, process, log, leads_group))

    def ended_by_themselves(self) -> list[str]:
        """Return the children that ended although nobody told them to."""
        return [child.name for child in self._running if child.process.returncode is not None]

    def _environment(self) -> dict[str, str]:
        package_root = str(Path(meganodes.__file__).parents[1])
        return {
            "LOGNAME": "demo",  # the audit wants a name, and a container may have none
            **self.environment,
            "PYTHONPATH": package_root,
            "PYTHONUNBUFFERED": "1",
            "PYTHONUTF8": "1",
        }

    async def _end(self, child: _Child) -> None:
        await self._end_process(child)
        if child.leads_group:
            # Its workers live on when it is gone, and so does the number of their group.
            with suppress(ProcessLookupError):
                os.killpg(child.process.pid, signal.SIGKILL)

    async def _end_process(self, child: _Child) -> None:
        if child.process.returncode is not None:
            return
        child.process.terminate()
        try:
            async with asyncio.timeout(_END_SECONDS):
                await child.process.wait()
        except TimeoutError:
            child.process.kill()
            await child.process.wait()


def _command(module: str, arguments: Sequence[str]) -> list[str]:
    return [sys.executable, "-m", module, *arguments]


async def _answers(url: str) -> bool:
    try:
        result = await send(HttpRequest(method="GET", url=url), 2.0)
    except NoAnswer:
        return False
    return result.status == 200  # noqa: PLR2004 - HTTP's own number


def _last_words(log: Path) -> str:
    lines = log.read_text("utf-8", "replace").splitlines()
    return "\n".join(lines[-_LOG_LINES:]) or "(it said nothing)"
