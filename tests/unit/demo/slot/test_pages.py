"""The pages of the game: sealed against everything from elsewhere, and true to its data."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from httpx2 import ASGITransport, AsyncClient

from meganodes.demo.odds import PAYS, REELS, Symbol, multiple, window
from meganodes.demo.slot.door import IDLE
from meganodes.demo.slot.figures import figures
from meganodes.demo.studio import StudioTerms
from meganodes.demo.toy_studio import StudioSettings, ToyStudio
from meganodes.kit.clock import SystemClock
from meganodes.kit.identity import SeededIdentity
from tests.support.fake_hub import FakeHub

BROWSER = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
GAME = "/play?session=s-1&game_code=toy-slot"


@pytest.fixture
async def browser(tmp_path: Path) -> AsyncIterator[AsyncClient]:
    settings = StudioSettings(database=tmp_path / "studio.db", terms=StudioTerms())
    studio = ToyStudio(settings, FakeHub(), SystemClock(), SeededIdentity(1))
    wire = ASGITransport(app=studio.app)
    async with AsyncClient(transport=wire, base_url="http://studio", headers=BROWSER) as made:
        yield made
    studio.close()


@pytest.mark.parametrize("path", [GAME, "/replay?round_id=r", "/how-this-game-pays"])
async def test_a_page_lets_nothing_in_from_elsewhere(browser: AsyncClient, path: str) -> None:
    answer = await browser.get(path)
    policy = answer.headers["content-security-policy"]
    assert answer.status_code == 200
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'")
    assert "unsafe" not in policy
    assert "frame-ancestors" not in policy, "casinos show games inside their own pages"
    assert answer.headers["referrer-policy"] == "no-referrer", "the address holds the session"
    assert answer.headers["cache-control"] == "no-store"
    loaded = re.findall(r'(?:src|href)="([^"]+)"', answer.text)
    assert loaded
    assert all(address.startswith("/") for address in loaded), loaded
    assert not re.search(r"\son\w+=|\sstyle=|<style|<script(?![^>]*(?:src|json))", answer.text)


async def test_every_file_that_a_page_names_is_there(browser: AsyncClient) -> None:
    for page in (GAME, "/replay?round_id=r", "/how-this-game-pays"):
        for address in re.findall(
            r'(?:src|href)="(/(?:slot|look)/[^"]+)"', (await browser.get(page)).text
        ):
            answer = await browser.get(address)
            assert answer.status_code == 200, address
            assert answer.headers["x-content-type-options"] == "nosniff"


async def test_a_program_that_asks_for_json_is_told_who_plays(browser: AsyncClient) -> None:
    answer = await browser.get(GAME, headers={"accept": "application/json"})
    assert answer.json()["authenticate"]["data"]["balance"] == "100.00"


async def test_the_game_is_written_in_the_language_of_its_launch(browser: AsyncClient) -> None:
    assert '<html lang="de">' in (await browser.get(f"{GAME}&lang=de")).text
    assert '<html lang="en">' in (await browser.get(f"{GAME}&lang=xx")).text


@pytest.mark.parametrize(
    ("address", "is_linked"),
    [
        ("https://casino.example/lobby", True),
        ("http://127.0.0.1:8701/", True),
        ("javascript:alert(1)", False),
        ("data:text/html,x", False),
        ("//elsewhere.example", False),
        ("", False),
    ],
)
async def test_only_a_web_address_becomes_the_way_back(
    browser: AsyncClient, address: str, *, is_linked: bool
) -> None:
    text = (
        await browser.get(GAME, params={"session": "s", "game_code": "g", "return_url": address})
    ).text
    assert ('id="leave"' in text) is is_linked
    if not is_linked:
        assert "alert(1)" not in text


async def test_what_the_address_holds_is_escaped(browser: AsyncClient) -> None:
    planted = '"></script><script>alert(1)</script>'
    text = (await browser.get("/play", params={"session": planted, "game_code": "g"})).text
    assert "<script>alert" not in text
    text = (await browser.get("/replay", params={"round_id": planted, "lang": planted})).text
    assert "<script>alert" not in text


async def test_the_page_about_the_maths_shows_the_data(browser: AsyncClient) -> None:
    text = (await browser.get("/how-this-game-pays")).text
    lists = re.findall(r'<ol aria-label="Reel \d">(.*?)</ol>', text, re.DOTALL)
    strips = [re.findall(r"symbols/(\w+)\.svg", one) for one in lists]
    assert strips == [[symbol.value for symbol in reel] for reel in REELS]
    for symbol, pays in PAYS.items():
        assert re.search(rf"<span>{symbol.value}</span></th><td>{pays} \u00d7</td>", text)
    returned = figures().returned
    assert f"<b>{returned.numerator}/{returned.denominator}</b>" in text
    assert "Together 8 + 3 = 11 \u00d7 1.00 = <b>11.00</b>" in text


async def test_the_page_about_the_maths_says_that_nobody_can_change_a_result(
    browser: AsyncClient,
) -> None:
    text = (await browser.get("/how-this-game-pays")).text
    assert "not the casino, not the hub" in text


def test_the_reels_show_every_symbol_and_no_win_before_the_first_round() -> None:
    assert {symbol for reel in window(IDLE) for symbol in reel} == set(Symbol)
    assert multiple(IDLE) == 0
