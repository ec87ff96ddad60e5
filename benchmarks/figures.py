"""From rounds to figures: medians, ratios inside each round, and the limits they are held to.

Other work on the machine moves absolute figures; a ratio is therefore taken between two programs
that ran one after the other, and the median of these ratios counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final

PROXY: Final = "proxy"
HUB: Final = "hub"
HUB_ON_POSTGRESQL: Final = "hub on PostgreSQL"
SLOW_DIRECT: Final = "slow backend"
SLOW_HUB: Final = "hub before slow backend"


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """One program measured once; the latencies are the caller's."""

    program: str
    connections: int
    requests: int
    seconds: float
    cpu_seconds: float
    p50_us: float
    p99_us: float
    database_cpu_seconds: float = 0.0
    """What a database server of its own has used; SQLite works inside the program."""

    @property
    def cpu_us(self) -> float:
        """CPU of the program for one request, in microseconds."""
        return self.cpu_seconds * 1e6 / self.requests

    @property
    def database_us(self) -> float:
        """CPU of the database server for one request, in microseconds."""
        return self.database_cpu_seconds * 1e6 / self.requests

    @property
    def per_second(self) -> float:
        """Requests answered in a second."""
        return self.requests / self.seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """What is aimed at, and what a regression must not pass."""

    goal: float
    gate: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What a bet costs in CPU at a number of connections: medians over the rounds.

    ``database_us`` is of the server, and no part of ``hub_us`` and the ratio.
    """

    connections: int
    proxy_us: float
    hub_us: float
    ratio: float
    ratio_least: float
    ratio_most: float
    proxy_per_second: float
    hub_per_second: float
    hub_p50_us: float
    hub_p99_us: float
    database_us: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class AddedTime:
    """What the hub adds to a call of 20 ms, in milliseconds: medians over the rounds."""

    connections: int
    p50_ms: float
    p99_ms: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Everything that one run of the benchmark says: ``costs`` and ``added`` are on SQLite."""

    costs: tuple[Cost, ...]
    added: AddedTime
    on_postgresql: tuple[Cost, ...] = ()


RATIO_LIMITS: Final[Mapping[int, Limit]] = {
    64: Limit(goal=4, gate=6),
    8: Limit(goal=6, gate=9),
    1: Limit(goal=8, gate=12),
}
"""CPU per bet against the reverse proxy, for a number of connections."""

ADDED_P50_MS: Final = Limit(goal=3, gate=6)
ADDED_P99_MS: Final = Limit(goal=12, gate=30)


def figures_of(rounds: Sequence[Round]) -> Figures:
    """Put the rounds of a whole run together."""
    counts = dict.fromkeys(each.connections for each in rounds if each.program == PROXY)
    both = {each.program for each in rounds} >= {HUB, HUB_ON_POSTGRESQL}
    other = [cost_at(each, rounds, HUB_ON_POSTGRESQL) for each in counts] if both else []
    return Figures(
        costs=tuple(cost_at(connections, rounds) for connections in counts),
        added=added_time(rounds),
        on_postgresql=tuple(other),
    )


def cost_at(connections: int, rounds: Iterable[Round], program: str = HUB) -> Cost:
    """Compare a hub's rounds with the proxy's at a number of connections, in the order they ran."""
    fitting = [each for each in rounds if each.connections == connections]
    proxy = [each for each in fitting if each.program == PROXY]
    hub = [each for each in fitting if each.program == program]
    ratios = [ours.cpu_us / relay.cpu_us for relay, ours in zip(proxy, hub, strict=True)]
    return Cost(
        connections=connections,
        proxy_us=median(each.cpu_us for each in proxy),
        hub_us=median(each.cpu_us for each in hub),
        ratio=median(ratios),
        ratio_least=min(ratios),
        ratio_most=max(ratios),
        proxy_per_second=median(each.per_second for each in proxy),
        hub_per_second=median(each.per_second for each in hub),
        hub_p50_us=median(each.p50_us for each in hub),
        hub_p99_us=median(each.p99_us for each in hub),
        database_us=median(each.database_us for each in hub),
    )


def added_time(rounds: Iterable[Round]) -> AddedTime:
    """Take the median of the slow backend's own time away from what a bet through the hub took."""
    slow = [each for each in rounds if each.program in {SLOW_DIRECT, SLOW_HUB}]
    direct = [each for each in slow if each.program == SLOW_DIRECT]
    hub = [each for each in slow if each.program == SLOW_HUB]
    pairs = list(zip(direct, hub, strict=True))
    return AddedTime(
        connections=slow[0].connections,
        p50_ms=median((ours.p50_us - alone.p50_us) / 1000 for alone, ours in pairs),
        p99_ms=median((ours.p99_us - alone.p50_us) / 1000 for alone, ours in pairs),
    )


def regressions(figures: Figures) -> list[str]:
    """Name everything that has passed its gate, a sentence each."""
    held = [
        (f"CPU per bet at {cost.connections} connections, times the proxy's", cost.ratio, limit)
        for cost in figures.costs
        if (limit := RATIO_LIMITS.get(cost.connections)) is not None
    ]
    held.append(("p50 added to a call of 20 ms, in ms", figures.added.p50_ms, ADDED_P50_MS))
    held.append(("p99 added to a call of 20 ms, in ms", figures.added.p99_ms, ADDED_P99_MS))
    return [
        f"{what}: {value:.2f} is above the gate of {limit.gate:g}"
        for what, value, limit in held
        if value > limit.gate
    ]
