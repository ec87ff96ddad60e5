"""Looking for transactions in memory: the plain meaning of what the databases do by their keys."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from meganodes.domain.transaction import Transaction
from meganodes.journal.memory_tables import Tables
from meganodes.journal.search import Counted, Found, Named, Sought


def found(tables: Tables, sought: Sought, limit: int) -> Found:
    """Look for the newest rows that are wanted."""
    rows = sorted(_wanted(tables, sought), key=lambda row: row.trans_id, reverse=True)[:limit]
    return Found(
        rows=tuple(rows), reached=rows[-1].trans_id if len(rows) == limit else sought.first
    )


def found_newer(tables: Tables, sought: Sought, limit: int) -> Found:
    """Look for the oldest rows that are wanted."""
    rows = sorted(_wanted(tables, sought), key=lambda row: row.trans_id)[:limit]
    reached = rows[-1].trans_id + 1 if len(rows) == limit else sought.past
    return Found(rows=tuple(reversed(rows)), reached=reached)


def counted(tables: Tables, sought: Sought, limit: int) -> Counted:
    """Count what is wanted, up to a limit."""
    count = sum(1 for _ in _wanted(tables, sought))
    return Counted(count=min(count, limit), is_all=count <= limit)


def named(tables: Tables, text: str, agents: Collection[int], providers: Collection[int]) -> Named:
    """Look for whatever goes by an id."""
    seen = [held.row for held in tables.held.values() if held.row.agent_id in agents]
    return Named(
        transactions=tuple(row for row in seen if _goes_by(row, text, providers)),
        rounds=tuple(
            key for key in tables.rounds if key.round_id == text and key.agent_id in agents
        ),
        attempts=tuple(
            (each.agent_id, each.trans_id)
            for each in tables.attempts.values()
            if str(each.attempt_id) == text and each.agent_id in agents
        ),
    )


def _wanted(tables: Tables, sought: Sought) -> Iterator[Transaction]:
    return (held.row for held in tables.held.values() if sought.fits(held.row))


def _goes_by(row: Transaction, text: str, providers: Collection[int]) -> bool:
    is_own = row.provider_id in providers and row.transaction_id == text
    return is_own or str(row.trans_id) == text or row.guid == text.removesuffix("-c")
