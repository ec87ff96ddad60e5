"""Rows for tests of copying: one of each kind that an installation may have, and very many."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

ODD_BYTES = bytes(range(256)) + b"\\x00\\\\"
ODD_TEXT = "tab\t line\nfeed\r \\N \\. \\x00 'quoted' \"twice\" {a,b} ü \U0001f600 \ufffe"
LARGEST = 2**53 - 1

A_ROW_OF_EACH: tuple[tuple[str, tuple[Any, ...]], ...] = (
    (
        (
            "INSERT INTO attempts VALUES (77, 1, NULL, 'a', 'bet', 1, 5, 6, 'unknown', 'complete', "
            "NULL, 200, ?, '', NULL)"
        ),
        (ODD_TEXT,),
    ),
    ("INSERT INTO attempt_bodies VALUES (77, 1, ?, x'', 0)", (ODD_BYTES,)),
    ("INSERT INTO attempt_digests VALUES (78, 1, zeroblob(32), 7, 5)", ()),
    ("INSERT INTO retention_progress VALUES (0, 77, 1)", ()),
    ("INSERT INTO list_skips VALUES (1, 3, 40)", ()),
    ("INSERT INTO node_numbers VALUES (3, 'a process', 'node-3', 8000)", ()),
    ("INSERT INTO seal_progress VALUES (0, 60000)", ()),
    ("INSERT INTO seals VALUES (1, 1, 0, x'00', ?, x'', ?)", (ODD_BYTES, ODD_BYTES)),
    (
        "INSERT INTO turnovers VALUES (1, 2, 400000001, 11, 7, ?, ?, -5, 0, ?, 3)",
        (ODD_TEXT, LARGEST, LARGEST),
    ),
    ("INSERT INTO day_turnovers VALUES (1, 2, 7, ?, ?, -5, 0, ?)", (ODD_TEXT, LARGEST, LARGEST)),
    (
        "INSERT INTO games VALUES (7, 'odd', ?, ?, 'slot', '', '', '', 0, 1, '2026-01-01')",
        (ODD_TEXT, json.dumps({"0": ODD_TEXT})),
    ),
    ("INSERT INTO maintenance_windows VALUES (1, 7, 'odd', 5, NULL, NULL, 4)", ()),
    (
        (
            "INSERT INTO staff VALUES (1, 'a@b.example', 'a@b.example', 'admin', 1, 'active', "
            "'UTC', NULL, ?, 9, '[\"x\"]', 5, NULL)"
        ),
        (ODD_BYTES,),
    ),
    ("INSERT INTO staff_codes VALUES (x'00', 1, 'invitation', 9)", ()),
    ("INSERT INTO staff_sessions VALUES (1, x'00ff', 1, 'password', 1, 2, 3, 0, '::1', '')", ()),
    ("INSERT INTO sign_in_failures VALUES (x'', 3, 4, 5)", ()),
    (
        (
            "INSERT INTO settlement_proposals VALUES (1, 1, 5, 2, 'credited', ?, 'open', 1, 'a', "
            "6, NULL, NULL, NULL)"
        ),
        (ODD_TEXT,),
    ),
    (
        (
            "INSERT INTO certifications VALUES (1, 1, 5, 6, 'ann', 'https://a.example', 'guid', 1, "
            "1, '{}', '[\"x\"]', '{}', ?, NULL, NULL)"
        ),
        (ODD_BYTES,),
    ),
)


def fill_with_sql(path: Path, count: int) -> None:
    """Let a journal grow by so many settled bets, each with its events, entry and attempt."""
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TEMP TABLE numbers (value INTEGER PRIMARY KEY)")
        numbers = ((1_000_000 + each,) for each in range(count))
        connection.executemany("INSERT INTO numbers VALUES (?)", numbers)
        for text in _GROWTH:
            connection.execute(text)


_GROWTH = (
    """INSERT INTO transactions
       SELECT value % 50 + 1, value, 7, 't-' || value, 'bet', 400000001 + value % 999, 'alice',
              value / 100, 'r-' || value / 3, 'fruits', 'EUR', value % 10000, 'guid',
              printf('mn-%040x', value), x'7b7d', 'digest', NULL, NULL, value, 1,
              'accepted', 1, 0, value, 0, NULL, value, 'none', NULL, NULL, 1, 0, 1, 0, 0, 0, NULL,
              NULL
       FROM numbers""",
    """INSERT INTO events
       SELECT value % 50 + 1, value, 0, value, NULL, 'pending', 'intent' FROM numbers""",
    """INSERT INTO attempts
       SELECT value, value % 50 + 1, value, 'alice', 'bet', 1, value, 20, 'accepted', 'complete',
              0, 200, NULL, NULL, '192.0.2.7' FROM numbers""",
    """INSERT INTO attempt_bodies
       SELECT value, value % 50 + 1, CAST('{"command":"bet"}' AS BLOB), x'7b7d', 0 FROM numbers""",
    """INSERT INTO listings (agent_id, trans_id, trans_type, balance_open)
       SELECT value % 50 + 1, value, 1, 0 FROM numbers""",
)
