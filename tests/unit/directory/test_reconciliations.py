"""Reconciliations stand in the audit log: numbered, and no repair beside a proposed settlement."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from meganodes.directory.faults import DirectoryFault
from meganodes.directory.reconciliations import Reconciliations
from meganodes.directory.records import Actor
from meganodes.directory.settlements import NewProposal, SettledAs, Settlements
from meganodes.directory.staff_records import Role
from tests.support.office import OfficeWorld, an_office

ANN = Actor(source="cli", name="ann")
MENDED = {"trans_id": 7, "by": "ann", "confirmed_by": "bob"}


async def newest(office: OfficeWorld) -> tuple[str, str, str | None]:
    row = (await office.world.directory.audit_trail(limit=1))[0]
    return row.tag, row.new, row.reason


async def test_each_report_has_a_number_of_its_own(tmp_path: Path) -> None:
    async with an_office(tmp_path) as office:
        reconciliations = Reconciliations(office.people.staff)
        first = await reconciliations.note(1, ANN, {"differences": 0})
        second = await reconciliations.note(1, ANN, {"differences": 2})
        assert second == first + 1
        tag, new, _ = await newest(office)
        assert (tag, json.loads(new)) == ("cli:agent:reconcile", {"differences": 2})


async def test_a_repair_has_its_row_with_both_people(tmp_path: Path) -> None:
    async with an_office(tmp_path) as office:
        await Reconciliations(office.people.staff).note_repair(1, ANN, MENDED, "late bet")
        tag, new, reason = await newest(office)
        assert (tag, json.loads(new), reason) == ("cli:agent:repair", MENDED, "late bet")


async def test_nothing_is_repaired_that_somebody_says_was_settled(tmp_path: Path) -> None:
    async with an_office(tmp_path) as office:
        member = await office.people.hired("cat@hub.example", Role.OPERATOR)
        new = NewProposal(
            agent_id=1, trans_id=7, epoch=3, outcome=SettledAs.BOOKED_BY_HAND, reason="paid"
        )
        await Settlements(office.people.staff).propose(new, member, ANN)
        with pytest.raises(DirectoryFault, match="settlement is proposed"):
            await Reconciliations(office.people.staff).note_repair(1, ANN, MENDED, "late bet")
        assert (await newest(office))[0] == "cli:agent:propose-settlement"
