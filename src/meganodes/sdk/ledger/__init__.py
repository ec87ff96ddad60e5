"""A wallet that is right, ready to stand behind a dispatcher: double entry on SQLite or PostgreSQL.

ledger = SqliteLedger("casino.db")
ledger.deposit("ada", 10_000)
dispatcher = Dispatcher(ledger, callback_tokens=[token])
"""

from meganodes.sdk.ledger.ledger import Ledger
from meganodes.sdk.ledger.postgresql import PostgresqlLedger
from meganodes.sdk.ledger.records import (
    CASHIER,
    STAKES,
    WINS,
    Account,
    Entry,
    EntryKind,
    EntryState,
    Posting,
)
from meganodes.sdk.ledger.sqlite import SqliteLedger

__all__ = [
    "CASHIER",
    "STAKES",
    "WINS",
    "Account",
    "Entry",
    "EntryKind",
    "EntryState",
    "Ledger",
    "PostgresqlLedger",
    "Posting",
    "SqliteLedger",
]
