"""The API log for an agent's pages: its attempts, its errors by cause, and what comes in now."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from meganodes.hub.attempt_causes import AttemptFacts, Cause, cause_of
from meganodes.journal.attempt_log import PAST_ID, AttemptFilter
from meganodes.journal.store import AttemptPage
from meganodes.kit.identity import first_trans_id

if TYPE_CHECKING:
    from collections.abc import Iterable

    from meganodes.hub.core import Hub
    from meganodes.journal.attempt_log import AttemptGroup
    from meganodes.journal.store import AttemptRecord as AttemptRecord  # noqa: PLC0414 - for pages

LOOK_ROWS: Final = 50_000
"""So many entries of the log one page looks through for what a filter wants."""
ERROR_ROWS: Final = 20_000
"""So many failures, the newest, are counted by cause."""
LATE_MS: Final = 15_000
"""An attempt is numbered when it starts and logged when it ends, by so much later at most."""
TAIL_ROWS: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorCause:
    """Errors of one cause: how many, since when, of which commands, and the newest of them."""

    cause: Cause
    count: int
    first_at_ms: int
    last_at_ms: int
    commands: tuple[str, ...]
    sample_id: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorReport:
    """Errors by cause, most first. ``is_whole`` False: only the newest failures were counted."""

    causes: tuple[ErrorCause, ...]
    is_whole: bool

    @property
    def count(self) -> int:
        """How many errors there are together."""
        return sum(each.count for each in self.causes)


def between(wanted: AttemptFilter, from_ms: int | None, to_ms: int | None) -> AttemptFilter:
    """Narrow a filter to attempts that began in [from, to); None leaves an end open."""
    above = wanted.above if from_ms is None else max(wanted.above, first_trans_id(from_ms) - 1)
    below = wanted.below if to_ms is None else min(wanted.below, first_trans_id(to_ms))
    return replace(wanted, above=above, below=below)


async def transaction_named(hub: Hub, agent_id: int, text: str) -> int | None:
    """Find the transaction of an agent that goes by an id: ours, a guid, or the provider's own."""
    providers = [each.provider_id for each in hub.directory.providers()]
    named = await hub.reads.named(text, [agent_id], providers)
    return named.transactions[0].trans_id if named.transactions else None


async def log_page(hub: Hub, agent_id: int, wanted: AttemptFilter, limit: int) -> AttemptPage:
    """Give a page of an agent's attempts, newest first."""
    if wanted.trans_id is not None:
        return await _page_of_transaction(hub, agent_id, wanted.trans_id, wanted, limit)
    return await hub.reads.attempts_page(agent_id, wanted, limit=limit, rows_max=LOOK_ROWS)


async def _page_of_transaction(
    hub: Hub, agent_id: int, trans_id: int, wanted: AttemptFilter, limit: int
) -> AttemptPage:
    """One transaction has some two hundred attempts at most: they are found by its number."""
    every = await hub.reads.attempts(agent_id, trans_id)
    found = [each for each in every if wanted.fits(each)]
    found.sort(key=lambda each: each.attempt_id, reverse=True)
    older = found[limit - 1].attempt_id if len(found) > limit else None
    return AttemptPage(attempts=tuple(found[:limit]), older_below=older)


async def logged_attempt(hub: Hub, agent_id: int, attempt_id: int) -> AttemptRecord | None:
    """Give one attempt with its bytes."""
    return await hub.reads.attempt(agent_id, attempt_id)


async def errors_by_cause(hub: Hub, agent_id: int, wanted: AttemptFilter) -> ErrorReport:
    """Count an agent's errors by cause, as far back as one look goes."""
    found = await hub.reads.failed_attempts(agent_id, wanted, rows_max=ERROR_ROWS)
    by_cause: dict[Cause, list[AttemptGroup]] = defaultdict(list)
    for group in found.groups:
        cause = cause_of_group(group)
        if cause is not None:
            by_cause[cause].append(group)
    made = [_error_cause(cause, groups) for cause, groups in by_cause.items()]
    made.sort(key=lambda each: (-each.count, -each.last_at_ms, each.cause))
    return ErrorReport(causes=tuple(made), is_whole=found.is_whole)


def cause_of_attempt(attempt: AttemptRecord) -> Cause | None:
    """Say why a logged attempt was not accepted, None when nothing is wrong."""
    return cause_of(
        AttemptFacts(
            command=attempt.command,
            number=attempt.number,
            outcome=attempt.outcome,
            phase=attempt.phase,
            result=attempt.result,
            http_status=attempt.http_status,
            reason=attempt.faults[0] if attempt.faults else "",
        )
    )


def cause_of_group(group: AttemptGroup) -> Cause | None:
    """Say the same of attempts that are alike."""
    return cause_of(
        AttemptFacts(
            command=group.command,
            number=2 if group.repeated else 1,
            outcome=group.outcome,
            phase=group.phase,
            result=group.result,
            http_status=group.http_status,
            reason=group.reason,
        )
    )


def _error_cause(cause: Cause, groups: list[AttemptGroup]) -> ErrorCause:
    newest = max(groups, key=lambda each: each.sample_id)
    return ErrorCause(
        cause=cause,
        count=sum(each.count for each in groups),
        first_at_ms=min(each.first_at_ms for each in groups),
        last_at_ms=max(each.last_at_ms for each in groups),
        commands=tuple(sorted({each.command for each in groups})),
        sample_id=newest.sample_id,
        reason=newest.reason,
    )


class LogTail:
    """What is new in an agent's log, look by look; each attempt is given once.

    Attempts are numbered when they begin and logged when they end: each look goes back as far as
    one may still be missing, and passes over those it gave already.
    """

    def __init__(self, hub: Hub, agent_id: int, wanted: AttemptFilter) -> None:
        """Begin after ``wanted.above``."""
        self._hub = hub
        self._agent_id = agent_id
        self._wanted = replace(wanted, below=PAST_ID)
        self._given: set[int] = set()

    async def fresh(self) -> tuple[AttemptRecord, ...]:
        """Give what was logged since the last look, oldest first; of very many the newest."""
        floor = first_trans_id(self._hub.clock.now_ms() - LATE_MS)
        look = replace(self._wanted, above=max(self._wanted.above, floor))
        page = await self._hub.reads.attempts_page(
            self._agent_id, look, limit=TAIL_ROWS, rows_max=LOOK_ROWS
        )
        fresh = [each for each in page.attempts if each.attempt_id not in self._given]
        self._given = {each for each in self._given if each > floor} | _ids(fresh)
        return tuple(reversed(fresh))


def _ids(attempts: Iterable[AttemptRecord]) -> set[int]:
    return {each.attempt_id for each in attempts}
