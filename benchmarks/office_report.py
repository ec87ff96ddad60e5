"""What a run over the Back Office found: a table for people, a file of it, and who was too slow."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from rich.table import Table

from benchmarks.office_journal import Size

LIMIT_MS: Final = 150
_COLUMNS: Final = ("page", "who", "first", "p50", "p95", "CPU", "KiB")
_PERCENT: Final = 100
_SHOWN: Final = 15


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """The visits of one page by one person, in milliseconds: the first, and those after it.

    ``cpu_ms`` is the processor's time of those after it, which other programs hardly change.
    """

    page: str
    query: str
    who: str
    status: int
    size: int
    first_ms: float
    warm_ms: tuple[float, ...]
    cpu_ms: tuple[float, ...]

    @property
    def p50_ms(self) -> float:
        """What half of the warm visits did not exceed."""
        return share(self.warm_ms, 50)

    @property
    def p95_ms(self) -> float:
        """What 95 of a hundred warm visits did not exceed."""
        return share(self.warm_ms, 95)

    @property
    def cpu_p50_ms(self) -> float:
        """Processor's time that half of the warm visits did not exceed."""
        return share(self.cpu_ms, 50)

    @property
    def name(self) -> str:
        """Name the page with what was asked of it."""
        return f"{self.page}{'?' if self.query else ''}{self.query}"


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficeRun:
    """Everything about one run."""

    date: str
    commit: str
    machine: dict[str, str]
    versions: dict[str, str]
    size: Size
    visits: int
    note: str
    timings: tuple[Timing, ...]

    @property
    def name(self) -> str:
        """Name its files."""
        return f"{self.date}-{self.commit}-office"


def share(values: Iterable[float], percent: int) -> float:
    """Return the smallest value that so many of a hundred do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, -(-percent * len(ordered) // _PERCENT) - 1)]


def too_slow(run: OfficeRun) -> tuple[Timing, ...]:
    """Return what did not keep the limit, the slowest first."""
    return tuple(each for each in _slowest_first(run) if each.p95_ms > LIMIT_MS)


def table(run: OfficeRun) -> Table:
    """Draw what was found for a terminal, the slowest first."""
    title = f"Back Office, {run.size.agents:,} agents, {run.size.transactions:,} transactions, ms"
    drawn = Table(title=title)
    for name in _COLUMNS:
        drawn.add_column(name, justify="left" if name in {"page", "who"} else "right")
    for each in _slowest_first(run):
        drawn.add_row(*_cells(each), style="red" if each.p95_ms > LIMIT_MS else "")
    return drawn


def markdown(run: OfficeRun) -> str:
    """Write the result for people: the slowest visit of every page, then the slowest of all."""
    pages: dict[str, Timing] = {}
    for each in _slowest_first(run):
        pages.setdefault(each.page, each)
    kept = len(run.timings) - len(too_slow(run))
    lean = sum(each.cpu_p50_ms <= LIMIT_MS for each in run.timings)
    lines = [
        f"# {run.date}, commit {run.commit}: pages of the Back Office",
        "",
        f"Server's time in ms, {run.size.agents:,} agents, {run.size.transactions:,} transactions",
        f"of a month, {run.size.users:,} users; one first visit, then {run.visits} warm ones.",
        f"The limit, a p95 of {LIMIT_MS} ms, is kept by {kept} of {len(run.timings)};",
        f"as time of the processor, at p50, by {lean} of {len(run.timings)}.",
        *(["", run.note] if run.note else []),
        *("", "## Every page by its slowest query and visitor", ""),
        *_rows(pages.values()),
        *("", f"## The {_SHOWN} slowest of all", ""),
        *_rows(_slowest_first(run)[:_SHOWN]),
        "",
        f"* Machine: {_words(run.machine)}",
        f"* Versions: {_words(run.versions)}",
    ]
    return "\n".join(lines) + "\n"


def record(run: OfficeRun, folder: Path) -> Path:
    """Keep a run in the folder of results; return the page that people read."""
    folder.mkdir(exist_ok=True)
    found = asdict(run)
    for each in found["timings"]:
        each["first_ms"] = round(each["first_ms"], 2)
        for name in ("warm_ms", "cpu_ms"):
            each[name] = [round(value, 2) for value in each[name]]
    text = json.dumps(found | {"timings": []}, indent=1, ensure_ascii=False)
    timings = ",\n  ".join(json.dumps(each, ensure_ascii=False) for each in found["timings"])
    whole = text.replace('"timings": []', f'"timings": [\n  {timings}\n ]')
    (folder / f"{run.name}.json").write_text(whole + "\n")
    page = folder / f"{run.name}.md"
    page.write_text(markdown(run))
    return page


def _slowest_first(run: OfficeRun) -> list[Timing]:
    return sorted(run.timings, key=lambda each: -each.p95_ms)


def _cells(each: Timing) -> tuple[str, ...]:
    times = (f"{value:.1f}" for value in (each.first_ms, each.p50_ms, each.p95_ms, each.cpu_p50_ms))
    return (each.name, each.who, *times, f"{each.size / 1024:.0f}")


def _rows(timings: Iterable[Timing]) -> list[str]:
    return [
        f"| {' | '.join(_COLUMNS)} |",
        "|---|---|" + "---:|" * (len(_COLUMNS) - 2),
        *(
            f"| {' | '.join(_cells(each))} |".replace("{", "`{").replace("}", "}`")
            for each in timings
        ),
    ]


def _words(facts: dict[str, str]) -> str:
    return ", ".join(f"{name} {value}" for name, value in facts.items())
