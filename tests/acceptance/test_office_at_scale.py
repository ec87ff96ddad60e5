"""Pages of the Back Office ask as much of the database for a thousand agents as for a few.

Times are measured by `make bench-office`; here it is counted, which no busy machine disturbs.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from benchmarks.office_installation import guests, make_installation
from benchmarks.office_journal import Size
from meganodes.backoffice.page import Method
from meganodes.backoffice.pages import PAGES
from tests.support.counted_statements import counted_statements

FEW = Size(agents=12, transactions=300, users=100, staff=20)
MANY = Size(agents=300, transactions=3_000, users=2_000, staff=200)
ROWS_SHOWN = 50
"""A list shows so many rows; one look for each row that it shows is all that may come on top."""
STATEMENTS_MAX = 600

Asked = dict[tuple[str, str, str], int]


async def asked_by_pages(folder: Path, size: Size) -> Asked:
    """Visit every page with every query as everybody; count what each visit asks."""
    await make_installation(folder, size)
    found: Asked = {}
    with counted_statements() as statements:
        async with guests(folder) as present:
            seeing = [
                guest for guest in present if guest.name != "operator"
            ]  # sees what admins see
            visits = [(guest, each) for guest in seeing for each in enumerate(guest.shapes())]
            for guest, (number, shape) in visits:
                statements.clear()
                await guest.visitor.visit(shape)
                found[guest.name, shape.path, str(number)] = len(statements.texts)
    return found


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> tuple[Asked, Asked]:
    """What pages ask of a small installation, and of a large one."""
    few, many = (tmp_path_factory.mktemp(name) for name in ("few", "many"))
    return asyncio.run(asked_by_pages(few, FEW)), asyncio.run(asked_by_pages(many, MANY))


def test_every_page_that_shows_something_is_visited(asked: tuple[Asked, Asked]) -> None:
    few, many = asked
    visited = {path for _, path, _ in many}
    assert visited == {each.path for each in PAGES if each.method is Method.GET}
    assert few.keys() == many.keys()
    assert sum(many.values()) > 1_000, "statements are counted"


def test_what_a_page_asks_does_not_grow_with_agents_and_rows(asked: tuple[Asked, Asked]) -> None:
    few, many = asked
    grown = {each: (few[each], many[each]) for each in many if many[each] > few[each] + ROWS_SHOWN}
    assert grown == {}
    assert {each: count for each, count in many.items() if count > STATEMENTS_MAX} == {}
