"""The story of one transaction, and of its round, as staff read them."""

from __future__ import annotations

from pathlib import Path

from meganodes.domain.transaction import RoundKey, State
from meganodes.hub.transaction_story import round_for_staff, transaction_story
from meganodes.protocol.commands import Command
from tests.support.hub_world import LOST_REPLY, hub_world


async def test_a_story_begins_with_the_intent_and_has_each_attempt(tmp_path: Path) -> None:
    async with hub_world(tmp_path) as world:
        await world.bet("b1")
        row = await world.row("b1")
        story = await transaction_story(world.hub, row.agent_id, row.trans_id)
        assert story is not None
        assert story.row == row
        first, *_, last = story.chapters
        assert first.event is not None or first.attempt is not None
        events = [each.event for each in story.chapters if each.event is not None]
        assert [event.to_state for event in events] == ["pending", "accepted"]
        assert sum(1 for each in story.chapters if each.attempt is not None) == 1
        assert last.event is not None
        assert last.event.to_state == "accepted"


async def test_a_bet_of_unknown_outcome_tells_its_cancel_too(tmp_path: Path) -> None:
    async with hub_world(tmp_path) as world:
        world.line.next(Command.BET, LOST_REPLY)
        await world.bet("b1")
        await world.settle()
        row = await world.row("b1")
        story = await transaction_story(world.hub, row.agent_id, row.trans_id)
        assert story is not None
        commands = [each.attempt.command for each in story.chapters if each.attempt is not None]
        assert commands[:2] == ["bet", "cancel"]
        assert row.state is State.CANCELLED


async def test_wins_and_cancels_name_their_bet(tmp_path: Path) -> None:
    async with hub_world(tmp_path) as world:
        await world.bet("b1")
        await world.win("w1", bet_transaction_id="b1")
        bet, win = await world.row("b1"), await world.row("w1")
        story = await transaction_story(world.hub, win.agent_id, win.trans_id)
        assert story is not None
        assert story.bet is not None
        assert story.bet.trans_id == bet.trans_id
        alone = await transaction_story(world.hub, bet.agent_id, bet.trans_id)
        assert alone is not None
        assert alone.bet is None


async def test_what_is_not_the_agents_has_no_story(tmp_path: Path) -> None:
    """S1."""
    async with hub_world(tmp_path) as world:
        await world.bet("b1")
        row = await world.row("b1")
        assert await transaction_story(world.hub, row.agent_id + 1, row.trans_id) is None
        assert await transaction_story(world.hub, row.agent_id, row.trans_id + 1) is None


async def test_a_round_has_its_rows_sums_and_whether_it_is_closed(tmp_path: Path) -> None:
    async with hub_world(tmp_path) as world:
        await world.bet("b1", "1.50")
        await world.win("w1", "2.00")
        row = await world.row("b1")
        told = await round_for_staff(world.hub, row.round_key)
        assert told is not None
        assert [each.transaction_id for each in told.rows] == ["b1", "w1"]
        assert not told.closed
        assert (told.sums.staked_minor, told.sums.won_minor, told.sums.open_minor) == (150, 200, 0)
        await world.win("w2", "0", closed=True)
        closed = await round_for_staff(world.hub, row.round_key)
        assert closed is not None
        assert closed.closed
        unknown = RoundKey(agent_id=1, provider_id=7, user_code=row.user_code, round_id="other")
        assert await round_for_staff(world.hub, unknown) is None
