"""The toy studio's own durable record: every transaction is written here before it is first sent.

One SQLite file. A *call* is one request to the hub, repeated byte for byte; its *items* are the
transactions it carries (a betwin carries several).
"""

from __future__ import annotations

import json
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
    stops TEXT NOT NULL,
    click TEXT,
    is_open INTEGER NOT NULL DEFAULT 1
) STRICT;
CREATE TABLE IF NOT EXISTS withdrawn_clicks (
    session TEXT NOT NULL REFERENCES sessions,
    click TEXT NOT NULL,
    PRIMARY KEY (session, click)
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
    delivered INTEGER,
    balance TEXT
) STRICT;
CREATE INDEX IF NOT EXISTS items_by_call ON items (call_id);
CREATE INDEX IF NOT EXISTS calls_by_round ON calls (round_id);
CREATE UNIQUE INDEX IF NOT EXISTS one_round_a_click ON rounds (session, click);
CREATE UNIQUE INDEX IF NOT EXISTS one_open_round_a_player ON rounds (session)
    WHERE is_open = 1 AND click IS NOT NULL;
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
                "INSERT INTO rounds (round_id, session, style, stake_minor, stops, click) "
                "VALUES (?, ?, ?, ?, ?, ?)",
                (
                    game_round.round_id,
                    game_round.session,
                    game_round.style.value,
                    game_round.stake_minor,
                    json.dumps(game_round.stops),
                    game_round.click,
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
        return self._rounds("WHERE is_open = 1 ORDER BY rowid")

    def round(self, round_id: str) -> Round:
        """Return a round; raises KeyError for an unknown one."""
        found = self._rounds("WHERE round_id = ?", round_id)
        if not found:
            raise KeyError(round_id)
        return found[0]

    def rounds(self) -> tuple[Round, ...]:
        """Return all rounds, oldest first."""
        return self._rounds("ORDER BY rowid")

    def round_of_click(self, session: str, click: str) -> Round | None:
        """Return the round that a player's click began."""
        found = self._rounds("WHERE session = ? AND click = ?", session, click)
        return found[0] if found else None

    def open_round_of(self, session: str) -> Round | None:
        """Return the unfinished round that a player's click began; there is one at most."""
        found = self._rounds("WHERE session = ? AND click IS NOT NULL AND is_open = 1", session)
        return found[0] if found else None

    def newest_round_of(self, session: str) -> Round | None:
        """Return the round that a player's click began last."""
        where = "WHERE session = ? AND click IS NOT NULL ORDER BY rowid DESC LIMIT 1"
        found = self._rounds(where, session)
        return found[0] if found else None

    def withdraw_click(self, session: str, click: str) -> None:
        """Note that a click which began no round so far may never begin one."""
        statement = "INSERT INTO withdrawn_clicks VALUES (?, ?) ON CONFLICT DO NOTHING"
        self._connection.execute(statement, (session, click))

    def is_withdrawn(self, session: str, click: str) -> bool:
        """Say whether a click was withdrawn before it arrived."""
        query = "SELECT 1 FROM withdrawn_clicks WHERE session = ? AND click = ?"
        return self._connection.execute(query, (session, click)).fetchone() is not None

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

    def _rounds(self, where: str, *values: str) -> tuple[Round, ...]:
        query = f"SELECT {_ROUND_COLUMNS} FROM rounds {where}"  # noqa: S608 - constants of ours
        return tuple(_round(row) for row in self._connection.execute(query, values))

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
            "UPDATE items SET outcome = ?, delivered = ?, balance = coalesce(?, balance), "
            "transaction_guid = coalesce(?, transaction_guid) WHERE transaction_id = ?",
            (
                finding.outcome.value,
                finding.delivered,
                finding.balance,
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


_ROUND_COLUMNS = "round_id, session, style, stake_minor, stops, click, is_open"
_ITEM_COLUMNS = (
    "transaction_id, kind, amount_minor, bet_transaction_id, outcome, transaction_guid, "
    "delivered, balance"
)


def _round(row: tuple[str, str, str, int, str, str | None, int]) -> Round:
    round_id, session, style, stake_minor, stops, click, is_open = row
    first, second, third = json.loads(stops)
    return Round(
        round_id=round_id,
        session=session,
        style=Style(style),
        stake_minor=stake_minor,
        stops=(first, second, third),
        click=click,
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


def _item(
    row: tuple[str, str, int, str | None, str, str | None, int | None, str | None],
) -> Item:
    transaction_id, kind, amount_minor, bet_transaction_id, outcome, guid, delivered, balance = row
    return Item(
        transaction_id=transaction_id,
        kind=kind,
        amount_minor=amount_minor,
        bet_transaction_id=bet_transaction_id,
        outcome=ItemOutcome(outcome),
        transaction_guid=guid,
        delivered=None if delivered is None else bool(delivered),
        balance=balance,
    )
