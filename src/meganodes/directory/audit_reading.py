"""The audit log as the Back Office shows it: filtered, by pages, within a person's sight."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, or_, select

from meganodes.directory.audit import AuditRow
from meganodes.directory.staff_tables import staff
from meganodes.directory.tables import audit, users
from meganodes.kit.database import ReadConnection


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditFilter:
    """Which rows: texts that the person, the tag or the target contain; "" for all.

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


def audit_page(connection: ReadConnection, wanted: AuditFilter, limit: int) -> list[AuditRow]:
    """Return rows that fit, newest first."""
    statement: Select[Any] = select(audit).where(*_conditions(wanted))
    statement = statement.order_by(audit.c.version.desc()).limit(limit)
    return [AuditRow(**row) for row in connection.select(statement).mappings()]


def _conditions(wanted: AuditFilter) -> list[ColumnElement[bool]]:
    conditions = [
        column.contains(text, autoescape=True)
        for column, text in (
            (audit.c.actor, wanted.who),
            (audit.c.tag, wanted.tag),
            (audit.c.target, wanted.target),
        )
        if text
    ]
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
    """Say that a row is about one of these agents, one of their users, or one of their staff."""
    own_users = select("user:" + users.c.user_code.cast(audit.c.target.type)).where(
        users.c.agent_id.in_(agent_ids)
    )
    own_staff = select("staff:" + staff.c.staff_id.cast(audit.c.target.type)).where(
        staff.c.agent_id.in_(agent_ids)
    )
    return or_(
        audit.c.target.in_([f"agent:{each}" for each in agent_ids]),
        and_(audit.c.target.startswith("user:"), audit.c.target.in_(own_users)),
        and_(audit.c.target.startswith("staff:"), audit.c.target.in_(own_staff)),
    )
