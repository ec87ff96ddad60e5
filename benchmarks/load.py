"""The load generator, a process of its own: bets over raw kept connections in a closed loop.

One JSON object comes in on standard input, one goes out: how many bets were answered, how long each
took, and the CPU that the program under test has used in exactly that time. A single answer that is
not the expected one ends the run.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import sys
import time
from array import array
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import cast

import uvloop

from benchmarks.processes import cpu_seconds_of_tree
from benchmarks.wire import BetRequests, NotReadable, is_good_reply, message_end

QUIET_SECONDS = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What to send, where to, for how long, and whose CPU to read."""

    port: int
    connections: int
    warm_up_seconds: float
    seconds: float
    token: str
    sessions: Sequence[str]
    tag: str
    expected: str
    watched_pid: int
    database_pid: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What one run has shown; latencies in microseconds, as the caller sees them.

    ``database_cpu_seconds`` is what a database server of its own has used beside the program.
    """

    requests: int
    seconds: float
    cpu_seconds: float
    p50_us: float
    p99_us: float
    database_cpu_seconds: float = 0.0


class WrongAnswer(Exception):
    """The program under test did not answer what it must."""


class Run:
    """The counters that all connections share, and the switch that ends them."""

    def __init__(self, order: Order) -> None:
        self._watched_pid = order.watched_pid
        self._database_pid = order.database_pid
        self._expected = order.expected.encode()
        self._latencies_ns = array("q")
        self._started_ns = 0
        self._started_cpu_seconds = (0.0, 0.0)
        self.sending = True
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.answered: Callable[[int], None] = self._latencies_ns.append

    def begin(self) -> None:
        """Forget the warming up and start to measure."""
        del self._latencies_ns[:]
        self._started_cpu_seconds = self._cpu_seconds()
        self._started_ns = time.perf_counter_ns()

    def end(self) -> Seen:
        """Stop to measure; calls under way are answered yet, new ones are not made."""
        seconds = (time.perf_counter_ns() - self._started_ns) / 1e9
        now, before = self._cpu_seconds(), self._started_cpu_seconds
        self.sending = False
        latencies = sorted(self._latencies_ns)
        if not latencies:
            raise WrongAnswer("no bet was answered at all")
        return Seen(
            requests=len(latencies),
            seconds=seconds,
            cpu_seconds=now[0] - before[0],
            database_cpu_seconds=now[1] - before[1],
            p50_us=latencies[len(latencies) // 2] / 1000,
            p99_us=latencies[len(latencies) * 99 // 100] / 1000,
        )

    def _cpu_seconds(self) -> tuple[float, float]:
        """Read what the program, and its database server if it has one, have used so far."""
        server = self._database_pid
        used = cpu_seconds_of_tree(self._watched_pid)
        return used, 0.0 if server is None else cpu_seconds_of_tree(server)

    def is_expected(self, message: bytes) -> bool:
        """Whether an answer is the one that all bets of this run must get."""
        return is_good_reply(message, self._expected)

    def refuse(self, fault: Exception) -> None:
        """End the run for what one connection has met."""
        self.sending = False
        if not self.ended.done():
            self.ended.set_exception(fault)


class Caller(asyncio.Protocol):
    """One connection: sends a bet, awaits its answer, sends the next one."""

    def __init__(self, run: Run, requests: BetRequests, numbers: Callable[[], int]) -> None:
        self._run = run
        self._requests = requests
        self._numbers = numbers
        self._buffer = b""
        self._sent_ns = 0
        self._transport: asyncio.WriteTransport | None = None
        self.quiet = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.WriteTransport", transport)
        self._send()

    def data_received(self, data: bytes) -> None:
        message = self._buffer + data if self._buffer else data
        try:
            end = message_end(message)
        except NotReadable as fault:
            self._run.refuse(fault)
            return
        if end is None:
            self._buffer = message
            return
        self._run.answered(time.perf_counter_ns() - self._sent_ns)
        self._buffer = b""
        if not self._run.is_expected(message) or end != len(message):
            self._run.refuse(WrongAnswer(repr(message)))
        elif self._run.sending:
            self._send()
        else:
            self.quiet.set()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.quiet.is_set():
            self._run.refuse(WrongAnswer(f"a connection was closed: {exc}"))
        self.quiet.set()

    def close(self) -> None:
        """Hang up; whatever comes yet is nobody's business."""
        assert self._transport is not None
        self.quiet.set()
        self._transport.close()

    def _send(self) -> None:
        assert self._transport is not None
        self._sent_ns = time.perf_counter_ns()
        self._transport.write(self._requests.request(self._numbers()))


async def measure(order: Order) -> Seen:
    """Carry out an order; raises WrongAnswer, NotReadable or OSError."""
    run = Run(order)
    callers: list[Caller] = []
    try:
        await _connect(run, order, callers)
        await _undisturbed(run, order.warm_up_seconds)
        run.begin()
        await _undisturbed(run, order.seconds)
        seen = run.end()
        async with asyncio.timeout(QUIET_SECONDS):
            for caller in callers:
                await caller.quiet.wait()
        await _undisturbed(run, 0)
        return seen
    finally:
        run.sending = False
        for caller in callers:
            caller.close()


async def _connect(run: Run, order: Order, callers: list[Caller]) -> None:
    loop = asyncio.get_running_loop()
    numbers = itertools.count().__next__
    for number in range(order.connections):
        requests = BetRequests(
            port=order.port,
            token=order.token,
            session=order.sessions[number % len(order.sessions)],
            tag=order.tag,
        )
        made = partial(Caller, run, requests, numbers)
        _, caller = await loop.create_connection(made, "127.0.0.1", order.port)
        callers.append(caller)


async def _undisturbed(run: Run, seconds: float) -> None:
    """Let the connections work for some time, or until one of them meets a fault."""
    await asyncio.wait([run.ended], timeout=seconds)
    if run.ended.done():
        run.ended.result()


def main() -> int:
    """Exit code 0 with the figures on standard output, 1 with one sentence otherwise."""
    order = Order(**json.load(sys.stdin))
    try:
        seen = uvloop.run(measure(order))
    except (WrongAnswer, NotReadable, OSError) as fault:
        print(f"{type(fault).__name__}: {fault}", file=sys.stderr)
        return 1
    json.dump(asdict(seen), sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main())
