"""Amounts on the Main API's wire, byte for byte, in currencies of every kind (contract 2.1)."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from meganodes.directory.records import Agent
from meganodes.protocol.commands import Command
from meganodes.protocol.currency import all_currencies, currency
from tests.support.builders import a_new_agent
from tests.support.door import World, opened_world

MINOR_MAX = 2**53 - 1
FORMS = [
    ("JPY", "0", "0"),
    ("JPY", "7", "7"),
    ("JPY", str(MINOR_MAX), "9007199254740991"),
    ("EUR", "0", "0.00"),
    ("EUR", "0.1", "0.10"),
    ("EUR", "100", "100.00"),
    ("EUR", "90071992547409.91", "90071992547409.91"),
    ("EUR", "8.1", "8.10"),
    ("EUR", "1.15", "1.15"),
    ("KWD", "0", "0.000"),
    ("KWD", "0.001", "0.001"),
    ("KWD", "9007199254740.991", "9007199254740.991"),
    ("BTC", "0", "0.00000000"),
    ("BTC", "0.00000001", "0.00000001"),
    ("BTC", "0.0000001", "0.00000010"),
    ("BTC", "90071992.54740991", "90071992.54740991"),
    ("BTC", "21000000", "21000000.00000000"),
]
ZEROS = [(code, written) for code, reported, written in FORMS if reported == "0"]


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with opened_world(tmp_path) as made:
        yield made


async def agent_with(world: World, code: str) -> Agent:
    """Add an agent of a currency, which calls from now on and whose backend answers."""
    world.credentials = await world.directory.add_agent(a_new_agent(name="other", currency=code))
    world.backend.token = world.credentials.callback_token.reveal()
    agent = world.directory.agent_by_name("other")
    assert agent is not None
    return agent


async def raw(world: World, path: str, **fields: object) -> str:
    """Give an answer as it was written."""
    async with world.client() as client:
        return (await client.post(path, json=fields)).text


def written_amounts(answer: str) -> list[str]:
    """Give the amounts of an answer as they stand there."""
    found = re.findall(r'"(?:pre|trans_)?(?:balance|amount)":([^,}\]]+)', answer)
    assert found, answer
    return found


@pytest.mark.rule("2.1-amount-form", "2.1-amount-no-float")
@pytest.mark.parametrize(("code", "reported", "written"), FORMS)
async def test_a_balance_has_exactly_the_currency_s_decimals(
    world: World, code: str, reported: str, written: str
) -> None:
    agent = await agent_with(world, code)
    user, _ = await world.directory.create_user(agent.agent_id, "alice")
    world.backend.balance = reported
    answer = await raw(world, "/v4/user/info", user_code=user.user_code)
    assert written_amounts(answer) == [written]


@pytest.mark.rule("2.1-amount-form")
@pytest.mark.parametrize(
    ("code", "zero"), [(code, form) for code, given, form in FORMS if given == "0"]
)
async def test_the_agent_s_own_balance_is_zero_in_its_currency(
    world: World, code: str, zero: str
) -> None:
    await agent_with(world, code)
    assert written_amounts(await raw(world, "/v4/agent/info")) == [zero]


@pytest.mark.rule("2.1-amount-bounds")
@pytest.mark.parametrize(
    ("code", "reported"),
    [
        ("JPY", "9007199254740992"),
        ("EUR", "90071992547409.92"),
        ("KWD", "9007199254740.992"),
        ("BTC", "90071992.54740992"),
        ("EUR", "1" + "0" * 400),
        ("EUR", "1e400"),
        ("EUR", "-0.01"),
    ],
)
async def test_a_balance_out_of_bounds_is_not_passed_on(
    world: World, code: str, reported: str
) -> None:
    agent = await agent_with(world, code)
    user, _ = await world.directory.create_user(agent.agent_id, "alice")
    reply = b'{"result":0,"status":"OK","data":{"balance":%b}}' % reported.encode()
    world.backend.tell(Command.BALANCE, reply, reply, reply, reply)
    asking = asyncio.create_task(raw(world, "/v4/user/info", user_code=user.user_code))
    while not asking.done():  # it asks again and again, with pauses
        world.clock.advance(0.1)
        await asyncio.sleep(0.001)
    assert (await asking).startswith('{"code":1015,"message":"CALLBACK_ERROR"')


@pytest.mark.rule("2.1-currency-number", "2.1-currency-registry")
def test_numbers_tell_the_kinds_of_currency_apart() -> None:
    assert [currency(code).number for code in ("JPY", "EUR", "KWD", "USD")] == [392, 978, 414, 840]
    for each in all_currencies():
        assert 0 <= each.exponent <= 8
        assert 1 <= each.number <= 999 or each.number >= 10_000
    assert currency("ETH").exponent == 8, "assets with more decimals are carried at 8"
