"""Sorting more lines than memory holds: sorted runs in a folder, merged when they are read.

Lines are compared as text. A line that begins with a key and a tab stands next to all others of
that key, as long as keys hold no character below the tab. Nothing here touches a single line in
Python: blocks of lines are cut, joined and sorted as wholes.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from itertools import chain
from pathlib import Path
from typing import TextIO

LINES_MAX = 250_000
"""So many lines are held in memory."""

_CHARACTERS_AT_ONCE = 1 << 19
_LINES_AT_ONCE = 5_000


class LineSorter:
    """Takes lines without their ends in any order, gives them sorted, as often as wanted."""

    def __init__(self, folder: Path, name: str, *, lines_max: int = LINES_MAX) -> None:
        """Put runs into a folder that somebody else throws away, under this name."""
        self._folder = folder
        self._name = name
        self._lines_max = lines_max
        self._lines: list[str] = []
        self._runs: list[Path] = []

    def extend(self, lines: Iterable[str]) -> None:
        """Take lines; none of them holds a line break."""
        self._lines.extend(lines)
        while len(self._lines) >= self._lines_max:
            self._write_run()

    def sorted(self) -> Iterator[str]:
        """Give all lines in order."""
        return chain.from_iterable(self.blocks())

    def blocks(self) -> Iterator[list[str]]:
        """Give all lines in order, some thousands at a time."""
        self._lines.sort()
        with ExitStack() as opened:
            runs = [
                _blocks_of(opened.enter_context(path.open(encoding="utf-8", newline="\n")))
                for path in self._runs
            ]
            for parts in key_ranges([*runs, _slices(self._lines)]):
                block = list(chain.from_iterable(parts))
                block.sort()  # a handful of sorted stretches, which the sort only merges
                yield block

    def _write_run(self) -> None:
        run, self._lines = self._lines[: self._lines_max], self._lines[self._lines_max :]
        run.sort()
        path = self._folder / f"{self._name}-{len(self._runs)}.lines"
        with path.open("w", encoding="utf-8", newline="\n") as file:
            for lines in _slices(run):
                file.write("\n".join(lines) + "\n")
        self._runs.append(path)


def key_ranges(sources: Sequence[Iterator[list[str]]]) -> Iterator[list[list[str]]]:
    """Walk through sorted sources at once: of one range of keys after the other every line.

    Each source gives blocks that are not empty. All lines of a key stand in one range.
    """
    held = [next(source, []) for source in sources]
    going_on = {number for number, lines in enumerate(held) if lines}
    while going_on:
        ends = {number: held[number][-1].partition("\t")[0] + "\t" for number in going_on}
        end = min(ends.values())  # what is below it is complete: all sources have gone past it
        cuts = [bisect_left(lines, end) for lines in held]
        if any(cuts):
            yield [lines[:cut] for lines, cut in zip(held, cuts, strict=True)]
        held = [lines[cut:] for lines, cut in zip(held, cuts, strict=True)]
        for number in [number for number in going_on if ends[number] == end]:
            block = next(sources[number], [])
            held[number] += block
            if not block:
                going_on.discard(number)
    if any(held):
        yield held


def _slices(lines: list[str]) -> Iterator[list[str]]:
    for at in range(0, len(lines), _LINES_AT_ONCE):
        yield lines[at : at + _LINES_AT_ONCE]


def _blocks_of(run: TextIO) -> Iterator[list[str]]:
    rest = ""
    while text := run.read(_CHARACTERS_AT_ONCE):
        *lines, rest = (rest + text).split("\n")
        if lines:
            yield lines
