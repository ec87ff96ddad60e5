"""Every route of the Back Office x every role x a foreign agent, made from the list of pages.

A page that is added later is in here by itself (reliability 3.10, S1 and S3).
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from meganodes.backoffice.page import AnyPage, Method
from meganodes.backoffice.pages import PAGES
from meganodes.backoffice.permissions import RIGHTS
from meganodes.directory.staff_records import Role, Stage
from tests.support.builders import a_new_agent
from tests.support.door import PUBLIC_URL
from tests.support.office import OfficeWorld, an_office

SECRET_NAME = "the-other-casino"
NAMES = [f"{page.method} {page.path}" for page in PAGES]
ABOUT_AN_AGENT = [page for page in PAGES if page.is_about_an_agent]
FOR_STAFF = [page for page in PAGES if page.stage is Stage.SIGNED_IN]
HEADERS = (
    "content-security-policy",
    "strict-transport-security",
    "x-content-type-options",
    "x-frame-options",
    "referrer-policy",
)


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[OfficeWorld]:
    async with an_office(tmp_path) as opened:
        yield opened


def filled(page: AnyPage, agent_id: int | str) -> str:
    """Put numbers into a page's path; all but the agent's are of things that do not exist."""
    path = page.path.replace("{agent_id}", str(agent_id))
    return re.sub(r"\{[a-z_:]+\}", "1", path)


async def ask(office: OfficeWorld, page: AnyPage, agent_id: int | str) -> tuple[int, str]:
    path = filled(page, agent_id)
    answer = await (office.get(path) if page.method is Method.GET else office.post(path))
    assert all(name in answer.headers for name in HEADERS), (page.path, dict(answer.headers))
    return answer.status_code, answer.text


def test_routes_are_told_apart_by_method_and_path() -> None:
    assert len(set(NAMES)) == len(NAMES)


@pytest.mark.security("S3")
def test_pages_for_anyone_are_those_before_signing_in() -> None:
    """A new page that forgets its stage or right shows here (S32)."""
    assert {page.path for page in PAGES if page.stage is None} == {"/sign-in", "/welcome", "/enter"}
    assert {page.path for page in PAGES if page.right is None} == {
        "/sign-in",
        "/sign-in/code",
        "/enrol",
        "/welcome",
        "/enter",
        "/confirm",
        "/sign-out",
    }


@pytest.mark.security("S13")
def test_what_changes_something_is_a_post() -> None:
    assert all(page.form is not None for page in PAGES if page.method is Method.POST)


@pytest.mark.security("S1")
async def test_a_foreign_agent_is_missing_to_every_role_on_every_page(office: OfficeWorld) -> None:
    foreign = await office.world.directory.add_agent(a_new_agent(name=SECRET_NAME))
    leaks = []
    for role in Role:
        await office.sign_in(role, office.agent_id)
        for page in ABOUT_AN_AGENT:
            status, text = await ask(office, page, foreign.agent_id)
            missing_status, missing = await ask(office, page, 999_999)
            if status != 404 or SECRET_NAME in text or (status, text) != (missing_status, missing):
                leaks.append((role, page.method, page.path, status))
    assert leaks == []


@pytest.mark.security("S3")
async def test_a_role_without_the_right_is_refused_on_every_page(office: OfficeWorld) -> None:
    wrong = []
    for role in Role:
        await office.sign_in(role, office.agent_id)
        for page in FOR_STAFF:
            if page.right is None or page.right in RIGHTS[role]:
                continue
            status, _text = await ask(office, page, office.agent_id)
            if status != 403:
                wrong.append((role, page.method, page.path, status))
    assert wrong == []


async def test_nobody_gets_anywhere_without_a_session(office: OfficeWorld) -> None:
    office.sign_out()
    for page in PAGES:
        if page.stage is None:
            continue
        path = filled(page, office.agent_id)
        answer = await (office.get(path) if page.method is Method.GET else office.post(path))
        assert answer.status_code == 303, page.path
        assert answer.headers["location"].startswith("/office/sign-in"), page.path


@pytest.mark.security("S13")
async def test_every_form_of_another_site_is_refused(office: OfficeWorld) -> None:
    """By Origin, by Sec-Fetch-Site and by the form's own token, each alone (S13)."""
    await office.sign_in(Role.ADMIN)
    good = {"origin": PUBLIC_URL}
    token = {"csrf": office.csrf}
    tries: list[tuple[dict[str, str], dict[str, str]]] = [
        ({"origin": "https://evil.example"}, token),
        ({"sec-fetch-site": "cross-site", **good}, token),
        ({"sec-fetch-site": "same-site", **good}, token),
        ({}, token),
        ({"origin": "null"}, token),
        (good, {}),
        (good, {"csrf": "0" * 64}),
    ]
    for page in FOR_STAFF:
        if page.method is not Method.POST or page.fresh:
            continue
        for headers, fields in tries:
            path = f"/office{filled(page, office.agent_id)}"
            answer = await office.client.post(path, data=fields, headers=headers)
            assert answer.status_code == 403, (page.path, headers, fields)


@pytest.mark.security("S2")
async def test_a_field_that_no_form_has_is_refused_everywhere(office: OfficeWorld) -> None:
    """Nobody sets a state, a parent or a role by a field of their own (S2)."""
    await office.sign_in(Role.ADMIN)
    before = office.world.agent
    for page in FOR_STAFF:
        if page.method is not Method.POST:
            continue
        path = filled(page, office.agent_id)
        answer = await office.post(path, state="approved", parent_id="1", points="1000000")
        assert answer.status_code in {404, 422}, (page.path, answer.status_code)
    assert office.world.agent == before


@pytest.mark.security("S14", "S28")
async def test_every_page_shows_itself_to_an_administrator(office: OfficeWorld) -> None:
    """Whatever stands there, no page fails, and none shows an unfinished template (S28)."""
    await office.sign_in(Role.ADMIN)
    for page in FOR_STAFF:
        if page.method is not Method.GET:
            continue
        status, text = await ask(office, page, office.agent_id)
        assert status in {200, 303, 404}, (page.path, status)
        assert "{{" not in text
        assert "Traceback" not in text
