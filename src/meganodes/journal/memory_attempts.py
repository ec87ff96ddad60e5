"""The API log of the memory store: the plain meaning of what the databases do with indexes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import replace

from meganodes.journal.attempt_log import AttemptFilter, AttemptGroup, AttemptGroups
from meganodes.journal.memory_tables import Tables
from meganodes.journal.store import AttemptPage, AttemptRecord


def attempts_page(
    tables: Tables, agent_id: int, wanted: AttemptFilter, limit: int, rows_max: int
) -> AttemptPage:
    """Give the newest attempts that fit among the newest ``rows_max``."""
    looked_at = _looked_at(tables, agent_id, wanted)
    found = [each for each in looked_at[:rows_max] if wanted.fits(each)]
    attempts = tuple(replace(each, request=b"", reply=b"") for each in found[:limit])
    if len(found) > limit:
        return AttemptPage(attempts=attempts, older_below=attempts[-1].attempt_id)
    lowest = looked_at[rows_max - 1].attempt_id if len(looked_at) >= rows_max else None
    return AttemptPage(attempts=attempts, older_below=lowest)


def failed_attempts(
    tables: Tables, agent_id: int, wanted: AttemptFilter, rows_max: int
) -> AttemptGroups:
    """Group the newest ``rows_max`` attempts that were not accepted."""
    failed = _looked_at(tables, agent_id, replace(wanted, not_accepted=True))
    groups: dict[tuple[object, ...], list[AttemptRecord]] = defaultdict(list)
    for each in failed[:rows_max]:
        if wanted.fits(each):
            key = (each.command, each.number > 1, each.outcome, each.phase, each.result)
            groups[(*key, each.http_status, each.faults)].append(each)
    made = tuple(_group(members) for members in groups.values())
    return AttemptGroups(groups=made, is_whole=len(failed) < rows_max)


def last_attempts(
    tables: Tables, agent_id: int, trans_ids: Collection[int]
) -> tuple[AttemptRecord, ...]:
    """Give the newest attempt of each of these transactions."""
    logged = (tables.attempts_of.get((agent_id, trans_id), ()) for trans_id in trans_ids)
    newest = (max(found, key=lambda each: each.attempt_id) for found in logged if found)
    return tuple(replace(each, request=b"", reply=b"") for each in newest)


def _looked_at(tables: Tables, agent_id: int, wanted: AttemptFilter) -> list[AttemptRecord]:
    """Give what a look goes through, newest first."""
    found = [
        each
        for each in tables.attempts.values()
        if each.agent_id == agent_id
        and wanted.above < each.attempt_id < wanted.below
        and not (wanted.not_accepted and each.outcome == "accepted")
    ]
    return sorted(found, key=lambda each: each.attempt_id, reverse=True)


def _group(members: list[AttemptRecord]) -> AttemptGroup:
    newest = members[0]
    times = [each.started_at_ms for each in members]
    return AttemptGroup(
        command=newest.command,
        repeated=newest.number > 1,
        outcome=newest.outcome,
        phase=newest.phase,
        result=newest.result,
        http_status=newest.http_status,
        reason=newest.faults[0] if newest.faults else "",
        count=len(members),
        first_at_ms=min(times),
        last_at_ms=max(times),
        sample_id=newest.attempt_id,
    )
