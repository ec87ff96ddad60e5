"""user/create and user/info on the wire (contract 2.2)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from meganodes.directory.records import NewAgent
from meganodes.protocol.commands import Command
from tests.support.builders import a_new_agent
from tests.support.door import Envelope, World, opened_world


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with opened_world(tmp_path) as made:
        yield made


@pytest.mark.rule("2.2-user-create-data", "2.2-user-create-idempotent")
async def test_create_gives_number_and_newness(world: World) -> None:
    first = await world.post("user/create", {"name": "Alice_1"})
    assert first == Envelope(
        code=0, message="OK", data={"user_code": 400_000_001, "is_new_user": True}
    )
    second = await world.post("user/create", {"name": "Alice_1"})
    assert second.data == {"user_code": 400_000_001, "is_new_user": False}


@pytest.mark.rule("1-account-verbatim", "2.2-user-create-authenticates")
async def test_create_asks_the_backend_for_this_very_account(world: World) -> None:
    await world.post("user/create", {"name": "aLiCe_09"})
    assert world.backend.asked == [("authenticate", "aLiCe_09")]


@pytest.mark.rule("2.2-user-create-1015-data")
async def test_create_without_a_good_reply_is_1015_with_a_reason(world: World) -> None:
    world.backend.tell(Command.AUTHENTICATE, b'{"result":21,"status":"ERROR","data":{}}')
    answer = await world.post("user/create", {"name": "alice"})
    assert (answer.code, answer.message) == (1015, "CALLBACK_ERROR")
    assert set(answer.data) == {"error_id", "reason"}
    assert answer.data["reason"] == ("The backend answered result 21: The account does not exist.")
    entry = await world.journal.attempt(world.agent.agent_id, answer.data["error_id"])
    assert entry is not None
    assert entry.result == 21


@pytest.mark.rule("2.1-validation-data")
async def test_create_refuses_a_bad_name_without_asking(world: World) -> None:
    answer = await world.post("user/create", {"name": "x"})
    assert answer == Envelope(
        code=1002,
        message="VALIDATION_ERROR",
        data=[
            {
                "field": "name",
                "message": "name must be 2 to 50 letters (a to z, A to Z), digits or underscores.",
            }
        ],
    )
    assert world.backend.asked == []


@pytest.mark.rule("2.2-user-create-case")
async def test_create_refuses_a_name_in_another_letter_case(world: World) -> None:
    await world.post("user/create", {"name": "Alice"})
    answer = await world.post("user/create", {"name": "alice"})
    assert answer.code == 1002
    (fault,) = answer.data
    assert fault["field"] == "name"
    assert "Alice" in fault["message"]


@pytest.mark.rule("2.2-user-info-data")
async def test_info_gives_name_and_balance(world: World) -> None:
    user = await world.user()
    world.backend.balance = "1234.50"
    answer = await world.post("user/info", {"user_code": user.user_code})
    assert answer.data == {"name": "alice", "balance": "1234.50"}
    assert (await world.post("user/info", {"user_code": str(user.user_code)})).code == 0


@pytest.mark.rule("2.1-amount-form", "2.1-amount-no-float")
@pytest.mark.parametrize(
    ("balance", "shown"),
    [
        ("0", "0.00"),
        ("7", "7.00"),
        ("7.5", "7.50"),
        ("90071992547409.91", "90071992547409.91"),
        ("0.1", "0.10"),
        ("1234567890.12", "1234567890.12"),
    ],
)
async def test_balance_is_exact_with_the_currency_s_decimals(
    world: World, balance: str, shown: str
) -> None:
    """Contract 2.1: never through a binary float."""
    user = await world.user()
    world.backend.balance = balance
    answer = await world.post("user/info", {"user_code": user.user_code})
    assert answer.data["balance"] == shown


async def test_negative_balance_of_an_agent_with_overdraft_is_shown(world: World) -> None:
    new: NewAgent = a_new_agent(name="other", overdraft_allowed=True)
    world.credentials = await world.directory.add_agent(new)
    other = world.directory.agent_by_name("other")
    assert other is not None
    user, _ = await world.directory.create_user(other.agent_id, "alice")
    world.backend.token = world.credentials.callback_token.reveal()
    world.backend.balance = "-0.05"
    answer = await world.post("user/info", {"user_code": user.user_code})
    assert answer.data["balance"] == "-0.05"


@pytest.mark.rule("2.2-user-info-unknown", "2.1-no-data-on-errors")
async def test_info_of_unknown_and_foreign_users_has_no_data(world: World) -> None:
    foreign = await world.foreign_user()
    assert await world.post("user/info", {"user_code": foreign.user_code}) == Envelope(
        code=1010, message="PERMISSION_ERROR"
    )
    for unknown in (foreign.user_code + 1, 0, 2**63 - 1):
        assert await world.post("user/info", {"user_code": unknown}) == Envelope(
            code=2002, message="USER_NOT_FOUND"
        )


@pytest.mark.rule("2.2-user-info-1015")
async def test_info_without_an_answer_is_1015(world: World) -> None:
    user = await world.user()
    world.backend.tell(Command.BALANCE, b'{"result":22,"status":"ERROR","data":{}}')
    answer = await world.post("user/info", {"user_code": user.user_code})
    assert answer.code == 1015
    assert answer.data["reason"] == "The backend answered result 22: The player is not active."


@pytest.mark.rule("1-no-balance-state")
async def test_balance_is_asked_for_every_time(world: World) -> None:
    user = await world.user()
    for _ in range(2):
        await world.post("user/info", {"user_code": user.user_code})
    assert world.backend.asked == [("balance", "alice")] * 2
