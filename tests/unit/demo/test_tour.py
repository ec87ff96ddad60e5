"""A tour that does not come out says so and is no success."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from meganodes.demo.narrator import Narrator
from meganodes.demo.reading_records import Places
from meganodes.demo.serving import bind
from meganodes.demo.tour import _expect, run_tour
from meganodes.demo.tour_calls import TourCalls, TourFault
from meganodes.kit.clock import SystemClock
from tests.support.fake_hub import FakeHub
from tests.unit.demo.answering import answering


def places(url: str) -> Places:
    return Places(
        casino_url=url,
        studio_url=url,
        hub_url=url,
        api_token="mna_token",
        door=FakeHub(),
        exponent=2,
    )


@pytest.fixture
def paper() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def narrator(paper: io.StringIO) -> Narrator:
    return Narrator(Console(file=paper, width=120))


def http(status: str, body: bytes) -> bytes:
    return b"HTTP/1.1 %b\r\nContent-Length: %d\r\n\r\n%b" % (status.encode(), len(body), body)


async def test_a_hub_that_refuses_ends_the_tour(narrator: Narrator, paper: io.StringIO) -> None:
    refusal = b'{"code":1015,"message":"CALLBACK_ERROR","data":{"reason":"no reply"}}'
    async with answering(http("200 OK", refusal)) as (url, _):
        assert not await run_tour(places(url), narrator, SystemClock())
    assert "✗ POST /v4/user/create answered" in paper.getvalue()
    assert "no reply" in paper.getvalue()


async def test_a_hub_that_is_silent_is_a_fault(narrator: Narrator) -> None:
    with bind("127.0.0.1", 0) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    calls = TourCalls(places(url), narrator, SystemClock())
    with pytest.raises(TourFault, match="POST /v4/agent/info got no answer"):
        await calls.main_api("/v4/agent/info", {})


async def test_a_launch_without_a_redirect_is_a_fault(narrator: Narrator) -> None:
    async with answering(http("410 Gone", b"used")) as (url, _):
        calls = TourCalls(places(url), narrator, SystemClock())
        with pytest.raises(TourFault, match="HTTP 410"):
            await calls.browse(f"{url}/v4/game/launch?g_token=x")


async def test_a_repeat_that_is_not_answered_is_a_fault(narrator: Narrator) -> None:
    async with answering(http("200 OK", b'{"answered": false}')) as (url, _):
        calls = TourCalls(places(url), narrator, SystemClock())
        with pytest.raises(TourFault, match="repeated bet"):
            await calls.repeat("b-1")


async def test_bets_that_arrived_twice_are_found(narrator: Narrator) -> None:
    async with answering(http("200 OK", b'{"g1": 1, "g2": 2}')) as (url, _):
        calls = TourCalls(places(url), narrator, SystemClock())
        assert await calls.bets_sent_twice() == ["g2"]


async def test_a_callback_that_never_came_is_a_fault(narrator: Narrator) -> None:
    async with answering(http("200 OK", b'{"requests": []}')) as (url, _):
        calls = TourCalls(places(url), narrator, SystemClock())
        with pytest.raises(TourFault, match="no bet callback"):
            await calls.show_callbacks("bet")


def test_a_wrong_value_is_told_with_the_right_one() -> None:
    with pytest.raises(TourFault, match=r"the balance is 99\.00, expected 100\.00"):
        _expect("99.00", "100.00", "the balance")
    _expect("100.00", "100.00", "the balance")
