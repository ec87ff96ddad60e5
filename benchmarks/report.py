"""How a run is told: one table for people, a JSON and a Markdown file for the record."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.table import Table

from benchmarks.figures import (
    ADDED_P50_MS,
    ADDED_P99_MS,
    RATIO_LIMITS,
    Cost,
    Figures,
    Limit,
    Round,
)

COLUMNS = ("quantity", "proxy", "hub", "ratio", "range", "goal", "gate")
TITLE = "Durable bets against a reverse proxy, N at once (medians)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A whole run with everything that one needs to compare it with another."""

    date: str
    commit: str
    machine: dict[str, str]
    versions: dict[str, str]
    rounds: Sequence[Round]
    figures: Figures

    @property
    def name(self) -> str:
        """The name of its files."""
        return f"{self.date}-{self.commit}"


def rows(figures: Figures) -> list[tuple[str, ...]]:
    """Give the lines of the table, as text."""
    added = figures.added
    return [
        *(_cost_row(cost) for cost in figures.costs),
        *(row for cost in figures.on_postgresql for row in _postgresql_rows(cost)),
        *(row for cost in figures.costs for row in _speed_rows(cost)),
        *(row for cost in figures.on_postgresql for row in _speed_rows(cost, " on PostgreSQL")),
        ("adds to 20 ms, p50", "", f"{added.p50_ms:.1f} ms", "", "", *_limit(ADDED_P50_MS, " ms")),
        ("adds to 20 ms, p99", "", f"{added.p99_ms:.1f} ms", "", "", *_limit(ADDED_P99_MS, " ms")),
    ]


def _cost_row(cost: Cost) -> tuple[str, ...]:
    return (
        f"CPU per bet, N={cost.connections}",
        f"{cost.proxy_us:.1f} us",
        f"{cost.hub_us:.1f} us",
        f"{cost.ratio:.1f}x",
        f"{cost.ratio_least:.1f}-{cost.ratio_most:.1f}",
        *_limit(RATIO_LIMITS.get(cost.connections), "x"),
    )


def _postgresql_rows(cost: Cost) -> list[tuple[str, ...]]:
    """Give the hub's own CPU and its server's apart: they may run on different machines."""
    at = f"N={cost.connections}"
    times, spread = f"{cost.ratio:.1f}x", f"{cost.ratio_least:.1f}-{cost.ratio_most:.1f}"
    return [
        (f"the same on PostgreSQL, {at}", "", f"{cost.hub_us:.1f} us", times, spread, "", ""),
        (f"its database server, {at}", "", f"{cost.database_us:.1f} us", "", "", "", ""),
    ]


def _speed_rows(cost: Cost, where: str = "") -> list[tuple[str, ...]]:
    at = f"N={cost.connections}{where}"
    proxy, hub = f"{cost.proxy_per_second:,.0f}", f"{cost.hub_per_second:,.0f}"
    return [
        (f"per second, {at}", proxy, hub, "", "", "", ""),
        (f"bet p50, {at}", "", f"{cost.hub_p50_us / 1000:.1f} ms", "", "", "", ""),
        (f"bet p99, {at}", "", f"{cost.hub_p99_us / 1000:.1f} ms", "", "", "", ""),
    ]


def _limit(limit: Limit | None, unit: str) -> tuple[str, str]:
    if limit is None:
        return "", ""
    return f"{limit.goal:g}{unit}", f"{limit.gate:g}{unit}"


def table(run: Run) -> Table:
    """Make the table for the terminal, with the machine below it."""
    caption = "\n".join([f"commit {run.commit}", _words(run.machine), _words(run.versions)])
    made = Table(title=TITLE, caption=caption, caption_justify="left")
    for number, column in enumerate(COLUMNS):
        made.add_column(column, justify="left" if number == 0 else "right")
    for row in rows(run.figures):
        made.add_row(*row)
    return made


def markdown(run: Run) -> str:
    """Write the table with machine and versions as a page."""
    lines = [
        f"# {run.date}, commit {run.commit}",
        "",
        f"{TITLE}. Only the ratios may be compared with other runs. The last two rows: what the",
        f"hub adds to a call of 20 ms, {run.figures.added.connections} at once.",
        "",
        f"| {' | '.join(COLUMNS)} |",
        "|---|" + "---:|" * (len(COLUMNS) - 1),
        *(f"| {' | '.join(row)} |" for row in rows(run.figures)),
        "",
        f"* Machine: {_words(run.machine)}",
        f"* Versions: {_words(run.versions)}",
    ]
    return "\n".join(lines) + "\n"


def document(run: Run) -> str:
    """Write everything that was measured as JSON."""
    return json.dumps(asdict(run), indent=1, ensure_ascii=False) + "\n"


def record(run: Run, folder: Path) -> None:
    """Keep a run in the folder of results."""
    folder.mkdir(exist_ok=True)
    (folder / f"{run.name}.json").write_text(document(run))
    (folder / f"{run.name}.md").write_text(markdown(run))


def _words(facts: dict[str, str]) -> str:
    return ", ".join(f"{name} {value}" for name, value in facts.items())
