"""Run one slice of one part, print its figures and append them to the results.

It ends with 0 when nothing was violated, 1 for a violation, 2 for wrong usage.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from tests.soak.parts import PARTS
from tests.soak.slices import MINUTES_MAX, Counts, Slice, keep, result_line


def main(words: Sequence[str] | None = None) -> int:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("part", choices=sorted(PARTS), help="what to run")
    parser.add_argument(
        "--minutes", type=float, default=20.0, help=f"how long (up to {MINUTES_MAX}; default 20)"
    )
    parser.add_argument("--seed", type=int, help="where chance begins (default: the clock)")
    parser.add_argument("--no-record", action="store_true", help="do not append to the results")
    given = parser.parse_args(words)
    if not 0 < given.minutes <= MINUTES_MAX:
        parser.error(f"--minutes must be above 0 and at most {MINUTES_MAX}, not {given.minutes:g}")
    seed = int(time.time()) if given.seed is None else given.seed
    with tempfile.TemporaryDirectory(prefix="meganodes-soak-") as folder:
        ran = Slice(seconds=given.minutes * 60, seed=seed, folder=Path(folder))
        began = time.monotonic()
        counts: Counts = {}
        violation = None
        try:
            counts = asyncio.run(PARTS[given.part](ran))
        except AssertionError as fault:
            violation = str(fault)[:2_000] or repr(fault)
        line = result_line(given.part, ran, time.monotonic() - began, counts, violation)
    print(json.dumps(line, indent=2))
    if not given.no_record:
        keep(line)
    return 1 if violation else 0


if __name__ == "__main__":
    raise SystemExit(main())
