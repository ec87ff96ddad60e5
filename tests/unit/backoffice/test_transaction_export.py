"""The file of transactions: guarded cells, exact amounts, and an end that says that it is one."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

from meganodes.backoffice.transaction_export import csv_line, csv_parts, file_name, guarded
from meganodes.journal.search import Sought
from meganodes.journal.store import Change, Insert
from tests.support.builders import NOW_MS, an_agent
from tests.support.hub_world import hub_world
from tests.support.transactions import bet, committed


@pytest.mark.security("S15")
@pytest.mark.parametrize(
    "cell",
    [
        *("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "\ta", "\rb", " =1"),
        *("\uff1d1", "\uff0b1", "\uff0d1", "\uff20A", "\u00a0=1", "\ufeff=1", "\u200b=1", "\x00=1"),
    ],
)
def test_what_a_spreadsheet_would_run_gets_a_quote(cell: str) -> None:
    assert guarded(cell) == f"'{cell}"


@pytest.mark.parametrize("cell", ["", "1.50", "a=b", "r-1", " a=1", "mn-0"])
def test_all_else_stays_as_it_is(cell: str) -> None:
    assert guarded(cell) == cell


def test_a_line_can_be_read_back_whatever_is_in_it() -> None:
    cells = ['a"b', "a,b", "a\nb", "\U0001f3b2", "plain"]
    line = csv_line(cells).decode()
    assert next(csv.reader(io.StringIO(line, newline=""))) == cells


def test_the_name_of_the_file_is_plain_text() -> None:
    name = file_name(an_agent(name='ac/me "x"\r\n'), NOW_MS)
    assert name == "transactions-acmex-20260921-141320.csv"
    assert file_name(an_agent(name="\u30ab\u30b8"), NOW_MS).startswith("transactions-1-")


async def test_a_file_that_stops_early_says_so_in_its_last_line(tmp_path: Path) -> None:
    async with hub_world(tmp_path) as world:
        sought = Sought(agent_id=9, first=0, past=2**53)
        for count, lines in ((3, 4), (4, 5)):
            while len((await world.journal.search(sought, 9)).rows) < count:
                row = bet(agent_id=9)
                insert = Insert(row=row, cause="intent")
                await committed(world.journal, Change(at_ms=1, inserts=(insert,)))
            content = b"".join([part async for part in csv_parts(world.hub, sought, 3)]).decode()
            assert len(content.splitlines()) == lines
            assert ("Stopped after 3 rows" in content) == (count > 3)
