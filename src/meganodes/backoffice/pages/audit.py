"""The audit log: who changed what, when, from what to what; and is the chain whole (S26, S27)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from meganodes.backoffice.numbers import number_of
from meganodes.backoffice.page import Answer, AnyPage, Page, Show, Visit
from meganodes.backoffice.permissions import Right
from meganodes.directory.audit_reading import AuditFilter

if TYPE_CHECKING:
    from meganodes.directory.audit import AuditRow

PAGE_SIZE: Final = 50
_NOTHING: Final = "\u2013"


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """A field before and after, as text."""

    name: str
    old: str
    new: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownRow:
    """A row of the log with its fields taken apart."""

    row: AuditRow
    subject: str
    verb: str
    source: str
    changed: tuple[Changed, ...]


async def show_audit(visit: Visit) -> Answer:
    """Show the log, newest first."""
    scope = visit.scope
    wanted = AuditFilter(
        who=visit.query("who"),
        tag=visit.query("tag"),
        target=visit.query("target"),
        agent_ids=None if scope.is_everything else [each.agent_id for each in scope.agents()],
        before=number_of(visit.query("before")),
    )
    directory = visit.office.hub.directory
    found = await directory.audit_page(wanted, PAGE_SIZE)
    check = number_of(visit.query("check"))
    values = {
        "rows": [_shown(each) for each in found.rows],
        "filter": wanted,
        "older": found.older,
        "is_short": found.is_short,
        "followed": None if check is None else await directory.follow_audit_chain(check),
    }
    return Show(template="audit/list.html", values=values)


def _shown(row: AuditRow) -> ShownRow:
    source, subject, verb = row.tag.split(":", 2)
    old, new = json.loads(row.old), json.loads(row.new)
    changed = tuple(
        Changed(name=name, old=_text(old, name), new=_text(new, name))
        for name in sorted({*old, *new})
    )
    return ShownRow(row=row, subject=subject, verb=verb, source=source, changed=changed)


def _text(values: dict[str, object], name: str) -> str:
    if name not in values:
        return ""
    value = values[name]
    if value is None:
        return _NOTHING
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


PAGES: tuple[AnyPage, ...] = (
    Page(path="/audit", title="Audit", answer=show_audit, right=Right.SEE_AUDIT),
)
