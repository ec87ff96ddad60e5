"""The audit log as the Back Office shows it: filtered, by pages, within a person's sight."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import BigInteger, ColumnElement, Select, case, cast, func, select

from meganodes.directory.audit import AuditRow
from meganodes.directory.changes import Subject
from meganodes.directory.staff_tables import staff
from meganodes.directory.tables import audit, users
from meganodes.kit.database import ReadConnection

_WHOLE_TARGET: Final = re.compile(rf"(?:{'|'.join(Subject)}):[0-9]+", re.ASCII)

LOOK_ROWS: Final = 20_000
"""One look goes through so many rows at most, whatever fits; a person may go on from there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditFilter:
    """Which rows: texts that the person, the tag or the target contain; "" for all.

    A target that is named as a whole (`user:7`) is that one alone, and its rows have a key.
    ``agent_ids`` limits to what concerns these agents, their users and their staff; None for all.
    ``before`` is the version to go on below.
    """

    who: str = ""
    tag: str = ""
    target: str = ""
    from_ms: int | None = None
    to_ms: int | None = None
    agent_ids: Sequence[int] | None = None
    before: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditPage:
    """Rows that fit, newest first.

    ``older`` is the version to go on below, None where the log ends. ``is_short`` says that the
    look ended at its bound: what fits may stand below, however few rows are here.
    """

    rows: tuple[AuditRow, ...]
    older: int | None
    is_short: bool


def audit_page(
    connection: ReadConnection, wanted: AuditFilter, limit: int, rows_max: int = LOOK_ROWS
) -> AuditPage:
    """Look for ``limit`` rows that fit, among the newest ``rows_max`` below the start.

    Of a whole target those are the newest rows about it.
    """
    reached = _reached(connection, wanted, rows_max)
    statement: Select[Any] = select(audit).where(*_conditions(wanted))
    if reached is not None:
        statement = statement.where(audit.c.version >= reached)
    statement = statement.order_by(audit.c.version.desc()).limit(limit + 1)
    found = [AuditRow(**row) for row in connection.select(statement).mappings()]
    if len(found) > limit:
        rows = tuple(found[:limit])
        return AuditPage(rows=rows, older=rows[-1].version, is_short=False)
    return AuditPage(rows=tuple(found), older=reached, is_short=reached is not None)


def _reached(connection: ReadConnection, wanted: AuditFilter, rows_max: int) -> int | None:
    """Find the oldest row that one look may reach; None when the log ends before."""
    below = select(audit.c.version)
    if _WHOLE_TARGET.fullmatch(wanted.target):
        below = below.where(audit.c.target == wanted.target)
    if wanted.before is not None:
        below = below.where(audit.c.version < wanted.before)
    # The row at the bound, and one below it: only then there is something to go on for.
    last = below.order_by(audit.c.version.desc()).offset(rows_max - 1).limit(2)
    found = connection.select(last).scalars().all()
    return found[0] if len(found) > 1 else None


def _conditions(wanted: AuditFilter) -> list[ColumnElement[bool]]:
    conditions = [
        column.contains(text, autoescape=True)
        for column, text in ((audit.c.actor, wanted.who), (audit.c.tag, wanted.tag))
        if text
    ]
    if _WHOLE_TARGET.fullmatch(wanted.target):
        conditions.append(audit.c.target == wanted.target)
    elif wanted.target:
        conditions.append(audit.c.target.contains(wanted.target, autoescape=True))
    if wanted.from_ms is not None:
        conditions.append(audit.c.at_ms >= wanted.from_ms)
    if wanted.to_ms is not None:
        conditions.append(audit.c.at_ms < wanted.to_ms)
    if wanted.before is not None:
        conditions.append(audit.c.version < wanted.before)
    if wanted.agent_ids is not None:
        conditions.append(_concerns(wanted.agent_ids))
    return conditions


def _concerns(agent_ids: Sequence[int]) -> ColumnElement[bool]:
    """Say that a row is about one of these agents, one of their users, or one of their staff.

    Each row's own agent is looked up by key: a look through all users would take a second.
    """
    user = select(users.c.agent_id).where(users.c.user_code == _number_after(Subject.USER))
    member = select(staff.c.agent_id).where(staff.c.staff_id == _number_after(Subject.STAFF))
    agent = _number_after(Subject.AGENT)
    owner = func.coalesce(agent, user.scalar_subquery(), member.scalar_subquery())
    return owner.in_(agent_ids)


def _number_after(subject: Subject) -> ColumnElement[int]:
    """Read the number of a target; NULL of another subject, whose text may be no number."""
    prefix = f"{subject}:"
    digits = func.substr(audit.c.target, len(prefix) + 1)
    return case((audit.c.target.startswith(prefix), cast(digits, BigInteger)), else_=None)
