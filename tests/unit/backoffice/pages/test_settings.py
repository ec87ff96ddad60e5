"""Settings: who is shown secrets, how they are reissued; changes are in force at once."""

from __future__ import annotations

import html
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from meganodes.directory.staff_records import Role
from meganodes.protocol.commands import Command
from tests.support.office import OfficeWorld, an_office


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[OfficeWorld]:
    async with an_office(tmp_path) as opened:
        yield opened


def settings(office: OfficeWorld, action: str = "") -> str:
    return f"/a/{office.agent_id}/settings{action}"


@pytest.mark.security("leakage")
async def test_no_secret_is_on_the_page_itself(office: OfficeWorld) -> None:
    await office.sign_in(Role.ADMIN)
    page = await office.page(settings(office))
    credentials = office.world.credentials
    for secret in (credentials.api_token, credentials.callback_token, credentials.signing_secret):
        assert secret.reveal() not in page


async def test_the_callback_token_is_shown_and_the_look_is_in_the_audit_log(
    office: OfficeWorld,
) -> None:
    await office.sign_in(Role.OPERATOR, office.agent_id)
    answer = await office.post(settings(office, "/reveal"), kind="callback")
    assert office.world.credentials.callback_token.reveal() in answer.text
    (row,) = await office.world.directory.audit_trail(1)
    assert (row.tag, row.target) == (
        "office:agent:reveal-callback-token",
        f"agent:{office.agent_id}",
    )


async def test_a_viewer_sees_no_secret(office: OfficeWorld) -> None:
    await office.sign_in(Role.VIEWER, office.agent_id)
    answer = await office.post(settings(office, "/reveal"), kind="callback")
    assert answer.status_code == 403
    assert "Reissue" not in await office.page(settings(office))


async def test_the_api_token_can_be_shown_by_nobody(office: OfficeWorld) -> None:
    await office.sign_in(Role.ADMIN)
    answer = await office.post(settings(office, "/reveal"), kind="api")
    assert answer.status_code == 422
    assert "Reissue it instead" in answer.text


async def test_a_reissued_callback_token_without_overlap_is_in_the_next_callback(
    office: OfficeWorld,
) -> None:
    await office.sign_in(Role.OPERATOR)
    answer = await office.post(settings(office, "/reissue"), kind="callback", overlap_hours=0)
    (shown,) = set(re.findall(r"mnc_[0-9A-Za-z]{57}", answer.text))
    assert office.world.agent.callback_token.reveal() == shown
    office.world.backend.token = shown
    tested = await office.post(settings(office, "/callback-test"))
    assert "The backend answers well." in tested.text


async def test_an_old_api_token_counts_until_the_overlap_ends(office: OfficeWorld) -> None:
    await office.sign_in(Role.OPERATOR)
    old = office.world.credentials.api_token.reveal()
    answer = await office.post(settings(office, "/reissue"), kind="api", overlap_hours=1)
    (new,) = set(re.findall(r"mna_[0-9A-Za-z]{57}", answer.text))
    directory = office.world.directory
    assert directory.agent_by_api_token(old) is not None
    assert directory.agent_by_api_token(new) is not None
    office.world.clock.advance(3_601)
    await directory.refresh()
    assert directory.agent_by_api_token(old) is None


async def test_a_second_reissue_inside_the_overlap_needs_force(office: OfficeWorld) -> None:
    await office.sign_in(Role.OPERATOR)
    await office.post(settings(office, "/reissue"), kind="api", overlap_hours=24)
    refused = await office.post(settings(office, "/reissue"), kind="api", overlap_hours=24)
    assert refused.status_code == 422
    assert "still runs" in refused.text
    forced = await office.post(
        settings(office, "/reissue"), kind="api", overlap_hours=24, force="true"
    )
    assert forced.status_code == 200


async def test_another_callback_url_is_called_as_soon_as_it_is_saved(office: OfficeWorld) -> None:
    await office.sign_in(Role.OPERATOR)
    url = "https://wallet.example.com/v2/callback"
    answer = await office.post(settings(office, "/callback-url"), callback_url=url)
    assert answer.status_code == 200
    assert "was called just now" in answer.text
    assert url in answer.text
    asked = [command for command, _ in office.world.backend.asked]
    assert asked == ["authenticate"] * 2, "one with the right token, one with a wrong one"
    assert office.world.agent.callback_url == url


async def test_what_is_wrong_with_a_new_callback_url_is_said_when_it_is_saved(
    office: OfficeWorld,
) -> None:
    await office.sign_in(Role.OPERATOR)
    office.world.backend.tell(Command.AUTHENTICATE, b"<html>It works!</html>", b"<html>")
    answer = await office.post(
        settings(office, "/callback-url"), callback_url="https://wallet.example.com/"
    )
    assert "Something is not right yet" in answer.text
    assert "answer with exactly one JSON object in UTF-8" in html.unescape(answer.text)


@pytest.mark.parametrize("entry", ["300.1.1.1", "10.0.0.0/33", "casino.example"])
async def test_an_entry_that_is_no_address_is_named(office: OfficeWorld, entry: str) -> None:
    await office.sign_in(Role.OPERATOR)
    answer = await office.post(settings(office, "/allow-list"), allow_list=f"203.0.113.9\n{entry}")
    assert answer.status_code == 422
    assert entry in html.unescape(answer.text)
    assert office.world.agent.allow_list == ()


async def test_addresses_may_stand_in_lines_or_behind_commas(office: OfficeWorld) -> None:
    await office.sign_in(Role.OPERATOR)
    page = await office.page(settings(office))
    assert "Your own address is 203.0.113.9" in page
    await office.post(settings(office, "/allow-list"), allow_list="203.0.113.9, 10.0.0.0/8\n::1")
    assert set(office.world.agent.allow_list) == {"203.0.113.9", "10.0.0.0/8", "::1"}


async def test_the_retry_schedule_takes_lists_and_leaves_the_rest(office: OfficeWorld) -> None:
    await office.sign_in(Role.OPERATOR)
    answer = await office.post(
        settings(office, "/retry"), quick_retries="7", slow_ms="1000, 2000 3000"
    )
    assert answer.status_code == 303
    assert office.world.agent.retry == {"quick_retries": 7, "slow_ms": [1000, 2000, 3000]}


@pytest.mark.parametrize(
    ("name", "value"),
    [("quick_retries", "-1"), ("quick_retries", "1.5"), ("steady_ms", "1 2"), ("slow_ms", "x")],
)
async def test_a_schedule_of_nonsense_is_refused(
    office: OfficeWorld, name: str, value: str
) -> None:
    await office.sign_in(Role.OPERATOR)
    answer = await office.post(settings(office, "/retry"), **{name: value})
    assert answer.status_code == 422
    assert office.world.agent.retry == {}


async def test_a_time_zone_that_is_none_is_refused(office: OfficeWorld) -> None:
    await office.sign_in(Role.OPERATOR)
    answer = await office.post(
        settings(office, "/callbacks"), revision="guid", time_zone="Moon/Base"
    )
    assert answer.status_code == 422
    assert office.world.agent.time_zone == "UTC"
