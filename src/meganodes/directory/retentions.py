"""Runs of the retention in the audit log: what each was about to do, and what it did."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from meganodes.directory.audit import Action, Edit
from meganodes.directory.changes import Subject

if TYPE_CHECKING:
    from meganodes.directory.records import Actor
    from meganodes.directory.staff import Staff


class Retentions:
    """Writes down what becomes of old bytes, on the database of the people."""

    def __init__(self, staff: Staff) -> None:
        """Take the people."""
        self._staff = staff

    async def note_begun(self, actor: Actor, limits: Mapping[str, object]) -> int:
        """Keep, before anything goes, up to which moments a run will work; return its number."""
        return await self._staff.edit(actor, _note, "retention-begun", limits)

    async def note_ended(self, actor: Actor, result: Mapping[str, object]) -> int:
        """Keep what a run did, by agent."""
        return await self._staff.edit(actor, _note, "retention", result)


def _note(edit: Edit, verb: str, said: Mapping[str, object]) -> int:
    return edit.note(Subject.INSTALLATION, 0, Action(verb=verb, new=said))
