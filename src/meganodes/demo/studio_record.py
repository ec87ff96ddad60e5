"""The toy studio's own durable record: every transaction is written here before it is first sent.

One SQLite file. A *call* is one request to the hub, repeated byte for byte; its *items* are the
transactions it carries (a betwin carries several).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from meganodes.demo.studio_items import Call, Finding, Item, ItemOutcome, Round, Style
from meganodes.demo.studio_rules import StudioCommand

_SCHEMA = """
CREATE TABLE IF NOT EXISTS sessions (
    session TEXT PRIMARY KEY,
    game_code TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS rounds (
    round_id TEXT PRIMARY KEY,
    session TEXT NOT NULL REFERENCES sessions,
    style TEXT NOT NULL,
    stake_minor INTEGER NOT NULL,
    is_open INTEGER NOT NULL DEFAULT 1
) STRICT;
CREATE TABLE IF NOT EXISTS calls (
    call_id INTEGER PRIMARY KEY,
    round_id TEXT NOT NULL REFERENCES rounds,
    command TEXT NOT NULL,
    body TEXT NOT NULL,
    sendings INTEGER NOT NULL DEFAULT 0,
    code INTEGER
) STRICT;
CREATE TABLE IF NOT EXISTS items (
    transaction_id TEXT PRIMARY KEY,
    call_id INTEGER NOT NULL REFERENCES calls,
    kind TEXT NOT NULL CHECK (kind IN ('bet', 'win', 'cancel')),
    amount_minor INTEGER NOT NULL,
    bet_transaction_id TEXT,
    outcome TEXT NOT NULL DEFAULT 'open',
    transaction_guid TEXT,
    delivered INTEGER
) STRICT;
CREATE INDEX IF NOT EXISTS items_by_call ON items (call_id);
CREATE INDEX IF NOT EXISTS calls_by_round ON calls (round_id);
"""


class StudioRecord:
    """The record. Every method is one durable transaction; call from one thread only."""

    def __init__(self, path: Path | str) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None)
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = FULL")
        self._connection.execute("PRAGMA foreign_keys = ON")
        self._connection.executescript(_SCHEMA)

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def remember_session(self, session: str, game_code: str) -> None:
        """Note a session at its launch; a second time changes nothing."""
        statement = "INSERT INTO sessions VALUES (?, ?) ON CONFLICT DO NOTHING"
        self._connection.execute(statement, (session, game_code))

    def game_code(self, session: str) -> str | None:
        """Return the game of a session, None for one that was never launched here."""
        query = "SELECT game_code FROM sessions WHERE session = ?"
        row = self._connection.execute(query, (session,)).fetchone()
        return None if row is None else str(row[0])

    def newest_session(self) -> str | None:
        """Return the session that was launched last."""
        row = self._connection.execute(
            "SELECT session FROM sessions ORDER BY rowid DESC LIMIT 1"
        ).fetchone()
        return None if row is None else str(row[0])

    def begin(
        self, game_round: Round, command: StudioCommand, body: str, items: Sequence[Item]
    ) -> int:
        """Record a round and its first call, before anything is sent; returns the call's number."""
        with self._transaction():
            self._connection.execute(
                "INSERT INTO rounds (round_id, session, style, stake_minor) VALUES (?, ?, ?, ?)",
                (
                    game_round.round_id,
                    game_round.session,
                    game_round.style.value,
                    game_round.stake_minor,
                ),
            )
            return self._insert_call(game_round.round_id, command, body, items)

    def add_call(
        self, round_id: str, command: StudioCommand, body: str, items: Sequence[Item]
    ) -> int:
        """Record a further call of a round, before it is sent; returns its number."""
        with self._transaction():
            return self._insert_call(round_id, command, body, items)

    def note_sending(self, call_id: int) -> None:
        """Count a sending, before its first byte."""
        statement = "UPDATE calls SET sendings = sendings + 1 WHERE call_id = ?"
        self._connection.execute(statement, (call_id,))

    def conclude(self, call_id: int, code: int, findings: Sequence[Finding]) -> None:
        """Record the definite answer to a call and what it says about its items."""
        with self._transaction():
            statement = "UPDATE calls SET code = ? WHERE call_id = ? AND code IS NULL"
            self._connection.execute(statement, (code, call_id))
            for finding in findings:
                self._update_item(finding)

    def note(self, finding: Finding) -> None:
        """Record what was learned about an item later on."""
        self._update_item(finding)

    def close_round(self, round_id: str) -> None:
        """Record that nothing of the round is open any more."""
        statement = "UPDATE rounds SET is_open = 0 WHERE round_id = ?"
        self._connection.execute(statement, (round_id,))

    def open_rounds(self) -> tuple[Round, ...]:
        """Return the rounds a stop of this process left unfinished, oldest first."""
        query = "SELECT * FROM rounds WHERE is_open = 1 ORDER BY rowid"
        return tuple(_round(row) for row in self._connection.execute(query))

    def round(self, round_id: str) -> Round:
        """Return a round; raises KeyError for an unknown one."""
        query = "SELECT * FROM rounds WHERE round_id = ?"
        row = self._connection.execute(query, (round_id,)).fetchone()
        if row is None:
            raise KeyError(round_id)
        return _round(row)

    def rounds(self) -> tuple[Round, ...]:
        """Return all rounds, oldest first."""
        return tuple(_round(row) for row in self._connection.execute("SELECT * FROM rounds"))

    def calls(self, round_id: str) -> tuple[Call, ...]:
        """Return the calls of a round in the order of their first sending."""
        query = "SELECT * FROM calls WHERE round_id = ? ORDER BY call_id"
        return tuple(_call(row) for row in self._connection.execute(query, (round_id,)))

    def items(self, call_id: int) -> tuple[Item, ...]:
        """Return the transactions of a call."""
        query = f"SELECT {_ITEM_COLUMNS} FROM items WHERE call_id = ? ORDER BY rowid"  # noqa: S608
        return tuple(_item(row) for row in self._connection.execute(query, (call_id,)))

    def call_of(self, transaction_id: str) -> Call | None:
        """Return the call that carries a transaction."""
        query = (
            "SELECT calls.* FROM calls JOIN items USING (call_id) WHERE items.transaction_id = ?"
        )
        row = self._connection.execute(query, (transaction_id,)).fetchone()
        return None if row is None else _call(row)

    def undelivered(self) -> tuple[tuple[str, str], ...]:
        """Return (session, round_id) of rounds with a transaction the hub still has to deliver."""
        query = (
            "SELECT DISTINCT rounds.session, rounds.round_id FROM rounds "
            "JOIN calls USING (round_id) JOIN items USING (call_id) WHERE items.delivered = 0"
        )
        return tuple(self._connection.execute(query))

    def _insert_call(
        self, round_id: str, command: StudioCommand, body: str, items: Sequence[Item]
    ) -> int:
        statement = "INSERT INTO calls (round_id, command, body) VALUES (?, ?, ?)"
        call_id = self._connection.execute(statement, (round_id, command.value, body)).lastrowid
        assert call_id is not None, "an inserted row has a number"
        for item in items:
            self._connection.execute(
                "INSERT INTO items (transaction_id, call_id, kind, amount_minor, "
                "bet_transaction_id) VALUES (?, ?, ?, ?, ?)",
                (
                    item.transaction_id,
                    call_id,
                    item.kind,
                    item.amount_minor,
                    item.bet_transaction_id,
                ),
            )
        return call_id

    def _update_item(self, finding: Finding) -> None:
        self._connection.execute(
            "UPDATE items SET outcome = ?, delivered = ?, "
            "transaction_guid = coalesce(?, transaction_guid) WHERE transaction_id = ?",
            (
                finding.outcome.value,
                finding.delivered,
                finding.transaction_guid,
                finding.transaction_id,
            ),
        )

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")


_ITEM_COLUMNS = (
    "transaction_id, kind, amount_minor, bet_transaction_id, outcome, transaction_guid, delivered"
)


def _round(row: tuple[str, str, str, int, int]) -> Round:
    round_id, session, style, stake_minor, is_open = row
    return Round(
        round_id=round_id,
        session=session,
        style=Style(style),
        stake_minor=stake_minor,
        is_open=bool(is_open),
    )


def _call(row: tuple[int, str, str, str, int, int | None]) -> Call:
    call_id, round_id, command, body, sendings, code = row
    return Call(
        call_id=call_id,
        round_id=round_id,
        command=StudioCommand(command),
        body=body,
        sendings=sendings,
        code=code,
    )


def _item(row: tuple[str, str, int, str | None, str, str | None, int | None]) -> Item:
    transaction_id, kind, amount_minor, bet_transaction_id, outcome, guid, delivered = row
    return Item(
        transaction_id=transaction_id,
        kind=kind,
        amount_minor=amount_minor,
        bet_transaction_id=bet_transaction_id,
        outcome=ItemOutcome(outcome),
        transaction_guid=guid,
        delivered=None if delivered is None else bool(delivered),
    )
