"""The ledger's three tables, for both databases: the same columns, constraints and names.

Rows are never deleted: an id that was met once must be known for ever.
"""

from __future__ import annotations

from typing import Final

from meganodes.protocol.money import AMOUNT_MAX_MINOR

# Accounts of the casino's own have no row in wallet_accounts: a row would be locked by every bet
# of every player. What they hold is the sum of their postings.
_TABLES: Final = (
    """
CREATE TABLE IF NOT EXISTS wallet_accounts (
    name TEXT PRIMARY KEY,
    balance_minor {integer} NOT NULL CHECK (balance_minor <= {most}),
    active {integer} NOT NULL DEFAULT 1 CHECK (active IN (0, 1))
){options}""",
    """
CREATE TABLE IF NOT EXISTS wallet_entries (
    position {position},
    id TEXT NOT NULL UNIQUE,
    account TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('bet', 'win', 'cancel', 'deposit', 'withdrawal')),
    round_id TEXT NOT NULL,
    amount_minor {integer} NOT NULL CHECK (amount_minor >= 0),
    state TEXT NOT NULL CHECK (state IN ('booked', 'cancelled', 'refused', 'tombstone')),
    result {integer} NOT NULL DEFAULT 0,
    original_id TEXT
){options}""",
    """
CREATE TABLE IF NOT EXISTS wallet_postings (
    position {integer} NOT NULL REFERENCES wallet_entries (position),
    account TEXT NOT NULL,
    amount_minor {integer} NOT NULL,
    PRIMARY KEY (position, account)
){options}""",
    """
CREATE INDEX IF NOT EXISTS wallet_entries_of_account ON wallet_entries (account, position)""",
    """
CREATE INDEX IF NOT EXISTS wallet_postings_of_account ON wallet_postings (account)""",
)


def _statements(integer: str, position: str, options: str) -> tuple[str, ...]:
    words = {"integer": integer, "position": position, "options": options}
    return tuple(table.strip().format(most=AMOUNT_MAX_MINOR, **words) for table in _TABLES)


SQLITE_TABLES: Final = _statements("INTEGER", "INTEGER PRIMARY KEY", " STRICT")
POSTGRESQL_TABLES: Final = _statements(
    "BIGINT", "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY", ""
)
