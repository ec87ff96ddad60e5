"""Random histories of a journal: a database store answers and holds what the memory store does.

Both get the same changes, claims, faults of the caller and passing time; every answer is compared,
and at the end everything that can be read. Folding a row's events gives the row (reliability 3.4).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import (
    AbstractAsyncContextManager,
    AsyncExitStack,
    asynccontextmanager,
    contextmanager,
)
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import pairwise

from hypothesis import strategies as st

from meganodes.domain.transaction import (
    LEGAL_MOVES,
    Kind,
    Listing,
    Move,
    RoundKey,
    State,
    Step,
    Transaction,
    move,
)
from meganodes.journal.guards import CLAIMABLE, OWED, RowRefused
from meganodes.journal.store import (
    Change,
    Insert,
    JournalStore,
    RoundStep,
    UnlistedBalance,
)
from meganodes.protocol.commands import TransType
from tests.conformance.journal_stores import Journal, open_memory, open_postgresql
from tests.support.kept_connections import KeptConnections
from tests.support.postgres import empty_journal, shared_database
from tests.support.transactions import START_MS, attempt_of, bet

AGENTS = (1, 2)
STEPS_MAX = 40
FIRST_STATES = {
    Kind.BET: (State.PENDING, State.REFUSED, State.TOMBSTONE),
    Kind.WIN: (State.OWED,),
    Kind.CANCEL: (State.RECORDED,),
}
TARGETS = {state: sorted({b for a, b in LEGAL_MOVES if a is state}) for state in State}

milliseconds = st.integers(min_value=START_MS - 20, max_value=START_MS + 20)
lease = st.none() | st.integers(min_value=1, max_value=30)
balance = st.none() | st.integers(min_value=-5, max_value=5)
listings = st.lists(
    st.builds(Listing, trans_type=st.sampled_from(TransType), balance_minor=balance), max_size=2
).map(tuple)


@dataclass
class Pair:
    """The model and the store that must equal it, and what was seen of both."""

    model: Journal
    database: Journal
    rows: list[Transaction] = field(default_factory=list)
    attempts: list[tuple[int, int]] = field(default_factory=list)

    async def ask(self, question: Callable[[JournalStore], Awaitable[object]]) -> object:
        """Ask both and give the common answer."""
        answers = [await _answer(question(each.store)) for each in (self.model, self.database)]
        assert answers[0] == answers[1]
        return answers[0]


async def _answer(awaited: Awaitable[object]) -> object:
    try:
        return await awaited
    except RowRefused:
        return RowRefused


# --- what may happen ------------------------------------------------------------------------------


@st.composite
def due(draw: st.DrawFn, state: State) -> dict[str, object]:
    """Draw what is due for a row in this state; now and then what no store may take."""
    steps = list(Step) if state in CLAIMABLE - OWED else [Step.NONE]
    step = draw(st.sampled_from([Step.DELIVER, Step.VERIFY] if state in OWED else steps))
    at_ms = draw(milliseconds) if step is not Step.NONE else None
    if draw(st.integers(0, 30)) == 0:
        step = draw(st.sampled_from(Step))
    return {"step": step, "due_at_ms": at_ms, "owed_since_ms": draw(st.none() | milliseconds)}


@st.composite
def new_row(draw: st.DrawFn) -> Transaction:
    kind = draw(st.sampled_from(Kind))
    state = draw(st.sampled_from(FIRST_STATES[kind]))
    return bet(
        agent_id=draw(st.sampled_from(AGENTS)),
        transaction_id=f"t-{draw(st.integers(1, 12))}",
        round_id=f"r-{draw(st.integers(1, 2))}",
        amount_minor=draw(st.integers(-1, 30)),
        kind=kind,
        state=state,
        **draw(due(state)),
    )


@st.composite
def new_move(draw: st.DrawFn, rows: list[Transaction]) -> Move:
    """Draw a legal move of a row as it was seen at some time, so now and then of a stale one."""
    row = draw(st.sampled_from(rows))
    state = draw(st.sampled_from(TARGETS[row.state]))
    moved = move(
        row,
        draw(st.sampled_from(["one", "another"])),
        state=state,
        balance_minor=draw(balance),
        maybe_sent=draw(st.booleans()),
        failures=draw(st.integers(0, 3)),
        **draw(due(state)),
    )
    return replace(
        moved, lists=draw(listings), lease_ms=draw(lease), keep_lease=draw(st.booleans())
    )


@st.composite
def round_step(draw: st.DrawFn, key: RoundKey) -> RoundStep:
    return RoundStep(
        key=key,
        expected_seq=draw(st.none() | st.integers(0, 3)),
        must_be_open=draw(st.booleans()),
        wins=draw(st.integers(0, 2)),
        close=draw(st.sampled_from([False, False, False, True])),
    )


@st.composite
def new_change(draw: st.DrawFn, rows: list[Transaction]) -> Change:
    movable = [row for row in rows if TARGETS[row.state]]
    moves = draw(st.lists(new_move(movable), max_size=2)) if movable else []
    added = draw(st.lists(new_row(), min_size=0 if moves else 1, max_size=2))
    keys = {row.round_key for row in added}
    return Change(
        at_ms=draw(milliseconds),
        inserts=tuple(Insert(row=row, cause="recorded", lease_ms=draw(lease)) for row in added),
        moves=tuple(moves),
        rounds=tuple(draw(round_step(key)) for key in keys if draw(st.booleans())),
        attempts=tuple(attempt_of(each.before) for each in moves if draw(st.booleans())),
    )


# --- the walk -------------------------------------------------------------------------------------


async def _change(pair: Pair, data: st.DataObject) -> None:
    change = data.draw(new_change(pair.rows))
    result = await pair.ask(lambda store: store.commit(change))
    if rows := getattr(result, "rows", ()):
        pair.rows += rows
        pair.attempts += [(each.agent_id, each.attempt_id) for each in change.attempts]


async def _claim(pair: Pair, data: st.DataObject) -> None:
    agent_id, limit = data.draw(st.sampled_from(AGENTS)), data.draw(st.integers(0, 3))
    now_ms, lease_ms = data.draw(milliseconds), data.draw(st.integers(1, 30))
    taken = await pair.ask(
        lambda store: store.claim(agent_id, now_ms=now_ms, limit=limit, lease_ms=lease_ms)
    )
    assert isinstance(taken, tuple)
    pair.rows += taken


async def _pass_time(pair: Pair, data: st.DataObject) -> None:
    seconds = data.draw(st.integers(1, 20)) / 1_000
    for each in (pair.model, pair.database):
        each.clock.advance(seconds)


async def _sequence(pair: Pair, data: st.DataObject) -> None:
    now_ms, limit = data.draw(milliseconds), data.draw(st.integers(1, 4))
    await pair.ask(lambda store: store.sequence(now_ms=now_ms, limit=limit))


async def _settle(pair: Pair, data: st.DataObject) -> None:
    """Settle the same entry in both, which may number it differently, or one that is not there."""
    place, agent_id = data.draw(st.integers(0, 9)), data.draw(st.sampled_from(AGENTS))
    told = data.draw(balance)
    for each in (pair.model, pair.database):
        unlisted = await each.store.unlisted_balances(limit=10)
        listing_id = unlisted[place].listing_id if place < len(unlisted) else 2**40
        await each.store.settle_balance(listing_id, agent_id, told)


WHAT_HAPPENS = (_change, _change, _change, _change, _claim, _pass_time, _sequence, _settle)


async def _compare(pair: Pair) -> None:
    for agent_id in AGENTS:
        pages = [
            await each.reads.listed_after(agent_id, 0, 99) for each in (pair.model, pair.database)
        ]
        assert pages[0] == pages[1]
        assert [entry.position for entry in pages[0]] == list(range(1, len(pages[0]) + 1))
    for agent_id, attempt_id in pair.attempts:
        kept = [
            await each.reads.attempt(agent_id, attempt_id) for each in (pair.model, pair.database)
        ]
        assert kept[0] == kept[1] is not None
    for key in {row.round_key for row in pair.rows}:
        await pair.ask(lambda store, key=key: store.round(key))  # type: ignore[misc]
        await pair.ask(lambda store, key=key: store.round_rows(key))  # type: ignore[misc]
    await pair.ask(lambda store: store.due_work(now_ms=START_MS))
    await pair.ask(lambda store: store.expired_pending(limit=5))
    await pair.ask(lambda store: store.overdue(owed_before_ms=START_MS, limit=5))
    await pair.ask(_unlisted)
    for agent_id, trans_id in {(row.agent_id, row.trans_id) for row in pair.rows}:
        await _compare_row(pair, agent_id, trans_id)


async def _unlisted(store: JournalStore) -> list[UnlistedBalance]:
    """Give what is unlisted, in its order; how entries are numbered is each store's own."""
    return [replace(each, listing_id=0) for each in await store.unlisted_balances(limit=5)]


async def _compare_row(pair: Pair, agent_id: int, trans_id: int) -> None:
    row = await pair.ask(lambda store: store.fetch(agent_id, trans_id))
    assert isinstance(row, Transaction)
    assert await pair.ask(lambda store: store.find(row.key)) == row
    await pair.ask(lambda store: store.events(agent_id, trans_id))
    history = await pair.model.store.events(agent_id, trans_id)
    states: list[str | None] = [None, *(event.to_state for event in history)]
    assert [event.from_state for event in history] == states[:-1]
    assert (row.state, row.epoch) == (states[-1], history[-1].epoch)
    assert [event.epoch for event in history] == list(range(len(history)))
    moves = pairwise(State(event.to_state) for event in history)
    assert all(each in LEGAL_MOVES for each in moves)


async def walk(model: Journal, database: Journal, data: st.DataObject) -> None:
    """Let one history happen to both, empty as they are, and compare all that can be read."""
    pair = Pair(model=model, database=database)
    for _ in range(data.draw(st.integers(1, STEPS_MAX))):
        await data.draw(st.sampled_from(WHAT_HAPPENS))(pair, data)
    await _compare(pair)


Opening = Callable[[], AbstractAsyncContextManager[Journal]]
"""Gives an open and empty store of one kind."""


@contextmanager
def postgresql_of_many_histories() -> Iterator[tuple[asyncio.Runner, Opening]]:
    """Connecting costs more than a history: one store, emptied, serves them all."""
    with asyncio.Runner() as runner:
        kept = KeptConnections()
        stack = AsyncExitStack()
        opened = runner.run(stack.enter_async_context(open_postgresql(kept)))
        yield runner, partial(_emptied, opened)
        runner.run(stack.aclose())
        runner.run(kept.close())


@asynccontextmanager
async def _emptied(opened: Journal) -> AsyncIterator[Journal]:
    empty_journal(shared_database())
    yield opened


def one_history(runner: asyncio.Runner, opening: Opening, data: st.DataObject) -> None:
    """Walk through one history of a store beside the model."""

    async def both() -> None:
        async with opening() as store, open_memory() as model:
            await walk(model, store, data)

    runner.run(both())
