"""Sorting more lines than memory holds: sorted runs in a folder, merged when they are read.

Lines are compared as text. A line that begins with a key and a tab stands next to all others of
that key, as long as keys hold no character below the tab.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

LINES_MAX = 250_000
"""So many lines are held in memory."""


class LineSorter:
    """Takes lines without their ends in any order, gives them sorted, as often as wanted."""

    def __init__(self, folder: Path, name: str, *, lines_max: int = LINES_MAX) -> None:
        """Put runs into a folder that somebody else throws away, under this name."""
        self._folder = folder
        self._name = name
        self._lines_max = lines_max
        self._lines: list[str] = []
        self._runs: list[Path] = []

    def add(self, line: str) -> None:
        """Take a line; it holds no line break."""
        self._lines.append(line)
        if len(self._lines) >= self._lines_max:
            self._write_run()

    def sorted(self) -> Iterator[str]:
        """Give all lines in order."""
        self._lines.sort()
        with ExitStack() as opened:
            runs = [
                map(_without_end, opened.enter_context(path.open(encoding="utf-8", newline="\n")))
                for path in self._runs
            ]
            yield from heapq.merge(*runs, self._lines)

    def _write_run(self) -> None:
        self._lines.sort()
        path = self._folder / f"{self._name}-{len(self._runs)}.lines"
        with path.open("w", encoding="utf-8", newline="\n") as run:
            run.writelines(f"{line}\n" for line in self._lines)
        self._runs.append(path)
        self._lines = []


def _without_end(line: str) -> str:
    return line[:-1]
