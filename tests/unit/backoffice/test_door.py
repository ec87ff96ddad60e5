"""The Back Office's door: bodies, freshness, errors, addresses."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import Route

from meganodes.backoffice.door import Door
from meganodes.backoffice.page import Answer, AnyPage, Page, Visit
from meganodes.directory.staff_records import Role
from meganodes.main_api.v4.correlation import Correlation
from tests.support.door import PUBLIC_URL
from tests.support.office import OfficeWorld, an_office


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[OfficeWorld]:
    async with an_office(tmp_path) as opened:
        yield opened


async def test_where_somebody_wanted_to_go_is_kept_over_the_sign_in(office: OfficeWorld) -> None:
    answer = await office.get("/agents", q="riga")
    assert answer.headers["location"] == "/office/sign-in?next=/office/agents%3Fq%3Driga"


@pytest.mark.parametrize(
    "wanted", ["https://evil.example", "//evil.example", "/office//evil.example", "/elsewhere"]
)
async def test_signing_in_leads_to_no_other_site(office: OfficeWorld, wanted: str) -> None:
    await office.people.hired()
    answer = await office.post(
        "/sign-in",
        email="anna@casino.example",
        password="correct horse battery staple",
        next=wanted,
    )
    assert (answer.status_code, answer.headers["location"]) == (303, "/office")


async def test_a_wrong_password_shows_the_form_again_without_it(office: OfficeWorld) -> None:
    answer = await office.post("/sign-in", email="anna@casino.example", password="canary-123456")
    assert answer.status_code == 422
    assert "is not right" in answer.text, answer.text
    assert "canary-123456" not in answer.text


@pytest.mark.security("S12")
async def test_the_session_cookie_is_for_this_host_and_no_script(office: OfficeWorld) -> None:
    await office.people.hired()
    answer = await office.post(
        "/sign-in", email="anna@casino.example", password="correct horse battery staple"
    )
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("__Host-meganodes-office=mno_")
    for part in ("HttpOnly", "Secure", "SameSite=lax", "Path=/"):
        assert part in cookie
    assert "Domain" not in cookie


@pytest.mark.security("S11")
async def test_what_could_divert_money_asks_for_the_password_again(office: OfficeWorld) -> None:
    await office.sign_in(Role.OPERATOR)
    office.world.clock.advance(11 * 60)
    path = f"/a/{office.agent_id}/settings/callback-url"
    answer = await office.post(path, callback_url="https://evil.example/callback")
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/office/confirm?next=/office/a/")
    assert office.world.agent.callback_url == "https://wallet.example.com/callback"


async def test_after_the_password_it_is_done(office: OfficeWorld) -> None:
    await office.sign_in(Role.OPERATOR)
    office.world.clock.advance(11 * 60)
    wrong = await office.post("/confirm", password="not it at all")
    assert wrong.status_code == 422
    right = await office.post("/confirm", password="correct horse battery staple")
    assert right.status_code == 303
    path = f"/a/{office.agent_id}/settings/callback-url"
    answer = await office.post(path, callback_url="https://wallet.example.com/new")
    assert answer.status_code == 200
    assert office.world.agent.callback_url == "https://wallet.example.com/new"


@pytest.mark.parametrize(
    ("content", "media_type", "status"),
    [
        (b"x" * 70_000, "application/x-www-form-urlencoded", 413),
        (b"name=a&name=b", "application/x-www-form-urlencoded", 422),
        (b"\xff\xfe", "application/x-www-form-urlencoded", 422),
        (b"{}", "application/json", 403),
        (b"", "multipart/form-data; boundary=x", 403),
        (b"&".join(b"f%d=1" % n for n in range(300)), "application/x-www-form-urlencoded", 422),
    ],
)
@pytest.mark.security("S14")
async def test_a_body_that_is_no_form_is_refused(
    office: OfficeWorld, content: bytes, media_type: str, status: int
) -> None:
    await office.sign_in(Role.ADMIN)
    answer = await office.client.post(
        "/office/me/time-zone",
        content=content,
        headers={"content-type": media_type, "origin": PUBLIC_URL},
    )
    assert answer.status_code == status
    assert "content-security-policy" in answer.headers


@pytest.mark.parametrize("path", ["/nothing", "/a/x/dashboard", "/a/-1/dashboard", "/a/1e3/users"])
async def test_what_is_not_there_is_a_page_too(office: OfficeWorld, path: str) -> None:
    await office.sign_in(Role.ADMIN)
    answer = await office.get(path)
    assert answer.status_code == 404
    assert "There is no such page" in answer.text


async def test_a_toast_is_said_once(office: OfficeWorld) -> None:
    await office.sign_in(Role.VIEWER)
    await office.post("/me/time-zone", time_zone="Asia/Seoul")
    assert "Times are shown in Asia/Seoul now." in await office.page("/me")
    assert "Times are shown in Asia/Seoul now." not in await office.page("/me")


@pytest.mark.security("S10")
async def test_signing_out_ends_the_session(office: OfficeWorld) -> None:
    await office.sign_in(Role.VIEWER)
    token = office.client.cookies.get("__Host-meganodes-office") or ""
    assert (await office.post("/sign-out")).status_code == 303
    assert await office.people.staff.session(token) is None


@pytest.mark.security("S15")
async def test_hostile_names_are_shown_as_text(office: OfficeWorld) -> None:
    await office.sign_in(Role.ADMIN)
    page = await office.page("/agents", q='"><script>alert(1)</script>')
    assert "<script>alert" not in page
    assert "&lt;script&gt;" in page


@pytest.mark.security("S28")
async def test_a_failure_names_a_reference_that_is_in_the_log_and_the_header_too(
    office: OfficeWorld,
) -> None:
    """The person tells it to the hub's team; nothing of the failure itself is shown (S28)."""

    async def fail(_visit: Visit) -> Answer:
        raise LookupError("canary in the cellar")

    page: AnyPage = Page(path="/fail", title="Fail", answer=fail, right=None, stage=None)
    app = Starlette(
        routes=[Route("/fail", Door(office.office).answering(page))],
        middleware=[Middleware(Correlation, identity=office.world.hub.identity)],
    )
    transport = httpx2.ASGITransport(app=app)
    async with httpx2.AsyncClient(transport=transport, base_url=PUBLIC_URL) as client:
        answer = await client.get("/fail", headers={"x-request-id": "call-4711"})
    assert (answer.status_code, answer.headers["x-request-id"]) == (500, "call-4711")
    assert "<code>call-4711</code>" in answer.text
    assert "canary" not in answer.text
