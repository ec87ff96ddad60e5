"""Who may call what: every command of the Provider API with every kind of caller."""

from __future__ import annotations

import itertools
import json
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest

from meganodes.directory.records import AgentState
from meganodes.kit.tokens import PROVIDER_PREFIX, new_token
from meganodes.providers.adapters.house.requests import COMMANDS
from tests.support.town import Resident, Town, a_town

STRANGER = "198.51.100.66"
PLAYED_LATER = {"bet", "betwin"}
_numbers = itertools.count(1)


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[Town]:
    async with a_town(tmp_path) as made:
        yield made


def fields_of(resident: Resident) -> Mapping[str, Mapping[str, object]]:
    """Good fields of every command in a resident's session, with ids never used before."""
    session = {"session": resident.session}
    in_round = {**session, "round_id": resident.round_id}
    number = next(_numbers)
    item = {"transaction_id": f"t-{number}", "amount": "1.00"}
    won = {"transaction_id": f"w-{number}", "amount": "0"}
    undone = {"transaction_id": f"c-{number}", "cancel_transaction_id": f"unknown-{number}"}
    return {
        "authenticate": session,
        "balance": session,
        "bet": {**in_round, **item},
        "win": {**in_round, **won, "round_closed": False},
        "betwin": {
            **session,
            "round_id": f"other-{number}",
            "bet": {**item, "transaction_id": f"b-{number}"},
            "wins": [{**won, "transaction_id": f"v-{number}"}],
            "round_closed": False,
        },
        "cancel": {**session, **undone},
        "round": in_round,
    }


async def codes(
    town: Town, authorization: str | None = None, resident: Resident | None = None, **more: str
) -> dict[str, tuple[int, int]]:
    """Give status and code of every command; nobody is told anything but a yes or no."""
    told = {}
    for command, fields in fields_of(resident or town.acme).items():
        answer = await town.ask(command, fields, authorization=authorization, **more)
        envelope = json.loads(answer.body)
        assert dict(answer.headers)[b"content-type"] == b"application/json"
        assert b"x-request-id" in dict(answer.headers)
        if envelope["code"]:
            assert set(envelope) == {"code", "message"}
        told[command] = (answer.status, envelope["code"])
    return told


def all_alike(status: int, code: int) -> dict[str, tuple[int, int]]:
    return dict.fromkeys(COMMANDS, (status, code))


@pytest.mark.rule("4-path-and-bearer")
async def test_a_provider_gets_every_command(town: Town) -> None:
    assert set(fields_of(town.acme)) == COMMANDS
    assert await codes(town) == all_alike(200, 0)


@pytest.mark.rule("4-path-and-bearer")
@pytest.mark.parametrize("header", ["", "Bearer", "Bearer  ", "Basic cGl4ZWw6c2VjcmV0", "Token x"])
async def test_without_a_token_every_command_is_1007(town: Town, header: str) -> None:
    answer = await codes(town, header or " ")
    assert answer == all_alike(401, 1007)


@pytest.mark.rule("4-path-and-bearer")
async def test_with_another_token_every_command_is_1009(town: Town) -> None:
    own = town.studio.provider_token.reveal()
    tokens = [
        *("nonsense", "mnp_", own[:-1], own + "0", own.upper(), f"{own} {own}", "x" * 20_000),
        new_token(PROVIDER_PREFIX, town.hub.identity).reveal(),
        town.acme.api_token,
        town.acme.session,
        town.acme.credentials.callback_token.reveal(),
    ]
    for token in tokens:
        assert await codes(town, f"Bearer {token}") == all_alike(401, 1009), token


@pytest.mark.rule("4-path-and-bearer")
async def test_with_a_revoked_token_every_command_is_1009(town: Town) -> None:
    new = await town.directory.reissue_provider_token(7)
    assert await codes(town) == all_alike(401, 1009)
    assert await codes(town, f"Bearer {new.reveal()}") == all_alike(200, 0)


@pytest.mark.rule("4-session-own-provider")
async def test_another_provider_has_no_session_of_this_one(town: Town) -> None:
    other = f"Bearer {town.other_studio.provider_token.reveal()}"
    assert await codes(town, other) == all_alike(200, 3002)


@pytest.mark.rule("4-session-own-provider")
@pytest.mark.parametrize("session", ["nonsense", "x" * 64, "mns_" + "0" * 57, "\u00fc", "\0"])
async def test_what_is_no_session_is_3002(town: Town, session: str) -> None:
    for command, fields in fields_of(town.acme).items():
        answer = await town.ask(command, {**fields, "session": session})
        assert json.loads(answer.body) == {"code": 3002, "message": "SESSION_INVALID"}


@pytest.mark.rule("1-unapproved-bet-3004", "1-suspended-bet-3004")
@pytest.mark.parametrize("state", [AgentState.UNAPPROVED, AgentState.SUSPENDED])
async def test_an_agent_that_is_not_approved_takes_no_bets_but_all_else(
    town: Town, state: AgentState
) -> None:
    await town.directory.set_agent_state("acme", state)
    told = await codes(town)
    assert {command for command, seen in told.items() if seen == (200, 3004)} == PLAYED_LATER
    assert {seen for command, seen in told.items() if command not in PLAYED_LATER} == {(200, 0)}


@pytest.mark.rule("4-provider-allow-list")
async def test_a_blocked_address_gets_no_command(town: Town) -> None:
    await town.directory.set_provider(7, {"allow_list": ("203.0.113.0/28", "2001:db8::/32")})
    for peer in (STRANGER, "", "unknown", f"::{STRANGER}"):
        assert await codes(town, peer=peer) == all_alike(403, 1020)
    assert await codes(town, "Bearer nonsense", peer=STRANGER) == all_alike(401, 1009)
    for peer in ("203.0.113.9", "::ffff:203.0.113.9", "2001:db8::7"):
        assert await codes(town, peer=peer) == all_alike(200, 0)


@pytest.mark.rule("2.1-allow-list-main-api-only")
async def test_an_agent_s_allow_list_does_not_concern_providers(town: Town) -> None:
    await town.directory.set_agent("acme", {"allow_list": ("198.51.100.1",)})
    assert await codes(town, peer=STRANGER) == all_alike(200, 0)


@pytest.mark.rule("4-round")
async def test_a_round_of_another_agent_s_user_is_unknown(town: Town) -> None:
    foreign = {"session": town.acme.session, "round_id": town.rival.round_id}
    answer = await town.ask("round", foreign)
    assert json.loads(answer.body) == {"code": 2013, "message": "ROUND_NOT_FOUND"}
    undo = {
        "session": town.acme.session,
        "transaction_id": "c-foreign",
        "cancel_transaction_id": f"bet-{town.rival.round_id}",
    }
    assert json.loads((await town.ask("cancel", undo)).body)["code"] == 0, "a tombstone of acme's"
    own = await town.ask("round", {**foreign, "session": town.rival.session})
    states = [each["state"] for each in json.loads(own.body)["data"]["transactions"]]
    assert states == ["accepted", "accepted"]
