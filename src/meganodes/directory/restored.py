"""What an address book that was restored needs before it is used again: no number comes twice."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import func, select, update

from meganodes.directory.audit import Action, Edit
from meganodes.directory.changes import Subject
from meganodes.directory.tables import agents, audit, sequences
from meganodes.kit.database import ReadConnection


def sequence_numbers(connection: ReadConnection) -> dict[str, int]:
    """Read the last number given out, by sequence."""
    found = connection.select(select(sequences.c.name, sequences.c.last_number))
    return {row.name: row.last_number for row in found}


def agent_numbers(connection: ReadConnection) -> tuple[int, ...]:
    """Read the numbers of all agents."""
    found = connection.select(select(agents.c.agent_id).order_by(agents.c.agent_id))
    return tuple(found.scalars())


def life_ms(connection: ReadConnection) -> tuple[int, int] | None:
    """Read when the first agent was set up and when the last change was made; None before both."""
    first = connection.select(select(func.min(agents.c.created_at_ms))).scalar_one()
    last = connection.select(select(func.max(audit.c.at_ms))).scalar_one()
    return None if first is None or last is None else (first, last)


def skip_numbers(edit: Edit, last_numbers: Mapping[str, int], reason: str) -> None:
    """Go on above these numbers, and leave a row in the audit log that says so."""
    before = sequence_numbers(edit.connection)
    for name, number in last_numbers.items():
        assert number >= before[name], "a sequence never goes back"
        edit.connection.execute(
            update(sequences).where(sequences.c.name == name).values(last_number=number)
        )
    action = Action(verb="restore", old=before, new=dict(last_numbers), reason=reason)
    edit.note(Subject.INSTALLATION, 0, action)
