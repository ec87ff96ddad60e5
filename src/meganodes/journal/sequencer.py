"""The agents' transaction lists: an entry waits for its balance, then it gets its position.

Positions are given after the commit, by one transaction at a time. A reader who always passes the
last position seen misses nothing (contract 2.2, the cursor law): a position becomes visible only
together with all smaller ones of its agent.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from meganodes.journal.reports import EntrySums
from meganodes.journal.sealing import SealStep
from meganodes.journal.statements import SQLITE

_LAST_TO_PLACE = SQLITE["last_to_place"].text
_ADVANCE = SQLITE["advance_positions"].text
_PLACE = SQLITE["place_listings"].text
_SETTLE = SQLITE["settle_balance"].text
_CLOSE_TIMES = SQLITE["close_times"].text
_NOTE_SUMMED = SQLITE["note_summed"].text
_ADD_TURNOVER = SQLITE["add_turnover"].text
_ADD_DAY_TURNOVER = SQLITE["add_day_turnover"].text
_MAKE_DAY_TURNOVERS = SQLITE["make_day_turnovers"].text
_NEXT_WORDS = SQLITE["next_search_words"].text
_ADD_WORDS = SQLITE["add_search_words"].text
_NOTE_SEALED = SQLITE["note_sealed"].text
_ADD_SEAL = SQLITE["add_seal"].text
_NOTE_WORDS = SQLITE["note_search_words"].text


class Sequencer:
    """Places waiting entries inside whatever transaction its connection is in."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        """Write on this connection."""
        self._execute = connection.execute

    def place(self, now_ms: int, limit: int) -> int:
        """Place up to ``limit`` entries, the oldest first; return how many there were."""
        ((count, last_id),) = self._execute(_LAST_TO_PLACE, (limit,)).fetchall()
        if count:
            self._execute(_ADVANCE, (now_ms, last_id))
            self._execute(_PLACE, (last_id,))
        return int(count)

    def settle(self, listing_id: int, agent_id: int, balance_minor: int | None) -> None:
        """Note what the balance callback of an entry brought; only the first answer counts."""
        self._execute(_SETTLE, (balance_minor, agent_id, listing_id))

    def close_times(self, agent_id: int, before_ms: int) -> None:
        """Let nothing of an agent's be listed before this any more."""
        self._execute(_CLOSE_TIMES, (agent_id, before_ms))

    def add_turnovers(self, sums: Sequence[EntrySums]) -> int:
        """Add the sums of entries that were in none; return how many entries they are of."""
        return sum(self._add(each) for each in sums)

    def add_search_words(self, before: int, limit: int) -> int:
        """Put down words of rows numbered below ``before``; return the last of them, 0 for none."""
        ((after, until),) = self._execute(
            _NEXT_WORDS, {"before": before, "limit": limit}
        ).fetchall()
        if until is None:
            return 0
        self._execute(_ADD_WORDS, {"after": after, "until": until})
        self._execute(_NOTE_WORDS, {"until": until})
        return int(until)

    def add_seals(self, step: SealStep) -> bool:
        """Add what one step sealed, unless another run was quicker; say whether it was added."""
        if not self._execute(_NOTE_SEALED, (step.to_ms, step.before_ms)).rowcount:
            return False
        for seal in step.seals:
            self._execute(_ADD_SEAL, seal)
        return True

    def _add(self, each: EntrySums) -> int:
        noted = self._execute(_NOTE_SUMMED, (each.until, each.until, each.agent_id, each.after))
        if not noted.rowcount:
            # Another run was quicker; what it took must not be added twice.
            return 0
        for turnover in each.turnovers:
            self._execute(_ADD_TURNOVER, turnover)
        if each.are_days_summed:
            for turnover in each.day_turnovers:
                self._execute(_ADD_DAY_TURNOVER, turnover)
        else:
            self._execute(_MAKE_DAY_TURNOVERS, (each.agent_id,))
        return each.until - each.after
