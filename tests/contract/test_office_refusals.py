"""Refusals at the Back Office's door leave a row in the audit log; a flood leaves few (S26)."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from meganodes.directory.audit import AuditRow
from meganodes.directory.staff_records import Role
from tests.support.builders import a_new_agent
from tests.support.door import CALLER
from tests.support.office import OfficeWorld, an_office

EVIL = {"origin": "https://evil.example"}
FLOOD = 20


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[OfficeWorld]:
    async with an_office(tmp_path) as opened:
        yield opened


async def refusals(office: OfficeWorld, verb: str) -> list[AuditRow]:
    """The rows of a kind, oldest first."""
    rows = await office.world.directory.audit_trail(10_000)
    return [row for row in reversed(rows) if row.tag == f"office:staff:{verb}"]


def details(row: AuditRow) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(row.new)
    return told


@pytest.mark.security("S26")
async def test_a_form_of_another_site_leaves_a_row_once_a_minute(office: OfficeWorld) -> None:
    member = await office.sign_in(Role.OPERATOR)
    path = f"/office/a/{office.agent_id}/settings/allow-list"
    for _ in range(FLOOD):
        answer = await office.client.post(path, headers=EVIL, data={"csrf": office.csrf})
        assert answer.status_code == 403
    (row,) = await refusals(office, "foreign-form-refused")
    assert row.actor == f"{member.email} from {CALLER}"
    assert row.target == f"staff:{member.staff_id}"
    assert details(row) == {"page": "/a/{agent_id}/settings/allow-list"}
    office.world.clock.advance(60)
    await office.client.post(path, headers=EVIL)
    rows = await refusals(office, "foreign-form-refused")
    assert [details(each).get("left_out") for each in rows] == [None, FLOOD - 1]


@pytest.mark.security("S26")
async def test_a_form_without_its_token_and_one_of_a_stranger_leave_theirs(
    office: OfficeWorld,
) -> None:
    await office.client.post("/office/sign-in", headers=EVIL, data={"email": "a", "password": "b"})
    await office.sign_in(Role.OPERATOR)
    assert (await office.post("/me/end-others", csrf="wrong")).status_code == 403
    stranger, member = await refusals(office, "foreign-form-refused")
    assert (stranger.actor, stranger.target) == (f"unknown from {CALLER}", "staff:0")
    assert details(stranger) == {"page": "/sign-in"}
    assert details(member) == {"page": "/me/end-others"}


@pytest.mark.security("S26")
async def test_a_page_without_the_right_leaves_a_row_for_each_person(office: OfficeWorld) -> None:
    people = [await office.sign_in(Role.VIEWER)]
    for _ in range(FLOOD):
        assert (await office.get("/staff")).status_code == 403
    people.append(await office.sign_in(Role.VIEWER))
    assert (await office.get("/audit")).status_code == 403
    rows = await refusals(office, "right-missing")
    assert [row.target for row in rows] == [f"staff:{each.staff_id}" for each in people]
    assert [details(row)["page"] for row in rows] == ["/staff", "/audit"]


@pytest.mark.security("S1", "S26")
async def test_a_look_at_a_foreign_agent_leaves_the_same_row_as_one_at_none(
    office: OfficeWorld,
) -> None:
    foreign = await office.world.directory.add_agent(a_new_agent(name="other"))
    told = []
    for agent_id in (foreign.agent_id, 999_999):
        await office.sign_in(Role.OPERATOR, office.agent_id)
        assert (await office.get(f"/a/{agent_id}/settings")).status_code == 404
        told.append(details((await refusals(office, "agent-out-of-sight"))[-1]))
    assert told[0] == told[1] == {"page": "/a/{agent_id}/settings"}
    assert len(await refusals(office, "agent-out-of-sight")) == 2


@pytest.mark.security("S19", "S26")
async def test_what_is_done_too_often_leaves_a_row(office: OfficeWorld) -> None:
    member = await office.sign_in(Role.OPERATOR, office.agent_id)
    path = f"/a/{office.agent_id}/settings/callback-test"
    answers = [await office.post(path) for _ in range(8)]
    assert [answer.status_code for answer in answers] == [200] * 5 + [429] * 3
    (row,) = await refusals(office, "used-too-often")
    assert (row.target, details(row)) == (f"staff:{member.staff_id}", {"use": "callback-test"})


@pytest.mark.security("S26")
async def test_a_refusal_that_cannot_be_told_of_is_a_refusal_all_the_same(
    office: OfficeWorld, tmp_path: Path
) -> None:
    """Fail closed: without the audit log there is a reference instead, and nothing was done."""
    await office.sign_in(Role.VIEWER)
    with closing(sqlite3.connect(tmp_path / "hub.db", isolation_level=None)) as beside:
        beside.execute("ALTER TABLE directory_audit RENAME TO put_away")
    answer = await office.get("/staff")
    assert answer.status_code == 500
    assert "@casino.example" not in answer.text, "none of the staff is shown"
