"""The audit log by pages: what fits a filter, and nothing beyond somebody's sight."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from meganodes.directory.audit import AuditRow
from meganodes.directory.audit_reading import AuditFilter, audit_page
from meganodes.directory.port import Directory
from meganodes.directory.records import Actor
from meganodes.kit.database import DatabaseUrl
from tests.support.builders import a_new_agent
from tests.support.counted_statements import counted_statements
from tests.support.directory import open_database, started_directory

ANNA = Actor(source="office", name="anna@casino.example from 203.0.113.9")
BOB = Actor(source="cli", name="bob")


async def rows_of(directory: Directory, wanted: AuditFilter, limit: int) -> tuple[AuditRow, ...]:
    return (await directory.audit_page(wanted, limit)).rows


async def test_rows_are_found_by_who_what_and_of_what(place: DatabaseUrl) -> None:
    async with started_directory(place) as directory:
        one = await directory.add_agent(a_new_agent(name="one"), ANNA)
        await directory.add_agent(a_new_agent(name="two"), BOB)
        await directory.set_agent("one", {"time_zone": "Asia/Seoul"}, ANNA)
        every = await rows_of(directory, AuditFilter(), 10)
        assert [row.actor for row in every] == [ANNA.name, BOB.name, ANNA.name]
        by_bob = await rows_of(directory, AuditFilter(who="bob"), 10)
        assert [row.tag for row in by_bob] == ["cli:agent:add"]
        changed = await rows_of(directory, AuditFilter(tag=":set", target="agent:"), 10)
        assert [row.target for row in changed] == [f"agent:{one.agent_id}"]
        assert await rows_of(directory, AuditFilter(who="%"), 10) == ()


async def test_pages_go_on_below_the_last_version(place: DatabaseUrl) -> None:
    async with started_directory(place) as directory:
        for number in range(5):
            await directory.add_agent(a_new_agent(name=f"agent{number}"), BOB)
        first = await rows_of(directory, AuditFilter(), 2)
        second = await rows_of(directory, AuditFilter(before=first[-1].version), 2)
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
        seen = await rows_of(directory, AuditFilter(agent_ids=[own.agent_id]), 10)
        assert {row.target for row in seen} == {f"agent:{own.agent_id}", f"user:{mine.user_code}"}


async def test_moments_limit_the_rows(place: DatabaseUrl) -> None:
    async with started_directory(place) as directory:
        await directory.add_agent(a_new_agent(name="one"), BOB)
        (row,) = await rows_of(directory, AuditFilter(), 10)
        assert await rows_of(directory, AuditFilter(from_ms=row.at_ms), 10) == (row,)
        assert await rows_of(directory, AuditFilter(to_ms=row.at_ms), 10) == ()


async def test_rows_of_somebodys_sight_are_found_without_a_look_through_all_users(
    tmp_path: Path,
) -> None:
    with counted_statements() as statements:
        async with started_directory(tmp_path / "hub.db") as directory:
            own = await directory.add_agent(a_new_agent(name="own"), BOB)
            statements.clear()
            await directory.audit_page(AuditFilter(agent_ids=[own.agent_id]), 10)
    (text,) = [each for each in statements.texts if "users" in each]
    with closing(sqlite3.connect(tmp_path / "hub.db")) as connection:
        plan = [step for *_, step in connection.execute(f"EXPLAIN QUERY PLAN {text}")]
    scans = [step.split()[1] for step in plan if step.startswith("SCAN")]
    assert scans == ["directory_audit"], "the log itself, newest first"
    assert [step for step in plan if "users" in step and "user_code=?" in step], plan


async def test_a_look_ends_at_its_bound_and_goes_on_from_there(place: DatabaseUrl) -> None:
    async with started_directory(place) as directory:
        for number in range(7):
            await directory.add_agent(a_new_agent(name=f"agent{number}"), ANNA if number else BOB)
        database = open_database(place)
        found: list[AuditRow] = []
        before, looks = None, 0
        while before is not None or not looks:
            wanted = AuditFilter(who="bob", before=before)
            page = await database.read(audit_page, wanted, 5, 3)
            assert page.is_short is (page.older is not None)
            found += page.rows
            before, looks = page.older, looks + 1
        assert [row.actor for row in found] == [BOB.name]
        assert looks == 3
        database.close()


async def test_rows_about_one_thing_are_found_by_key_among_all_others(
    place: DatabaseUrl,
) -> None:
    async with started_directory(place) as directory:
        for number in range(11):
            await directory.add_agent(a_new_agent(name=f"agent{number}"), BOB)
        database = open_database(place)
        page = await database.read(audit_page, AuditFilter(target="agent:1"), 5, 3)
        assert [row.target for row in page.rows] == ["agent:1"], "nor agent:10 and agent:11"
        assert (page.older, page.is_short) == (None, False), "the others are not looked at"
        part = await database.read(audit_page, AuditFilter(target="gent:1"), 5, 100)
        assert [row.target for row in part.rows] == ["agent:11", "agent:10", "agent:1"]
        database.close()


async def test_a_look_at_much_about_one_thing_ends_at_its_bound_too(place: DatabaseUrl) -> None:
    async with started_directory(place) as directory:
        await directory.add_agent(a_new_agent(name="one"), BOB)
        for zone in ("Asia/Seoul", "Asia/Tokyo", "Europe/Madrid", "Europe/Paris"):
            await directory.set_agent("one", {"time_zone": zone}, ANNA)
        database = open_database(place)
        wanted = AuditFilter(target="agent:1", who="bob")
        short = await database.read(audit_page, wanted, 5, 3)
        assert (short.rows, short.older, short.is_short) == ((), 3, True)
        rest = await database.read(audit_page, replace(wanted, before=short.older), 5, 3)
        assert [row.actor for row in rest.rows] == [BOB.name]
        database.close()


@pytest.mark.parametrize("changes", [{}, {"before": 9}, {"agent_ids": [1, 2]}, {"who": "bob"}])
async def test_a_whole_target_goes_by_its_key(tmp_path: Path, changes: dict[str, Any]) -> None:
    with counted_statements() as statements:
        async with started_directory(tmp_path / "hub.db") as directory:
            statements.clear()
            await directory.audit_page(AuditFilter(target="user:7", **changes), 10)
    with closing(sqlite3.connect(tmp_path / "hub.db")) as connection:
        plans = [
            [step for *_, step in connection.execute(f"EXPLAIN QUERY PLAN {text}")]
            for text in statements.texts
            if text.startswith("SELECT") and "directory_audit" in text
        ]
    assert len(plans) == 2, "how far the look goes, and its rows"
    for plan in plans:
        assert "ix_directory_audit_target_version (target=?" in plan[0], plan
        assert not [step for step in plan if "SCAN" in step or "TEMP B-TREE" in step], plan
