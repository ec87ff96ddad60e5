"""A round as staff see it: sums, states, what is owed, closed or not."""

from __future__ import annotations

import html
import re
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import quote

import pytest

from meganodes.directory.staff_records import Role
from meganodes.protocol.commands import Command
from tests.support.office import OfficeWorld, Player, an_office


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[OfficeWorld]:
    async with an_office(tmp_path) as opened:
        yield opened


def path_of(player: Player, round_id: str) -> str:
    user = player.user
    return f"/a/{user.agent_id}/rounds/7/{user.user_code}/{quote(round_id, safe='')}"


def figures(page: str) -> dict[str, str]:
    """Give the sums of the page by their names."""
    found = re.findall(r'figure-name">(.*?)</p><p class="figure">(.*?)</p>', page)
    text = {name: re.sub(r"<[^>]*>", "", html.unescape(value)) for name, value in found}
    return {name: value.replace("\xa0", " ") for name, value in text.items()}


async def test_a_closed_round_adds_up(office: OfficeWorld) -> None:
    await office.sign_in(Role.VIEWER)
    player = await office.player()
    await player.bet("b1", "1.50")
    await player.bet("b2", "2.00")
    await player.cancel("b2")
    await player.win("w1", "4.25")
    page = await office.page(path_of(player, "r1"))
    assert figures(page) == {
        "Staked": "3.50 EUR",
        "Returned": "2.00 EUR",
        "Won": "4.25 EUR",
        "Result for the user": "2.75 EUR",
        "Still owed": "0.00 EUR",
    }
    assert "closed by the provider" in page


async def test_an_open_round_says_what_is_owed(office: OfficeWorld) -> None:
    await office.sign_in(Role.VIEWER)
    player = await office.player()
    await player.bet("b1", "5.00")
    office.world.backend.drop(Command.WIN, 9)
    await player.win("w1", "7.00", closed=False)
    page = await office.page(path_of(player, "r1"))
    assert figures(page)["Still owed"] == "7.00 EUR"
    assert "still open" in page
    assert "Next try" in page


@pytest.mark.parametrize("round_id", ["a/b/c", "50 % off?", "#1", 'x"y', "a&b=c", "+1"])
async def test_any_round_id_that_a_provider_may_choose_has_its_page(
    office: OfficeWorld, round_id: str
) -> None:
    await office.sign_in(Role.VIEWER)
    player = await office.player()
    await player.bet("b1", round_id=round_id)
    answer = await office.get("/search", q=round_id)
    assert answer.status_code == 303
    page = await office.client.get(answer.headers["location"])
    assert page.status_code == 200
    listed = await office.page(f"/a/{office.agent_id}/transactions")
    (href,) = re.findall(r'<a class="mono clip" href="([^"]+)"', listed)
    assert (await office.client.get(html.unescape(href))).status_code == 200


@pytest.mark.parametrize(
    "tail", ["7/400000001/none", "x/400000001/r1", "7/-5/r1", "8/400000001/r1"]
)
async def test_a_round_that_is_not_there_is_missing(office: OfficeWorld, tail: str) -> None:
    await office.sign_in(Role.VIEWER)
    player = await office.player()
    await player.bet("b1")
    assert (await office.get(f"/a/{office.agent_id}/rounds/{tail}")).status_code == 404
