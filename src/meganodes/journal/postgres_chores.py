"""What a node does beside its bets, on a connection of its own: claims, and the agents' lists.

Each piece of work is one transaction. One after another they run, so that no bet waits behind them;
what several nodes do at once is kept apart by the database.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from meganodes.domain.transaction import Transaction
from meganodes.journal import rows
from meganodes.journal.claims import claim_move
from meganodes.journal.guards import RowRefused
from meganodes.journal.postgres_batch import Leases, Ways, take
from meganodes.journal.postgres_faults import DRIVER_FAULTS, Fault, LinkLost, fault_of, sentence_of
from meganodes.journal.postgres_link import Link, Session
from meganodes.journal.reports import EntrySums
from meganodes.journal.sealing import SealStep
from meganodes.journal.store import StoreUnavailable

_T = TypeVar("_T")

_WAITING_MAX = 1_000
"""More pieces of work than this do not wait for each other: their callers come again."""


class PostgresChores:
    """Does one piece of work after another in transactions."""

    def __init__(self, link: Link, ways: Ways) -> None:
        """Take a connection of its own."""
        self._link = link
        self._settings = ways.settings
        self._leases = ways.leases
        self._clock = ways.clock
        self._turn = asyncio.Lock()
        self._tasks: set[asyncio.Task[object]] = set()

    async def close(self) -> None:
        """Finish what was begun, hang up."""
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._link.close()

    async def claim(
        self, agent_id: int, now_ms: int, limit: int, lease_ms: int
    ) -> tuple[Transaction, ...]:
        """Take due rows of an agent (see the port)."""
        return await self._do(
            _Claim(
                agent_id=agent_id,
                now_ms=now_ms,
                limit=limit,
                lease_ms=lease_ms,
                leases=self._leases,
            )
        )

    async def place(self, now_ms: int, limit: int) -> int:
        """Place up to ``limit`` entries, the oldest first; return how many there were."""

        async def place(session: Session) -> int:
            ((count,),) = await session.rows("place_listings", now_ms, limit)
            return int(count)

        return await self._do(place)

    async def settle(self, listing_id: int, agent_id: int, balance_minor: int | None) -> None:
        """Note what the balance callback of an entry brought; only the first answer counts."""
        await self._do(
            lambda session: session.rows("settle_balance", balance_minor, agent_id, listing_id)
        )

    async def close_times(self, agent_id: int, before_ms: int) -> None:
        """Let nothing of an agent's be listed before this any more."""
        await self._do(lambda session: session.rows("close_times", agent_id, before_ms))

    async def add_turnovers(self, sums: Sequence[EntrySums]) -> int:
        """Add the sums of entries that were in none; return how many entries they are of."""
        return await self._do(partial(_add_turnovers, sums))

    async def add_seals(self, step: SealStep) -> bool:
        """Add what one step sealed, unless another node was quicker; say whether it was added."""
        return await self._do(partial(_add_seals, step))

    async def _do(self, work: Callable[[Session], Awaitable[_T]]) -> _T:
        """Do a piece of work to its end, even if the caller does not wait for it.

        A caller who is cancelled must not cancel a commit.
        """
        if len(self._tasks) >= _WAITING_MAX:
            raise StoreUnavailable(f"{len(self._tasks)} pieces of work wait: the database is slow")
        task = asyncio.ensure_future(self._in_turn(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return await asyncio.shield(task)

    async def _in_turn(self, work: Callable[[Session], Awaitable[_T]]) -> _T:
        async with self._turn:
            give_up = self._clock.monotonic() + self._settings.patience_seconds
            while True:
                try:
                    return await self._link.transaction(work)
                except (LinkLost, *DRIVER_FAULTS) as error:
                    self._require_again(error, give_up)

    def _require_again(self, error: Exception, give_up: float) -> None:
        """Raise what the caller gets, unless trying again may help."""
        fault = Fault.LOST if isinstance(error, LinkLost) else fault_of(error)
        if fault is Fault.ROW:
            raise RowRefused(sentence_of(error)) from error
        if fault not in {Fault.LOST, Fault.AGAIN} or self._clock.monotonic() >= give_up:
            raise StoreUnavailable(sentence_of(error)) from error


@dataclass(frozen=True, slots=True, kw_only=True)
class _Claim:
    """A wish for due rows of an agent."""

    agent_id: int
    now_ms: int
    limit: int
    lease_ms: int
    leases: Leases

    async def __call__(self, session: Session) -> tuple[Transaction, ...]:
        found = await session.rows(
            "claimable", self.agent_id, self.now_ms, self.leases.now_ms(), self.limit
        )
        claims = [
            claim_move(
                rows.transaction(row),
                lease_lost=row[rows.WIDTH] is not None,
                lease_ms=self.lease_ms,
            )
            for row in found
        ]
        return await take(session, self.now_ms, claims, self.leases) if claims else ()


async def _add_seals(step: SealStep, session: Session) -> bool:
    if not await session.rows("note_sealed", step.to_ms, step.before_ms):
        return False
    for seal in step.seals:
        await session.rows("add_seal", *seal)
    return True


async def _add_turnovers(sums: Sequence[EntrySums], session: Session) -> int:
    added = 0
    # By ascending agents: what another node does at the same time waits in one direction only.
    for each in sorted(sums, key=lambda each: each.agent_id):
        if not await session.rows("note_summed", each.until, each.agent_id, each.after):
            # Another run was quicker; what it took must not be added twice.
            continue
        if each.turnovers:
            turnovers = sorted(each.turnovers, key=lambda row: row[:6])
            await session.rows("add_turnovers", *zip(*turnovers, strict=True))
        added += each.until - each.after
    return added
