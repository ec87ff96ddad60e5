"""Retention on SQLite: short transactions on a connection of its own, while play goes on.

What costs time (reading, packing, digests) is done before a transaction begins; in it are only the
writes, so the one lock of the file is held for milliseconds.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from typing import Final

from meganodes.journal.retention import Body, Step, Tally, tallied
from meganodes.journal.sqlite_connection import open_writer
from meganodes.journal.statements import read_statements
from meganodes.journal.store import StoreUnavailable

STATEMENTS: Final = read_statements(
    files(__package__).joinpath("sql", "sqlite_retention.sql").read_text("utf-8")
)
BUSY_MS: Final = 10_000
"""So long another process's transaction is waited for."""

_BEFORE_ALL: Final = (-1, -1)


class SqliteShelf:
    """The bytes of attempts in one file. Two at once do no harm: each step looks again."""

    def __init__(self, path: Path) -> None:
        """Open the file. Raises StoreUnavailable."""
        self._connection = open_writer(path)
        self._connection.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
        self._retired = _BEFORE_ALL

    def close(self) -> None:
        """Hang up."""
        self._connection.close()

    def is_alone(self) -> bool:
        """Say yes: on SQLite runs may overlap."""
        return True

    def prepare(self, now_ms: int) -> None:
        """Do nothing: there is one table."""

    def planned(self, *, packed_below: int, retired_below: int) -> tuple[dict[int, Tally], ...]:
        """Say what is to be packed and what is to be retired, by agent."""
        with self._faults():
            first = max(self._packed_to(), (retired_below - 1, 2**62))
            to_pack = self._all("to_pack", first[0], *first, packed_below)
            to_retire = self._all("to_retire", retired_below)
        return tuple(
            {agent_id: Tally(rows, size, 0) for agent_id, rows, size in found}
            for found in (to_pack, to_retire)
        )

    def retire(self, below: int, limit: int) -> Step | None:
        """Keep the digests of the oldest bytes, and let them go, in one transaction."""
        with self._faults():
            bodies = self._bodies(self._retired, below, limit)
            if not bodies:
                return None
            digests = [body.digested() for body in bodies]
            with self._transaction():
                self._connection.executemany(STATEMENTS["keep_digest"].text, digests)
                gone = [
                    body
                    for body, row in zip(bodies, digests, strict=True)
                    if self._change("retire_body", row[1], row[0], row[2])
                ]
        self._retired = bodies[-1].key
        return Step(tallied(gone), kept_back=len(bodies) - len(gone))

    def pack(self, below: int, limit: int) -> Step | None:
        """Pack the oldest bytes that are not, and note how far it went, in one transaction."""
        with self._faults():
            bodies = self._bodies(self._packed_to(), below, limit)
            if not bodies:
                return None
            packed = [body.packed() for body in bodies]
            changed = [
                (new.request, new.reply, new.packing, new.agent_id, new.attempt_id)
                for new, old in zip(packed, bodies, strict=True)
                if new.packing != old.packing
            ]
            with self._transaction():
                self._connection.executemany(STATEMENTS["pack_body"].text, changed)
                self._connection.execute(STATEMENTS["note_packed"].text, bodies[-1].key)
        return Step(tallied(bodies, packed))

    def oldest(self) -> int | None:
        """Give the lowest number of an attempt whose bytes are kept."""
        with self._faults():
            found = self._all("oldest_body")[0][0]
        return None if found is None else int(found)

    def _bodies(self, after: tuple[int, int], below: int, limit: int) -> list[Body]:
        return [Body.of(row) for row in self._all("bodies_after", *after, below, limit)]

    def _packed_to(self) -> tuple[int, int]:
        found = self._all("packed_to")
        return (int(found[0][0]), int(found[0][1])) if found else _BEFORE_ALL

    def _all(self, name: str, *values: object) -> list[tuple[int, ...]]:
        return self._connection.execute(STATEMENTS[name].text, values).fetchall()

    def _change(self, name: str, *values: object) -> int:
        return self._connection.execute(STATEMENTS[name].text, values).rowcount

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._connection.execute("COMMIT")
        finally:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")

    @contextmanager
    def _faults(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as fault:
            raise StoreUnavailable(f"retention: {fault}") from fault
