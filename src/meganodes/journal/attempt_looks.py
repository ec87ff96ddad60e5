"""The API log: one page of it, and its failures by what they have in common."""

from __future__ import annotations

from typing import Any

from meganodes.journal import rows
from meganodes.journal.attempt_log import AttemptFilter, AttemptGroup, AttemptGroups
from meganodes.journal.reader import Reader
from meganodes.journal.store import AttemptPage


def attempts_page(
    reader: Reader, agent_id: int, wanted: AttemptFilter, limit: int, rows_max: int
) -> AttemptPage:
    """Read the newest attempts that fit among the newest ``rows_max``."""
    if _is_nowhere(wanted):
        return AttemptPage(attempts=(), older_below=None)
    values = _values(agent_id, wanted) | {"limit": limit + 1, "rows_max": rows_max}
    kind = "failed_attempts" if wanted.not_accepted else "attempts"
    ((seen, lowest),) = reader.all(f"{kind}_floor", values)
    if not seen:
        # Without a floor the page would be looked for among all that the agent ever had.
        return AttemptPage(attempts=(), older_below=None)
    values["floor"] = lowest
    found = reader.all(f"{kind}_page", values)
    attempts = tuple(map(rows.attempt, found[:limit]))
    if len(found) > limit:
        return AttemptPage(attempts=attempts, older_below=attempts[-1].attempt_id)
    return AttemptPage(attempts=attempts, older_below=lowest if seen == rows_max else None)


def failed_attempts(
    reader: Reader, agent_id: int, wanted: AttemptFilter, rows_max: int
) -> AttemptGroups:
    """Group the newest ``rows_max`` attempts that were not accepted."""
    if _is_nowhere(wanted):
        return AttemptGroups(groups=(), is_whole=True)
    values = _values(agent_id, wanted) | {"rows_max": rows_max}
    ((seen, lowest),) = reader.all("failed_attempts_floor", values)
    if not seen:
        return AttemptGroups(groups=(), is_whole=True)
    values["floor"] = lowest
    found = reader.all("failed_attempts_grouped", values)
    return AttemptGroups(groups=tuple(map(_group, found)), is_whole=seen < rows_max)


def _is_nowhere(wanted: AttemptFilter) -> bool:
    """Say whether somebody looks for a text that no row can hold: the wire takes no NUL."""
    return any("\0" in text for text in (wanted.command, wanted.outcome, wanted.account))


def _values(agent_id: int, wanted: AttemptFilter) -> dict[str, Any]:
    return {
        "agent_id": agent_id,
        "above": wanted.above,
        "below": wanted.below,
        "command": wanted.command or None,
        "outcome": wanted.outcome or None,
        "http_status": wanted.http_status,
        "account": wanted.account or None,
        "trans_id": wanted.trans_id,
    }


def _group(row: rows.Row) -> AttemptGroup:
    command, repeated, outcome, phase, result, http_status, faults, *rest = row
    count, first_at_ms, last_at_ms, sample_id = rest
    return AttemptGroup(
        command=command,
        repeated=bool(repeated),
        outcome=outcome,
        phase=phase,
        result=result,
        http_status=http_status,
        reason=(rows.sentences(faults) or ("",))[0],
        count=count,
        first_at_ms=first_at_ms,
        last_at_ms=last_at_ms,
        sample_id=sample_id,
    )
