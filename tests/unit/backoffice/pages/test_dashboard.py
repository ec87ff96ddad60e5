"""The dashboard: what the backend answered, what was staked and won, what is open."""

from __future__ import annotations

import html
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from meganodes.directory.records import AgentState
from meganodes.directory.staff_records import Role
from meganodes.hub.worker import Worker
from meganodes.protocol.commands import Command
from tests.support.office import OfficeWorld, an_office, in_time


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[OfficeWorld]:
    async with an_office(tmp_path) as opened:
        yield opened


def text_of(html: str) -> str:
    """Take the tags out, so that sentences can be read."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", html).replace("&nbsp;", " "))


async def test_an_agent_without_play_is_told_what_will_appear(office: OfficeWorld) -> None:
    await office.sign_in(Role.VIEWER)
    page = text_of(await office.page(f"/a/{office.agent_id}/dashboard"))
    assert "No money moved in this range" in page
    assert "Nothing is owed and nothing waits for a person" in page
    assert "None in the last hour" in page


@pytest.mark.parametrize("length", ["6h", "24h", "7d", "30d", "nonsense"])
async def test_money_is_summed_exactly_in_every_range(office: OfficeWorld, length: str) -> None:
    await office.sign_in(Role.VIEWER)
    player = await office.player("alice")
    await player.bet("b1", "1.10")
    await player.win("w1", "0.35", closed=False)
    await player.bet("b2", "2.20")
    await in_time(office.world.clock, Worker(office.world.hub).place_listings())
    page = text_of(await office.page(f"/a/{office.agent_id}/dashboard", range=length))
    assert "Bets 3.30 EUR" in page
    assert "Wins 0.35 EUR" in page
    assert "GGR 2.95 EUR" in page


async def test_what_was_not_accepted_lowers_the_share(office: OfficeWorld) -> None:
    await office.sign_in(Role.VIEWER)
    player = await office.player("alice")
    for number in range(3):
        await player.bet(f"b{number}")
    office.world.backend.tell(
        Command.BET, b'{"result":31,"status":"ERROR","data":{"account":"alice","balance":1.00}}'
    )
    await player.bet("b9")
    page = text_of(await office.page(f"/a/{office.agent_id}/dashboard"))
    assert "75.0 %" in page


async def test_a_win_that_waits_is_open_work(office: OfficeWorld) -> None:
    await office.sign_in(Role.VIEWER)
    player = await office.player("alice")
    await player.bet("b1")
    office.world.backend.drop(Command.WIN, 5)
    await player.win("w1")
    page = text_of(await office.page(f"/a/{office.agent_id}/dashboard"))
    assert "owed 1" in page


async def test_a_suspended_agent_is_named_as_such(office: OfficeWorld) -> None:
    await office.sign_in(Role.VIEWER)
    await office.world.set_state(AgentState.SUSPENDED)
    page = text_of(await office.page(f"/a/{office.agent_id}/dashboard"))
    assert "suspended: no launches and no bets" in page


async def test_speeds_are_named_and_calls_are_drawn(office: OfficeWorld) -> None:
    await office.sign_in(Role.VIEWER)
    office.world.backend.thinks = iter([40, 20, 30, 70])
    player = await office.player("alice")
    for number in range(3):
        await player.bet(f"b{number}")
    office.world.backend.tell(Command.BET, b'{"result":31,"status":"ERROR","data":{}}')
    await player.bet("b9")
    found = await office.page(f"/a/{office.agent_id}/dashboard")
    assert "p50 30 ms p95 70 ms p99 70 ms of 4" in text_of(found)
    assert "4 calls" in text_of(found)
    charts = [
        json.loads(html.unescape(each)) for each in re.findall(r'data-chart="([^"]*)"', found)
    ]
    calls, bad = charts[-1]["series"]
    assert (sum(calls["values"]), sum(bad["values"])) == (4, 1)
