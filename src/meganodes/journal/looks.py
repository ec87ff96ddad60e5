"""Looking for transactions: bounded looks by time or user, and look-ups by any id.

Each function runs in a thread, on a connection of its own. Numbers rise with time, so a time range
is a range of the first key. Ids that are as good as random go by words on SQLite, which has no
index for the pages alone (words are put down behind the bets), and on PostgreSQL by plain indexes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from dataclasses import asdict
from typing import Any, Final

from meganodes.journal import rows
from meganodes.journal.reader import Reader
from meganodes.journal.search import (
    ENTRIES_MAX,
    FEW_ENTRIES,
    OWN_ENTRIES_MAX,
    Counted,
    Found,
    Named,
    Sought,
)

_BY_TIME: Final = "by_time"
_NUMBER: Final = re.compile(r"[1-9][0-9]{0,15}", re.ASCII)
_ROUNDS_MAX: Final = 20


def found(reader: Reader, sought: Sought, limit: int) -> Found:
    """Look for the newest rows that are wanted."""
    if _is_nowhere(sought.game_code, sought.round_id):
        return Found(rows=(), reached=sought.first)
    _, _, newest = _newest(reader, sought, limit)
    return newest


def found_and_counted(
    reader: Reader, sought: Sought, limit: int, count_max: int
) -> tuple[Found, Counted]:
    """Look for the newest rows that are wanted, and count on below them: each row is met once."""
    if _is_nowhere(sought.game_code, sought.round_id):
        return Found(rows=(), reached=sought.first), Counted(count=0, is_all=True)
    way, values, newest = _newest(reader, sought, limit)
    count = len(newest.rows)
    if count == limit:
        below = {**values, "past": newest.reached, "limit": count_max + 1 - count}
        ((more,),) = reader.all(f"count_{way}", below)
        count += more
    is_all = count <= count_max and values["first"] == sought.first
    return newest, Counted(count=min(count, count_max), is_all=is_all)


def found_newer(reader: Reader, sought: Sought, limit: int) -> Found:
    """Look for the oldest rows that are wanted."""
    if _is_nowhere(sought.game_code, sought.round_id):
        return Found(rows=(), reached=sought.past)
    values = _values(sought) | {"limit": limit}
    way = _way(reader, values)
    if way == _BY_TIME:
        values["past"] = _reached_newer(reader, values)
    read = rows.transactions(reader.all(f"search_newer_{way}", values))
    reached = read[-1].trans_id + 1 if len(read) == limit else values["past"]
    return Found(rows=tuple(reversed(read)), reached=reached)


def named(reader: Reader, text: str, agents: Collection[int], providers: Collection[int]) -> Named:
    """Look for whatever goes by an id."""
    if _is_nowhere(text):
        return Named()
    asked = {
        "agents": json.dumps(sorted(agents)),
        "providers": json.dumps(sorted(providers)),
        "text": text,
    }
    guid = text.removesuffix("-c")
    number = int(text) if _NUMBER.fullmatch(text) else 0
    found_rows = rows.transactions(
        [
            *reader.all("with_trans_id", (number,)),
            *reader.all("with_guid", {"word": guid[3:13], "guid": guid}),
            *reader.all("with_transaction_id", asked),
        ]
    )
    named_rounds = reader.all("rounds_with_id", {**asked, "limit": _ROUNDS_MAX})
    attempts = reader.all("attempts_with_id", (number,))
    seen = [row for row in found_rows if row.agent_id in agents]
    return Named(
        transactions=tuple({(row.agent_id, row.trans_id): row for row in seen}.values()),
        rounds=tuple(map(rows.round_key, named_rounds)),
        attempts=tuple((agent, trans) for agent, trans in attempts if agent in agents),
    )


def _newest(reader: Reader, sought: Sought, limit: int) -> tuple[str, dict[str, Any], Found]:
    """Look for the newest rows; say by which way and with which values."""
    values = _values(sought) | {"limit": limit}
    way = _way(reader, values)
    if way == _BY_TIME:
        values["first"] = _reached(reader, values)
    read = rows.transactions(reader.all(f"search_{way}", values))
    reached = read[-1].trans_id if len(read) == limit else values["first"]
    return way, values, Found(rows=read, reached=reached)


def _is_nowhere(*texts: str | None) -> bool:
    """Say whether somebody looks for a text that no row can hold: the wire takes no NUL."""
    return any(text is not None and "\0" in text for text in texts)


def _values(sought: Sought) -> dict[str, Any]:
    values = asdict(sought)
    values["kind"] = None if sought.kind is None else sought.kind.value
    states = [state.value for state in sought.states]
    values["states"] = json.dumps(states) if states else None
    return values


def _way(reader: Reader, values: dict[str, Any]) -> str:
    """Choose how to look: an agent or a user with few rows is read whole, all else by time."""
    ways = ["by_agent"] if values["user_code"] is None else ["by_agent", "by_user"]
    bounded = {**values, "bound": FEW_ENTRIES + 1}
    for way in ways:
        ((count,),) = reader.all(way.replace("by", "rows_of"), bounded)
        if count <= FEW_ENTRIES:
            return way
    return _BY_TIME


def _reached(reader: Reader, values: dict[str, Any]) -> int:
    """Find how far back one look may go: so many entries of all, so many of the agent's own."""
    first: int = values["first"]
    for name, skipped in (("entry_before", ENTRIES_MAX), ("own_entry_before", OWN_ENTRIES_MAX)):
        last = reader.all(name, {**values, "first": first, "skipped": skipped})
        first = last[0][0] if last else first
    return first


def _reached_newer(reader: Reader, values: dict[str, Any]) -> int:
    """Find how far ahead one look may go; the same bounds the other way."""
    past: int = values["past"]
    for name, skipped in (("entry_after", ENTRIES_MAX), ("own_entry_after", OWN_ENTRIES_MAX)):
        next_one = reader.all(name, {**values, "past": past, "skipped": skipped})
        past = next_one[0][0] if next_one else past
    return past
