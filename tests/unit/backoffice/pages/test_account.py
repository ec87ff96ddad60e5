"""One's own account: sessions ended, password and second factor changed, by oneself alone."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from meganodes.directory.staff_records import Role
from tests.support.office import OfficeWorld, an_office

NEW_PASSWORD = "another sentence, long and dull"


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[OfficeWorld]:
    async with an_office(tmp_path) as opened:
        yield opened


@pytest.mark.parametrize("session_id", ["0", "-1", "x", "\u00b2", "9" * 30])
async def test_a_session_number_that_is_none_is_refused(
    office: OfficeWorld, session_id: str
) -> None:
    await office.sign_in(Role.VIEWER)
    answer = await office.post("/me/end-session", session_id=session_id)
    assert answer.status_code == 422


async def test_another_of_ones_sessions_is_ended(office: OfficeWorld) -> None:
    member = await office.sign_in(Role.VIEWER)
    other = (await office.people.passed(member.email)).token
    _member, session = await office.people.session_of(other)
    answer = await office.post("/me/end-session", session_id=session.session_id)
    assert answer.status_code == 303
    assert await office.people.staff.session(other.reveal()) is None


async def test_a_new_password_is_typed_twice_and_counts_at_once(office: OfficeWorld) -> None:
    member = await office.sign_in(Role.VIEWER)
    differ = await office.post("/me/password", password=NEW_PASSWORD, again="something else")
    assert differ.status_code == 422
    assert "The two passwords differ." in differ.text
    done = await office.post("/me/password", password=NEW_PASSWORD, again=NEW_PASSWORD)
    assert done.status_code == 303
    answer = await office.post("/sign-in", email=member.email, password=NEW_PASSWORD)
    assert answer.status_code == 303


async def test_the_menu_of_the_own_agent_stays_on_pages_about_no_agent(office: OfficeWorld) -> None:
    await office.sign_in(Role.OPERATOR, office.agent_id)
    for path in ("/me", "/help", "/agents"):
        assert f"/office/a/{office.agent_id}/transactions" in await office.page(path), path
