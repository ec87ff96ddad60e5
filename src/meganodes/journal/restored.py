"""What a journal that was restored needs before it is used again: its numbers must not come twice.

Works on a file that nobody serves; the composition root calls it between copying and placing.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass

from meganodes.domain.transaction import Transaction
from meganodes.journal import rows
from meganodes.journal.statements import SQLITE

_ADD = SQLITE["add_list_skip"].text
_UNDECIDED = SQLITE["undecided"].text
_READ_NUMBERS = SQLITE["last_numbers"].text


@dataclass(frozen=True, slots=True, kw_only=True)
class LastNumbers:
    """The highest number of a transaction, and of the busiest agent's list as it goes out."""

    trans_id: int
    listed: int


def last_numbers(connection: sqlite3.Connection) -> LastNumbers:
    """Read how far a journal has got."""
    ((trans_id, listed),) = connection.execute(_READ_NUMBERS).fetchall()
    return LastNumbers(trans_id=trans_id, listed=listed)


def undecided(connection: sqlite3.Connection) -> tuple[Transaction, ...]:
    """Read every bet without a decision, whoever owned it."""
    return rows.transactions(connection.execute(_UNDECIDED).fetchall())


def skip_lists(connection: sqlite3.Connection, agent_ids: Iterable[int], skipped: int) -> None:
    """Pass over so many numbers at the present end of these agents' lists."""
    for agent_id in agent_ids:
        connection.execute(_ADD, (agent_id, agent_id, skipped))
