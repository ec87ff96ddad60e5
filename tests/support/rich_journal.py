"""An evening of everything in a journal: all kinds, states and moves, drawn from one seed."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from meganodes.domain.transaction import (
    LEGAL_MOVES,
    Kind,
    Listing,
    Move,
    State,
    Step,
    Transaction,
    move,
)
from meganodes.journal.guards import CLAIMABLE, OWED
from meganodes.journal.store import Change, Committed, Insert, JournalStore, RoundStep
from meganodes.journal.turnover import QUARTER_MS
from meganodes.protocol.commands import TransType
from tests.support.transactions import START_MS, attempt_of, bet

AGENTS = (1, 2, 3)
PROVIDERS = (7, 8)
USERS = (400_000_001, 400_000_002, 400_000_003)
SESSIONS = (11, 12, 13, 14)
GAMES = ("fruits", "lemons", "Zebra", "Ärger", "a b")
ROUNDS = 30
"""The rounds of each user; they are named alike at both providers."""

FIRST_STATES = {
    Kind.BET: (State.PENDING, State.PENDING, State.PENDING, State.REFUSED, State.TOMBSTONE),
    Kind.WIN: (State.OWED,),
    Kind.CANCEL: (State.RECORDED,),
}
_TARGETS = {state: sorted({b for a, b in LEGAL_MOVES if a is state}) for state in State}
_LISTED = {
    (Kind.BET, State.ACCEPTED): TransType.BET,
    (Kind.BET, State.CANCELLED): TransType.CANCEL,
    (Kind.WIN, State.CREDITED): TransType.WIN,
}
_NIGHT_MS = 12 * 3_600_000
_OUTCOMES = ("accepted", "accepted", "refused", "unknown", "not_sent")


class RichJournal:
    """Writes so many rows into a store and remembers them as they are now."""

    def __init__(self, store: JournalStore, random: Random) -> None:
        """Prepare; ``store`` is open."""
        self._store = store
        self._random = random
        self.rows: list[Transaction] = []
        self.now_ms = START_MS // QUARTER_MS * QUARTER_MS

    async def fill(self, count: int) -> None:
        """Record rows, move them on, list them and sum up some of them."""
        for number in range(count):
            await self._record()
            for _ in range(self._random.randrange(3)):
                await self._move()
            self.now_ms += self._random.randrange(20_000)
            if number % 5 == 0:
                await self._store.sequence(now_ms=self.now_ms, limit=self._random.randint(1, 9))
            if number % 40 == 0:
                self.now_ms += self._random.randrange(_NIGHT_MS)
                await self._settle_balances()
                await self._store.sum_turnovers(limit=self._random.randint(1, 60))

    async def _record(self) -> None:
        row = self._row()
        lease_ms = self._random.choice([None, 5_000, 110_000])
        change = Change(
            at_ms=self.now_ms,
            inserts=(Insert(row=row, cause="recorded", lease_ms=lease_ms),),
            rounds=(RoundStep(key=row.round_key, close=self._random.random() < 0.1),),
        )
        result = await self._store.commit(change)
        assert isinstance(result, Committed)
        self.rows += result.rows

    def _row(self) -> Transaction:
        random = self._random
        kind = random.choices(list(FIRST_STATES), (6, 3, 1))[0]
        state = random.choice(FIRST_STATES[kind])
        user_code = random.choice(USERS)
        return bet(
            agent_id=random.choice(AGENTS),
            provider_id=random.choice(PROVIDERS),
            kind=kind,
            state=state,
            user_code=user_code,
            account=f"user-{user_code % 10}",
            gplay_id=random.choice(SESSIONS),
            round_id=f"r-{random.randrange(ROUNDS)}",
            game_code=random.choice(GAMES),
            amount_minor=random.choice([0, 1, 150, 99_999_999, 100_000_001, 2**53 - 1]),
            data=random.randbytes(9),
            created_at_ms=self.now_ms,
            **self._due(state),
        )

    def _due(self, state: State) -> dict[str, object]:
        step = Step.NONE
        if state in OWED:
            step = self._random.choice([Step.DELIVER, Step.VERIFY])
        elif state in CLAIMABLE:
            step = self._random.choice(list(Step))
        if step is Step.NONE:
            return {"step": step, "due_at_ms": None, "owed_since_ms": None}
        at_ms = self.now_ms + self._random.randrange(-60_000, 60_000)
        return {"step": step, "due_at_ms": at_ms, "owed_since_ms": at_ms}

    async def _move(self) -> None:
        index = self._random.randrange(len(self.rows))
        row = self.rows[index]
        targets = _TARGETS[row.state]
        if not targets:
            return
        moved = self._moved(row, self._random.choice(targets))
        outcome = self._random.choice(_OUTCOMES)
        attempt = attempt_of(
            row,
            outcome=outcome,
            command=row.kind.value,
            number=self._random.randint(1, 3),
            started_at_ms=self.now_ms,
            http_status=self._random.choice([None, 200, 500]),
            faults=() if outcome == "accepted" else (self._random.choice(["late", "odd"]),),
            notes=self._random.choice([(), ("a note",)]),
            request=self._random.randbytes(5),
        )
        change = Change(at_ms=self.now_ms, moves=(moved,), attempts=(attempt,))
        result = await self._store.commit(change)
        assert isinstance(result, Committed)
        self.rows[index] = moved.after

    def _moved(self, row: Transaction, state: State) -> Move:
        balance_minor = self._random.choice([None, 0, 5_000])
        moved = move(row, state.value, state=state, balance_minor=balance_minor, **self._due(state))
        trans_type = _LISTED.get((row.kind, state))
        if trans_type is not None:
            moved = replace(
                moved, lists=(Listing(trans_type=trans_type, balance_minor=balance_minor),)
            )
        return replace(moved, lease_ms=self._random.choice([None, 5_000]))

    async def _settle_balances(self) -> None:
        for open_one in await self._store.unlisted_balances(limit=5):
            told = self._random.choice([None, 77])
            await self._store.settle_balance(open_one.listing_id, open_one.agent_id, told)
