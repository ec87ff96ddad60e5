"""An event loop on virtual time: no sockets, no waiting, the same order of everything each time.

When nothing is ready the clock jumps to the next timer. Every piece of work belongs to the process
in whose context it was started. The work of a killed process never runs again, not even to its
`finally`; that of a paused one waits.
"""

from __future__ import annotations

import asyncio
import heapq
from asyncio.events import Handle, TimerHandle
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Generator
from contextvars import Context, ContextVar, copy_context
from enum import Enum, auto
from typing import Any, Final, TypeVar, TypeVarTuple, Unpack, cast

_T = TypeVar("_T")
_Ts = TypeVarTuple("_Ts")


class Life(Enum):
    """What may become of a process's work."""

    RUNNING = auto()
    PAUSED = auto()
    KILLED = auto()


class Process:
    """One life of one simulated program, from its start to its kill."""

    def __init__(self, loop: VirtualLoop, number: int) -> None:
        """Begin to live; ``number`` is the node's, the same after a restart."""
        self.number = number
        self.life = Life.RUNNING
        self._loop = loop
        self._held: list[Handle] = []
        self._tasks: list[asyncio.Task[Any]] = []
        self._prune_at = 1_000

    def spawn(self, work: Coroutine[Any, Any, _T]) -> asyncio.Task[_T]:
        """Start work that belongs to this process, whoever asks for it."""
        return self.call(self._loop.create_task, work)

    def call(self, function: Callable[..., _T], *args: object) -> _T:
        """Call a function as this process: what it starts belongs to it."""
        return self.context().run(function, *args)

    def context(self) -> Context:
        """Give a fresh context of this process."""
        context = copy_context()
        context.run(OWNER.set, self)
        return context

    def pause(self) -> None:
        """Stop: nothing of it runs until `resume`."""
        if self.life is Life.RUNNING:
            self.life = Life.PAUSED

    def resume(self) -> None:
        """Run on, with what has become due meanwhile first."""
        if self.life is Life.PAUSED:
            self.life = Life.RUNNING
            held, self._held = self._held, []
            self._loop.take_up(held, self)

    def kill(self) -> None:
        """End at once; the tasks are kept, so that no clean-up of theirs runs during the run."""
        self.life = Life.KILLED

    def hold(self, handle: Handle) -> None:
        """Keep what may not run now, or never again."""
        self._held.append(handle)

    def remember(self, task: asyncio.Task[Any]) -> None:
        """Keep a task alive for as long as the run lasts."""
        self._tasks.append(task)
        if len(self._tasks) > self._prune_at:
            self._tasks = [task for task in self._tasks if not task.done()]
            self._prune_at = 2 * len(self._tasks) + 1_000

    def bury(self) -> None:
        """Let go of all tasks once the run is over."""
        self._held.clear()
        for task in self._tasks:
            if not task.done():
                # No warning, and no wish of its `finally` blocks is heard any more.
                task._log_destroy_pending = False  # type: ignore[attr-defined]
                _close(task)
        self._tasks.clear()


OWNER: ContextVar[Process | None] = ContextVar("simulation_owner", default=None)
"""The process whose work is running; None: the world's."""

WORLD: Final = Context()
"""Work in it belongs to no process, whoever set it going: no kill prevents it."""


class Stuck(Exception):
    """Nothing is ready and no timer is set: the run waits for what never comes."""


class VirtualLoop(asyncio.BaseEventLoop):
    """Runs handles in the order they became ready, and time only when none is."""

    def __init__(self, *, start: float = 1_000.0) -> None:
        """Stand at a virtual moment, in seconds."""
        super().__init__()
        self.turns = 0
        self.troubles: list[str] = []
        self._now = start
        self._queue: deque[tuple[Process | None, Handle]] = deque()
        self._timers: list[tuple[float, int, Process | None, TimerHandle]] = []
        self._order = 0
        self._processes: list[Process] = []
        self._connect: Callable[..., Awaitable[Any]] | None = None
        self.set_exception_handler(_note_trouble)

    def time(self) -> float:
        """Return the virtual time."""
        return self._now

    def process(self, number: int) -> Process:
        """Begin the life of a process."""
        process = Process(self, number)
        self._processes.append(process)
        return process

    def take_up(self, handles: list[Handle], owner: Process) -> None:
        """Make handles ready again, in their order, before anything that comes later."""
        self._queue.extend((owner, handle) for handle in handles)

    def connect_by(self, connect: Callable[..., Awaitable[Any]]) -> None:
        """Take who makes connections."""
        self._connect = connect

    async def create_connection(self, protocol_factory: Any, *_: Any, **options: Any) -> Any:  # noqa: ANN401 - as in the base class
        """Make a connection over a simulated socket."""
        assert self._connect is not None, "there is no network"
        return await self._connect(protocol_factory, **options)

    def call_soon(
        self,
        callback: Callable[[Unpack[_Ts]], object],
        *args: *_Ts,
        context: Context | None = None,
    ) -> Handle:
        """Make a callback ready; its context says whose it is."""
        context = copy_context() if context is None else context
        handle = Handle(callback, args, self, context)
        self._queue.append((context.get(OWNER), handle))
        return handle

    def call_at(
        self,
        when: float,
        callback: Callable[[Unpack[_Ts]], object],
        *args: *_Ts,
        context: Context | None = None,
    ) -> TimerHandle:
        """Make a callback ready at a moment."""
        context = copy_context() if context is None else context
        timer = TimerHandle(when, callback, args, self, context)
        self._order += 1
        heapq.heappush(self._timers, (when, self._order, context.get(OWNER), timer))
        return timer

    def create_task(
        self,
        coro: Generator[Any, None, _T] | Coroutine[Any, Any, _T],
        *,
        name: object = None,
        context: Context | None = None,
    ) -> asyncio.Task[_T]:
        """Start a task, and remember whose it is."""
        task = super().create_task(coro, name=name, context=context)
        owner = OWNER.get() if context is None else context.get(OWNER)
        if owner is not None:
            owner.remember(task)
        return task

    def end(self) -> None:
        """Let go of everything; call it once the evidence is taken."""
        self._queue.clear()
        self._timers.clear()
        for process in self._processes:
            process.kill()
            process.bury()
        self._queue.clear()
        self.close()

    def _run_once(self) -> None:
        if not self._queue:
            self._pass_time()
        for _ in range(len(self._queue)):
            owner, handle = self._queue.popleft()
            if handle.cancelled():
                continue
            if owner is None or owner.life is Life.RUNNING:
                self.turns += 1
                handle._run()
            else:
                owner.hold(handle)

    def _pass_time(self) -> None:
        timers = self._timers
        while timers and timers[0][3].cancelled():
            heapq.heappop(timers)
        if not timers:
            raise Stuck(f"nothing is left to do at {self._now}")
        self._now = max(self._now, timers[0][0])
        while timers and timers[0][0] <= self._now:
            _, _, owner, timer = heapq.heappop(timers)
            if not timer.cancelled():
                self._queue.append((owner, timer))

    def _timer_handle_cancelled(self, handle: TimerHandle) -> None:
        """Nothing: a cancelled timer is passed over when its moment comes."""


def _note_trouble(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    assert isinstance(loop, VirtualLoop)
    loop.troubles.append(f"{context.get('message')}: {context.get('exception')!r}")


def _close(task: asyncio.Task[Any]) -> None:
    coroutine = cast("Coroutine[Any, Any, Any]", task.get_coro())
    try:
        coroutine.close()
    except BaseException:  # noqa: BLE001 - of a process that is dead for long
        return
