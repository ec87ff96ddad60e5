"""Fills a journal for the benchmark of the Back Office: by its own statements, without the waiting.

A month of play of many agents, oldest first, as the hub would have written it: transactions with
rounds, events, attempts and their bytes, listings in place and summed up. A few are refused,
cancelled, owed or parked. The same size gives the same rows, but for their times.
"""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any, Final

from meganodes.domain.transaction import Kind, State, Step, Transaction
from meganodes.journal import reports, rows
from meganodes.journal.sequencer import Sequencer
from meganodes.journal.sqlite_connection import sqlite_reader
from meganodes.journal.statements import SQLITE
from meganodes.kit.identity import first_trans_id
from meganodes.protocol.commands import Revision, TransType
from meganodes.protocol.ids import trans_guid

DAY_MS: Final = 86_400_000
SPAN_MS: Final = 30 * DAY_MS
FIRST_USER: Final = 400_000_001
INSTALLATION: Final = "bench"
PROVIDERS: Final = 20
GAMES: Final = 100
_BIG_SHARES: Final = (40, *(5 for _ in range(9)))
"""Percent of all play that the first ten agents have; the others share what is left."""
_BATCH: Final = 1_000
_SUMMED_AT_ONCE: Final = 50_000
_CACHE_KIB: Final = 1_000_000
_PAUSE_MS: Final = 60_000
_SEATS: Final = 40
"""So many of an agent's users are at play at a time, at most."""
_STAY: Final = 40
"""So many transactions somebody plays, on average, before another takes the seat."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How much there is of everything."""

    agents: int = 1_000
    transactions: int = 1_000_000
    users: int = 20_000
    staff: int = 300
    span_ms: int = SPAN_MS
    """How long all the play takes."""

    def shares(self) -> tuple[float, ...]:
        """Give each agent's part of the play, the first agent's first; together they are 100."""
        big = _BIG_SHARES[: self.agents]
        small = self.agents - len(big)
        return (*big, *(((100 - sum(big)) / small,) * small if small else ()))

    def users_of(self) -> tuple[range, ...]:
        """Give each agent's user codes; everybody has two at least."""
        counts = [max(2, round(self.users * share / 100)) for share in self.shares()]
        ends = list(accumulate(counts, initial=FIRST_USER))
        return tuple(range(*each) for each in pairwise(ends))


def account_of(user_code: int) -> str:
    """Name a user."""
    return f"player-{user_code - FIRST_USER:06d}"


def game_of(number: int) -> str:
    """Name a game of a provider."""
    return f"game-{number:03d}"


@dataclass(slots=True)
class _Batch:
    """Rows for the journal's statements, to be written together."""

    rows: dict[str, list[tuple[Any, ...]]] = field(default_factory=dict)

    def add(self, statement: str, *values: Any) -> None:  # noqa: ANN401 - what the driver takes
        self.rows.setdefault(statement, []).append(values)

    def write(self, connection: sqlite3.Connection) -> None:
        for statement, values in self.rows.items():
            connection.executemany(SQLITE[statement].text, values)
        self.rows.clear()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fate:
    """What becomes of a transaction, and how often that is, in a hundred thousand."""

    kind: Kind
    state: State
    often: int
    step: Step = Step.NONE
    trans_types: tuple[TransType, ...] = ()
    answers: tuple[tuple[str, str, int | None, str], ...] = ()
    """Command, outcome, result and fault of each attempt."""


_GOOD: Final = "accepted"
_LOST: Final = "nothing complete at the deadline"
_FATES: Final = (
    _Fate(
        kind=Kind.BET,
        state=State.ACCEPTED,
        often=54_400,
        trans_types=(TransType.BET,),
        answers=(("bet", _GOOD, 0, ""),),
    ),
    _Fate(
        kind=Kind.WIN,
        state=State.CREDITED,
        often=44_800,
        trans_types=(TransType.WIN,),
        answers=(("win", _GOOD, 0, ""),),
    ),
    _Fate(
        kind=Kind.BET,
        state=State.REFUSED,
        often=300,
        answers=(("bet", "refused", 31, "the backend refused: 31"),),
    ),
    _Fate(
        kind=Kind.BET,
        state=State.CANCELLED,
        often=200,
        answers=(("bet", "unknown", None, _LOST), ("cancel", _GOOD, 0, "")),
    ),
    _Fate(
        kind=Kind.BET,
        state=State.CANCELLING,
        often=50,
        step=Step.DELIVER,
        answers=(("bet", "unknown", None, _LOST), *((("cancel", "unknown", None, _LOST),) * 3)),
    ),
    _Fate(
        kind=Kind.WIN,
        state=State.OWED,
        often=150,
        step=Step.DELIVER,
        answers=(("win", "unknown", None, _LOST),) * 4,
    ),
    _Fate(
        kind=Kind.WIN,
        state=State.PARKED,
        often=100,
        answers=(("win", "refused", 41, "already booked"),) * 2,
    ),
)


def fill_journal(
    path: Path, size: Size, now_ms: int, say: Callable[[str], None] = lambda _said: None
) -> None:
    """Write everything; ``now_ms`` is when the newest transaction was asked for."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for pragma in ("synchronous = OFF", f"cache_size = -{_CACHE_KIB}", "temp_store = MEMORY"):
            connection.execute(f"PRAGMA {pragma}")
        play = _Play(size, now_ms)
        sequencer = Sequencer(connection)
        for first in range(0, size.transactions, _BATCH):
            past = min(first + _BATCH, size.transactions)
            connection.execute("BEGIN IMMEDIATE")
            at_ms = play.write(connection, first, past)
            sequencer.place(at_ms, limit=2 * _BATCH)
            connection.execute("COMMIT")
            say(f"{past:,} transactions of {size.transactions:,}")
        _sum_up(connection, sequencer)
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _sum_up(connection: sqlite3.Connection, sequencer: Sequencer) -> None:
    while sums := reports.unsummed(sqlite_reader(connection), _SUMMED_AT_ONCE):
        connection.execute("BEGIN IMMEDIATE")
        sequencer.add_turnovers(sums)
        connection.execute("COMMIT")


class _Play:
    """Makes what happened, in the order of time."""

    def __init__(self, size: Size, now_ms: int) -> None:
        """Begin as long before ``now_ms`` as the play takes."""
        self._size = size
        self._start_ms = now_ms - size.span_ms
        self._random = random.Random(size.transactions)  # noqa: S311 - the same play every time
        self._users = size.users_of()
        self._seats = [list(users[:_SEATS]) for users in self._users]
        self._shares = tuple(accumulate(size.shares()))
        self._often = tuple(accumulate(each.often for each in _FATES))
        self._batch = _Batch()
        self._last_number = 0

    def write(self, connection: sqlite3.Connection, first: int, past: int) -> int:
        """Write the transactions of these places; return when the last of them was asked for."""
        count = past - first
        agents = self._random.choices(range(len(self._users)), cum_weights=self._shares, k=count)
        fates = self._random.choices(_FATES, cum_weights=self._often, k=count)
        for place, agent, fate in zip(range(first, past), agents, fates, strict=True):
            self._add(place, agent, fate)
        self._batch.write(connection)
        return self._at_ms(past - 1)

    def _at_ms(self, place: int) -> int:
        return self._start_ms + self._size.span_ms * place // self._size.transactions

    def _number(self, at_ms: int) -> int:
        self._last_number = max(self._last_number + 1, first_trans_id(at_ms))
        return self._last_number

    def _add(self, place: int, agent: int, fate: _Fate) -> None:
        row = self._row(place, agent, fate)
        self._batch.add("insert_transaction", *rows.all_values(row), None, None)
        is_win = row.kind is Kind.WIN
        self._batch.add("step_round", *_round_of(row), int(is_win), int(is_win))
        for epoch, (before, after) in enumerate(_steps_of(fate)):
            at_ms = row.created_at_ms + 20 * epoch
            self._batch.add(
                "insert_event",
                row.agent_id,
                row.trans_id,
                epoch,
                at_ms,
                before,
                after,
                _cause(fate),
            )
        for number, answer in enumerate(fate.answers, 1):
            self._add_attempt(row, number, answer)
        for trans_type in fate.trans_types:
            listed = (row.agent_id, row.trans_id, trans_type.value, row.balance_minor, 0)
            self._batch.add("insert_listing", *listed)

    def _player(self, agent: int) -> int:
        """Choose among those who are at play; now and then one leaves and another one comes."""
        seats, draw = self._seats[agent], self._random
        seat = draw.randrange(len(seats))
        if draw.randrange(_STAY) == 0:
            seats[seat] = draw.choice(self._users[agent])
        return seats[seat]

    def _row(self, place: int, agent: int, fate: _Fate) -> Transaction:
        draw = self._random
        user_code = self._player(agent)
        provider_id, at_ms = 1 + user_code % PROVIDERS, self._at_ms(place)
        agent_id, transaction_id = agent + 1, f"tx-{place:09d}"
        row = Transaction(
            agent_id=agent_id,
            trans_id=self._number(at_ms),
            provider_id=provider_id,
            transaction_id=transaction_id,
            kind=fate.kind,
            user_code=user_code,
            account=account_of(user_code),
            gplay_id=user_code - FIRST_USER + 1,
            round_id=f"round-{place // 2:09d}",
            game_code=game_of(user_code % GAMES),
            currency="EUR",
            amount_minor=draw.randrange(10, 100_000),
            revision=Revision.GUID,
            guid=trans_guid(INSTALLATION, agent_id, provider_id, transaction_id),
            data=b'{"account":"%b","amount":1.50}' % account_of(user_code).encode(),
            content=f"{place:016x}",
            created_at_ms=at_ms,
            round_seq=1,
            state=fate.state,
            epoch=1,
            balance_minor=draw.randrange(1_000_000),
            decided_at_ms=at_ms + 20,
            attempts=len(fate.answers),
        )
        return row if fate.step is Step.NONE else _owed(row, fate.step)

    def _add_attempt(
        self, row: Transaction, number: int, answer: tuple[str, str, int | None, str]
    ) -> None:
        command, outcome, result, fault = answer
        at_ms = row.created_at_ms + (number - 1) * _PAUSE_MS + 1
        attempt_id = self._number(row.created_at_ms + 1)
        came = result is not None
        phase, status = ("complete", 200) if came else ("sent", None)
        asked = (attempt_id, row.agent_id, row.trans_id, row.account, command, number, at_ms)
        told = (20 if came else 3_000, outcome, phase, result, status, None)
        faults = f'["{fault}"]' if fault else None
        self._batch.add("insert_attempt", *asked, *told, faults, "192.0.2.1")
        request = _REQUEST % (len(row.data), row.data)
        reply = _REPLY % result if came else b""
        self._batch.add("insert_attempt_bodies", attempt_id, row.agent_id, request, reply)


_REQUEST: Final = (
    b"POST /callback HTTP/1.1\r\nHost: wallet.example.com\r\nContent-Type: application/json\r\n"
    b"Callback-Token: ****\r\nwebhook-id: msg_1\r\nwebhook-timestamp: 1790000000\r\n"
    b"webhook-signature: ****\r\nMegaNodes-Attempt: 1\r\nContent-Length: %d\r\n\r\n%b"
)
_REPLY: Final = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n"
    b'{"result":%d,"status":"OK","data":{"balance":100.00}}'
)


def _round_of(row: Transaction) -> tuple[int, int, int, str]:
    return row.agent_id, row.provider_id, row.user_code, row.round_id


def _owed(row: Transaction, step: Step) -> Transaction:
    due_at_ms = row.created_at_ms + SPAN_MS
    return replace(row, step=step, due_at_ms=due_at_ms, owed_since_ms=row.created_at_ms)


def _steps_of(fate: _Fate) -> Sequence[tuple[str | None, str]]:
    first = State.OWED if fate.kind is Kind.WIN else State.PENDING
    return ((None, first.value), (first.value, fate.state.value))


def _cause(fate: _Fate) -> str:
    return "parked: already booked" if fate.state is State.PARKED else fate.state.value
