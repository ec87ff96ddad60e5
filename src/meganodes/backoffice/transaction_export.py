"""Transactions as a CSV file: exact amounts, and no cell that a spreadsheet would run (S15)."""

from __future__ import annotations

import asyncio
import csv
import io
import re
from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from meganodes.backoffice.transaction_words import KINDS, STATES
from meganodes.domain.transaction import BET_UNDONE, Kind
from meganodes.hub.transaction_search import every_transaction
from meganodes.protocol.currency import currency
from meganodes.protocol.money import format_amount

if TYPE_CHECKING:
    from meganodes.directory.records import Agent
    from meganodes.domain.transaction import Transaction
    from meganodes.hub.core import Hub
    from meganodes.journal.search import Sought

EXPORT_ROWS_MAX: Final = 100_000
"""So many rows one file has at most; its last line says so when there was more."""
_ROWS_AT_ONCE: Final = 5_000
# Spreadsheets of East Asia read the wide forms as the narrow ones, and blanks, line ends and what
# nobody sees do not keep every program from looking at what follows.
_FORMULA: Final = re.compile(
    "[\\s\\x00-\\x1f\\x7f-\\x9f\u200b-\u200f\u2060\ufeff]*[=+\\-@\uff1d\uff0b\uff0d\uff20]|[\t\r\n]"
)
_COLUMNS: Final = (
    "trans_id",
    "time_utc",
    "kind",
    "state",
    "amount",
    "currency",
    "balance_after",
    "user_code",
    "user",
    "provider_id",
    "provider",
    "game_code",
    "game",
    "round_id",
    "provider_transaction_id",
    "guid",
    "cancel_guid",
    "gplay_id",
)


def file_name(agent: Agent, now_ms: int) -> str:
    """Name the file; an agent's name is plain text, and what is not plain is left out."""
    plain = "".join(
        each for each in agent.name if each.isascii() and (each.isalnum() or each in "-_")
    )
    day = datetime.fromtimestamp(now_ms // 1000, UTC)
    return f"transactions-{plain or agent.agent_id}-{day:%Y%m%d-%H%M%S}.csv"


async def csv_parts(
    hub: Hub, sought: Sought, rows_max: int = EXPORT_ROWS_MAX
) -> AsyncIterator[bytes]:
    """Write the file part by part, newest rows first, while it is being read."""
    yield csv_line(_COLUMNS)
    left = rows_max
    async for rows in every_transaction(hub, sought, limit=rows_max + 1, at_once=_ROWS_AT_ONCE):
        # In a thread: a stretch takes some 50 ms, and bets are waiting.
        yield await asyncio.to_thread(_lines, hub, rows[:left])
        if len(rows) > left:
            until = _moment(rows[left].created_at_ms)
            yield csv_line((f"Stopped after {rows_max} rows: the next one is of {until}.",))
        left -= len(rows)


def csv_line(cells: Iterable[object]) -> bytes:
    """Write one line; a cell that begins like a formula gets a quote before it."""
    line = io.StringIO()
    csv.writer(line).writerow([guarded(str(cell)) for cell in cells])
    return line.getvalue().encode("utf-8", "backslashreplace")


def guarded(cell: str) -> str:
    """Take the power out of a cell that a spreadsheet would take for a formula."""
    return f"'{cell}" if _FORMULA.match(cell) else cell


def _lines(hub: Hub, rows: Sequence[Transaction]) -> bytes:
    return b"".join(csv_line(_cells(hub, row)) for row in rows)


def _cells(hub: Hub, row: Transaction) -> tuple[object, ...]:
    exponent = currency(row.currency).exponent
    provider = hub.directory.provider(row.provider_id)
    game = hub.directory.game(row.provider_id, row.game_code)
    balance = row.balance_minor
    return (
        row.trans_id,
        _moment(row.created_at_ms),
        KINDS[row.kind],
        STATES[row.state].text,
        format_amount(row.amount_minor, exponent),
        row.currency,
        "" if balance is None else _signed(balance, exponent),
        row.user_code,
        row.account,
        row.provider_id,
        provider.name if provider else "",
        row.game_code,
        game.name if game else "",
        row.round_id,
        row.transaction_id,
        row.guid,
        row.cancel_guid if row.kind is Kind.BET and row.state in BET_UNDONE else "",
        row.gplay_id,
    )


def _signed(amount_minor: int, exponent: int) -> str:
    """Write a balance; agents with an overdraft have some below zero."""
    sign = "-" if amount_minor < 0 else ""
    return sign + format_amount(abs(amount_minor), exponent)


def _moment(at_ms: int) -> str:
    moment = datetime.fromtimestamp(at_ms // 1000, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{at_ms % 1000:03d}Z"
