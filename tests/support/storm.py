"""Many writers who remember what they were told, and a comparison of that with what is stored."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import psycopg

from meganodes.domain.transaction import Transaction
from meganodes.journal.store import (
    Change,
    Committed,
    CommitUnknown,
    JournalStore,
    StoreUnavailable,
)
from meganodes.kit.database import DatabaseUrl
from tests.support.postgres import dsn_of
from tests.support.transactions import accepted, attempt_of, bet, intent, moving

ROUNDS = 7


@dataclass
class Storm:
    """What writers were told: the last epoch of each row that is durable, or may be, or is not."""

    acknowledged: dict[int, int] = field(default_factory=dict)
    unknown: set[tuple[int, int]] = field(default_factory=set)
    refused: set[tuple[int, int]] = field(default_factory=set)
    _progress: asyncio.Event = field(default_factory=asyncio.Event)

    async def rage(self, store: JournalStore, *, writers: int, until: Callable[[], bool]) -> None:
        """Record and accept bets, each writer one after another, until it is enough."""
        await asyncio.gather(*(self._write(store, until) for _ in range(writers)))

    async def written(self, more: int) -> None:
        """Wait until so many rows more are durable."""
        aim = len(self.acknowledged) + more
        async with asyncio.timeout(120):
            while len(self.acknowledged) < aim:
                self._progress.clear()
                await self._progress.wait()

    async def _write(self, store: JournalStore, until: Callable[[], bool]) -> None:
        while not until():
            row = bet()
            row = replace(row, round_id=f"r-{row.trans_id % ROUNDS}")
            recorded = await self._commit(store, row, 0, intent(row))
            if recorded is not None:
                change = replace(moving(accepted(recorded)), attempts=(attempt_of(recorded),))
                await self._commit(store, recorded, 1, change)

    async def _commit(
        self, store: JournalStore, row: Transaction, epoch: int, change: Change
    ) -> Transaction | None:
        try:
            result = await store.commit(change)
        except CommitUnknown:
            self.unknown.add((row.trans_id, epoch))
            return None
        except StoreUnavailable:
            self.refused.add((row.trans_id, epoch))
            # What is refused at once must not be asked for again in the same breath.
            await asyncio.sleep(0.01)
            return None
        assert isinstance(result, Committed), result
        self.acknowledged[row.trans_id] = epoch
        self._progress.set()
        return result.rows[0]

    def compare(self, url: DatabaseUrl) -> Counter[str]:
        """Require that the database holds what it said; count what became of the unknown."""
        with psycopg.connect(dsn_of(url)) as connection:
            stored: dict[int, int] = dict(
                connection.execute("SELECT trans_id, epoch FROM transactions").fetchall()
            )
            events = connection.execute(
                "SELECT trans_id, max(epoch), count(*) FROM events GROUP BY trans_id"
            ).fetchall()
            attempts = connection.execute("SELECT trans_id FROM attempts").fetchall()
            listed = connection.execute("SELECT trans_id FROM listings").fetchall()
            rounds = connection.execute("SELECT sum(seq) FROM rounds").fetchall()
        lost = [each for each, epoch in self.acknowledged.items() if stored.get(each, -1) < epoch]
        assert not lost, "acknowledged and lost"
        ghosts = [each for each, epoch in self.refused if stored.get(each, -1) >= epoch]
        assert not ghosts, "refused and written"
        landed = [each for each, epoch in self.unknown if stored.get(each, -1) >= epoch]
        told = {*self.acknowledged, *(each for each, _ in self.unknown)}
        assert stored.keys() <= told
        # Each change whole or not at all: row, event, round, attempt, entry.
        assert sorted(events) == sorted((each, epoch, epoch + 1) for each, epoch in stored.items())
        decided = sorted(each for each, epoch in stored.items() if epoch)
        assert sorted(each for (each,) in attempts) == decided
        assert sorted(each for (each,) in listed) == decided
        assert rounds == [(len(stored) or None,)]
        return Counter(landed=len(landed), vanished=len(self.unknown) - len(landed))
