"""Metrics of a node in which everything that can be shown is there at least once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from meganodes.bootstrap.metrics_families import Sources
from meganodes.callbacks.calls import Attempt
from meganodes.callbacks.gateway import CircuitChange, CircuitState
from meganodes.domain.outcome import Accepted, Phase
from meganodes.domain.reconciliation import DayResult
from meganodes.domain.transaction import State
from meganodes.hub.core import Hub
from meganodes.hub.meters import DoorName, Meters
from meganodes.hub.watch import Sight
from meganodes.journal.store import OpenWork
from meganodes.kit.clock import ManualClock
from meganodes.kit.metrics import CommitMeters, Histogram
from meganodes.protocol.codes import ApiCode
from meganodes.protocol.commands import Command

NOW_MS = ManualClock().now_ms()


def a_hub(meters: Meters, clock: ManualClock) -> Hub:
    """Make what the collector reads of a hub; agents 1 and 2 have names."""
    names: Mapping[int, str] = {1: "acme", 2: 'ball "o" fun'}

    def agent(agent_id: int) -> object:
        return SimpleNamespace(name=names[agent_id]) if agent_id in names else None

    directory = SimpleNamespace(agent=agent)
    return cast("Hub", SimpleNamespace(meters=meters, clock=clock, directory=directory))


def a_day(**changes: int) -> DayResult:
    """Give a day on which two transactions of agent 1 differ."""
    usual = {"agent_id": 1, "day_ms": NOW_MS, "at_ms": NOW_MS, "number": 5, "rows": 9}
    found = {"differences": 2, "unanswered": 0, "left_out": 0}
    return DayResult(**(usual | found | changes))


def some_sources(folder: Path, **changes: Any) -> Sources:  # noqa: ANN401 - any part of Sources
    """Give sources with something of every kind in them."""
    clock, meters, commits = ManualClock(), Meters(), CommitMeters()
    meters.calls[DoorName.MAIN_API, "/v4/user/create", ApiCode.OK] += 3
    meters.calls[DoorName.PROVIDER_API, "bet", ApiCode.BALANCE_NOT_ENOUGH] += 2
    meters.note_alarm("parked: why")
    accepted = Attempt(
        command=Command.BET,
        attempt=1,
        outcome=Accepted(balance_minor=1),
        phase=Phase.COMPLETE,
        started_at_ms=1,
    )
    meters.note_attempt(1, accepted, 0.02)
    commits.seconds.observe(0.001)
    commits.jobs.observe(3)
    database = folder / "hub.db"
    database.touch()
    usual = Sources(
        hub=a_hub(meters, clock),
        wall=clock,
        commits=commits,
        loop_lag=Histogram(),
        database=database,
        agents_max=2,
        sight=lambda: Sight(
            at_ms=NOW_MS,
            open_work=(an_open_work(),),
            unplaced=4,
            sealed_to_ms=NOW_MS - 150_000,
            open_rounds=(),
            reconciled=(a_day(), a_day(agent_id=2, differences=0, unanswered=3)),
        ),
        circuits=lambda: (open_circuit(1),),
        in_flight=lambda: {"callbacks": 5},
        is_draining=lambda: False,
        alerts_firing=lambda: {"parked": 1},
        alert_messages={"delivered": 2},
    )
    return replace(usual, **changes)


def an_open_work(**changes: Any) -> OpenWork:  # noqa: ANN401 - any part of it
    """One owed win of agent 1, a minute old."""
    usual = OpenWork(agent_id=1, state=State.OWED, count=1, oldest_at_ms=NOW_MS - 60_000)
    return replace(usual, **changes)


def open_circuit(agent_id: int) -> CircuitChange:
    """An open circuit of an agent."""
    return CircuitChange(agent_id=agent_id, state=CircuitState.OPEN, reason="10 calls failed")


def samples(text: str) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """Read the text as Prometheus does."""
    found: list[Sample] = [
        sample for family in text_string_to_metric_families(text) for sample in family.samples
    ]
    return {(each.name, tuple(sorted(each.labels.items()))): each.value for each in found}
