"""A catalogue in CSV: a header row, then a line for each game, its provider's fields repeated.

A cell is text and nothing else, whatever a spreadsheet would make of it.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from meganodes.hub.catalogue_fields import GAME_FIELDS, shown_plainly
from meganodes.hub.catalogue_reading import BadLine, FileReader
from meganodes.hub.catalogue_text import TextFault

PROVIDER_COLUMNS: Final = ("provider_id", "provider_name", "provider_status", "provider_currencies")
PROVIDER_NAME: Final = "provider_name_"
"""Begins the columns of a provider's names, as ``name_`` those of a game's: `provider_name_ko`."""

GAME_NAME: Final = "name_"
ALL_CURRENCIES: Final = "all"
"""Stands for an empty list of currencies, which an empty cell cannot: that says nothing."""

_NEEDED: Final = ("provider_id", "game_code", "name", "category")
_COLUMNS: Final = frozenset({*PROVIDER_COLUMNS, *GAME_FIELDS} - {"names"})

Row = Mapping[str, str]


def read_csv(text: str, reader: FileReader) -> None:
    """Read the text of a file into the reader; TextFault when its header is not a catalogue's."""
    rows = _rows(text)
    header = next(rows, (1, [""]))[1]
    _check_header(header)
    reader.ignored |= {shown_plainly(name) for name in header if name and not _is_known(name)}
    reader.total = text.rstrip().count("\n")
    known: dict[tuple[str, ...], int | None] = {}
    try:
        for line, cells in rows:
            if len(cells) == len(header):
                _read_row(line, dict(zip(header, cells, strict=True)), reader, known)
            else:
                sentence = f"it has {len(cells)} columns, the header row has {len(header)}"
                reader.refuse(line, sentence)
    except TextFault as fault:  # what stands behind it cannot be told apart any more
        reader.refuse(fault.line, fault.sentence)


def _rows(text: str) -> Iterator[tuple[int, list[str]]]:
    """Give the rows that are not blank, each with the line in which it begins."""
    rows = csv.reader(io.StringIO(text, newline=""), strict=True)
    while True:
        line = rows.line_num + 1
        try:
            cells = next(rows)
        except StopIteration:
            return
        except csv.Error as fault:
            raise TextFault(f"it is not CSV: {fault}", line) from None
        if cells:
            yield line, cells


def _check_header(header: Sequence[str]) -> None:
    twice = [name for name, times in Counter(header).items() if name and times > 1]
    if twice:
        named = ", ".join(map(shown_plainly, twice))
        raise TextFault(f"columns come twice in the header row: {named}", 1)
    missing = [name for name in _NEEDED if name not in header]
    if missing:
        hint = ""
        if len(header) == 1 and ";" in header[0]:
            hint = "; its columns are separated by semicolons, commas are needed"
        raise TextFault(f"the header row lacks {', '.join(missing)}{hint}", 1)


def _is_known(column: str) -> bool:
    return column in _COLUMNS or column.startswith((PROVIDER_NAME, GAME_NAME))


def _read_row(
    line: int, row: Row, reader: FileReader, known: dict[tuple[str, ...], int | None]
) -> None:
    place = BadLine(line=line)
    # The same cells say the same of a provider: they are judged once, and always when they are bad.
    cells = tuple(value for column, value in row.items() if column.startswith("provider_"))
    if cells not in known:
        before = len(reader.faults)
        provider_id = reader.provider(place, _provider_fields(row), prefix="provider_")
        if len(reader.faults) == before:
            known[cells] = provider_id
    else:
        provider_id = known[cells]
    reader.game(place, provider_id, _game_fields(row))


def _provider_fields(row: Row) -> dict[str, object]:
    fields: dict[str, object] = {
        column.removeprefix("provider_") if column != "provider_id" else column: row[column]
        for column in PROVIDER_COLUMNS
        if row.get(column)
    }
    if "currencies" in fields:
        codes = str(fields["currencies"]).split()
        fields["currencies"] = [] if codes == [ALL_CURRENCIES] else codes
    names = _names(row, PROVIDER_NAME)
    return fields | ({"names": names} if names else {})


def _game_fields(row: Row) -> dict[str, object]:
    fields: dict[str, object] = {
        column: row[column] for column in GAME_FIELDS if row.get(column, "") != ""
    }
    return fields | {"names": _names(row, GAME_NAME)}


def _names(row: Row, beginning: str) -> dict[str, str]:
    return {
        column.removeprefix(beginning): name
        for column, name in row.items()
        if column.startswith(beginning) and name
    }
