"""The statements of the toy casino's ledger, inside one open transaction each.

Nothing is judged here: `ledger` decides, this module reads and writes.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from enum import StrEnum

from meganodes.protocol.money import AMOUNT_MAX_MINOR
from meganodes.sdk import Accepted, Cancel, Movement

SCHEMA = """
CREATE TABLE IF NOT EXISTS players (
    account TEXT PRIMARY KEY,
    balance_minor INTEGER NOT NULL,
    deposited_minor INTEGER NOT NULL,
    active INTEGER NOT NULL DEFAULT 1
) STRICT;
CREATE TABLE IF NOT EXISTS transactions (
    position INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    account TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('bet', 'win', 'cancel')),
    round_id TEXT NOT NULL,
    amount_minor INTEGER NOT NULL CHECK (amount_minor >= 0),
    state TEXT NOT NULL CHECK (state IN ('booked', 'cancelled', 'refused', 'tombstone')),
    result INTEGER NOT NULL DEFAULT 0,
    original_id TEXT
) STRICT;
"""
_COLUMNS = "id, account, kind, round_id, amount_minor, state, result, original_id"


class EntryState(StrEnum):
    """BOOKED moved money; CANCELLED was booked and undone; the other two never moved any."""

    BOOKED = "booked"
    CANCELLED = "cancelled"
    REFUSED = "refused"
    TOMBSTONE = "tombstone"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One transaction id the casino has met. ``amount_minor`` of a cancel is what it gave back."""

    id: str
    account: str
    kind: str
    round_id: str
    amount_minor: int
    state: EntryState
    result: int = 0
    original_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Player:
    """An account. Balance = deposited - bets + wins + cancels, always."""

    account: str
    balance_minor: int
    deposited_minor: int
    active: bool


class Books:
    """The statements, inside one open transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def player(self, account: str) -> Player | None:
        query = "SELECT balance_minor, deposited_minor, active FROM players WHERE account = ?"
        row = self._connection.execute(query, (account,)).fetchone()
        return None if row is None else _player(account, *row)

    def known_player(self, account: str) -> Player:
        player = self.player(account)
        if player is None:
            raise KeyError(account)
        return player

    def balance_minor(self, account: str) -> int:
        return self.known_player(account).balance_minor

    def players(self) -> tuple[Player, ...]:
        query = "SELECT account, balance_minor, deposited_minor, active FROM players ORDER BY 1"
        return tuple(_player(*row) for row in self._connection.execute(query))

    def entry(self, transaction_id: str) -> Entry | None:
        query = f"SELECT {_COLUMNS} FROM transactions WHERE id = ?"  # noqa: S608 - a constant
        row = self._connection.execute(query, (transaction_id,)).fetchone()
        return None if row is None else _entry(row)

    def entries(self) -> tuple[Entry, ...]:
        query = f"SELECT {_COLUMNS} FROM transactions ORDER BY position"  # noqa: S608
        return tuple(_entry(row) for row in self._connection.execute(query))

    def newest_entries(self, account: str, limit: int) -> tuple[Entry, ...]:
        """Return what an account's newest transactions are, newest first."""
        query = (
            f"SELECT {_COLUMNS} FROM transactions WHERE account = ? "  # noqa: S608 - a constant
            "ORDER BY position DESC LIMIT ?"
        )
        return tuple(_entry(row) for row in self._connection.execute(query, (account, limit)))

    def deposit(self, account: str, amount_minor: int) -> None:
        assert amount_minor >= 0, "a deposit adds money"
        statement = (
            "INSERT INTO players (account, balance_minor, deposited_minor) VALUES (?1, ?2, ?2) "
            "ON CONFLICT (account) DO UPDATE SET balance_minor = balance_minor + ?2, "
            "deposited_minor = deposited_minor + ?2"
        )
        self._connection.execute(statement, (account, amount_minor))

    def set_active(self, account: str, *, active: bool) -> None:
        statement = "UPDATE players SET active = ? WHERE account = ?"
        self._connection.execute(statement, (active, account))

    def book(self, request: Movement, kind: str, change_minor: int) -> Accepted:
        self._move(request.account, change_minor)
        self.remember(request, kind, EntryState.BOOKED)
        return Accepted(balance_minor=self.balance_minor(request.account))

    def undo(self, request: Cancel, original: Entry) -> Accepted:
        """Reverse what was stored; the amount that came with the cancel has no say."""
        given_back = original.amount_minor
        change_minor = given_back if original.kind == "bet" else -given_back
        statement = "UPDATE players SET balance_minor = balance_minor + ? WHERE account = ?"
        self._connection.execute(statement, (change_minor, request.account))
        self._connection.execute(
            "UPDATE transactions SET state = 'cancelled' WHERE id = ? AND state = 'booked'",
            (original.id,),
        )
        self._insert(
            Entry(
                id=request.transaction_id,
                account=request.account,
                kind="cancel",
                round_id=original.round_id,
                amount_minor=given_back,
                state=EntryState.BOOKED,
                original_id=original.id,
            )
        )
        return Accepted(balance_minor=self.balance_minor(request.account))

    def remember(self, request: Movement, kind: str, state: EntryState, result: int = 0) -> None:
        """Note the id of a bet or win, booked or refused."""
        self._insert(
            Entry(
                id=request.transaction_id,
                account=request.account,
                kind=kind,
                round_id=request.round_id,
                amount_minor=request.amount_minor,
                state=state,
                result=result,
            )
        )

    def bury(self, request: Cancel) -> None:
        """Note the id of a bet that was never seen, so that it is not booked when it comes late."""
        self._insert(
            Entry(
                id=request.original_id,
                account=request.account,
                kind="bet",
                round_id=request.round_id,
                amount_minor=0,
                state=EntryState.TOMBSTONE,
            )
        )

    def _move(self, account: str, change_minor: int) -> None:
        # The guard repeats the check: whatever the hub asked to be checked, no bet overspends, and
        # no win makes a balance that no reply could tell.
        statement = (
            "UPDATE players SET balance_minor = balance_minor + ?1 WHERE account = ?2 "
            "AND CASE WHEN ?1 < 0 THEN balance_minor + ?1 >= 0 ELSE balance_minor + ?1 <= ?3 END"
        )
        given = (change_minor, account, AMOUNT_MAX_MINOR)
        moved = self._connection.execute(statement, given).rowcount
        if moved != 1:
            raise RuntimeError(f"the account {account} cannot take a change of {change_minor}")

    def _insert(self, entry: Entry) -> None:
        statement = (
            f"INSERT INTO transactions ({_COLUMNS}) "  # noqa: S608 - constant names
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
        )
        values = (
            entry.id,
            entry.account,
            entry.kind,
            entry.round_id,
            entry.amount_minor,
            entry.state.value,
            entry.result,
            entry.original_id,
        )
        self._connection.execute(statement, values)


def _player(account: str, balance_minor: int, deposited_minor: int, active: int) -> Player:
    return Player(
        account=account,
        balance_minor=balance_minor,
        deposited_minor=deposited_minor,
        active=bool(active),
    )


def _entry(row: tuple[str, str, str, str, int, str, int, str | None]) -> Entry:
    transaction_id, account, kind, round_id, amount_minor, state, result, original_id = row
    return Entry(
        id=transaction_id,
        account=account,
        kind=kind,
        round_id=round_id,
        amount_minor=amount_minor,
        state=EntryState(state),
        result=result,
        original_id=original_id,
    )
