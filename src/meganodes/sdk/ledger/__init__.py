"""A wallet that is right, ready to stand behind a dispatcher: double entry in a database.

`SqliteLedger` takes a file, `PostgresqlLedger` a function that opens a connection. Both are wallet
backends.
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
