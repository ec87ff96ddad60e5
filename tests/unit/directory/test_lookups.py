"""Look-ups answer from memory; loops outlive a database that is away."""

import asyncio
import io
import json
import time
import zlib
from collections.abc import Callable

import pytest

from meganodes.directory.port import Directory
from meganodes.kit.clock import ManualClock, SystemClock
from meganodes.kit.database import DatabaseUrl
from meganodes.kit.logging import LogSettings, configure_logging
from tests.support.builders import a_game, a_new_agent, a_new_provider
from tests.support.directory import Surroundings, many_agents, set_the_stage, started_directory
from tests.support.listener import eventually
from tests.support.places import change


async def test_unknown_names_and_numbers_are_none(directory: Directory) -> None:
    assert directory.agent(1) is None
    assert directory.agent_by_name("acme") is None
    assert directory.agents() == ()
    assert directory.provider(7) is None
    assert directory.providers() == ()
    assert directory.providers_of(1) == ()
    assert directory.game(7, "fruits") is None
    assert directory.games_of(7) == ()
    assert not directory.is_assigned(1, 7)


@pytest.mark.rule("1-token-own-agent-only")
async def test_api_token_finds_its_own_agent_and_no_other(directory: Directory) -> None:
    parent = await directory.add_agent(a_new_agent(name="parent"))
    child = await directory.add_agent(a_new_agent(name="child", parent="parent"))
    for made in (parent, child):
        found = directory.agent_by_api_token(made.api_token.reveal())
        assert found is not None
        assert found.agent_id == made.agent_id


async def test_tokens_open_their_own_door_only(directory: Directory) -> None:
    stage = await set_the_stage(directory)
    tokens = [
        stage.agent.api_token,
        stage.agent.callback_token,
        stage.provider.provider_token,
        stage.session_token,
    ]
    agents = [directory.agent_by_api_token(token.reveal()) for token in tokens]
    providers = [directory.provider_by_token(token.reveal()) for token in tokens]
    assert [each is not None for each in agents] == [True, False, False, False]
    assert [each is not None for each in providers] == [False, False, True, False]


async def test_altered_and_foreign_tokens_find_nobody(directory: Directory) -> None:
    stage = await set_the_stage(directory)
    text = stage.agent.api_token.reveal()
    open_part_kept = text[:20] + ("A" if text[20] != "A" else "B") + text[21:]
    for wrong in ("", text[:-1], text + "x", text.swapcase(), open_part_kept, "\ud800", "é" * 61):
        assert directory.agent_by_api_token(wrong) is None
        assert directory.provider_by_token(wrong) is None


async def test_right_open_part_with_a_wrong_rest_finds_nobody(directory: Directory) -> None:
    """A well-formed token with right checksum that shares the open part with a real one."""
    stage = await set_the_stage(directory)
    payload = stage.agent.api_token.reveal()[:12] + "0" * 43
    alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
    number, checksum = zlib.crc32(payload.encode()), ""
    for _ in range(6):
        number, digit = divmod(number, 62)
        checksum += alphabet[digit]
    assert directory.agent_by_api_token(payload + checksum) is None


@pytest.mark.rule("1-game-key")
async def test_game_codes_repeat_across_providers(directory: Directory) -> None:
    for provider_id in (7, 8):
        new = a_new_provider(name=f"Provider {provider_id}", provider_id=provider_id)
        await directory.add_provider(new)
        game = a_game(provider_id=provider_id, name=f"Fruits of {provider_id}")
        await directory.import_games(
            provider_id, [game, a_game(provider_id=provider_id, game_code="ants")]
        )
    names = [each.name for p in (7, 8) if (each := directory.game(p, "fruits")) is not None]
    assert names == ["Fruits of 7", "Fruits of 8"]
    assert [each.game_code for each in directory.games_of(7)] == ["ants", "fruits"]
    assert [each.provider_id for each in directory.providers()] == [7, 8]


async def test_change_of_another_process_is_seen_within_a_second(place: DatabaseUrl) -> None:
    """Two directories on one file, as a server and a command line tool are, in real time."""
    around = Surroundings(clock=SystemClock())
    async with (
        started_directory(place, around) as server,
        started_directory(place, around) as tool,
    ):
        stage = await set_the_stage(server)
        await server.user(stage.user.user_code)
        await tool.set_agent("acme", {"time_zone": "Asia/Tokyo"})
        await tool.set_provider(7, {"currencies": ("EUR",)})
        await tool.block_user(stage.user.user_code)
        await tool.end_session(stage.session.gplay_id)
        await asyncio.sleep(0.9)
        agent, provider = server.agent(1), server.provider(7)
        user = await server.user(stage.user.user_code)
        session = await server.session(stage.session_token.reveal(), 7)
        assert agent is not None
        assert provider is not None
        assert user is not None
        assert session is not None
        assert agent.time_zone == "Asia/Tokyo"
        assert provider.currencies == ("EUR",)
        assert user.blocked
        assert session.ended_at_ms is not None


async def test_watch_outlives_a_database_that_is_away(
    directory: Directory, place: DatabaseUrl, clock: ManualClock
) -> None:
    log = io.StringIO()
    configure_logging(LogSettings(), log)
    await directory.add_agent(a_new_agent())
    change(place, "ALTER TABLE directory_version RENAME TO gone")
    for number in (1, 2):

        def has_told(number: int = number) -> bool:
            return log.getvalue().count("\n") == number

        await _turn(clock, has_told)
    change(
        place,
        "ALTER TABLE gone RENAME TO directory_version",
        "UPDATE agents SET time_zone = 'Asia/Tokyo'",
        "UPDATE directory_version SET version = version + 1",
    )
    await _turn(clock, lambda: directory.agents()[0].time_zone == "Asia/Tokyo")
    assert directory.agents()[0].time_zone == "Asia/Tokyo"
    events = [json.loads(line)["event"] for line in log.getvalue().splitlines()]
    assert events == ["directory_not_refreshed", "directory_not_refreshed"]


async def _turn(clock: ManualClock, is_done: Callable[[], bool]) -> None:
    """Let the watch run once; its query runs in a thread, so real time must pass."""
    await clock.pass_time(0.5)
    await eventually(is_done, seconds=10)


async def test_row_that_does_not_open_keeps_the_picture_of_before(
    directory: Directory, place: DatabaseUrl, clock: ManualClock
) -> None:
    log = io.StringIO()
    configure_logging(LogSettings(), log)
    await directory.add_agent(a_new_agent())
    before = directory.agents()
    change(
        place,
        "UPDATE credentials SET sealed = (SELECT secret_hash FROM credentials WHERE kind = 'api')"
        " WHERE kind = 'callback'",
        "UPDATE directory_version SET version = version + 1",
    )
    await _turn(clock, lambda: "directory_not_refreshed" in log.getvalue())
    assert directory.agents() == before


async def test_loop_that_ends_by_itself_is_heard_of(directory: Directory) -> None:
    log = io.StringIO()
    configure_logging(LogSettings(), log)

    async def fail() -> None:
        raise LookupError("a defect")

    directory._spawn(fail())
    await asyncio.sleep(0.01)
    assert json.loads(log.getvalue())["event"] == "directory_loop_ended"
    assert "a defect" in log.getvalue()


async def test_ten_thousand_agents_load_in_seconds(place: DatabaseUrl) -> None:
    """Seconds of this process's own work, with a wide bound: a benchmark it is not."""
    many_agents(place, 10_000)
    started = time.process_time()
    async with started_directory(place) as directory:
        assert time.process_time() - started < 10
        assert len(directory.agents()) == 10_000
        started = time.process_time()
        await directory.set_agent("agent-5000", {"time_zone": "Asia/Tokyo"})
        assert time.process_time() - started < 1
        agent = directory.agent_by_name("agent-5000")
        assert agent is not None
        assert agent.time_zone == "Asia/Tokyo"
