"""Users and sessions at hand: one read on a miss, calls written in batches, nothing stale kept."""

import asyncio

import pytest
from sqlalchemy.exc import DBAPIError

from meganodes.directory.core import DirectorySettings
from meganodes.directory.port import Directory
from meganodes.directory.records import LaunchFault, LaunchFaultReason
from meganodes.kit.clock import ManualClock
from meganodes.kit.database import DatabaseUrl
from meganodes.kit.identity import SeededIdentity
from meganodes.kit.tokens import SESSION_PREFIX, new_token
from meganodes.protocol.replies import Permissions
from tests.support.builders import NOW_MS, a_launch
from tests.support.directory import Surroundings, open_session, set_the_stage, started_directory
from tests.support.places import change, rows_of


@pytest.mark.rule("4-session-own-provider")
async def test_session_is_valid_with_its_own_provider_only(directory: Directory) -> None:
    stage = await set_the_stage(directory)
    text = stage.session_token.reveal()
    assert await directory.session(text, 7) == stage.session
    assert await directory.session(text, 8) is None


async def test_what_is_no_session_token_is_no_session(directory: Directory) -> None:
    stage = await set_the_stage(directory)
    text = stage.session_token.reveal()
    for wrong in ("", "x", text[:-1], text + "x", text.swapcase(), "\ud800", "x" * 10_000):
        assert await directory.session(wrong, 7) is None
    assert await directory.session(stage.provider.provider_token.reveal(), 7) is None
    well_formed = new_token(SESSION_PREFIX, SeededIdentity(1)).reveal()
    assert await directory.session(well_formed, 7) is None


@pytest.mark.rule("4-session-number")
async def test_several_sessions_of_a_user_are_open_at_once(directory: Directory) -> None:
    stage = await set_the_stage(directory)
    second, token = await open_session(directory, stage.user)
    assert second.gplay_id == stage.session.gplay_id + 1
    assert await directory.session(stage.session_token.reveal(), 7) == stage.session
    assert await directory.session(token.reveal(), 7) == second


async def test_session_not_at_hand_is_read_once(place: DatabaseUrl) -> None:
    async with started_directory(place) as first:
        stage = await set_the_stage(first)
    async with started_directory(place) as second:
        text = stage.session_token.reveal()
        assert await second.session(text, 7) == stage.session
        change(place, "DELETE FROM sessions")
        assert await second.session(text, 7) == stage.session


async def test_small_caches_forget_and_read_again(place: DatabaseUrl) -> None:
    tiny = Surroundings(settings=DirectorySettings(users_cached=1, sessions_cached=1))
    async with started_directory(place, tiny) as directory:
        stage = await set_the_stage(directory)
        opened = [await open_session(directory, stage.user) for _ in range(3)]
        for session, token in opened:
            assert await directory.session(token.reveal(), 7) == session
        eve, _ = await directory.create_user(1, "Eve")
        assert await directory.user(eve.user_code) == eve
        assert await directory.user(stage.user.user_code) is not None
        assert len(directory._sessions) == 1


async def test_last_calls_are_written_once_a_minute(
    directory: Directory, place: DatabaseUrl, clock: ManualClock
) -> None:
    stage = await set_the_stage(directory)
    for _ in range(5):
        clock.advance(5)
        directory.touch_session(stage.session.gplay_id, clock.now_ms())
    session = await directory.session(stage.session_token.reveal(), 7)
    assert session is not None
    assert session.last_call_at_ms == NOW_MS + 25_000
    query = "SELECT last_call_at_ms FROM sessions"
    assert rows_of(place, query) == [(NOW_MS + 1_000,)]
    await clock.pass_time(60)
    await asyncio.sleep(0.1)
    assert rows_of(place, query) == [(NOW_MS + 25_000,)]


async def test_last_calls_are_written_at_the_end(place: DatabaseUrl, clock: ManualClock) -> None:
    async with started_directory(place, Surroundings(clock=clock)) as directory:
        stage = await set_the_stage(directory)
        directory.touch_session(stage.session.gplay_id, NOW_MS + 9_000)
    query = "SELECT last_call_at_ms FROM sessions"
    assert rows_of(place, query) == [(NOW_MS + 9_000,)]


async def test_idle_session_is_not_revived_by_a_late_call(directory: Directory) -> None:
    stage = await set_the_stage(directory)
    late_ms = stage.session.last_call_at_ms + 60 * 60_000
    directory.touch_session(stage.session.gplay_id, late_ms)
    session = directory._sessions.by_number(stage.session.gplay_id)
    assert session == stage.session


async def test_calls_that_cannot_be_written_are_kept(
    directory: Directory, place: DatabaseUrl
) -> None:
    stage = await set_the_stage(directory)
    directory.touch_session(stage.session.gplay_id, NOW_MS + 9_000)
    change(place, "ALTER TABLE sessions RENAME TO gone")
    with pytest.raises(DBAPIError):
        await directory.write_last_calls()
    change(place, "ALTER TABLE gone RENAME TO sessions")
    await directory.write_last_calls()
    query = "SELECT last_call_at_ms FROM sessions"
    assert rows_of(place, query) == [(NOW_MS + 9_000,)]


@pytest.mark.rule("3.2-permissions-newest")
async def test_newest_permissions_hold_and_survive(place: DatabaseUrl) -> None:
    async with started_directory(place) as directory:
        stage = await set_the_stage(directory)
        text = stage.session_token.reveal()
        newest = Permissions(play=True, max_bet_minor=1_000)
        await directory.set_permissions(stage.session.gplay_id, newest, "de", "AT")
        session = await directory.session(text, 7)
        assert session is not None
        assert (session.permissions, session.language, session.country) == (newest, "de", "AT")
        await directory.refresh()
        again = await directory.session(text, 7)
        assert again == session
    async with started_directory(place) as later:
        session = await later.session(text, 7)
        assert session is not None
        assert (session.permissions, session.language, session.country) == (newest, None, None)
        await later.set_permissions(session.gplay_id, None, None, None)
        session = await later.session(text, 7)
        assert session is not None
        assert session.permissions is None


async def test_permissions_as_before_tell_nobody(directory: Directory, place: DatabaseUrl) -> None:
    stage = await set_the_stage(directory)
    permissions = Permissions(play=True)
    query = "SELECT count(*) FROM directory_changes WHERE subject = 'session'"
    for expected in (1, 1, 1):
        await directory.set_permissions(stage.session.gplay_id, permissions, "de", "AT")
        assert rows_of(place, query) == [(expected,)]
    await directory.set_permissions(999, permissions, None, None)
    assert rows_of(place, query) == [(1,)]


async def test_session_ended_by_staff_says_when(directory: Directory, clock: ManualClock) -> None:
    stage = await set_the_stage(directory)
    clock.advance(5)
    await directory.end_session(stage.session.gplay_id)
    clock.advance(5)
    await directory.end_session(stage.session.gplay_id)
    session = await directory.session(stage.session_token.reveal(), 7)
    assert session is not None
    assert session.ended_at_ms == NOW_MS + 5_000


@pytest.mark.rule("4-launch-token")
async def test_launch_opens_for_its_own_user_only_and_is_not_used_up_by_others(
    directory: Directory,
) -> None:
    stage = await set_the_stage(directory)
    text = (await directory.create_launch(a_launch(user_code=stage.user.user_code))).reveal()
    unknown = LaunchFault(reason=LaunchFaultReason.UNKNOWN)
    assert await directory.open_launch(text, 400_000_999, NOW_MS) == unknown
    assert await directory.peek_launch(text, 400_000_999, NOW_MS) == unknown
    for wrong in ("", text[:-1], text.swapcase(), stage.session_token.reveal()):
        assert await directory.open_launch(wrong, stage.user.user_code, NOW_MS) == unknown
        assert await directory.peek_launch(wrong, stage.user.user_code, NOW_MS) == unknown
    opened = await directory.open_launch(text, stage.user.user_code, NOW_MS)
    assert not isinstance(opened, LaunchFault)


@pytest.mark.rule("4-launch-prefetch")
async def test_looking_does_not_use_a_launch_up(directory: Directory) -> None:
    stage = await set_the_stage(directory)
    launch = a_launch(user_code=stage.user.user_code)
    text = (await directory.create_launch(launch)).reveal()
    for _ in range(3):
        assert await directory.peek_launch(text, stage.user.user_code, NOW_MS) == launch
    await directory.open_launch(text, stage.user.user_code, NOW_MS)
    used = await directory.peek_launch(text, stage.user.user_code, NOW_MS)
    assert used == LaunchFault(
        reason=LaunchFaultReason.USED, return_url=launch.return_url, lang=launch.lang
    )


async def test_language_and_country_of_a_launch_reach_its_session(directory: Directory) -> None:
    stage = await set_the_stage(directory)
    launch = a_launch(user_code=stage.user.user_code, language="de", country="AT")
    token = await directory.create_launch(launch)
    opened = await directory.open_launch(token.reveal(), stage.user.user_code, NOW_MS)
    assert not isinstance(opened, LaunchFault)
    assert (opened.session.language, opened.session.country) == ("de", "AT")
    assert await directory.session(opened.token.reveal(), 7) == opened.session


async def test_opening_is_when_a_user_was_last_seen(directory: Directory) -> None:
    stage = await set_the_stage(directory)
    user = await directory.user(stage.user.user_code)
    assert user is not None
    assert (user.first_seen_ms, user.last_seen_ms) == (NOW_MS, stage.session.opened_at_ms)


async def test_what_was_read_during_a_change_is_not_kept(directory: Directory) -> None:
    """A read that began before a change may bring the state from before it."""
    stage = await set_the_stage(directory)
    before = directory._invalidations
    await directory.block_user(stage.user.user_code)
    directory._kept_user(stage.user, before)
    user = await directory.user(stage.user.user_code)
    assert user is not None
    assert user.blocked


async def test_old_launches_and_notes_are_forgotten(
    directory: Directory, place: DatabaseUrl, clock: ManualClock
) -> None:
    stage = await set_the_stage(directory)
    text = (await directory.create_launch(a_launch(user_code=stage.user.user_code))).reveal()
    clock.advance(7 * 86_400 + 1)
    await clock.pass_time(60)
    await asyncio.sleep(0.2)
    assert rows_of(place, "SELECT count(*) FROM launches") == [(0,)]
    assert rows_of(place, "SELECT count(*) FROM directory_changes") == [(0,)]
    assert rows_of(place, "SELECT count(*) FROM sessions") == [(1,)]
    fault = await directory.open_launch(text, stage.user.user_code, NOW_MS)
    assert fault == LaunchFault(reason=LaunchFaultReason.UNKNOWN)


# --- who is active, and names ---------------------------------------------------------------------


async def test_active_sessions_are_those_opened_or_called_since(directory: Directory) -> None:
    stage = await set_the_stage(directory)
    second, _ = await open_session(directory, stage.user)
    opened_ms = stage.session.opened_at_ms
    directory.touch_session(second.gplay_id, opened_ms + 60_000)

    async def active(since_ms: int) -> list[tuple[int, int]]:
        found = await directory.active_sessions(stage.agent.agent_id, since_ms)
        return [(session.gplay_id, session.last_call_at_ms) for session in found]

    called = (second.gplay_id, opened_ms + 60_000)
    assert await active(opened_ms) == [(stage.session.gplay_id, opened_ms), called]
    assert await active(opened_ms + 1) == [called]
    assert await active(opened_ms + 60_001) == []
    assert await directory.active_sessions(stage.agent.agent_id + 1, 0) == ()


async def test_active_sessions_of_another_node_are_seen_once_it_has_written_them(
    place: DatabaseUrl,
) -> None:
    async with started_directory(place) as here:
        stage = await set_the_stage(here)
        agent_id, called_ms = stage.agent.agent_id, stage.session.opened_at_ms + 60_000
        here.touch_session(stage.session.gplay_id, called_ms)
        async with started_directory(place) as there:
            assert await there.active_sessions(agent_id, called_ms) == ()
            await here.write_last_calls()
            (session,) = await there.active_sessions(agent_id, called_ms)
    assert session.last_call_at_ms == called_ms


async def test_names_of_users_come_together_and_strangers_are_left_out(
    directory: Directory,
) -> None:
    stage = await set_the_stage(directory)
    other, _ = await directory.create_user(stage.agent.agent_id, "Carol")
    codes = {stage.user.user_code, other.user_code, 5}
    assert await directory.user_names(codes) == {
        stage.user.user_code: "Bob",
        other.user_code: "Carol",
    }
    assert await directory.user_names(()) == {}


async def test_a_session_is_found_by_its_number(directory: Directory) -> None:
    stage = await set_the_stage(directory)
    found = await directory.session_by_number(stage.session.gplay_id)
    assert found is not None
    assert (found.gplay_id, found.account) == (stage.session.gplay_id, "Bob")
    assert await directory.session_by_number(stage.session.gplay_id + 1) is None
