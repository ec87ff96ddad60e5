"""The loops that send what is owed: they resume what a crash or a backend's failure left open.

Everything they do is a claim, an attempt and a recorded outcome; all decisions are the domain's.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

from meganodes.callbacks.gateway import Lane
from meganodes.domain.cancellation import overdue, undo_pending
from meganodes.domain.outcome import Accepted, NotSent, Outcome
from meganodes.hub import calls
from meganodes.hub.deliver import deliver, report
from meganodes.hub.recording import Claimed, commit_surely
from meganodes.journal.store import (
    Change,
    Committed,
    CommitUnknown,
    DueWork,
    StoreUnavailable,
    UnlistedBalance,
)
from meganodes.kit.identity import first_trans_id
from meganodes.kit.logging import get_logger

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from meganodes.domain.transaction import Move, Transaction
    from meganodes.hub.core import Hub

log = get_logger("hub.worker")

_BATCH = 200
_AGENTS_AT_ONCE = 64
_OVERDUE_EVERY_SECONDS = 60.0
_OVERDUE_LOOKED_AT = 10_000
_LISTINGS_PER_RUN = 5_000
_WORDS_PER_STEP = 1_000
_COMMITTED_WITHIN_MS = 30_000
"""A row is in the journal so long after its number was made, or never."""
_SEAL_EVERY_SECONDS = 10.0
_DRAIN_PAUSE_SECONDS = 0.02
"""Short enough that nothing of the 96 a second that may flow to one agent is left unused, and that
few leave together: a clump of them is what the bets of others would have to wait for."""


class Worker:
    """Runs the loops of one node. ``start`` once, ``stop`` before ``hub.drain``."""

    def __init__(self, hub: Hub) -> None:
        """Prepare; nothing runs yet."""
        self._hub = hub
        self._stopping = asyncio.Event()
        self._loops: tuple[asyncio.Task[None], ...] = ()
        self._asking: set[int] = set()
        self._draining: set[int] = set()
        self._overdue_at = hub.clock.monotonic()

    def start(self) -> None:
        """Start the loops on the running event loop."""
        loop = asyncio.get_running_loop()
        settings = self._hub.settings
        self._loops = (
            loop.create_task(
                self._repeat(self.tick, settings.worker_tick_seconds, self._hub.worker_wanted)
            ),
            loop.create_task(
                self._repeat(self.place_listings, settings.sequencer_tick_seconds, None)
            ),
            loop.create_task(
                self._repeat(self._prepare_looks, settings.turnover_tick_seconds, None)
            ),
            loop.create_task(self._repeat(self.seal, _SEAL_EVERY_SECONDS, None)),
        )

    async def stop(self) -> None:
        """End the loops; attempts under way go on as the hub's tasks."""
        self._stopping.set()
        self._hub.worker_wanted.set()
        await asyncio.gather(*self._loops)

    async def _repeat(
        self, work: Callable[[], Awaitable[None]], seconds: float, wanted: asyncio.Event | None
    ) -> None:
        while not self._stopping.is_set():
            try:
                await work()
            except (StoreUnavailable, CommitUnknown) as fault:
                log.warning("worker_waits_for_the_journal", fault=repr(fault))
            except Exception:
                # The loop that pays what is owed must outlive any defect; the log is an alarm.
                log.exception("worker_loop_failed")
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await (wanted or self._stopping).wait()
            if wanted is not None:
                wanted.clear()

    async def tick(self) -> None:
        """Undo what lost its node, park what is overdue, send what is due, fill in balances."""
        for stage in (
            self._undo_expired,
            self._park_overdue,
            self._deliver_due,
            self._ask_balances,
        ):
            await self._apart(stage())

    async def _apart(self, work: Awaitable[None]) -> None:
        """Let a defect in one row's or one agent's work stop nothing but itself."""
        try:
            await work
        except (StoreUnavailable, CommitUnknown):
            raise
        except Exception:
            log.exception("worker_step_failed")

    async def place_listings(self) -> None:
        """Give new listings their positions (the cursor law, contract 2.2)."""
        while await self._hub.journal.sequence(
            now_ms=self._hub.clock.now_ms(), limit=_LISTINGS_PER_RUN
        ):
            pass

    async def sum_turnovers(self) -> None:
        """Add new list entries to the sums that reports read."""
        while not self._stopping.is_set() and await self._hub.journal.sum_turnovers(
            limit=_LISTINGS_PER_RUN
        ):
            pass

    async def add_search_words(self) -> None:
        """Prepare new rows for being looked for; bets go first, so little is done at a time."""
        before = first_trans_id(self._hub.clock.now_ms() - _COMMITTED_WITHIN_MS)
        while not self._stopping.is_set() and await self._hub.journal.add_search_words(
            before=before, limit=_WORDS_PER_STEP
        ):
            pass

    async def seal(self) -> None:
        """Seal the minutes that are surely closed, one after the other, behind the bets."""
        while not self._stopping.is_set() and await self._hub.journal.seal(
            now_ms=self._hub.clock.now_ms()
        ):
            pass

    async def _prepare_looks(self) -> None:
        """Do what spares people's looks work, behind the bets."""
        await self.sum_turnovers()
        await self.add_search_words()

    async def _undo_expired(self) -> None:
        """Undo bets whose node stopped in the middle: never resent (reliability 2.3)."""
        for row in await self._hub.journal.expired_pending(limit=_BATCH):
            await self._apart(self._undo(row))

    async def _undo(self, row: Transaction) -> None:
        agent = self._hub.directory.agent(row.agent_id)
        await self._apply(undo_pending(row, self._hub.moment(agent), cause="its node stopped"))

    async def _park_overdue(self) -> None:
        """Park what an open circuit kept back for longer than its agent's schedule allows."""
        now = self._hub.clock.monotonic()
        if now < self._overdue_at:
            return
        self._overdue_at = now + _OVERDUE_EVERY_SECONDS
        now_ms = self._hub.clock.now_ms()
        agents = self._hub.directory.agents()
        shortest_ms = min(
            (self._hub.schedule_of(agent).give_up_ms for agent in (None, *agents)),
        )
        rows = await self._hub.journal.overdue(
            owed_before_ms=now_ms - shortest_ms, limit=_OVERDUE_LOOKED_AT
        )
        for row in rows:
            if self._hub.gateway.is_open(row.agent_id):
                await self._apart(self._park(row, now_ms))

    async def _park(self, row: Transaction, now_ms: int) -> None:
        schedule = self._hub.schedule_of(self._hub.directory.agent(row.agent_id))
        if (row.owed_since_ms or 0) + schedule.give_up_ms <= now_ms:
            await self._apply(overdue(row))

    async def _apply(self, move: Move) -> None:
        change = Change(at_ms=self._hub.clock.now_ms(), moves=(move,))
        result = await commit_surely(self._hub, change)
        if isinstance(result, Committed):
            report(self._hub, move)
            self._hub.decisions.announce(move.after.trans_id)

    async def _deliver_due(self) -> None:
        idle_circuits = set(self._hub.gateway.probes_wanted())
        due = await self._hub.journal.due_work(now_ms=self._hub.clock.now_ms())
        for start in range(0, len(due), _AGENTS_AT_ONCE):
            # Claims that are asked for together share a commit.
            sending = (
                self._apart(self._send_to(work, idle_circuits))
                for work in due[start : start + _AGENTS_AT_ONCE]
            )
            ended = await asyncio.gather(*sending, return_exceptions=True)
            for fault in filter(None, ended):
                raise fault
        for agent_id in idle_circuits:
            await self._apart(self._probe_by_authenticate(agent_id))

    async def _send_to(self, work: DueWork, idle_circuits: set[int]) -> None:
        """Send one agent what is due, as much as may go now; note whether more is waiting."""
        gateway = self._hub.gateway
        if not gateway.is_open(work.agent_id):
            if work.agent_id in self._draining:
                return  # Two who claim for the same room would put rows back that found no place.
            sent = await self._claim_and_send(work.agent_id, gateway.delivery_room(work.agent_id))
            if sent < work.count:
                self._draining.add(work.agent_id)
                self._hub.spawn(self._apart(self._drain(work.agent_id)))
        elif work.agent_id in idle_circuits and await self._claim_and_send(
            work.agent_id, 1, circuit_probe=True
        ):
            idle_circuits.discard(work.agent_id)

    async def _drain(self, agent_id: int) -> None:
        """Send one agent's backlog as fast as it may flow, without waiting for the ticks."""
        gateway = self._hub.gateway
        try:
            while not self._stopping.is_set() and not gateway.is_open(agent_id):
                room = gateway.delivery_room(agent_id)
                if room and not await self._claim_and_send(agent_id, room):
                    return
                await self._hub.clock.sleep(_DRAIN_PAUSE_SECONDS)
        finally:
            self._draining.discard(agent_id)

    async def _claim_and_send(
        self, agent_id: int, room: int, *, circuit_probe: bool = False
    ) -> int:
        """Claim up to ``room`` rows and send each in a task of its own; says how many."""
        if room <= 0:
            return 0
        rows = await self._hub.journal.claim(
            agent_id,
            now_ms=self._hub.clock.now_ms(),
            limit=room,
            lease_ms=self._hub.settings.delivery_lease_ms,
        )
        for row in rows:
            self._hub.spawn(self._deliver(Claimed(row), circuit_probe=circuit_probe))
        return len(rows)

    async def _deliver(self, claim: Claimed, *, circuit_probe: bool) -> None:
        try:
            await deliver(self._hub, claim, Lane.DELIVERY, circuit_probe=circuit_probe)
        except (StoreUnavailable, CommitUnknown) as fault:
            # The claim's lease ends by itself and the row is taken up again.
            log.warning("attempt_not_recorded", trans_guid=claim.row.guid, fault=repr(fault))

    async def _probe_by_authenticate(self, agent_id: int) -> None:
        agent = self._hub.directory.agent(agent_id)
        if agent is not None:
            self._hub.spawn(
                calls.authenticate(self._hub, agent, calls.CALLBACK_TEST_ACCOUNT, Lane.DELIVERY)
            )

    async def _ask_balances(self) -> None:
        """Make the one balance callback for listings the backend reported no balance for."""
        rooms: dict[int, int] = {}
        for listing in await self._hub.journal.unlisted_balances(limit=_BATCH):
            if listing.listing_id in self._asking:
                continue
            agent_id = listing.agent_id
            room = rooms.setdefault(agent_id, self._hub.gateway.delivery_room(agent_id))
            if room <= 0 and not self._hub.gateway.is_open(agent_id):
                continue
            rooms[agent_id] = room - 1
            self._asking.add(listing.listing_id)
            self._hub.spawn(self._ask_balance(listing))

    async def _ask_balance(self, listing: UnlistedBalance) -> None:
        agent = self._hub.directory.agent(listing.agent_id)
        try:
            outcome: Outcome = NotSent(reason="the agent is not known")
            if agent is not None:
                asked = await calls.balance(self._hub, agent, listing.account, Lane.DELIVERY)
                outcome = asked.attempt.outcome
            held_back = isinstance(outcome, NotSent) and not outcome.counted
            if held_back and not self._hub.gateway.is_open(listing.agent_id):
                return  # It was not asked yet: its turn comes with a later tick.
            balance_minor = outcome.balance_minor if isinstance(outcome, Accepted) else None
            await self._hub.journal.settle_balance(
                listing.listing_id, listing.agent_id, balance_minor
            )
        finally:
            self._asking.discard(listing.listing_id)
