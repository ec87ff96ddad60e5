"""Retention on PostgreSQL: whole parts are written anew or dropped, on a connection of its own.

A row that is changed in its place leaves a hole that nothing fills, as nothing is added to the part
of a day that is over; so its rows are copied, packed, into a part that takes its place.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

import psycopg
from psycopg.conninfo import make_conninfo

from meganodes.journal.packing import PLAIN
from meganodes.journal.postgres_parts import REST, Busy, Part, Parts
from meganodes.journal.retention import Body, Step, Tally, tallied
from meganodes.journal.store import StoreUnavailable
from meganodes.kit.database import DatabaseUrl, libpq_arguments
from meganodes.kit.logging import get_logger

_BEFORE_ALL: Final = (-1, -1)
_ANY_PACKING: Final = 99
_LOCK: Final = "SELECT pg_try_advisory_lock(hashtext('meganodes.retention'))"

_log = get_logger("journal.retention")


class PostgresShelf:
    """The bytes of attempts of one database. One run at a time works on it."""

    def __init__(self, url: DatabaseUrl) -> None:
        """Connect to the primary. Raises StoreUnavailable."""
        fixed = {
            "connect_timeout": "5",
            "target_session_attrs": "read-write",
            "application_name": "meganodes retention",
        }
        conninfo = make_conninfo("", **{**fixed, **libpq_arguments(url)})
        with _faults():
            self._connection: psycopg.Connection[Any] = psycopg.connect(conninfo, autocommit=True)
        self._parts = Parts(self._connection)
        self._at: dict[str, tuple[int, int]] = {}
        self._copied: dict[str, tuple[int, int]] = {}
        self._left_alone: set[str] = set()

    def close(self) -> None:
        """Hang up, which gives the turn to others."""
        self._connection.close()

    def is_alone(self) -> bool:
        """Take the turn, for as long as this is open, unless another has it."""
        with _faults():
            return bool(self._connection.execute(_LOCK).fetchall()[0][0])

    def prepare(self, now_ms: int) -> None:
        """Make parts ahead of time."""
        with _faults():
            try:
                made = self._parts.prepare(now_ms)
            except Busy as fault:
                _log.warning("parts_not_made", reason=str(fault))
            else:
                if made:
                    _log.info("parts_made", parts=made)

    def planned(self, *, packed_below: int, retired_below: int) -> tuple[dict[int, Tally], ...]:
        """Say what is to be packed and what is to be retired, by agent."""
        with _faults():
            whole = [part.high for part in self._parts.listed() if part.high <= packed_below]
            packed_below = max([*whole, retired_below])
            to_pack = self._parts.all("added_up", retired_below, packed_below, PLAIN)
            to_retire = self._parts.all("added_up", -1, retired_below, _ANY_PACKING)
        return tuple(
            {agent_id: Tally(rows, size, 0) for agent_id, rows, size in found}
            for found in (to_pack, to_retire)
        )

    def retire(self, below: int, limit: int) -> Step | None:
        """Keep digests of the oldest part, and drop it when all are kept.

        Of what lies in no part of a day by itself single rows go.
        """
        with _faults():
            for part in self._parts.listed():
                is_whole = part.high <= below
                if part.name in self._left_alone or not (is_whole or part.low is None):
                    continue
                step = self._digest(part, below, limit) if is_whole else None
                if not is_whole:
                    step = self._retire_rows(part.name, below, limit)
                if step is not None:
                    return step
            return self._retire_rows(REST, below, limit)

    def pack(self, below: int, limit: int) -> Step | None:
        """Copy the oldest part that is not packed, and put the copy in its place when it is whole.

        What is in the last resort is not packed: it is little, or a day that had no part.
        """
        with _faults():
            for part in self._parts.listed():
                if part.high > below or part.is_packed or part.name in self._left_alone:
                    continue
                step = self._copy(part, limit)
                if step is not None:
                    return step
        return None

    def oldest(self) -> int | None:
        """Give the lowest number of an attempt whose bytes are kept."""
        with _faults():
            found = self._parts.all("oldest_body")[0][0]
        return None if found is None else int(found)

    # --- retiring ---------------------------------------------------------------------------------

    def _digest(self, part: Part, below: int, limit: int) -> Step | None:
        """Keep the next digests of a part; at its end drop it."""
        bodies = self._bodies(part.name, below, limit)
        if not bodies:
            self._try(part, self._parts.drop)
            return Step() if part.name not in self._left_alone else None
        digests = [body.digested() for body in bodies]
        keys = zip(*((row[0], row[1], row[2]) for row in digests), strict=True)
        with self._connection.transaction():
            self._parts.each("keep_digest", digests)
            differing = self._parts.all("differing_digests", *map(list, keys))[0][0]
        self._at[part.name] = bodies[-1].key
        if differing:
            self._left_alone.add(part.name)
            _log.error("other_digest_on_record", part=part.name, rows=differing)
        return Step(tallied(bodies), kept_back=differing)

    def _retire_rows(self, name: str, below: int, limit: int) -> Step | None:
        bodies = self._bodies(name, below, limit)
        if not bodies:
            return None
        digests = [body.digested() for body in bodies]
        with self._connection.transaction():
            self._parts.each("keep_digest", digests)
            gone = [
                body
                for body, row in zip(bodies, digests, strict=True)
                if self._parts.each("retire_body", [(row[1], row[0], row[2])], part=name)
            ]
        self._at[name] = bodies[-1].key
        return Step(tallied(gone), kept_back=len(bodies) - len(gone))

    # --- packing ----------------------------------------------------------------------------------

    def _copy(self, part: Part, limit: int) -> Step | None:
        """Copy the next rows of a part; at its end replace it. None when it has no rows at all."""
        if part.name not in self._copied:
            if not self._bodies(part.name, part.high, 1, _BEFORE_ALL):
                return None
            self._parts.make_copy(part)
            last = self._parts.all("last_key", copy=part.copy)
            self._copied[part.name] = (last[0][0], last[0][1]) if last else _BEFORE_ALL
        bodies = self._bodies(part.name, part.high, limit, self._copied[part.name])
        if not bodies:
            self._try(part, self._parts.replace)
            return Step() if part.name not in self._left_alone else None
        packed = [body.packed() for body in bodies]
        rows = [(*new.key, new.request, new.reply, new.packing) for new in packed]
        with self._connection.transaction():
            self._parts.each("copy_body", rows, copy=part.copy)
        self._copied[part.name] = bodies[-1].key
        return Step(tallied(bodies, packed))

    # --- what they share --------------------------------------------------------------------------

    def _bodies(
        self, name: str, below: int, limit: int, after: tuple[int, int] | None = None
    ) -> list[Body]:
        after = after or self._at.get(name, _BEFORE_ALL)
        found = self._parts.all("bodies_after", *after, below, limit, part=name)
        return [Body.of(row) for row in found]

    def _try(self, part: Part, change: Callable[[Part], None]) -> None:
        """Change the table, or leave the part alone until the next run."""
        try:
            change(part)
        except Busy as fault:
            self._left_alone.add(part.name)
            _log.warning("part_left_alone", part=part.name, reason=str(fault))


@contextmanager
def _faults() -> Iterator[None]:
    try:
        yield
    except psycopg.Error as fault:
        lines = str(fault).strip().splitlines() or [type(fault).__name__]
        raise StoreUnavailable(f"retention: {lines[0]}") from fault
