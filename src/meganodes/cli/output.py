"""How commands speak: sentences and tables for people, one JSON document for machines.

Exit status: 0 done, 1 a finding or a failure, 2 wrong usage (architecture, section 6).
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import NoReturn

from rich.console import Console
from rich.table import Table
from rich.text import Text

from meganodes.kit.plain_text import visible, visible_json

FAILED = 1
WRONG_USAGE = 2

_PIPE_COLUMNS = 1_000
# Nobody reads a pipe by the screen: there nothing is cut off to fit one.
_console = Console(
    highlight=False, soft_wrap=True, width=None if sys.stdout.isatty() else _PIPE_COLUMNS
)


def say(text: str) -> None:
    """Tell people one thing."""
    _console.print(Text(visible(text, lines=True)))


def show(values: Mapping[str, object], *, as_json: bool, title: str = "") -> None:
    """Show one record: names and values in two columns, or as JSON."""
    if as_json:
        print_json(values)
        return
    if title:
        say(title)
    table = Table(show_header=False, box=None, pad_edge=False)
    for name, value in values.items():
        table.add_row(Text(visible(name)), _cell(value))
    _console.print(table)


def show_rows(
    columns: Sequence[str], rows: Iterable[Mapping[str, object]], *, as_json: bool, empty: str
) -> None:
    """Show a list; ``empty`` is the sentence for people when there is nothing."""
    listed = list(rows)
    if as_json:
        print_json(listed)
        return
    if not listed:
        say(empty)
        return
    table = Table(box=None, pad_edge=False)
    for column in columns:
        table.add_column(column.replace("_", " "), overflow="fold")
    for row in listed:
        table.add_row(*(_cell(row.get(column)) for column in columns))
    _console.print(table)


def print_json(value: object) -> None:
    """Write one JSON document to standard output."""
    sys.stdout.write(visible_json(json.dumps(value, ensure_ascii=False, indent=2)) + "\n")


def fail(sentences: Iterable[str], *, status: int = FAILED) -> NoReturn:
    """Say what is wrong, a line each, and end with a status."""
    for sentence in sentences:
        sys.stderr.write(f"meganodes: {visible(sentence, lines=True)}\n")
    raise SystemExit(status)


def _cell(value: object) -> Text:
    """Make a cell of plain text: names are strangers' words, not markup."""
    return Text(visible(_text(value)))


def _text(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (list, tuple)):
        return ", ".join(str(item) for item in value) or "-"
    return str(value)
