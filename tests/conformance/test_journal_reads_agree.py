"""One journal on SQLite and its copy on PostgreSQL answer every question of pages alike."""

from __future__ import annotations

import asyncio
import inspect
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Any

import pytest

from meganodes.bootstrap.copying import copy
from meganodes.directory import schema as directory_schema
from meganodes.domain.transaction import Kind, State, Transaction
from meganodes.journal import schema
from meganodes.journal.attempt_log import AttemptFilter
from meganodes.journal.postgres_reading import postgres_reads
from meganodes.journal.reads import DatabaseReads
from meganodes.journal.search import Sought
from meganodes.journal.sqlite import SqliteJournal
from meganodes.journal.sqlite_connection import SqliteSource
from meganodes.journal.turnover import Page, Window
from meganodes.kit.clock import ManualClock
from meganodes.kit.database import parse_database_url
from tests.support.postgres import postgres_database
from tests.support.rich_journal import (
    AGENTS,
    GAMES,
    PROVIDERS,
    SESSIONS,
    USERS,
    RichJournal,
)

ROWS = 700
TIMES = 40
"""How often each question is asked, with other values each time."""


@dataclass(frozen=True, kw_only=True)
class Evening:
    """What was written: the rows, and when it began and ended."""

    rows: tuple[Transaction, ...]
    starts_ms: int
    ends_ms: int


@dataclass(frozen=True, kw_only=True)
class Both:
    """The two journals to ask, and what is in both."""

    sqlite: DatabaseReads
    postgresql: DatabaseReads
    evening: Evening


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Any, Evening]]:
    path = tmp_path_factory.mktemp("agree") / "journal.db"
    source = parse_database_url(f"sqlite:///{path}")
    schema.upgrade(source)
    directory_schema.upgrade(source)
    evening = asyncio.run(_write(path))
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("INSERT INTO list_skips VALUES (1, 3, 40), (2, 0, 9)")
    with postgres_database() as target:
        copy(source, target, lambda *_: None)
        yield path, target, evening


async def _write(path: Path) -> Evening:
    store = SqliteJournal(path, clock=ManualClock(), owner="node-0")
    await store.start()
    made = RichJournal(store, Random("an evening"))  # noqa: S311 - a seed
    starts_ms = made.now_ms
    await made.fill(ROWS)
    await store.add_search_words(before=2**53, limit=ROWS // 2)
    await store.close()
    return Evening(rows=tuple(made.rows), starts_ms=starts_ms, ends_ms=made.now_ms)


@pytest.fixture
async def both(written: tuple[Path, Any, Evening]) -> AsyncIterator[Both]:
    path, target, evening = written
    sqlite, postgresql = DatabaseReads(SqliteSource(path)), postgres_reads(target)
    sqlite.start()
    postgresql.start()
    yield Both(sqlite=sqlite, postgresql=postgresql, evening=evening)
    sqlite.close()
    postgresql.close()


@dataclass(frozen=True)
class Asking:
    """Draws the values of questions: mostly those that something answers to."""

    random: Random
    evening: Evening

    def row(self) -> Transaction:
        return self.random.choice(self.evening.rows)

    def agent(self) -> int:
        return self.random.choice([*AGENTS, 9])

    def limit(self) -> int:
        return self.random.choice([1, 2, 7, 50, 1_000])

    def moment(self) -> int:
        return self.random.randint(self.evening.starts_ms - 9_000, self.evening.ends_ms + 9_000)

    def window(self) -> Window:
        start_ms, end_ms = sorted((self.moment(), self.moment()))
        return Window(start_ms=start_ms, end_ms=end_ms)

    def page(self) -> Page:
        return Page(offset=self.random.choice([0, 0, 1, 5]), limit=self.limit())

    def some(self, *values: Any) -> Any:  # noqa: ANN401 - one of them, or nothing
        return self.random.choice([None, None, *values])

    def wanted(self) -> AttemptFilter:
        row = self.row()
        return AttemptFilter(
            above=self.random.choice([0, 0, row.trans_id]),
            below=self.random.choice([2**63 - 1, row.trans_id + 500]),
            not_accepted=self.random.random() < 0.5,
            command=self.some("bet", "win") or "",
            outcome=self.some("unknown", "refused") or "",
            http_status=self.some(200),
            account=self.some(row.account) or "",
            trans_id=self.some(row.trans_id),
        )

    def sought(self) -> Sought:
        row = self.row()
        first, past = sorted((self.row().trans_id, self.row().trans_id))
        whole = self.random.random() < 0.5
        return Sought(
            agent_id=self.agent(),
            first=0 if whole else first,
            past=2**53 if whole else past,
            user_code=self.some(*USERS),
            provider_id=self.some(*PROVIDERS),
            game_code=self.some(*GAMES),
            round_id=self.some(row.round_id),
            kind=self.some(*Kind),
            states=self.random.choice([(), (State.ACCEPTED,), (State.PARKED, State.OWED)]),
            amount_min_minor=self.some(1, 150),
            amount_max_minor=self.some(150, 2**53 - 1),
        )

    def name(self) -> str:
        row = self.row()
        return self.random.choice(
            [
                str(row.trans_id),
                row.guid,
                row.cancel_guid,
                row.transaction_id,
                row.round_id,
                "x",
                "",
            ]
        )


QUESTIONS: dict[str, Callable[[Asking], tuple[tuple[Any, ...], dict[str, Any]]]] = {
    "listed_after": lambda a: ((a.agent(), a.random.randrange(90), a.limit()), {}),
    "listed_between": lambda a: ((a.agent(), a.window(), a.page()), {}),
    "to_seal": lambda a: ((a.moment() + 600_000,), {}),
    "sealed_to": lambda _: ((), {}),
    "compared_rows": lambda a: ((a.agent(), a.row().trans_id - 50, 2**53, a.limit()), {}),
    "turnover_by_user": lambda a: ((a.agent(), a.window(), a.page()), {}),
    "turnover_by_game": lambda a: ((a.agent(), a.window()), {}),
    "turnover_course": lambda a: ((a.agent(), a.window()), {}),
    "turnover_by_session": lambda a: (
        (a.agent(), a.random.sample(SESSIONS, a.random.randint(0, 3)), a.window()),
        {},
    ),
    "unsummed": lambda a: ((a.limit(),), {}),
    "attempts": lambda a: ((a.agent(), a.row().trans_id), {}),
    "attempt": lambda a: ((a.agent(), a.row().trans_id + 1), {}),
    "attempts_page": lambda a: (
        (a.agent(), a.wanted()),
        {"limit": a.limit(), "rows_max": a.limit()},
    ),
    "failed_attempts": lambda a: ((a.agent(), a.wanted()), {"rows_max": a.limit()}),
    "last_attempts": lambda a: ((a.agent(), [a.row().trans_id for _ in range(9)]), {}),
    "parked_of": lambda a: (
        (a.agent(),),
        {"after": a.some(a.row().trans_id) or 0, "limit": a.limit()},
    ),
    "owed_of": lambda a: (
        (a.agent(),),
        {"after": (a.moment(), a.row().trans_id), "limit": a.limit()},
    ),
    "open_work": lambda _: ((), {}),
    "unplaced": lambda _: ((), {}),
    "parked": lambda a: ((), {"limit": a.limit()}),
    "open_rounds": lambda a: ((), {"opened_before_ms": a.moment(), "limit": 1_000}),
    "rounds_named": lambda a: ((a.agent(), a.random.choice(USERS), a.row().round_id), {}),
    "search": lambda a: ((a.sought(), a.limit()), {}),
    "search_newer": lambda a: ((a.sought(), a.limit()), {}),
    "search_and_count": lambda a: ((a.sought(), a.limit(), 1_000), {}),
    "named": lambda a: (
        (a.name(), set(a.random.sample(AGENTS, a.random.randint(0, 3))), {7, 8}),
        {},
    ),
    "list_skips": lambda _: ((), {}),
    "highest_trans_id": lambda _: ((), {}),
    "due_work": lambda a: ((a.moment(),), {}),
    "expired_pending": lambda a: ((a.moment(), a.limit()), {}),
    "overdue": lambda a: ((a.moment(), a.moment(), a.limit()), {}),
    "unlisted_balances": lambda a: ((a.limit(),), {}),
    "events": lambda a: ((a.agent(), a.row().trans_id), {}),
}


def _as_it_is(found: object) -> object:
    return found


UNORDERED: dict[str, Callable[[Any], object]] = {
    "list_skips": sorted,
    "failed_attempts": lambda found: (sorted(map(repr, found.groups)), found.is_whole),
    "unsummed": lambda found: [replace(each, turnovers=sorted(each.turnovers)) for each in found],
    "named": lambda found: (
        sorted(map(repr, found.transactions)),
        sorted(map(repr, found.rounds)),
        sorted(found.attempts),
    ),
    "open_work": lambda found: sorted(map(repr, found)),
    "open_rounds": lambda found: sorted(map(repr, found)),
    "last_attempts": lambda found: sorted(map(repr, found)),
}
"""Answers whose order nobody is promised."""


def test_every_question_is_asked() -> None:
    methods = {name for name, _ in inspect.getmembers(DatabaseReads, inspect.iscoroutinefunction)}
    assert {name for name in methods if not name.startswith("_")} == QUESTIONS.keys()


@pytest.mark.parametrize("name", sorted(QUESTIONS))
async def test_both_databases_answer_alike(both: Both, name: str) -> None:
    asking = Asking(Random(name), both.evening)  # noqa: S311 - a seed
    in_order: Callable[[Any], object] = UNORDERED.get(name, _as_it_is)
    seen: set[str] = set()
    for _ in range(TIMES):
        values, named = QUESTIONS[name](asking)
        expected = await getattr(both.sqlite, name)(*values, **named)
        found = await getattr(both.postgresql, name)(*values, **named)
        assert in_order(found) == in_order(expected), (values, named)
        assert type(found) is type(expected)
        seen.add(repr(in_order(expected)))
    assert seen - {"()", "[]", "None"}, "every answer was empty: nothing was compared"


async def test_leases_run_by_the_databases_own_clock_when_no_moment_is_given(both: Both) -> None:
    """Those of the evening have long ended, by any clock."""
    for limit in (1, 1_000):
        ended = await both.sqlite.expired_pending(2**52, limit)
        assert ended
        assert await both.postgresql.expired_pending(None, limit) == ended
        overdue = await both.sqlite.overdue(2**52, 2**52, limit)
        assert overdue
        assert await both.postgresql.overdue(2**52, None, limit) == overdue
