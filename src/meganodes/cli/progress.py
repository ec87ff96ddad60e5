"""How far a long command has got: a bar on a terminal, nothing anywhere else."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

Step = Callable[[str, int, int], None]
"""Says what is done at the moment, how much of it is done, and how much there is (0: unknown)."""


@contextmanager
def progress() -> Iterator[Step]:
    """Show a line for each step on standard error while the block runs, where that is a terminal.

    Standard output stays free for what the command prints.
    """
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        disable=not sys.stderr.isatty(),
    )
    steps = {}

    def step(title: str, done: int, total: int) -> None:
        if title not in steps:
            steps[title] = bar.add_task(title)
        bar.update(steps[title], completed=done, total=total or None)

    with bar:
        yield step
