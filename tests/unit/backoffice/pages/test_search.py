"""The search box: one hit leads there, several are shown, what is not in sight is not found."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from meganodes.directory.staff_records import Role
from tests.support.builders import a_new_agent
from tests.support.office import OfficeWorld, an_office


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[OfficeWorld]:
    async with an_office(tmp_path) as opened:
        yield opened


async def place(office: OfficeWorld, text: str) -> str:
    """Give where a search leads, "" when it leads nowhere by itself."""
    answer = await office.get("/search", q=text)
    assert answer.status_code in {200, 303}
    return str(answer.headers.get("location", "")).removeprefix(f"/office/a/{office.agent_id}")


async def test_every_kind_of_id_leads_to_its_page(office: OfficeWorld) -> None:
    await office.sign_in(Role.VIEWER)
    player = await office.player("alice")
    await player.bet("spin-1", round_id="round-1")
    row = await player.row("spin-1")
    (attempt,) = await office.world.journal.attempts(row.agent_id, row.trans_id)
    story = f"/transactions/{row.trans_id}"
    for text in ("spin-1", row.guid, row.cancel_guid, str(row.trans_id), f"  {row.guid} "):
        assert await place(office, text) == story, text
    assert await place(office, "round-1") == f"/rounds/7/{row.user_code}/round-1"
    assert await place(office, str(attempt.attempt_id)) == f"/log/{attempt.attempt_id}"
    for text in ("alice", "ALICE", str(row.user_code)):
        assert await place(office, text) == f"/users/{row.user_code}", text
    assert await place(office, "acm") == "/dashboard"


async def test_a_session_is_found_by_its_number(office: OfficeWorld) -> None:
    await office.sign_in(Role.VIEWER)
    player = await office.player("alice")
    for _ in range(3):
        await office.player("bob")
    # Agent 1 has the number of the first session too; the fourth number is a session's alone.
    bob = await office.player("bob")
    assert await place(office, "5") == f"/users/{bob.user.user_code}"
    both = await office.page("/search", q="1")
    assert "Session 1" in both
    assert player.user.name in both
    assert ">acme</a>" in both


async def test_several_hits_are_listed(office: OfficeWorld) -> None:
    await office.sign_in(Role.VIEWER)
    player = await office.player("alice")
    await player.bet("same", round_id="same")
    page = await office.page("/search", q="same")
    assert "2 things go by" in page
    assert f"/transactions/{(await player.row('same')).trans_id}" in page
    assert f"/rounds/7/{player.user.user_code}/same" in page


async def test_nothing_of_other_agents_is_found_by_any_of_its_names(office: OfficeWorld) -> None:
    """S1."""
    player = await office.player("alice")
    await player.bet("spin-1", round_id="round-1")
    row = await player.row("spin-1")
    (attempt,) = await office.world.journal.attempts(row.agent_id, row.trans_id)
    other = await office.world.directory.add_agent(a_new_agent(name="other"))
    await office.sign_in(Role.ADMIN, other.agent_id)
    numbers = (row.trans_id, row.user_code, row.gplay_id, attempt.attempt_id, row.agent_id)
    for text in ("spin-1", "round-1", row.guid, "alice", "acme", *map(str, numbers)):
        page = await office.page("/search", q=text)
        assert "Nothing found" in page, text


async def test_a_parent_finds_what_is_below_it(office: OfficeWorld) -> None:
    child = await office.world.directory.add_agent(a_new_agent(name="child", parent="acme"))
    await office.world.directory.create_user(child.agent_id, "carol")
    await office.sign_in(Role.VIEWER, office.agent_id)
    answer = await office.get("/search", q="carol")
    assert answer.headers["location"].startswith(f"/office/a/{child.agent_id}/users/")


@pytest.mark.parametrize("text", ["", "   ", "%", "' OR 1=1 --", "9" * 199, "\U0001f3b2", "\x00"])
async def test_what_means_nothing_finds_nothing(office: OfficeWorld, text: str) -> None:
    await office.sign_in(Role.VIEWER)
    await (await office.player("alice")).bet("b1")
    page = await office.page("/search", q=text)
    assert "Nothing found" in page or "What are you looking for?" in page
