"""Reconciliations in the audit log: each has its number from there, and each repair its row."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from meganodes.directory.audit import Action, Edit
from meganodes.directory.changes import Subject
from meganodes.directory.settlements import refuse_if_proposed

if TYPE_CHECKING:
    from meganodes.directory.records import Actor
    from meganodes.directory.staff import Staff


class Reconciliations:
    """Writes down what was compared and what was mended, on the database of the people."""

    def __init__(self, staff: Staff) -> None:
        """Take the people."""
        self._staff = staff

    async def note(self, agent_id: int, actor: Actor, result: Mapping[str, object]) -> int:
        """Keep what a report says in short; return its number, which rises over all agents."""
        return await self._staff.edit(actor, _note, agent_id, result)

    async def note_repair(
        self, agent_id: int, actor: Actor, mended: Mapping[str, object], reason: str
    ) -> None:
        """Keep what is about to be mended: ``trans_id`` and by whom.

        Raises DirectoryFault while somebody says that the transaction was settled by hand.
        """
        await self._staff.edit(actor, _note_repair, agent_id, mended, reason)


def _note(edit: Edit, agent_id: int, result: Mapping[str, object]) -> int:
    return edit.note(Subject.AGENT, agent_id, Action(verb="reconcile", new=result))


def _note_repair(edit: Edit, agent_id: int, mended: Mapping[str, object], reason: str) -> None:
    trans_id = mended["trans_id"]
    assert isinstance(trans_id, int)
    refuse_if_proposed(edit, agent_id, trans_id)
    edit.note(Subject.AGENT, agent_id, Action(verb="repair", new=mended, reason=reason))
