"""game/transaction-id on the wire (contract 2.2)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from meganodes.domain.transaction import Listing, State, move
from meganodes.journal.store import Change, Committed, Insert, RoundStep
from meganodes.protocol.commands import Revision, TransType
from tests.support.builders import NOW_MS, a_new_agent
from tests.support.door import Envelope, World, opened_world
from tests.support.rows import pending_bet

CURSOR = {"last_id": 0, "limit": 2000}


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with opened_world(tmp_path) as made:
        yield made


async def settle_bet(
    world: World, number: int, balance_minor: int | None = 9_850, **changes: object
) -> None:
    """Record a bet, have it accepted, and give it its place in the list."""
    bet = pending_bet(
        agent_id=world.agent.agent_id,
        trans_id=1000 + number,
        transaction_id=f"t-{number}",
        guid=f"mn-{number:040x}",
        created_at_ms=NOW_MS + number,
        **changes,
    )
    step = RoundStep(key=bet.round_key)
    inserted = Change(at_ms=NOW_MS, inserts=(Insert(row=bet, cause="bet"),), rounds=(step,))
    committed = await world.journal.commit(inserted)
    assert isinstance(committed, Committed)
    accepted = move(
        committed.rows[0], "accepted", state=State.ACCEPTED, balance_minor=balance_minor
    )
    listing = Listing(trans_type=TransType.BET, balance_minor=balance_minor)
    moved = Change(at_ms=NOW_MS, moves=(replace(accepted, lists=(listing,)),))
    assert isinstance(await world.journal.commit(moved), Committed)
    for waiting in await world.journal.unlisted_balances(limit=10):
        await world.journal.settle_balance(waiting.listing_id, waiting.agent_id, None)
    await world.journal.sequence(now_ms=world.clock.now_ms(), limit=100)


@pytest.mark.rule("2.2-transaction-item", "2.2-transaction-item-keys")
async def test_item_has_every_field(world: World) -> None:
    await settle_bet(world, 1)
    answer = await world.post("game/transaction-id", CURSOR)
    assert answer == Envelope(
        code=0,
        message="OK",
        data=[
            {
                "trans_id": 1,
                "user_code": 400_000_001,
                "round_id": "r-1",
                "trans_type": 1,
                "provider_id": 7,
                "provider_name": "Pixel Works",
                "game_code": "fruits",
                "game_name": "Fruits",
                "category": "Slots",
                "prebalance": "100.00",
                "trans_amount": "1.50",
                "balance": "98.50",
                "balance_known": True,
                "regdate": "2026-09-21 14:13:20",
                "time_stamp": NOW_MS,
                "trans_guid": f"mn-{1:040x}",
                "cancel_trans_guid": None,
                "gplay_id": 11,
                "currency_code": "EUR",
                "created_at": "2026-09-21T14:13:20.001Z",
            }
        ],
    )


@pytest.mark.rule("2.2-transaction-item-keys")
async def test_revision_id_has_its_number(world: World) -> None:
    await settle_bet(world, 5, revision=Revision.ID)
    (item,) = (await world.post("game/transaction-id", CURSOR)).data
    assert item["callback_trans_id"] == 1005
    assert "trans_guid" not in item


@pytest.mark.rule("2.2-transaction-balances")
async def test_unknown_balance_is_zero_and_said(world: World) -> None:
    await settle_bet(world, 1, balance_minor=None)
    (item,) = (await world.post("game/transaction-id", CURSOR)).data
    assert (item["prebalance"], item["balance"]) == ("0.00", "0.00")
    assert item["balance_known"] is False


@pytest.mark.rule("2.2-transaction-id-data", "2.2-transaction-id-cursor")
async def test_cursor_gives_each_transaction_once(world: World) -> None:
    """Contract 2.2, the cursor law: oldest first, without last_id itself."""
    seen: list[str] = []
    last_id = 0
    for number in range(1, 8):
        await settle_bet(world, number)
        if number % 2:
            for item in (
                await world.post("game/transaction-id", {"last_id": last_id, "limit": 1})
            ).data:
                seen.append(item["trans_guid"])
                last_id = item["trans_id"]
    rest = (await world.post("game/transaction-id", {"last_id": last_id, "limit": 2000})).data
    seen.extend(item["trans_guid"] for item in rest)
    assert seen == [f"mn-{number:040x}" for number in range(1, 8)]


async def test_reader_at_the_end_gets_an_empty_list(world: World) -> None:
    await settle_bet(world, 1)
    assert (await world.post("game/transaction-id", {"last_id": 1, "limit": 10})).data == []
    assert (await world.post("game/transaction-id", {"last_id": 2**53, "limit": 10})).data == []


async def test_agent_sees_its_own_transactions_only(world: World) -> None:
    await settle_bet(world, 1)
    world.credentials = await world.directory.add_agent(a_new_agent(name="other"))
    assert (await world.post("game/transaction-id", CURSOR)).data == []


@pytest.mark.rule("2.2-transaction-id-fields")
async def test_bounds_are_told_together(world: World) -> None:
    answer = await world.post("game/transaction-id", {"last_id": -1, "limit": 2001})
    assert [fault["field"] for fault in answer.data] == ["last_id", "limit"]
    answer = await world.post("game/transaction-id")
    assert [fault["field"] for fault in answer.data] == ["last_id", "limit"]


@pytest.mark.rule("2.2-transaction-id-no-waiting")
async def test_no_call_has_to_wait_for_the_next_one(world: World) -> None:
    """Neither the clock nor anybody's patience moves between these."""
    await settle_bet(world, 1)
    for _ in range(100):
        assert len((await world.post("game/transaction-id", CURSOR)).data) == 1
