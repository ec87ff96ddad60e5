"""Starts all programs and lets them take turns (A B A B ...): both meet the same machine."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from benchmarks.figures import HUB, HUB_ON_POSTGRESQL, PROXY, SLOW_DIRECT, SLOW_HUB, Round
from benchmarks.hub import Hub, running_hub
from benchmarks.load import Order
from benchmarks.nginx import fake_backend, reverse_proxy
from benchmarks.postgresql import Database, own_postgresql
from benchmarks.processes import ROOT, BenchmarkFault, Program, last_words
from benchmarks.slow_backend import slow_backend

WARM_UP_SECONDS = 0.3
SLOW_SECONDS = 1.5
SLOW_CONNECTIONS = 64
FAST_AGENT = "fast"
SLOW_AGENT = "slow"
_FROM_HUB = '"code":0,'
_FROM_BACKEND = '"result":0,'


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How often and how long each program is measured, and at how many connections."""

    rounds: int
    seconds: float
    connections: Sequence[int]
    with_postgresql: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """A program under test and how it is asked; ``server`` is its database's, if it has one."""

    program: str
    target: Program
    sessions: Sequence[str]
    expected: str
    token: str
    server: Database | None = None


def measure(plan: Plan, folder: Path, tell: Callable[[str], None]) -> list[Round]:
    """Run the whole plan in a folder; every program has ended when this returns or raises."""
    with ExitStack() as stack:
        backend = stack.enter_context(fake_backend(folder))
        proxy = stack.enter_context(reverse_proxy(folder, backend))
        slow = stack.enter_context(slow_backend(folder))
        tell("setting the hub up ...")
        hub = stack.enter_context(running_hub(folder, {FAST_AGENT: backend, SLOW_AGENT: slow}))
        cpu = [
            _relayed(PROXY, proxy, hub, FAST_AGENT),
            _through(HUB, hub, FAST_AGENT),
        ]
        if plan.with_postgresql:
            tell("setting the hub on PostgreSQL up ...")
            database = stack.enter_context(own_postgresql())
            other = stack.enter_context(running_hub(folder, {FAST_AGENT: backend}, database.url))
            cpu.append(_through(HUB_ON_POSTGRESQL, other, FAST_AGENT, database))
        added = [
            _relayed(SLOW_DIRECT, slow, hub, SLOW_AGENT),
            _through(SLOW_HUB, hub, SLOW_AGENT),
        ]
        parts = [(cpu, count, plan.seconds) for count in plan.connections]
        return _take_turns(plan, [*parts, (added, SLOW_CONNECTIONS, SLOW_SECONDS)], tell)


def _through(program: str, hub: Hub, agent: str, server: Database | None = None) -> Turn:
    return Turn(
        program=program,
        target=hub.program,
        sessions=hub.sessions[agent],
        expected=_FROM_HUB,
        token=hub.provider_token,
        server=server,
    )


def _relayed(program: str, target: Program, hub: Hub, agent: str) -> Turn:
    """Send a hub's bets past it."""
    return replace(_through(program, hub, agent), target=target, expected=_FROM_BACKEND)


def _take_turns(
    plan: Plan, parts: list[tuple[list[Turn], int, float]], tell: Callable[[str], None]
) -> list[Round]:
    rounds: list[Round] = []
    for turns, connections, seconds in parts:
        for number in range(1, plan.rounds + 1):
            for turn in turns:
                tag = f"bench-{len(rounds):03d}"
                seen = _one_round(turn, connections, seconds, tag)
                rounds.append(seen)
                tell(
                    f"round {number} of {plan.rounds}, {connections:>2} connections, "
                    f"{turn.program}: {seen.cpu_us:.1f} us, {seen.per_second:,.0f} per second"
                )
    return rounds


def _one_round(turn: Turn, connections: int, seconds: float, tag: str) -> Round:
    """Let a load generator of its own bet; raises BenchmarkFault for any wrong answer."""
    order = Order(
        port=turn.target.port,
        connections=connections,
        warm_up_seconds=WARM_UP_SECONDS,
        seconds=seconds,
        token=turn.token,
        sessions=turn.sessions,
        tag=tag,
        expected=turn.expected,
        watched_pid=turn.target.pid,
        database_pid=None if turn.server is None else turn.server.pid,
    )
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.load"],
        cwd=ROOT,
        input=json.dumps(asdict(order)),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise BenchmarkFault(f"bets to {turn.program}: {last_words(done.stderr)}")
    return Round(program=turn.program, connections=connections, **json.loads(done.stdout))
