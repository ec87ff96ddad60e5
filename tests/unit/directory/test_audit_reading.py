"""The audit log by pages: what fits a filter, and nothing beyond somebody's sight."""

from __future__ import annotations

from meganodes.directory.audit_reading import AuditFilter
from meganodes.directory.records import Actor
from meganodes.kit.database import DatabaseUrl
from tests.support.builders import a_new_agent
from tests.support.directory import started_directory

ANNA = Actor(source="office", name="anna@casino.example from 203.0.113.9")
BOB = Actor(source="cli", name="bob")


async def test_rows_are_found_by_who_what_and_of_what(place: DatabaseUrl) -> None:
    async with started_directory(place) as directory:
        one = await directory.add_agent(a_new_agent(name="one"), ANNA)
        await directory.add_agent(a_new_agent(name="two"), BOB)
        await directory.set_agent("one", {"time_zone": "Asia/Seoul"}, ANNA)
        every = await directory.audit_page(AuditFilter(), 10)
        assert [row.actor for row in every] == [ANNA.name, BOB.name, ANNA.name]
        by_bob = await directory.audit_page(AuditFilter(who="bob"), 10)
        assert [row.tag for row in by_bob] == ["cli:agent:add"]
        changed = await directory.audit_page(AuditFilter(tag=":set", target="agent:"), 10)
        assert [row.target for row in changed] == [f"agent:{one.agent_id}"]
        assert await directory.audit_page(AuditFilter(who="%"), 10) == []


async def test_pages_go_on_below_the_last_version(place: DatabaseUrl) -> None:
    async with started_directory(place) as directory:
        for number in range(5):
            await directory.add_agent(a_new_agent(name=f"agent{number}"), BOB)
        first = await directory.audit_page(AuditFilter(), 2)
        second = await directory.audit_page(AuditFilter(before=first[-1].version), 2)
        assert [row.version for row in (*first, *second)] == [5, 4, 3, 2]


async def test_rows_of_other_agents_their_users_and_staff_are_out_of_sight(
    place: DatabaseUrl,
) -> None:
    async with started_directory(place) as directory:
        own = await directory.add_agent(a_new_agent(name="own"), BOB)
        other = await directory.add_agent(a_new_agent(name="other"), BOB)
        mine, _ = await directory.create_user(own.agent_id, "mine")
        theirs, _ = await directory.create_user(other.agent_id, "theirs")
        for user in (mine, theirs):
            await directory.block_user(user.user_code, BOB)
        seen = await directory.audit_page(AuditFilter(agent_ids=[own.agent_id]), 10)
        assert {row.target for row in seen} == {f"agent:{own.agent_id}", f"user:{mine.user_code}"}


async def test_moments_limit_the_rows(place: DatabaseUrl) -> None:
    async with started_directory(place) as directory:
        await directory.add_agent(a_new_agent(name="one"), BOB)
        (row,) = await directory.audit_page(AuditFilter(), 10)
        assert await directory.audit_page(AuditFilter(from_ms=row.at_ms), 10) == [row]
        assert await directory.audit_page(AuditFilter(to_ms=row.at_ms), 10) == []
