"""A Callback URL or a Callback-Token that is changed is what the next callback uses."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from meganodes.kit.tokens import TOKEN_PATTERN
from tests.support.evening import Evening, EveningOptions, an_evening
from tests.support.listener import eventually
from tests.support.office_client import OfficeClient, an_office_client
from tests.support.recording_backend import RecordingBackend, a_recording_backend

EMAIL = "olga@casino.example"
PASSWORD = "a password that nobody guesses"
PROMISED_SECONDS = 1.0
BUSY_MACHINE_SECONDS = 2.0
PATIENCE_SECONDS = 60.0


@asynccontextmanager
async def an_operator(evening: Evening) -> AsyncIterator[OfficeClient]:
    """Invite somebody of the casino, who chooses a password, comes back and signs in."""
    role = ("--role", "operator", "--agent", "toy-casino", "--json")
    link = json.loads(await evening.children.run("staff", "add", EMAIL, *role))["link"]
    async with an_office_client(evening.url("hub")) as client:
        await client.choose_password(link, PASSWORD)
        await client.sign_in(EMAIL, PASSWORD)
        yield client


def settings_path(evening: Evening) -> str:
    return f"/office/a/{evening.agent['agent_id']}/settings"


async def change_url(client: OfficeClient, evening: Evening, url: str) -> None:
    """Save another Callback URL and see that the page of its test tells of it."""
    path = settings_path(evening)
    saved = await client.submit(await client.get(path), f"{path}/callback-url", callback_url=url)
    assert saved.status_code == 200, saved.status_code
    assert url in await client.get(path)


async def reissue(client: OfficeClient, evening: Evening, **choice: str) -> str:
    """Reissue the Callback-Token and read the new one off the page."""
    path = settings_path(evening)
    page = await client.get(path)
    answer = await client.submit(page, f"{path}/reissue", kind="callback", **choice)
    assert answer.status_code == 200, answer.text[-2000:]
    shown = set(re.findall(rf'data-copy="({TOKEN_PATTERN.pattern})"', answer.text))
    assert len(shown) == 1
    return str(shown.pop())


async def bet(evening: Evening, session: str, number: int) -> None:
    answer = await evening.ask(
        "bet", session=session, transaction_id=f"b{number}", round_id=f"r{number}", amount="1.00"
    )
    assert answer["code"] == 0, answer


def tokens_of_bets(backend: RecordingBackend) -> list[str]:
    return [each.token for each in backend.of("bet")]


async def test_the_very_next_callbacks_go_to_the_changed_address(tmp_path: Path) -> None:
    async with an_evening(tmp_path) as evening, a_recording_backend() as second:
        session = await evening.open_session("ada")
        await bet(evening, session, 1)
        async with an_operator(evening) as client:
            await change_url(client, evening, second.url)
            await bet(evening, session, 2)
            created = await evening.main_api("user/create", {"name": "grace"})
        assert created["code"] == 0
        assert tokens_of_bets(second) == [evening.agent["callback_token"]]
        assert "grace" in {each.data["account"] for each in second.of("authenticate")}
        assert len(await evening.casino("/arrivals?command=bet")) == 1


@pytest.mark.reliability("2.6-cancel-settings-changed")
async def test_a_win_that_is_owed_is_sent_again_to_the_changed_address(tmp_path: Path) -> None:
    async with an_evening(tmp_path) as evening, a_recording_backend() as second:
        session = await evening.open_session("ada")
        await bet(evening, session, 1)
        await evening.casino("", {"next": [{"command": "win", "fault": "http_500", "times": 999}]})
        answer = await evening.ask(
            "win",
            session=session,
            transaction_id="w1",
            round_id="r1",
            amount="5.00",
            round_closed=True,
        )
        assert answer["code"] == 0, answer
        async with an_operator(evening) as client:
            await change_url(client, evening, second.url)
            await eventually(lambda: second.of("win"), PATIENCE_SECONDS)
        (win,) = second.of("win")
        assert win.data["amount"] == "5.00"


async def test_a_reissued_token_is_sent_from_the_end_of_its_overlap_on(tmp_path: Path) -> None:
    async with a_recording_backend() as backend:
        options = EveningOptions(callback_url=backend.url)
        async with an_evening(tmp_path, options) as evening, an_operator(evening) as client:
            session = await evening.open_session("ada")
            first = evening.agent["callback_token"]
            await bet(evening, session, 1)
            at_once = await reissue(client, evening, overlap_hours="0")
            await bet(evening, session, 2)
            waiting = await reissue(client, evening, overlap_hours="24")
            await bet(evening, session, 3)
            cut_short = await reissue(client, evening, overlap_hours="0", force="true")
            await bet(evening, session, 4)
        assert tokens_of_bets(backend) == [first, at_once, at_once, cut_short]
        assert len({first, at_once, waiting, cut_short}) == 4


async def test_a_change_by_another_process_is_in_force_within_a_second(tmp_path: Path) -> None:
    async with an_evening(tmp_path) as evening, a_recording_backend() as second:
        session = await evening.open_session("ada")
        await evening.children.run("agent", "set", "toy-casino", "--callback-url", second.url)
        clock = asyncio.get_running_loop()
        changed = asked = clock.time()
        for number in range(1, 500):
            asked = clock.time()
            await bet(evening, session, number)
            if second.of("bet"):
                break
        assert len(second.of("bet")) == 1
        assert asked - changed < PROMISED_SECONDS + BUSY_MACHINE_SECONDS
