"""``make bench-office``: the server's time of each page of the Back Office, over a full hub.

1,000 agents in a tree and a million transactions of a month, unless told otherwise. Exits 1 when a
page's p95 is above the limit.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.status import Status

from benchmarks.machine import commit, hub_versions, machine
from benchmarks.office_installation import guests, is_made, make_installation
from benchmarks.office_journal import Size
from benchmarks.office_report import LIMIT_MS, OfficeRun, Timing, record, table, too_slow
from benchmarks.processes import ROOT

RESULTS = ROOT / "benchmarks/results"
_PACKAGES = ("meganodes", "starlette", "jinja2", "sqlalchemy")


def main(arguments: list[str]) -> int:
    """Exit code 0 when every page kept the limit, else 1."""
    asked = _options(arguments)
    size = Size(agents=asked.agents, transactions=asked.transactions)
    console = Console()
    with tempfile.TemporaryDirectory(prefix="meganodes-office-") as made:
        folder = asked.folder or Path(made)
        folder.mkdir(parents=True, exist_ok=True)
        with console.status("making the installation ...") as status:
            if not is_made(folder):
                asyncio.run(make_installation(folder, size, status.update))
            described = machine(folder)
            timings = asyncio.run(_measured(folder, asked.visits, status))
    run = OfficeRun(
        date=datetime.now(UTC).date().isoformat(),
        commit=commit(),
        machine=described,
        versions=hub_versions(_PACKAGES),
        size=size,
        visits=asked.visits,
        note=asked.note,
        timings=timings,
    )
    console.print(table(run))
    if asked.record:
        console.print(f"kept as {record(run, RESULTS).relative_to(ROOT)}")
    slow = too_slow(run)
    for each in slow:
        said = f"{each.page} as {each.who}: p95 {each.p95_ms:.0f} ms is above {LIMIT_MS} ms"
        print(f"benchmarks: {said}", file=sys.stderr)
    return 1 if slow else 0


async def _measured(folder: Path, visits: int, status: Status) -> tuple[Timing, ...]:
    """Visit every page as everybody: first once each in a fresh process, then again and again."""
    timings = []
    async with guests(folder) as present:
        for guest in present:
            for shape in guest.shapes():
                status.update(f"{guest.name}: {shape.name}")
                seen = [await guest.visitor.visit(shape) for _ in range(1 + visits)]
                first, *warm = (each.milliseconds for each in seen)
                cpu_ms = tuple(each.cpu_ms for each in seen[1:])
                timings.append(
                    Timing(
                        page=shape.path,
                        query=shape.query,
                        who=guest.name,
                        status=seen[0].status,
                        size=seen[-1].size,
                        first_ms=first,
                        warm_ms=tuple(warm),
                        cpu_ms=cpu_ms,
                    )
                )
    return tuple(timings)


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.office", description=__doc__)
    parser.add_argument("--agents", type=int, default=1_000, help="agents in a tree (1000)")
    parser.add_argument(
        "--transactions", type=int, default=1_000_000, help="transactions of a month (1000000)"
    )
    parser.add_argument("--visits", type=int, default=20, help="warm visits of each page (20)")
    parser.add_argument(
        "--folder", type=Path, default=None, help="keep the installation here, or take it from here"
    )
    parser.add_argument("--note", default="", help="a sentence that is kept with the result")
    parser.add_argument(
        "--no-record", dest="record", action="store_false", help="keep no result file"
    )
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
