"""The provider's authenticate and balance (contract 4): asked each time, inside 3 s."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from meganodes.domain.asked import AskedAuthenticate, AskedBalance
from meganodes.domain.outcome import NotSent, Outcome, Refused, Unknown
from meganodes.protocol.codes import ApiCode
from meganodes.protocol.commands import Command
from meganodes.protocol.replies import Permissions, Reply
from tests.support.hub_world import TIME_OUT, World, hub_world

ASK_MAPPING: list[tuple[Outcome, ApiCode]] = [
    (Refused(result=21), ApiCode.USER_NOT_FOUND),
    (Refused(result=22), ApiCode.PLAYER_BLOCKED),
    (Refused(result=100), ApiCode.AGENT_UNAVAILABLE),
    (Unknown(reason="internal", result=99), ApiCode.AGENT_UNAVAILABLE),
    (NotSent(reason="the circuit is open", counted=False), ApiCode.AGENT_UNAVAILABLE),
]


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with hub_world(tmp_path, answer_within_seconds=1.0) as made:
        yield made


def reply(**values: object) -> Reply:
    usual: dict[str, object] = {
        "result": 0,
        "malformed": None,
        "balance_minor": 1_000,
        "trans_status": None,
        "permissions": None,
        "language": None,
        "country": None,
        "notes": (),
        "faults": (),
    }
    return Reply(**usual | values)  # type: ignore[arg-type]


@pytest.mark.rule("4-authenticate", "3.2-language-country-passed", "3.2-permissions-newest")
async def test_authenticate_answers_the_user_and_keeps_the_newest_permissions(
    world: World,
) -> None:
    permissions = Permissions(
        play=True, max_bet_minor=100, session_minutes=None, reality_check_minutes=30
    )
    world.line.reply = reply(permissions=permissions, language="de", country="AT")
    answer = await world.serve(AskedAuthenticate(session=world.session))
    assert (answer.code, answer.balance_minor) == (ApiCode.OK, 1_000)
    shown = answer.user
    assert shown is not None
    assert shown.account == str(world.stage.user.user_code)
    assert (shown.language, shown.country, shown.permissions) == ("de", "AT", permissions)
    assert (await world.bet(amount="1.01")).code is ApiCode.LIMIT_EXCEEDED


@pytest.mark.rule("4-ask-mapping", "3.4-authenticate-meaning")
@pytest.mark.parametrize(("outcome", "code"), ASK_MAPPING)
async def test_authenticate_translates_the_backends_no(
    world: World, outcome: Outcome, code: ApiCode
) -> None:
    world.line.next(Command.AUTHENTICATE, outcome)
    assert (await world.serve(AskedAuthenticate(session=world.session))).code is code


@pytest.mark.rule("4-ask-mapping", "3.4-balance-meaning")
@pytest.mark.parametrize(("outcome", "code"), ASK_MAPPING)
async def test_balance_translates_the_backends_no(
    world: World, outcome: Outcome, code: ApiCode
) -> None:
    world.line.next(Command.BALANCE, *[outcome] * 4)
    assert (await world.serve(AskedBalance(session=world.session))).code is code


@pytest.mark.rule("3.4-balance-repeats", "4-balance")
@pytest.mark.parametrize(("failures", "code"), [(3, ApiCode.OK), (4, ApiCode.AGENT_UNAVAILABLE)])
async def test_an_unknown_balance_is_repeated_three_times(
    world: World, failures: int, code: ApiCode
) -> None:
    world.line.next(Command.BALANCE, *[TIME_OUT] * failures)
    answer = await world.serve(AskedBalance(session=world.session))
    assert answer.code is code
    assert world.line.commands() == ["balance"] * 4


@pytest.mark.rule("4-balance-3s")
async def test_balance_with_its_repeats_ends_in_time(tmp_path: Path) -> None:
    async with hub_world(tmp_path, answer_within_seconds=0.15) as world:
        world.line.next(Command.BALANCE, *[TIME_OUT] * 4)
        began = world.hub.clock.monotonic()
        answer = await world.serve(AskedBalance(session=world.session))
        assert answer.code is ApiCode.AGENT_UNAVAILABLE
        assert world.hub.clock.monotonic() - began < 0.4


@pytest.mark.rule("4-session-ended-3002")
async def test_an_ended_session_serves_neither(world: World) -> None:
    await world.directory.end_session(world.stage.session.gplay_id)
    for asked in (
        AskedAuthenticate(session=world.session),
        AskedBalance(session=world.session),
    ):
        assert (await world.serve(asked)).code is ApiCode.SESSION_INVALID
