"""Run every static check, also after one has failed, and end with one line for each."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent


class Step(NamedTuple):
    """One check and what to do when it complains."""

    name: str
    command: tuple[str, ...]
    cure: str


STEPS = (
    Step("format", ("ruff", "format", "--check", "--quiet", "."), "run `make format`"),
    Step("lint", ("ruff", "check", "--quiet", "."), "fix it; a noqa needs a reason"),
    Step("types", ("mypy", "--no-error-summary"), "fix the types"),
    Step("layers", ("lint-imports",), "imports point downwards, see ARCHITECTURE.md"),
    Step(
        "house rules",
        ("python", "-m", "pytest", "--quiet", "--no-header", "tests/house"),
        "each message names its cure",
    ),
)


def passes(step: Step, root: Path) -> bool:
    """Run one step; its own words are printed only when it fails."""
    started = time.monotonic()
    program, *arguments = step.command
    done = subprocess.run(
        [str(Path(sys.executable).with_name(program)), *arguments],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )
    seconds = time.monotonic() - started
    if done.returncode == 0:
        print(f"  ok      {step.name:<12} {seconds:5.1f} s", flush=True)
        return True
    print(done.stdout + done.stderr, end="")
    print(f"  FAILED  {step.name:<12} {seconds:5.1f} s  {step.cure}", flush=True)
    return False


def main(steps: tuple[Step, ...] = STEPS, root: Path = ROOT) -> int:
    """Exit code 0 when every step passes, else 1."""
    failed = [step.name for step in steps if not passes(step, root)]
    if failed:
        print(f"make check: {', '.join(failed)} failed.", file=sys.stderr)
        return 1
    print("make check: all passed.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
