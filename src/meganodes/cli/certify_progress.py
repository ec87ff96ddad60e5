"""Which case a certification has got to: a bar on a terminal, nothing anywhere else."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar

from meganodes.certification.case import Verdict
from meganodes.certification.runner import Progress


@contextmanager
def case_progress() -> Iterator[Callable[[Progress], None]]:
    """Show the case on standard error while the block runs; standard output stays free."""
    bar = Bar(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[findings]} findings"),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        disable=not sys.stderr.isatty(),
        transient=True,
    )
    task = bar.add_task("certifying", findings=0)
    findings = 0

    def progress(told: Progress) -> None:
        nonlocal findings
        if told.report is None:
            bar.update(task, description=told.case.id, total=told.total)
            return
        findings += told.report.verdict is Verdict.FAILED
        bar.update(task, completed=told.number, findings=findings)

    with bar:
        yield progress
