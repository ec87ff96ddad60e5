"""What a node does beside its bets, on a connection of its own: claims, and the agents' lists.

Each piece of work is one transaction; claims that wait share one. One after another they run, so
that no bet waits behind them; what several nodes do at once is kept apart by the database.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

from meganodes.domain.transaction import Move, Transaction
from meganodes.journal import rows
from meganodes.journal.claims import claim_move
from meganodes.journal.guards import RowRefused
from meganodes.journal.postgres_batch import Leases, Ways, take
from meganodes.journal.postgres_faults import DRIVER_FAULTS, Fault, LinkLost, fault_of, sentence_of
from meganodes.journal.postgres_link import Link, Session
from meganodes.journal.reports import EntrySums
from meganodes.journal.sealing import SealStep
from meganodes.journal.store import Change, StoreUnavailable

_T = TypeVar("_T")

_WAITING_MAX = 1_000
"""More pieces of work than this do not wait for each other: their callers come again."""

_CLAIMS_MAX = 64
"""So many agents' claims share a transaction."""


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
        self._wishes: list[_Wish] = []
        self._is_claiming = False

    async def close(self) -> None:
        """Finish what was begun, hang up."""
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._link.close()

    async def claim(
        self, agent_id: int, now_ms: int, limit: int, lease_ms: int
    ) -> tuple[Transaction, ...]:
        """Take due rows of an agent (see the port)."""
        self._require_room()
        wish = _Wish(agent_id=agent_id, now_ms=now_ms, limit=limit, lease_ms=lease_ms)
        self._wishes.append(wish)
        if not self._is_claiming:
            self._is_claiming = True
            self._begin(self._claim_all())
        # A caller who is cancelled must not cancel a commit.
        return await asyncio.shield(wish.taken)

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

    # --- claims -----------------------------------------------------------------------------------

    async def _claim_all(self) -> None:
        """Serve all wishes that wait; other work has its turn in between."""
        while self._wishes:
            async with self._turn:
                await self._claim_some(self._next_wishes())
        self._is_claiming = False

    def _next_wishes(self) -> list[_Wish]:
        """Take the oldest wishes, one of each agent: its next one finds what this one leaves."""
        taken: dict[int, _Wish] = {}
        kept: list[_Wish] = []
        for wish in self._wishes:
            is_next = len(taken) < _CLAIMS_MAX and wish.agent_id not in taken
            if is_next:
                taken[wish.agent_id] = wish
            else:
                kept.append(wish)
        self._wishes = kept
        return list(taken.values())

    async def _claim_some(self, wishes: list[_Wish]) -> None:
        try:
            found = await self._until_done(partial(_take_due, wishes, self._leases))
        except RowRefused as fault:
            if len(wishes) > 1:
                # What is wrong with one is no business of the others.
                for wish in wishes:
                    await self._claim_some([wish])
            else:
                wishes[0].refuse(fault)
        except Exception as fault:  # noqa: BLE001 - it is for those whose wishes these were
            for wish in wishes:
                wish.refuse(fault)
        else:
            for wish, rows_taken in zip(wishes, found, strict=True):
                wish.fulfil(rows_taken)

    # --- turns ------------------------------------------------------------------------------------

    async def _do(self, work: Callable[[Session], Awaitable[_T]]) -> _T:
        """Do a piece of work to its end, even if the caller does not wait for it.

        A caller who is cancelled must not cancel a commit.
        """
        self._require_room()
        return await asyncio.shield(self._begin(self._in_turn(work)))

    def _begin(self, work: Coroutine[None, None, _T]) -> asyncio.Task[_T]:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def _require_room(self) -> None:
        waiting = len(self._tasks) + len(self._wishes)
        if waiting >= _WAITING_MAX:
            raise StoreUnavailable(f"{waiting} pieces of work wait: the database is slow")

    async def _in_turn(self, work: Callable[[Session], Awaitable[_T]]) -> _T:
        async with self._turn:
            return await self._until_done(work)

    async def _until_done(self, work: Callable[[Session], Awaitable[_T]]) -> _T:
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
class _Wish:
    """A wish for due rows of an agent, and what it got."""

    agent_id: int
    now_ms: int
    limit: int
    lease_ms: int
    taken: asyncio.Future[tuple[Transaction, ...]] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )

    def fulfil(self, found: tuple[Transaction, ...]) -> None:
        """Give the rows."""
        self.taken.set_result(found)

    def refuse(self, fault: Exception) -> None:
        """Say why there are none."""
        self.taken.set_exception(fault)
        # Whoever wished may have gone, and then nobody hears of it.
        self.taken.exception()


async def _take_due(
    wishes: Sequence[_Wish], leases: Leases, session: Session
) -> list[tuple[Transaction, ...]]:
    """Claim what is due for several agents; give each wish its rows, oldest due first."""
    wanted = zip(*((each.agent_id, each.now_ms, each.limit) for each in wishes), strict=True)
    moves: list[list[Move]] = [[] for _ in wishes]
    for row in await session.rows("claimable", *wanted, leases.now_ms()):
        place = row[rows.WIDTH + 1] - 1
        moves[place].append(
            claim_move(
                rows.transaction(row),
                lease_lost=row[rows.WIDTH] is not None,
                lease_ms=wishes[place].lease_ms,
            )
        )
    claims = [
        Change(at_ms=wish.now_ms, moves=tuple(own)) for wish, own in zip(wishes, moves, strict=True)
    ]
    if any(moves):
        await take(session, claims, leases)
    return [tuple(move.after for move in own) for own in moves]


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
        await _add_day_turnovers(each, session)
        added += each.until - each.after
    return added


async def _add_day_turnovers(each: EntrySums, session: Session) -> None:
    if not each.are_days_summed:
        await session.rows("make_day_turnovers", each.agent_id)
    elif each.day_turnovers:
        await session.rows("add_day_turnovers", *zip(*each.day_turnovers, strict=True))
