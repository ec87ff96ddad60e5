"""Checking the journal against its seals, minute by minute, and the roots that go outside."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from meganodes.journal import sealing
from meganodes.journal.reader import Reader
from meganodes.journal.sealing import Broken

_DAY_MS: Final = 86_400_000
_ALWAYS_MS: Final = 2**52

Tell = Callable[[str, int, int], None]
"""Hears what is being done, how much of it is done, and how much there is (0: unknown)."""


@dataclass(slots=True, kw_only=True)
class SealReport:
    """What was looked at and what is wrong.

    ``roots`` are the last seals of each agent's days, by the day in which the sealed minute lies:
    (agent, day in milliseconds, number, digest). Kept elsewhere, they bind all that came before.
    """

    sealed_to_ms: int = 0
    rows: int = 0
    minutes: int = 0
    seals: int = 0
    broken: list[Broken] = field(default_factory=list)
    roots: dict[tuple[int, int], tuple[int, bytes]] = field(default_factory=dict)


def verify(
    reader: Reader, agent_id: int | None, window: tuple[int, int | None], tell: Tell
) -> SealReport:
    """Follow the chains, of all time, then compare the minutes of a window; takes its time."""
    start_ms, end_ms = window
    report = SealReport(sealed_to_ms=sealing.sealed_to(reader))
    for each in [agent_id] if agent_id else list(sealing.sealed_agents(reader)):
        for seal, fault in sealing.chain(reader, each):
            report.seals += 1
            day_ms = seal.minute_ms // _DAY_MS * _DAY_MS
            report.roots[each, day_ms] = (seal.number, seal.digest)
            if fault is not None:
                report.broken.append(fault)
        tell("Following the chains", report.seals, 0)
    past_ms = _ALWAYS_MS if end_ms is None else end_ms
    for checked in sealing.check_minutes(reader, start_ms, past_ms, agent_id):
        report.rows += checked.rows
        report.minutes += 1
        report.broken += checked.broken
        tell("Comparing rows", report.rows, 0)
    return report
