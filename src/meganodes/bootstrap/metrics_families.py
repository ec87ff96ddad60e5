"""What `/metrics` says: the node's own numbers as families in the format of Prometheus.

Everything here only reads and copies; it runs in a thread beside the event loop.
"""

from __future__ import annotations

import os
import platform
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
)
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from meganodes import __version__
from meganodes.callbacks.gateway import CircuitChange
from meganodes.hub.core import Hub
from meganodes.hub.meters import DoorName
from meganodes.hub.watch import Sight
from meganodes.journal.store import OpenWork
from meganodes.kit.clock import Clock
from meganodes.kit.metrics import CommitMeters, Histogram

OTHER = "(other)"
"""The agents without series of their own; no agent can have this name."""
_NAME = "meganodes"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """Where the numbers are. ``wall`` is the clock that may jump, the hub's own is the steady one.

    ``in_flight`` names what is under way at this moment and how much of it.
    """

    hub: Hub
    wall: Clock
    commits: CommitMeters
    loop_lag: Histogram
    database: Path | None
    agents_max: int
    sight: Callable[[], Sight | None]
    circuits: Callable[[], tuple[CircuitChange, ...]]
    in_flight: Callable[[], Mapping[str, int]]
    is_draining: Callable[[], bool]
    alerts_firing: Callable[[], Mapping[str, int]]
    alert_messages: Mapping[str, int]


class HubCollector(Collector):
    """Makes all families anew whenever somebody asks."""

    def __init__(self, sources: Sources) -> None:
        """Read from these places."""
        self._sources = sources

    def collect(self) -> Iterable[Metric]:
        """Give everything this node says about itself."""
        sources = self._sources
        yield _build()
        yield from _calls(sources)
        yield from _backends(sources)
        yield from _circuits(sources)
        yield from _open_work(sources)
        yield from _reconciled(sources)
        yield from _journal(sources)
        yield from _retention(sources)
        yield from _process(sources)
        yield from _alerts(sources)


def _build() -> Metric:
    family = InfoMetricFamily(f"{_NAME}_build", "What is running.")
    versions = {"version": __version__, "python": platform.python_version()}
    family.add_metric([], {**versions, "sqlite": sqlite3.sqlite_version})
    return family


def _calls(sources: Sources) -> Iterator[Metric]:
    meters = sources.hub.meters
    main_api = _counter("main_api_calls", "Answered calls of agents' servers.", "path", "code")
    provider = _counter("provider_calls", "Answered calls of providers.", "command", "code")
    for (door, name, code), count in meters.calls.copy().items():
        family = main_api if door is DoorName.MAIN_API else provider
        family.add_metric([name, str(code.value)], count)
    yield main_api
    yield provider
    own = _histogram(
        "own_share_seconds", "Time of an answer without the waiting for backends.", "door"
    )
    for door, histogram in meters.own_seconds.items():
        _add(own, [door.value], histogram)
    yield own
    alarms = _counter("alarms", "Alarms about transactions.", "alarm")
    for alarm, count in meters.alarms.copy().items():
        alarms.add_metric([alarm], count)
    yield alarms


def _backends(sources: Sources) -> Iterator[Metric]:
    backends = sources.hub.meters.backends
    named = {_agent_name(sources, agent_id): each for agent_id, each in backends.own().items()}
    attempts = _counter("callbacks", "Callback attempts.", "agent", "command", "outcome")
    seconds = _histogram("backend_seconds", "Time a backend took for a callback.", "agent")
    for name, backend in {**named, OTHER: backends.other}.items():
        for (command, outcome), count in backend.attempts.copy().items():
            attempts.add_metric([name, command, outcome], count)
        _add(seconds, [name], backend.seconds)
    yield attempts
    yield seconds


def _circuits(sources: Sources) -> Iterator[Metric]:
    opened = sources.circuits()
    yield _gauge("circuits_open", "Agents whose circuit is open.", len(opened))
    each = GaugeMetricFamily(
        f"{_NAME}_circuit_open", "1 for an agent whose circuit is open.", labels=["agent"]
    )
    for circuit in opened[: sources.agents_max]:
        each.add_metric([_agent_name(sources, circuit.agent_id)], 1)
    yield each
    family = _counter("circuits_opened", "How often a circuit opened.")
    family.add_metric([], sources.hub.meters.circuits_opened)
    yield family


def _open_work(sources: Sources) -> Iterator[Metric]:
    sight = sources.sight() or Sight(at_ms=0)
    labels = ["agent", "state"]
    count = GaugeMetricFamily(
        f"{_NAME}_open_transactions", "Transactions that are not at an end.", labels=labels
    )
    oldest = GaugeMetricFamily(
        f"{_NAME}_open_oldest_seconds", "Age of the oldest of them.", labels=labels
    )
    now_ms = sources.hub.clock.now_ms()
    for (name, state), (number, oldest_at_ms) in _summed(sources, sight.open_work).items():
        count.add_metric([name, state], number)
        oldest.add_metric([name, state], max(0, now_ms - oldest_at_ms) / 1000)
    yield count
    yield oldest
    yield _gauge("unplaced_entries", "Entries of lists without a position.", sight.unplaced)
    lag_ms = max(0, now_ms - sight.sealed_to_ms) if sight.sealed_to_ms else 0
    yield _gauge("seal_lag_seconds", "Age of the oldest minute without a seal.", lag_ms / 1000)
    yield _gauge(
        "open_rounds", "Rounds that nobody closed in time, 1000 at most.", len(sight.open_rounds)
    )
    seen_at = sight.at_ms / 1000
    yield _gauge("last_look_timestamp_seconds", "When open work was looked at last.", seen_at)


def _reconciled(sources: Sources) -> Iterator[Metric]:
    """Give what the daily reconciliation found; of a node that does not compare no numbers."""
    sight = sources.sight() or Sight(at_ms=0)
    found: Counter[int] = Counter()
    for each in sight.reconciled:
        found[each.agent_id] += each.differences
    named = {agent_id for agent_id, _ in found.most_common(sources.agents_max)}
    summed: Counter[str] = Counter()
    for agent_id, count in found.items():
        summed[_agent_name(sources, agent_id) if agent_id in named else OTHER] += count
    family = GaugeMetricFamily(
        f"{_NAME}_reconciliation_differences", "Ids that differ from a backend.", labels=["agent"]
    )
    for name, count in summed.items():
        family.add_metric([name], count)
    yield family
    unanswered = sum(each.unanswered for each in sight.reconciled)
    yield _gauge("reconciliation_unanswered", "Ids that backends said nothing about.", unanswered)
    day_ms = max((each.day_ms for each in sight.reconciled), default=0)
    yield _gauge(
        "reconciliation_day_timestamp_seconds", "Begin of the last day compared.", day_ms / 1000
    )


def _summed(
    sources: Sources, open_work: tuple[OpenWork, ...]
) -> dict[tuple[str, str], tuple[int, int]]:
    """Add up by agent and state; agents with the most open work keep their names."""
    weights: Counter[int] = Counter()
    for work in open_work:
        weights[work.agent_id] += work.count
    named = {agent_id for agent_id, _ in weights.most_common(sources.agents_max)}
    summed: dict[tuple[str, str], tuple[int, int]] = {}
    for work in open_work:
        name = _agent_name(sources, work.agent_id) if work.agent_id in named else OTHER
        number, oldest_at_ms = summed.get((name, work.state.value), (0, work.oldest_at_ms))
        summed[name, work.state.value] = (
            number + work.count,
            min(oldest_at_ms, work.oldest_at_ms),
        )
    return summed


def _journal(sources: Sources) -> Iterator[Metric]:
    commits = sources.commits
    seconds = _histogram("journal_commit_seconds", "Time a commit took on the disk.")
    _add(seconds, [], commits.seconds)
    yield seconds
    jobs = _histogram("journal_commit_changes", "Changes that shared one commit.")
    _add(jobs, [], commits.jobs)
    yield jobs
    failed = _counter("journal_commits_failed", "Commits that did not succeed.", "outcome")
    for outcome in ("refused", "unknown"):
        failed.add_metric([outcome], commits.failed[outcome])
    yield failed
    reconnects = _counter("journal_reconnects", "Connections to PostgreSQL opened anew.")
    reconnects.add_metric([], commits.reconnects)
    yield reconnects
    if sources.database is not None:
        yield from _file(sources.database)


def _retention(sources: Sources) -> Iterator[Metric]:
    meters = sources.hub.meters.retention
    family = _counter("retention_attempts", "Attempts whose bytes were dealt with.", "done")
    family.add_metric(["packed"], meters.packed)
    family.add_metric(["retired"], meters.retired)
    yield family
    moments = {
        "retention_oldest_bytes_timestamp_seconds": (
            "When the oldest attempt was made whose bytes are kept.", meters.oldest_full_ms
        ),
        "retention_last_run_timestamp_seconds": (
            "When the last run of the retention ended here.", meters.last_run_ms
        ),
    }  # fmt: skip
    for name, (sentence, at_ms) in moments.items():
        yield _gauge(name, sentence, (at_ms or 0) / 1000)


def _file(database: Path) -> Iterator[Metric]:
    size = GaugeMetricFamily(f"{_NAME}_database_bytes", "Size on the disk.", labels=["file"])
    wal = database.with_name(database.name + "-wal")
    for name, path in (("database", database), ("wal", wal)):
        size.add_metric([name], path.stat().st_size if path.exists() else 0)
    yield size
    disk = os.statvfs(database.parent)
    yield _gauge("disk_free_bytes", "Room on the database's disk.", disk.f_bavail * disk.f_frsize)
    yield _gauge("disk_size_bytes", "Size of the database's disk.", disk.f_blocks * disk.f_frsize)


def _process(sources: Sources) -> Iterator[Metric]:
    lag = _histogram("event_loop_lag_seconds", "How late the event loop was.")
    _add(lag, [], sources.loop_lag)
    yield lag
    family = GaugeMetricFamily(f"{_NAME}_in_flight", "What is under way.", labels=["kind"])
    for kind, number in sources.in_flight().items():
        family.add_metric([kind], number)
    yield family
    drift_ms = sources.wall.now_ms() - sources.hub.clock.now_ms()
    yield _gauge(
        "clock_drift_seconds", "The wall clock against its steady course since the start.",
        drift_ms / 1000,
    )  # fmt: skip
    yield _gauge("draining", "1 while the hub ends.", int(sources.is_draining()))


def _alerts(sources: Sources) -> Iterator[Metric]:
    firing = GaugeMetricFamily(f"{_NAME}_alerts_firing", "Alerts that last.", labels=["kind"])
    for kind, number in sources.alerts_firing().items():
        firing.add_metric([kind], number)
    yield firing
    sent = _counter("alert_messages", "Messages to the alert address.", "outcome")
    for outcome in ("delivered", "failed"):
        sent.add_metric([outcome], sources.alert_messages.get(outcome, 0))
    yield sent


def _agent_name(sources: Sources, agent_id: int) -> str:
    agent = sources.hub.directory.agent(agent_id)
    return str(agent_id) if agent is None else agent.name


def _counter(name: str, sentence: str, *labels: str) -> CounterMetricFamily:
    return CounterMetricFamily(f"{_NAME}_{name}", sentence, labels=labels)


def _gauge(name: str, sentence: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"{_NAME}_{name}", sentence, value=value)


def _histogram(name: str, sentence: str, *labels: str) -> HistogramMetricFamily:
    return HistogramMetricFamily(f"{_NAME}_{name}", sentence, labels=labels)


def _add(family: HistogramMetricFamily, labels: list[str], histogram: Histogram) -> None:
    seen = histogram.distribution()
    bounds = (*(f"{bound:g}" for bound in seen.bounds), "+Inf")
    family.add_metric(labels, list(zip(bounds, seen.counts, strict=True)), seen.total)
