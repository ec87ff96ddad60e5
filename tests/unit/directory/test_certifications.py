"""Kept reports: what approval rests on, what deliveries learn, how long they stay (contract 1)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from meganodes.directory.audit_reading import AuditFilter, audit_page
from meganodes.directory.certifications import KEPT, Certifications, NewCertification
from meganodes.directory.faults import DirectoryFault
from meganodes.directory.records import Actor, Agent
from meganodes.protocol.commands import Revision
from tests.support.office import OfficeWorld, an_office

ANN = Actor(source="office", name="ann@casino.example")


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[OfficeWorld]:
    async with an_office(tmp_path) as opened:
        yield opened


def found(agent: Agent, **changes: Any) -> NewCertification:  # noqa: ANN401 - fields of the record
    values: dict[str, Any] = {
        "agent_id": agent.agent_id,
        "started_at_ms": 1_790_000_000_000,
        "callback_url": agent.callback_url,
        "revision": agent.revision.value,
        "edition": 1,
        "whole": True,
        "counts": {"passed": 60},
        "money_faults": (),
        "capabilities": {"duplicates": "41"},
        "tombstones_shown": True,
        "report": b"the report",
    }
    return NewCertification(**(values | changes))


def kept(office: OfficeWorld) -> Certifications:
    return Certifications(office.people.staff)


async def test_a_report_is_kept_as_it_was_given(office: OfficeWorld) -> None:
    agent = office.world.agent
    number = await kept(office).keep(found(agent), ANN)
    (one,) = await kept(office).of_agent(agent.agent_id)
    assert (one.certification_id, one.run_by, one.whole) == (number, ANN.name, True)
    assert (one.counts, one.money_faults) == ({"passed": 60}, [])
    assert one.capabilities == {"duplicates": "41"}
    assert one.kept_at_ms == office.world.clock.now_ms()
    assert await kept(office).report(agent.agent_id, number) == b"the report"


async def test_another_agents_report_is_missing(office: OfficeWorld) -> None:
    number = await kept(office).keep(found(office.world.agent), ANN)
    assert await kept(office).report(999, number) is None
    assert await kept(office).of_agent(999) == []


async def test_the_newest_stand_first_and_the_oldest_go(office: OfficeWorld) -> None:
    agent = office.world.agent
    numbers = [await kept(office).keep(found(agent), ANN) for _ in range(KEPT + 2)]
    stored = [one.certification_id for one in await kept(office).of_agent(agent.agent_id)]
    assert stored == numbers[:1:-1]
    assert len(stored) == KEPT


@pytest.mark.parametrize("shown", [True, False])
async def test_deliveries_learn_of_tombstones(office: OfficeWorld, *, shown: bool) -> None:
    directory = office.world.directory
    await directory.set_agent("acme", {"tombstones_shown": not shown})
    await kept(office).keep(found(office.world.agent, tombstones_shown=shown), ANN)
    await directory.refresh()
    agent = directory.agent(office.agent_id)
    assert agent is not None
    assert agent.tombstones_shown is shown


async def test_a_part_of_the_cases_teaches_nothing(office: OfficeWorld) -> None:
    await kept(office).keep(found(office.world.agent, whole=False), ANN)
    await office.world.directory.refresh()
    agent = office.world.directory.agent(office.agent_id)
    assert agent is not None
    assert agent.tombstones_shown is False


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({}, None),
        ({"whole": False}, "the newest report is of some cases only: certify with all of them"),
        (
            {"callback_url": "https://elsewhere.example/"},
            "the callback URL or the revision was changed after the newest report",
        ),
        (
            {"revision": Revision.ID.value},
            "the callback URL or the revision was changed after the newest report",
        ),
        (
            {"money_faults": ("bet-01-taken", "win-01-paid")},
            "the newest report has findings about money: bet-01-taken, win-01-paid",
        ),
    ],
)
async def test_approval_rests_on_the_newest_report(
    office: OfficeWorld, changes: dict[str, object], fault: str | None
) -> None:
    agent = office.world.agent
    await kept(office).keep(found(agent, money_faults=("older",)), ANN)
    await kept(office).keep(found(agent, **changes), ANN)
    assert await kept(office).fault_of_approving(agent) == fault


async def test_without_a_report_nothing_is_approved_or_requested(office: OfficeWorld) -> None:
    agent = office.world.agent
    sentence = "agent acme has no certification report"
    assert await kept(office).fault_of_approving(agent) == sentence
    with pytest.raises(DirectoryFault, match=sentence):
        await kept(office).request_approval(agent, ANN)


async def test_approval_is_requested_with_the_newest_report(office: OfficeWorld) -> None:
    agent = office.world.agent
    await kept(office).keep(found(agent), ANN)
    await kept(office).keep(found(agent), ANN)
    await kept(office).request_approval(agent, ANN)
    newest, older = await kept(office).of_agent(agent.agent_id)
    assert (newest.requested_by, older.requested_by) == (ANN.name, None)
    assert newest.requested_at_ms == office.world.clock.now_ms()


async def test_every_step_leaves_its_audit_row(office: OfficeWorld) -> None:
    agent = office.world.agent
    await kept(office).keep(found(agent), ANN)
    await kept(office).request_approval(agent, ANN)
    ports = office.people.staff.ports
    rows = (await ports.database.read(audit_page, AuditFilter(), 3)).rows
    assert [row.tag for row in rows] == [
        "office:agent:request-approval",
        "office:agent:certify",
        "office:agent:set",
    ]
