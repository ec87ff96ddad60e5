"""What is wrong now, from what the watch has seen and which circuits are open."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from meganodes.callbacks.gateway import CircuitChange
from meganodes.directory.port import Directory
from meganodes.domain.retry import HOUR_MS
from meganodes.domain.transaction import State
from meganodes.hub.alerts import AlertKind, Condition
from meganodes.hub.watch import OPEN_ROUNDS_LOOKED_AT, Sight
from meganodes.journal.store import OpenWork

MINUTE_MS = 60_000
STUCK_MS = 60_000
"""A bet is decided within seconds or undone when its lease has ended; none is pending so long."""

_OWED = frozenset({State.OWED, State.CANCELLING, State.NOT_SEEN_WAIT})


@dataclass(frozen=True, slots=True, kw_only=True)
class ConditionSettings:
    """From when on something is wrong."""

    overdue_ms: int = 15 * MINUTE_MS
    circuit_ms: int = 60_000
    open_rounds_hours: int = 24


class Conditions:
    """Finds what is wrong; it remembers only since when each circuit is open."""

    def __init__(self, directory: Directory, settings: ConditionSettings) -> None:
        """Take names from the directory."""
        self._directory = directory
        self._settings = settings
        self._open_since_ms: dict[int, int] = {}

    def now(self, sight: Sight, circuits: Iterable[CircuitChange]) -> tuple[Condition, ...]:
        """Give every condition of this moment, at most one of a kind for each agent or provider."""
        return (
            *self._work(sight),
            *self._open_rounds(sight),
            *self._circuits(tuple(circuits), sight.at_ms),
            *self._differences(sight),
        )

    def _work(self, sight: Sight) -> Iterator[Condition]:
        found: defaultdict[tuple[AlertKind, int], list[OpenWork]] = defaultdict(list)
        for work in sight.open_work:
            kind = self._kind_of(work, sight.at_ms)
            if kind is not None:
                found[kind, work.agent_id].append(work)
        for (kind, agent_id), works in found.items():
            count = sum(work.count for work in works)
            since_ms = min(work.oldest_at_ms for work in works)
            name = self._agent_name(agent_id)
            minutes = max(0, sight.at_ms - since_ms) // MINUTE_MS
            yield Condition(
                key=f"{kind}:agent/{agent_id}",
                kind=kind,
                subject=name,
                since_ms=since_ms,
                count=count,
                summary=_SUMMARIES[kind].format(name=name, count=count, minutes=minutes),
            )

    def _kind_of(self, work: OpenWork, now_ms: int) -> AlertKind | None:
        age_ms = now_ms - work.oldest_at_ms
        if work.state is State.PARKED:
            return AlertKind.PARKED
        if work.state is State.PENDING:
            return AlertKind.STUCK if age_ms >= STUCK_MS else None
        if work.state in _OWED and age_ms >= self._settings.overdue_ms:
            return AlertKind.OVERDUE
        return None

    def _open_rounds(self, sight: Sight) -> Iterator[Condition]:
        opened: defaultdict[int, list[int]] = defaultdict(list)
        for each in sight.open_rounds:
            opened[each.key.provider_id].append(each.opened_at_ms)
        for provider_id, times_ms in opened.items():
            provider = self._directory.provider(provider_id)
            name = str(provider_id) if provider is None else provider.name
            many = "at least " if len(sight.open_rounds) >= OPEN_ROUNDS_LOOKED_AT else ""
            hours = max(0, sight.at_ms - min(times_ms)) // HOUR_MS
            yield Condition(
                key=f"{AlertKind.OPEN_ROUNDS}:provider/{provider_id}",
                kind=AlertKind.OPEN_ROUNDS,
                subject=name,
                since_ms=min(times_ms),
                count=len(times_ms),
                summary=(
                    f"{many}{len(times_ms)} rounds of {name} have an accepted bet and no end, "
                    f"the oldest for {hours} h"
                ),
            )

    def _circuits(self, circuits: tuple[CircuitChange, ...], now_ms: int) -> Iterator[Condition]:
        self._open_since_ms = {
            each.agent_id: self._open_since_ms.get(each.agent_id, now_ms) for each in circuits
        }
        for circuit in circuits:
            since_ms = self._open_since_ms[circuit.agent_id]
            if not circuit.is_alarming and now_ms - since_ms < self._settings.circuit_ms:
                continue
            name = self._agent_name(circuit.agent_id)
            yield Condition(
                key=f"{AlertKind.CIRCUIT}:agent/{circuit.agent_id}",
                kind=AlertKind.CIRCUIT,
                subject=name,
                since_ms=since_ms,
                count=1,
                summary=f"bets of {name} are refused at once: {circuit.reason}",
            )

    def _differences(self, sight: Sight) -> Iterator[Condition]:
        differing = [each for each in sight.reconciled if each.differences]
        for agent_id in sorted({each.agent_id for each in differing}):
            days = [each for each in differing if each.agent_id == agent_id]
            name = self._agent_name(agent_id)
            count = sum(each.differences for each in days)
            reports = ", ".join(str(each.number) for each in days)
            yield Condition(
                key=f"{AlertKind.DIFFERENCES}:agent/{agent_id}",
                kind=AlertKind.DIFFERENCES,
                subject=name,
                since_ms=min(each.day_ms for each in days),
                count=count,
                summary=f"{count} transactions of {name} differ from its backend: report {reports}",
            )

    def _agent_name(self, agent_id: int) -> str:
        agent = self._directory.agent(agent_id)
        return str(agent_id) if agent is None else agent.name


_SUMMARIES = {
    AlertKind.PARKED: "{count} transactions of {name} are parked: a person must decide",
    AlertKind.OVERDUE: "{count} wins and cancels of {name} are owed, the oldest for {minutes} min",
    AlertKind.STUCK: "{count} bets of {name} have no decision, the oldest for {minutes} min",
}
