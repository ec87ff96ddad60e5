"""`make coverage`: run the tests of the core piece by piece, and hold it at 100 % of branches."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT / ".coverage-data"
RECORD = ROOT / "docs/reliability-figures/coverage.json"

PIECES: tuple[tuple[str, ...], ...] = (
    ("tests/unit/protocol", "tests/unit/domain", "tests/unit/callbacks"),
    ("tests/unit/hub",),
    ("tests/unit/journal",),
    ("tests/unit/backoffice", "tests/unit/bootstrap", "tests/unit/provider_api"),
    ("tests/conformance",),
    ("tests/contract",),
)
"""One process after the other: tests at once would share the data, and the machine."""

SLOWED = (
    "tests/unit/hub/test_worker_line.py::test_what_is_owed_flows_at_the_allowed_rate_after_healing",
)
"""Tests of a speed say nothing while every line is counted."""


def run(*arguments: str) -> int:
    """Run coverage.py in the repository."""
    command = [sys.executable, "-m", "coverage", *arguments]
    return subprocess.run(command, cwd=ROOT, check=False).returncode


def measure(pieces: Sequence[Sequence[str]]) -> list[str]:
    """Run each piece; give the first folder of those in which a test failed."""
    failed = []
    for piece in pieces:
        print(f"--- {' '.join(piece)}", flush=True)
        words = ["-m", "pytest", "-q", "-p", "no:randomly", *piece]
        skipped = [word for test in SLOWED for word in ("--deselect", test)]
        if run("run", f"--data-file={DATA / 'data'}", *words, *skipped):
            failed.append(piece[0])
    return failed


def figures(report: dict[str, Any]) -> dict[str, object]:
    """What is recorded of a report: the sums, and what is missing where."""
    totals = report["totals"]
    return {
        "measured": datetime.now(UTC).strftime("%Y-%m-%d"),
        "statements": totals["num_statements"],
        "branches": totals["num_branches"],
        "missing_statements": totals["missing_lines"],
        "missing_branches": totals["missing_branches"],
        "percent": round(totals["percent_covered"], 2),
        "missing": {
            name: each["missing_lines"] or each["missing_branches"]
            for name, each in sorted(report["files"].items())
            if each["missing_lines"] or each["missing_branches"]
        },
    }


def record(path: Path) -> dict[str, object]:
    """Read coverage's own report and write down its figures."""
    found = figures(json.loads(path.read_text()))
    RECORD.parent.mkdir(parents=True, exist_ok=True)
    RECORD.write_text(json.dumps(found, indent=1) + "\n")
    return found


def main() -> int:
    """Exit code 0 when all tests pass and nothing is missing, else 1."""
    DATA.mkdir(exist_ok=True)
    for old in DATA.iterdir():
        old.unlink()
    failed = measure(PIECES)
    run("combine", "-q", f"--data-file={DATA / 'data'}", str(DATA))
    run("json", "-q", "--fail-under=0", f"--data-file={DATA / 'data'}", "-o", f"{DATA / 'json'}")
    found = record(DATA / "json")
    status = run("report", f"--data-file={DATA / 'data'}")
    print(f"{found['percent']} % of {found['statements']} statements, {found['branches']} branches")
    if failed:
        print(f"tests failed in {', '.join(failed)}", file=sys.stderr)
    return 1 if failed or status else 0


if __name__ == "__main__":
    sys.exit(main())
