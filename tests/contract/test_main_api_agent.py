"""agent/info, agent/callback-test and the wallet that is none (contract 2.2)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from meganodes.directory.records import AgentCredentials
from meganodes.protocol.commands import Command
from tests.support.builders import a_new_agent
from tests.support.door import CALLER, Envelope, World, opened_world


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with opened_world(tmp_path) as made:
        yield made


async def info_of(world: World, credentials: AgentCredentials) -> Envelope:
    world.credentials = credentials
    return await world.post("agent/info")


@pytest.mark.rule("2.2-agent-info-data")
async def test_info_tells_what_the_hub_knows(world: World) -> None:
    await world.directory.set_agent("acme", {"allow_list": (CALLER, "10.0.0.0/8")})
    assert await world.post("agent/info") == Envelope(
        code=0,
        message="OK",
        data={
            "name": "acme",
            "currency": 978,
            "currency_code": "EUR",
            "balance": "0.00",
            "rtp": 0,
            "win_ratio": 0,
            "whitelist": [CALLER, "10.0.0.0/8"],
            "client_ip": CALLER,
            "state": "approved",
            "mode": "seamless",
        },
    )


@pytest.mark.rule("2.1-amount-form", "2.1-currency-number", "2.1-currency-registry")
@pytest.mark.parametrize(("code", "number", "zero"), [("JPY", 392, 0), ("BTC", None, "0.00000000")])
async def test_zero_has_the_currency_s_decimals(
    world: World, code: str, number: int | None, zero: object
) -> None:
    """Contract 2.1: exactly the currency's decimals; crypto has numbers from 10000 up."""
    credentials = await world.directory.add_agent(a_new_agent(name="other", currency=code))
    answer = await info_of(world, credentials)
    assert answer.data["balance"] == zero
    assert answer.data["currency_code"] == code
    assert answer.data["currency"] == number or answer.data["currency"] >= 10_000


@pytest.mark.rule("1-token-own-agent-only")
async def test_token_acts_for_its_own_agent_only(world: World) -> None:
    user = await world.user()
    child = await world.directory.add_agent(a_new_agent(name="child", parent="acme"))
    answer = await info_of(world, child)
    assert answer.data["name"] == "child"
    assert (await world.post("user/info", {"user_code": user.user_code})).code == 1010
    assert (await world.post("game/providers")).data == []


@pytest.mark.rule("2.2-agent-callback-test-data", "2.2-agent-callback-test-asks")
async def test_callback_test_reports_what_it_found(world: World) -> None:
    assert await world.post("agent/callback-test") == Envelope(
        code=0,
        message="OK",
        data={
            "callback_url": "https://wallet.example.com/callback",
            "time": "0ms",
            "reachable": True,
            "http_status": 200,
            "token_checked": True,
            "reply": "well-formed",
        },
    )
    assert world.backend.asked == [("authenticate", "callback_test")] * 2


@pytest.mark.rule("2.2-agent-callback-test-always-0")
async def test_callback_test_needs_no_correct_reply_to_succeed(world: World) -> None:
    """Contract 2.2: code 0 whenever the test could be run."""
    world.backend.be_down(Command.AUTHENTICATE)
    answer = await world.post("agent/callback-test")
    assert answer.code == 0
    assert answer.data["reachable"] is False
    assert answer.data["http_status"] is None
    assert answer.data["reply"].startswith("The callback was not sent: ")

    world.backend.tell(Command.AUTHENTICATE, b"<html>", b"<html>", status=404)
    answer = await world.post("agent/callback-test")
    assert (answer.code, answer.data["http_status"]) == (0, 404)
    assert answer.data["reply"].startswith("HTTP status is 404")


@pytest.mark.rule("2.2-wallet-1010")
@pytest.mark.parametrize("movement", ["deposit", "withdraw", "withdraw-all"])
async def test_there_is_no_wallet_here(world: World, movement: str) -> None:
    """Contract 2.2: 1010 for a seamless agent, by design."""
    for body in (None, {"user_code": 400000001, "amount": 5}):
        assert await world.post(f"wallet/{movement}", body) == Envelope(
            code=1010, message="PERMISSION_ERROR"
        )
