"""The command: measure, print one table, keep the result, and with --gate hold it to the limits."""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn

from rich.console import Console

from benchmarks.figures import figures_of, regressions
from benchmarks.machine import commit, machine, versions
from benchmarks.measure import Plan, measure
from benchmarks.processes import ROOT, BenchmarkFault
from benchmarks.report import Run, record, table

RESULTS = ROOT / "benchmarks/results"


def main(arguments: list[str]) -> int:
    """Exit code 0 when all was measured and no gate asked for was passed, else 1."""
    asked = _options(arguments)
    signal.signal(signal.SIGTERM, _end)
    console = Console()
    plan = Plan(
        rounds=asked.rounds,
        seconds=asked.seconds,
        connections=asked.connections,
        with_postgresql=asked.postgresql,
    )
    try:
        with tempfile.TemporaryDirectory(prefix="meganodes-bench-") as folder:
            run = _measured(plan, Path(folder), console)
    except BenchmarkFault as fault:
        print(f"benchmarks: {fault}", file=sys.stderr)
        return 1
    console.print(table(run))
    if asked.record:
        record(run, RESULTS)
        console.print(f"kept as benchmarks/results/{run.name}.json and .md")
    faults = regressions(run.figures) if asked.gate else []
    for sentence in faults:
        print(f"benchmarks: {sentence}", file=sys.stderr)
    return 1 if faults else 0


def _measured(plan: Plan, folder: Path, console: Console) -> Run:
    revision, described = commit(), machine(folder)
    with console.status("starting ...") as status:
        rounds = measure(plan, folder, status.update)
    return Run(
        date=datetime.now(UTC).date().isoformat(),
        commit=revision,
        machine=described,
        versions=versions(with_postgresql=plan.with_postgresql),
        rounds=rounds,
        figures=figures_of(rounds),
    )


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="turns of each program (5)")
    parser.add_argument("--seconds", type=float, default=3.0, help="length of a turn (3)")
    parser.add_argument(
        "--connections", type=int, nargs="+", default=[64, 8, 1], help="callers at once (64 8 1)"
    )
    parser.add_argument(
        "--no-postgresql", dest="postgresql", action="store_false", help="SQLite alone"
    )
    parser.add_argument("--gate", action="store_true", help="exit 1 when a limit is passed")
    parser.add_argument(
        "--no-record", dest="record", action="store_false", help="keep no result file"
    )
    return parser.parse_args(arguments)


def _end(_signal: int, _frame: object) -> NoReturn:
    """End like any other fault does, so that every started program is ended too."""
    raise SystemExit(1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
