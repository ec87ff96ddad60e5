"""The parts of attempt_bodies on PostgreSQL: their names, bounds, and how they come and go.

Nothing here waits for a lock that bets would queue behind: what needs one takes it at once or not
at all, and asks again a little later.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.resources import files
from typing import Any, Final

import psycopg
from psycopg import sql

from meganodes.domain.retention import DAY_MS
from meganodes.journal.statements import read_statements
from meganodes.kit.identity import EPOCH_MS, first_trans_id

STATEMENTS: Final = read_statements(
    files(__package__).joinpath("sql", "postgresql_retention.sql").read_text("utf-8")
)
TABLE: Final = "attempt_bodies"
REST: Final = "attempt_bodies_rest"
PACKED: Final = "_packed"
DAYS_AHEAD: Final = 7
"""So many days have their part before they begin."""

TRIES: Final = 100
PAUSE_SECONDS: Final = 0.02

_BOUND: Final = re.compile(r"FROM \((?:MINVALUE|'?(\d+)'?)\) TO \('?(\d+)'?\)")
_NAME: Final = re.compile(r"\[(\w+)\]")


class Busy(Exception):
    """A lock could not be had without waiting for it; the next run tries again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A part and the numbers it takes: from ``low`` (None: from the beginning) up to ``high``."""

    name: str
    low: int | None
    high: int

    @property
    def is_packed(self) -> bool:
        """Whether it was written anew with packed bytes."""
        return self.name.endswith(PACKED)

    @property
    def copy(self) -> str:
        """Name the part that takes its place."""
        return self.name + PACKED


class Parts:
    """The parts of one database, on a connection in autocommit mode."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        """Work on this connection."""
        self._connection = connection

    def all(self, name: str, *values: object, **names: object) -> list[Any]:
        """Run a statement of the file, with names of parts in their places."""
        cursor = self._connection.execute(composed(name, **names), values or None)
        return cursor.fetchall() if cursor.description else []

    def each(self, name: str, values: list[Any], **names: object) -> int:
        """Run a statement for each of these values; say how many rows it changed."""
        with self._connection.cursor() as cursor:
            cursor.executemany(composed(name, **names), values)
            return cursor.rowcount

    def listed(self) -> list[Part]:
        """Give all parts but the last resort, the oldest first."""
        found = []
        for name, bound in self.all("parts"):
            if match := _BOUND.search(bound):
                low = None if match[1] is None else int(match[1])
                found.append(Part(name=name, low=low, high=int(match[2])))
        return sorted(found, key=lambda part: part.high)

    def prepare(self, now_ms: int) -> list[str]:
        """Make the parts of today and of the days to come, as far as nothing is in their way."""
        made: list[str] = []
        present = self.listed()
        today_ms = (now_ms - EPOCH_MS) // DAY_MS * DAY_MS + EPOCH_MS
        for ahead in range(DAYS_AHEAD + 1):
            part = part_of_day(today_ms + ahead * DAY_MS)
            assert part.low is not None
            if any((p.low or 0) < part.high and part.low < p.high for p in present):
                continue
            try:
                self._add(part)
            except psycopg.errors.CheckViolation:
                continue  # Rows of that day lie in the last resort, and stay there.
            made.append(part.name)
        return made

    def replace(self, part: Part) -> None:
        """Put the packed copy in a part's place. Raises Busy."""
        copy = part.copy
        with self._connection.transaction():
            # Nobody writes into a part of a day that is over; this makes sure.
            self._lock("SHARE", part.name)
            if self.all("uncopied", part=part.name, copy=copy):
                raise Busy(f"{part.name} has grown")
            self._lock("ACCESS EXCLUSIVE", TABLE, part.name, copy, REST)
            self.all("detach", part=part.name)
            self.all("attach", part=copy, low=_low(part), high=sql.Literal(part.high))
            self._drop(part.name)

    def drop(self, part: Part) -> None:
        """Drop a part, once the digest of each of its rows is kept. Raises Busy."""
        with self._connection.transaction():
            self._lock("SHARE", part.name)
            if self.all("undigested", part=part.name):
                raise Busy(f"{part.name} has grown")
            self._lock("ACCESS EXCLUSIVE", TABLE, part.name, REST)
            self.all("detach", part=part.name)
            self._drop(part.name)
            self._drop(part.copy)  # begun by a run that did not end

    def make_copy(self, part: Part) -> None:
        """Make the table that a part is written anew into, unless an earlier run did."""
        self.all("make_part", part=part.copy, within=_within(part))

    def _add(self, part: Part) -> None:
        with self._connection.transaction():
            self.all("make_part", part=part.name, within=_within(part))
            self._lock("SHARE UPDATE EXCLUSIVE", TABLE)
            self._lock("ACCESS EXCLUSIVE", REST)
            self.all("attach", part=part.name, low=_low(part), high=sql.Literal(part.high))

    def _drop(self, name: str) -> None:
        self._connection.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(sql.Identifier(name)))

    def _lock(self, mode: str, *names: str) -> None:
        """Take locks at once; who comes after must not wait for somebody who waits."""
        tables = sql.SQL(", ").join(sql.SQL("ONLY {}").format(sql.Identifier(n)) for n in names)
        lock = sql.SQL("LOCK TABLE {} IN {} MODE NOWAIT").format(tables, sql.SQL(mode))
        for _ in range(TRIES):
            try:
                with self._connection.transaction():
                    self._connection.execute(lock)
            except psycopg.errors.LockNotAvailable:
                self._connection.execute("SELECT pg_sleep(%s)", (PAUSE_SECONDS,))
            else:
                return
        raise Busy(f"{names[0]} is never free")


def part_of_day(day_ms: int) -> Part:
    """Name the part of the day that begins at a moment (UTC)."""
    day = datetime.fromtimestamp(day_ms // 1000, UTC)
    return Part(
        name=f"{TABLE}_{day:%Y%m%d}",
        low=first_trans_id(day_ms),
        high=first_trans_id(day_ms + DAY_MS),
    )


def composed(name: str, **names: object) -> sql.Composed:
    """Put names into a statement: of tables, and what is SQL already."""
    text = STATEMENTS[name].text
    pieces: list[sql.Composable] = []
    at = 0
    for place in _NAME.finditer(text):
        given = names[place[1]]
        pieces.append(sql.SQL(text[at : place.start()]))
        pieces.append(given if isinstance(given, sql.Composable) else sql.Identifier(str(given)))
        at = place.end()
    return sql.Composed([*pieces, sql.SQL(text[at:])])


def _low(part: Part) -> sql.Composable:
    return sql.SQL("MINVALUE") if part.low is None else sql.Literal(part.low)


def _within(part: Part) -> sql.Composable:
    high = sql.SQL("attempt_id < {}").format(sql.Literal(part.high))
    if part.low is None:
        return high
    return sql.SQL("attempt_id >= {} AND {}").format(sql.Literal(part.low), high)
