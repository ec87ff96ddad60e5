"""Which numbers a restored hub passes over: all that may have been given out since the backup.

Nobody can know how many those were when the old database is lost. So the jump is what the hub would
have given out at ten times its pace until then, and never below a number that play does not reach
in a day; where the old database can be read, its own numbers are passed as well.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from meganodes.bootstrap.wiring import Office
from meganodes.directory import restored as directory_restored
from meganodes.directory.audit import Edit
from meganodes.directory.records import Actor
from meganodes.journal import restored as journal_restored
from meganodes.journal.sqlite_connection import open_reader
from meganodes.journal.store import StoreUnavailable
from meganodes.kit.database import WriteConnection
from meganodes.kit.identity import time_of
from meganodes.kit.secrets import MasterKey

SKIP_LEAST: Final = 10_000_000
"""For lists, users and sessions."""

SKIP_FEW: Final = 1_000
"""For what people set up by hand: agents, staff."""

PACE_MARGIN: Final = 10
"""So many times faster than before the backup the hub may have grown since."""

_FIRST_OF_PLAYED: Final = {"user_code": 400_000_001, "gplay_id": 1}
"""Sequences that grow with play, and where each begins (contract 2.2)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """The highest numbers of a database: of its sequences, and of the lists as they go out."""

    sequences: Mapping[str, int] = field(default_factory=dict)
    listed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How fast the hub has grown: from its first agent to the backup, and how long ago that was."""

    life_ms: int
    since_ms: int

    def skip(self, made: int, least: int) -> int:
        """Give how many numbers to pass over where so many were made in the hub's life."""
        return least + PACE_MARGIN * made * max(self.since_ms, 0) // max(self.life_ms, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """What was passed over: so many numbers in every list, and up to these in the sequences."""

    list_numbers: int
    last_numbers: Mapping[str, int]


def known_numbers(database: Path) -> Known:
    """Read how far a database got; nothing of one that is not there or cannot be read."""
    if database.exists():
        with (
            suppress(sqlite3.Error, StoreUnavailable),
            closing(open_reader(database)) as connection,
        ):
            found = connection.execute("SELECT name, last_number FROM directory_sequences")
            sequences = {str(name): int(number) for name, number in found.fetchall()}
            listed = journal_restored.last_numbers(connection).listed
            return Known(sequences=sequences, listed=listed)
    return Known()


def taken_at_ms(office: Office, database: Path) -> int | None:
    """Say when the last thing happened that this database knows of; None when nothing did."""
    life = office.database.read_now(directory_restored.life_ms)
    with closing(open_reader(database)) as connection:
        trans_id = journal_restored.last_numbers(connection).trans_id
    times = [life[1]] if life else []
    times += [time_of(trans_id)] if trans_id else []
    return max(times, default=None)


class Skip:
    """Passes numbers over in one database that nobody serves."""

    def __init__(self, office: Office, database: Path, skip_ahead: int | None) -> None:
        """Take the office on that database; ``skip_ahead`` goes before what the pace suggests."""
        self._office = office
        self._database = database
        self._skip_ahead = skip_ahead
        self._pace = self._measured_pace()

    def carry_out(self, known: Known, master_key: MasterKey, actor: Actor) -> Skipped:
        """Pass over what may have been given out; ``known`` was given out for certain."""
        return Skipped(
            list_numbers=self._skip_lists(known),
            last_numbers=self._skip_sequences(known, master_key, actor),
        )

    def _measured_pace(self) -> Pace:
        life = self._office.database.read_now(directory_restored.life_ms)
        taken = taken_at_ms(self._office, self._database)
        if life is None or taken is None:
            return Pace(life_ms=1, since_ms=0)
        since_ms = self._office.clock.now_ms() - taken
        return Pace(life_ms=taken - life[0], since_ms=since_ms)

    def _count(self, made: int, least: int) -> int:
        return self._pace.skip(made, least) if self._skip_ahead is None else self._skip_ahead

    def _skip_lists(self, known: Known) -> int:
        agent_ids = self._office.database.read_now(directory_restored.agent_numbers)
        with closing(sqlite3.connect(self._database)) as connection, connection:
            listed = journal_restored.last_numbers(connection).listed
            skipped = max(self._count(listed, SKIP_LEAST), known.listed)
            if skipped:
                journal_restored.skip_lists(connection, agent_ids, skipped)
        return skipped

    def _skip_sequences(
        self, known: Known, master_key: MasterKey, actor: Actor
    ) -> Mapping[str, int]:
        present = self._office.database.read_now(directory_restored.sequence_numbers)
        wanted = {
            name: max(number + self._count_of(name, number), known.sequences.get(name, 0))
            for name, number in present.items()
        }
        now_ms = self._office.clock.now_ms()

        def skip(connection: WriteConnection) -> None:
            edit = Edit.begin(connection, master_key, actor, now_ms)
            directory_restored.skip_numbers(edit, wanted, "restored from a backup")

        self._office.database.write_now(skip)
        return wanted

    def _count_of(self, name: str, number: int) -> int:
        first = _FIRST_OF_PLAYED.get(name)
        return SKIP_FEW if first is None else self._count(number - first + 1, SKIP_LEAST)
