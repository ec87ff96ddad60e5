"""Changes by people over the whole of the directory: secrets shown once, rotations, blocks."""

import pytest

from meganodes.directory.faults import DirectoryFault
from meganodes.directory.port import Directory
from meganodes.directory.records import Actor, TokenKind
from meganodes.kit.clock import ManualClock
from meganodes.kit.tokens import parse_token
from meganodes.protocol.signature import parse_secret
from tests.support.builders import a_new_agent, a_new_provider
from tests.support.directory import set_the_stage

HOUR = 3_600


async def test_credentials_are_whole_and_all_different(directory: Directory) -> None:
    one = await directory.add_agent(a_new_agent(name="one"))
    two = await directory.add_agent(a_new_agent(name="two"))
    provider = await directory.add_provider(a_new_provider())
    assert parse_token(one.api_token.reveal(), "mna_")
    assert parse_token(one.callback_token.reveal(), "mnc_")
    assert parse_token(provider.provider_token.reveal(), "mnp_")
    agent = directory.agent(one.agent_id)
    assert agent is not None
    assert parse_secret(one.signing_secret.reveal()) == agent.signing_secrets[0].reveal_bytes()
    shown = [each for made in (one, two) for each in (made.api_token, made.callback_token)]
    assert len({each.reveal() for each in shown}) == 4
    assert one.signing_secret != two.signing_secret


@pytest.mark.security("S18")
async def test_api_token_overlap_is_honoured_to_the_millisecond(
    directory: Directory, clock: ManualClock
) -> None:
    made = await directory.add_agent(a_new_agent())
    old = made.api_token.reveal()
    new = (await directory.reissue_token("acme", TokenKind.API, 24)).reveal()
    for text in (old, new):
        assert directory.agent_by_api_token(text) == directory.agent(made.agent_id)
    clock.advance(24 * HOUR - 0.001)
    assert directory.agent_by_api_token(old) is not None
    clock.advance(0.001)
    assert directory.agent_by_api_token(old) is None
    assert directory.agent_by_api_token(new) is not None


async def test_without_an_overlap_the_old_token_ends_at_once(directory: Directory) -> None:
    made = await directory.add_agent(a_new_agent())
    new = await directory.reissue_token("acme", TokenKind.API)
    assert directory.agent_by_api_token(made.api_token.reveal()) is None
    assert directory.agent_by_api_token(new.reveal()) is not None


async def test_old_callback_token_is_sent_until_the_overlap_ends(
    directory: Directory, clock: ManualClock
) -> None:
    made = await directory.add_agent(a_new_agent())
    new = await directory.reissue_token("acme", TokenKind.CALLBACK, 2)
    agent = directory.agent(made.agent_id)
    assert agent is not None
    assert agent.callback_token == made.callback_token
    clock.advance(2 * HOUR - 0.001)
    assert directory.agents()[0].callback_token == made.callback_token
    clock.advance(0.001)
    assert directory.agents()[0].callback_token == new
    await directory.refresh()
    await directory.set_agent("acme", {"time_zone": "Asia/Tokyo"})
    assert directory.agents()[0].callback_token == new


@pytest.mark.rule("3.1-header-signature-overlap")
@pytest.mark.security("S18")
async def test_two_signing_secrets_sign_while_the_overlap_runs(
    directory: Directory, clock: ManualClock
) -> None:
    made = await directory.add_agent(a_new_agent())
    old = parse_secret(made.signing_secret.reveal())
    new = parse_secret((await directory.reissue_token("acme", TokenKind.SIGNING, 72)).reveal())
    secrets = [each.reveal_bytes() for each in directory.agents()[0].signing_secrets]
    assert secrets == [new, old]
    clock.advance(72 * HOUR)
    assert [each.reveal_bytes() for each in directory.agents()[0].signing_secrets] == [new]


async def test_provider_token_overlaps_too(directory: Directory, clock: ManualClock) -> None:
    made = await directory.add_provider(a_new_provider())
    old = made.provider_token.reveal()
    new = (await directory.reissue_provider_token(7, 1)).reveal()
    assert directory.provider_by_token(old) == directory.provider_by_token(new)
    assert directory.provider_by_token(old) == directory.provider(7)
    clock.advance(HOUR)
    assert directory.provider_by_token(old) is None
    assert directory.provider_by_token(new) is not None


@pytest.mark.parametrize("hours", [-1, 73])
async def test_overlap_outside_its_range_is_refused(directory: Directory, hours: int) -> None:
    await directory.add_agent(a_new_agent())
    await directory.add_provider(a_new_provider())
    with pytest.raises(DirectoryFault, match="0 to 72"):
        await directory.reissue_token("acme", TokenKind.API, hours)
    with pytest.raises(DirectoryFault, match="0 to 72"):
        await directory.reissue_provider_token(7, hours)


async def test_agent_has_no_provider_token(directory: Directory) -> None:
    await directory.add_agent(a_new_agent())
    with pytest.raises(DirectoryFault, match="an agent has no provider token"):
        await directory.reissue_token("acme", TokenKind.PROVIDER)


async def test_blocking_a_user_is_seen_at_once_and_can_be_undone(directory: Directory) -> None:
    stage = await set_the_stage(directory)
    for blocked in (True, False):
        await directory.block_user(stage.user.user_code, blocked=blocked)
        user = await directory.user(stage.user.user_code)
        assert user is not None
        assert user.blocked is blocked


async def test_unknown_user_cannot_be_blocked(directory: Directory) -> None:
    with pytest.raises(DirectoryFault, match="there is no user 400000009"):
        await directory.block_user(400_000_009)


async def test_actor_stands_in_the_audit_of_each_kind_of_change(directory: Directory) -> None:
    ann = Actor(source="office", name="ann@example.com")
    await directory.add_agent(a_new_agent(), ann)
    await directory.set_agent("acme", {"in_flight_max": 5}, ann)
    await directory.add_provider(a_new_provider(), ann)
    await directory.assign("acme", 7, ann)
    await directory.reissue_token("acme", TokenKind.API, 0, ann)
    rows = await directory.audit_trail()
    assert {row.actor for row in rows} == {"ann@example.com"}
    assert [row.tag for row in reversed(rows)] == [
        "office:agent:add",
        "office:agent:set",
        "office:provider:add",
        "office:agent:assign",
        "office:agent:reissue-api-token",
    ]
