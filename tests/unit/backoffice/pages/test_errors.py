"""API Error Logs: by cause, with the way to mend each, and pages that explain."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from meganodes.directory.staff_records import Role
from meganodes.hub.attempt_causes import Cause
from meganodes.protocol.commands import Command
from tests.support.builders import a_new_agent
from tests.support.office import OfficeWorld, an_office


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[OfficeWorld]:
    async with an_office(tmp_path) as opened:
        yield opened


async def failed_bet(office: OfficeWorld, bet: str, body: bytes, status: int = 200) -> None:
    player = await office.player()
    office.world.backend.tell(Command.BET, body, status=status)
    await player.bet(bet, round_id=bet)


@pytest.mark.rule("3.5-error-log")
async def test_errors_are_shown_by_cause_with_the_mend(office: OfficeWorld) -> None:
    await failed_bet(office, "b1", b"<html>Bad Gateway</html>", status=502)
    await failed_bet(office, "b2", b'{"result":0,"result":0}')
    await failed_bet(office, "b3", b'{"result":31,"status":"ERROR","data":{"balance":0.50}}')
    await office.sign_in(Role.VIEWER)
    page = await office.page(f"/a/{office.agent_id}/errors")
    assert re.findall(r'<h2 id="c-([\w-]+)">', page) == ["duplicate-keys", "http-status"]
    assert "2 errors, 2 causes" in page
    assert "HTTP status is 502; answer every callback with 200" in page
    assert "Send each key once." in page
    assert "HTTP status is 502: a proxy stands in front" in page
    assert 'href="/office/help/http-status"' in page
    (sample, *_) = re.findall(r'href="/office(/a/\d+/log/\d+)"', page)
    attempt = await office.page(sample)
    assert "comes twice in one object" in attempt
    assert "nobody can say which of the two is meant" in attempt
    assert "The rule: 3.3: no key comes twice in one object." in " ".join(attempt.split())


async def test_errors_of_a_command_and_of_a_time(office: OfficeWorld) -> None:
    await failed_bet(office, "b1", b"oops")
    await office.sign_in(Role.VIEWER)
    path = f"/a/{office.agent_id}/errors"
    assert 'id="c-not-json"' in await office.page(path, command="bet")
    assert "No errors" in await office.page(path, command="win")
    assert "No errors" in await office.page(path, to="2020-01-01T00:00")
    assert 'id="c-not-json"' in await office.page(path, **{"from": "2020-01-01T00:00"})
    office.world.clock.advance(2 * 3600)
    await office.sign_in(Role.VIEWER)
    assert "No errors" in await office.page(path, range="1h")
    assert 'id="c-not-json"' in await office.page(path, range="of nonsense")


async def test_another_agents_errors_are_not_seen(office: OfficeWorld) -> None:
    await failed_bet(office, "b1", b"oops")
    other = (await office.world.directory.add_agent(a_new_agent(name="other"))).agent_id
    await office.sign_in(Role.VIEWER, other)
    assert "No errors" in await office.page(f"/a/{other}/errors")
    assert (await office.get(f"/a/{office.agent_id}/errors")).status_code == 404


async def test_what_a_backend_sends_is_never_markup(office: OfficeWorld) -> None:
    """S15: the words of a hostile backend are shown, not run."""
    await failed_bet(office, "b1", b'{"<script>alert(1)</script>":1,"<script>alert(1)</script>":2}')
    await office.sign_in(Role.VIEWER)
    page = await office.page(f"/a/{office.agent_id}/errors")
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page


async def test_every_cause_has_a_page_that_explains_it(office: OfficeWorld) -> None:
    await office.sign_in(Role.VIEWER)
    every = await office.page("/help")
    for cause in Cause:
        assert f'href="/office/help/{cause}"' in every
        assert "How to mend it" in await office.page(f"/help/{cause}")
    assert (await office.get("/help/nothing")).status_code == 404
