"""How often pages that cost something may be used, at both doors (reliability 3.10, S19; 3.9)."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest

from meganodes.backoffice.page import AnyPage, Method
from meganodes.backoffice.pages import PAGES
from meganodes.directory.staff_records import Role
from meganodes.hub.uses import USUAL_RATES, Use
from tests.support.builders import a_new_agent
from tests.support.office import OfficeWorld, an_office

LIMITED = [page for page in PAGES if page.use is not None]
COUNTED_BY_PERSON = [page for page in LIMITED if page.use is not Use.CALLBACK_TEST]


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[OfficeWorld]:
    async with an_office(tmp_path) as opened:
        yield opened


def called(page: AnyPage) -> str:
    return f"{page.method} {page.path}"


async def visit(office: OfficeWorld, page: AnyPage, agent_id: int | None = None) -> httpx2.Response:
    path = page.path.replace("{agent_id}", str(agent_id or office.agent_id))
    path = re.sub(r"\{[a-z_]+\}", "1", path)
    if page.method is Method.GET:
        return await office.get(path)
    return await office.post(path)


async def use_up(office: OfficeWorld, page: AnyPage, agent_id: int | None = None) -> None:
    """Use a page as often as it may be; whatever each visit brings, none is 429."""
    assert page.use is not None
    for _ in range(USUAL_RATES[page.use].times):
        answer = await visit(office, page, agent_id)
        assert answer.status_code != 429


@pytest.mark.security("S19")
def test_what_is_costly_is_limited() -> None:
    """A page that looks, exports, calls out or makes secrets and forgets its limit shows here."""
    assert {(called(page), page.use) for page in LIMITED} == {
        ("GET /search", Use.SEARCH),
        ("GET /a/{agent_id}/transactions", Use.SEARCH),
        ("GET /a/{agent_id}/transactions.csv", Use.EXPORT),
        ("POST /a/{agent_id}/settings/callback-test", Use.CALLBACK_TEST),
        ("POST /a/{agent_id}/settings/callback-url", Use.CALLBACK_TEST),
        ("POST /a/{agent_id}/settings/reissue", Use.REISSUE),
        ("POST /staff/{staff_id}/link", Use.REISSUE),
    }


@pytest.mark.parametrize("page", LIMITED, ids=called)
@pytest.mark.security("S19")
async def test_one_too_many_is_429_with_the_time_to_wait(
    office: OfficeWorld, page: AnyPage
) -> None:
    await office.sign_in(Role.ADMIN)
    assert page.use is not None
    await use_up(office, page)
    office.world.clock.advance(1.5)
    refused = await visit(office, page)
    wait = USUAL_RATES[page.use].seconds - 1
    assert (refused.status_code, refused.headers["retry-after"]) == (429, str(wait))
    shown = f"{wait} s" if wait < 60 else "60 min"
    assert f"Nothing was done. Try again in {shown}." in refused.text
    assert "To the start page" in refused.text, "the office's own page"
    assert "content-security-policy" in refused.headers
    office.world.clock.advance(wait)
    await office.sign_in(Role.ADMIN)
    assert (await visit(office, page)).status_code != 429


@pytest.mark.parametrize("page", COUNTED_BY_PERSON, ids=called)
async def test_people_do_not_use_up_one_anothers_turns(office: OfficeWorld, page: AnyPage) -> None:
    await office.sign_in(Role.ADMIN)
    await use_up(office, page)
    await office.sign_in(Role.ADMIN)
    assert (await visit(office, page)).status_code != 429


async def test_another_session_of_the_same_person_counts_on(office: OfficeWorld) -> None:
    await office.people.hired("eve@casino.example", Role.OPERATOR)
    office.present((await office.people.passed("eve@casino.example")).token)
    for _ in range(60):
        await office.get("/search", q="x")
    office.present((await office.people.passed("eve@casino.example")).token)
    assert (await office.get("/search", q="x")).status_code == 429


@pytest.mark.security("S19")
async def test_callback_tests_of_both_doors_and_all_people_count_for_the_agent(
    office: OfficeWorld,
) -> None:
    """Five a minute reach a backend, whoever asks for them; other agents have their own."""
    path = f"/a/{office.agent_id}/settings/callback-test"
    async with office.world.client() as api:
        for _ in range(2):
            answer = await api.post("/v4/agent/callback-test")
            assert (answer.status_code, answer.json()["code"]) == (200, 0)
        for _ in range(3):
            await office.sign_in(Role.OPERATOR, office.agent_id)
            assert (await office.post(path)).status_code == 200
        asked = len(office.world.backend.asked)
        refused = await api.post("/v4/agent/callback-test")
        assert (refused.status_code, refused.headers["retry-after"]) == (429, "60")
        assert refused.json() == {"code": 1018, "message": "SERVER_IS_BUSY"}
        assert (await office.post(path)).status_code == 429
        assert len(office.world.backend.asked) == asked == 10, "two calls each, and no more"
        other = await office.world.directory.add_agent(a_new_agent(name="other"))
        headers = {"authorization": f"Bearer {other.api_token.reveal()}"}
        answer = await api.post("/v4/agent/callback-test", headers=headers)
        assert answer.status_code == 200
        office.world.clock.advance(60)
        assert (await api.post("/v4/agent/callback-test")).status_code == 200


async def test_a_form_of_another_site_uses_up_nothing(office: OfficeWorld) -> None:
    await office.sign_in(Role.OPERATOR)
    path = f"/office/a/{office.agent_id}/settings/callback-test"
    for _ in range(20):
        answer = await office.client.post(path, headers={"origin": "https://evil.example"})
        assert answer.status_code == 403
    assert (await office.post(path.removeprefix("/office"))).status_code == 200


async def test_who_may_not_use_a_page_uses_up_nothing(office: OfficeWorld) -> None:
    await office.sign_in(Role.VIEWER)
    path = f"/a/{office.agent_id}/settings/callback-test"
    for _ in range(20):
        assert (await office.post(path)).status_code == 403
    await office.sign_in(Role.OPERATOR)
    assert (await office.post(path)).status_code == 200


@pytest.mark.security("S19")
async def test_too_many_tries_to_sign_in_are_429(office: OfficeWorld) -> None:
    answers = [
        await office.post("/sign-in", email="a@b.example", password="wrong horse battery")
        for _ in range(4)
    ]
    assert [answer.status_code for answer in answers] == [422, 422, 422, 429]
    assert "There were too many tries. Wait a little" in answers[-1].text
