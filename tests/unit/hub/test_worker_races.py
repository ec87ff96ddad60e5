from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

from meganodes.callbacks.gateway import Call
from meganodes.domain.outcome import Outcome
from meganodes.domain.transaction import State
from meganodes.journal.memory import StoreFault
from meganodes.protocol.codes import ApiCode
from meganodes.protocol.commands import Command
from tests.support.hub_world import hub_world


async def test_one_agents_row_that_cannot_be_decided_stops_no_other_agent(tmp_path: Path) -> None:
    """Isolation: a retry value of a newer version (downgrade) of one agent raises in `moment`."""
    async with hub_world(tmp_path) as world:
        await world.bet()
        world.line.open.add(world.stage.agent.agent_id)
        await world.win()  # owed, of a healthy agent
        world.line.open.clear()
        # a second agent with an expired pending bet whose schedule cannot be read
        row = await world.row("b1")
        from meganodes.journal.store import Change, Insert

        alien = replace(
            row,
            agent_id=2,
            trans_id=row.trans_id + 1,
            state=State.PENDING,
            epoch=0,
            balance_minor=None,
            decided_at_ms=None,
        )
        await world.journal.commit(
            Change(at_ms=1, inserts=(Insert(row=alien, cause="x", lease_ms=0),))
        )
        agent = world.directory.agent(row.agent_id)
        inner = world.hub.directory

        class Two:
            def agent(self, agent_id: int):  # noqa: ANN202
                return (
                    replace(agent, agent_id=2, retry={"from_the_future": 1})
                    if agent_id == 2
                    else inner.agent(agent_id)
                )

            def __getattr__(self, name: str):  # noqa: ANN204
                return getattr(inner, name)

        world.hub.directory = Two()  # type: ignore[assignment]
        worker = world.worker
        worker.start()
        await asyncio.sleep(0.8)
        await worker.stop()
        await world.hub.drain()
        assert (await world.row("w1")).state is State.CREDITED


async def test_a_ghost_insert_claimed_by_the_worker_is_sent_by_the_worker_alone(
    tmp_path: Path,
) -> None:
    """D5: the win was recorded unclaimed (a bet of its round was pending); its commit was a ghost;
    before the row is read again the worker has claimed it.
    """
    async with hub_world(tmp_path, answer_within_seconds=1.0) as world:
        await world.bet("b1")
        release, slow = asyncio.Event(), asyncio.Event()

        async def hang(call: Call) -> Outcome:
            await release.wait()
            return world.line.execute(call)

        async def hold(call: Call) -> Outcome:
            await slow.wait()
            return world.line.execute(call)

        world.line.next(Command.BET, hang)
        other = asyncio.create_task(world.bet("b2"))
        await asyncio.sleep(0.02)
        world.line.next(Command.WIN, hold, hold)
        world.faults.append(StoreFault.GHOST)
        win = asyncio.create_task(world.win())
        await asyncio.sleep(0.01)
        release.set()
        await other
        await world.worker.tick()
        await asyncio.sleep(0.1)
        sent = world.line.commands()
        slow.set()
        await win
        await world.hub.drain()
        assert sent.count("win") == 1, sent


async def test_a_betwin_whose_late_bet_reply_finds_the_worker_at_work_sends_no_second_cancel(
    tmp_path: Path,
) -> None:
    async with hub_world(tmp_path, bet_lease_ms=40) as world:
        reply, slow = asyncio.Event(), asyncio.Event()

        async def late_yes(call: Call) -> Outcome:
            await reply.wait()
            return world.line.execute(call)

        async def hold(call: Call) -> Outcome:
            await slow.wait()
            return world.line.execute(call)

        world.line.next(Command.BET, late_yes)
        world.line.next(Command.CANCEL, hold, hold)
        bet = asyncio.create_task(world.betwin(("w1", "1.00")))
        await asyncio.sleep(0.08)
        await world.worker.tick()
        await asyncio.sleep(0.01)
        reply.set()
        await bet
        await asyncio.sleep(0.01)
        sent = world.line.commands()
        slow.set()
        await world.hub.drain()
        assert sent.count("cancel") == 1, sent


async def test_a_cancel_naming_itself_gets_a_definite_answer_from_the_core(tmp_path: Path) -> None:
    """The house adapter refuses it; the core, which other adapters share, raises RowRefused."""
    async with hub_world(tmp_path) as world:
        answer = await world.cancel("x1", "x1")
        assert answer.code in {ApiCode.TRANSACTION_CONFLICT, ApiCode.VALIDATION_ERROR}


async def test_betwin_with_a_win_id_that_is_taken_meanwhile(tmp_path: Path) -> None:
    """Control: the stake goes back and the answer is final (passes)."""
    async with hub_world(tmp_path) as world:
        await world.bet("b0")

        async def yes_and_a_win(call: Call) -> Outcome:
            asyncio.get_running_loop().create_task(world.win("w1", "1.00"))
            await asyncio.sleep(0.05)
            return world.line.execute(call)

        world.line.next(Command.BET, yes_and_a_win)
        answer = await world.betwin(("w1", "2.00"))
        await world.settle()
        assert answer.code is ApiCode.TRANSACTION_CANCELLED
        assert world.balance == 1_000 - 150 + 100


async def test_a_cancel_that_overtakes_a_ghost_bet(tmp_path: Path) -> None:
    """Control: intent landed unseen, 3009; cancel; nothing ever sent but cancels (passes)."""
    async with hub_world(tmp_path, bet_lease_ms=30) as world:
        world.faults.append(StoreFault.GHOST)
        assert (await world.bet()).code is ApiCode.TRY_AGAIN
        answer = await world.cancel()
        assert answer.code is ApiCode.OK
        await world.settle()
        assert "bet" not in world.line.commands()


async def test_one_agents_lists_do_not_hold_up_the_worker_of_all(tmp_path: Path) -> None:
    """Isolation: 50 list requests of one agent at once (its allowance) against `due_work`."""
    import time

    from meganodes.journal.schema import upgrade
    from meganodes.journal.sqlite import SqliteJournal
    from meganodes.journal.store import Change, Insert
    from meganodes.kit.clock import SystemClock
    from meganodes.kit.database import parse_database_url
    from tests.support.transactions import accepted, bet

    upgrade(parse_database_url(f"sqlite:///{tmp_path / 'j.db'}"))
    journal = SqliteJournal(tmp_path / "j.db", clock=SystemClock(), owner="n")
    await journal.start()
    try:
        rows = [bet() for _ in range(2_000)]
        await asyncio.gather(
            *(journal.commit(Change(at_ms=1, inserts=(Insert(row=r, cause="i"),))) for r in rows)
        )
        await asyncio.gather(*(journal.commit(Change(at_ms=1, moves=(accepted(r),))) for r in rows))
        await journal.sequence(now_ms=1, limit=5_000)
        began = time.monotonic()
        await journal.due_work(now_ms=1)
        alone = time.monotonic() - began
        lists = [asyncio.create_task(journal.reads.listed_after(1, 0, 2_000)) for _ in range(50)]
        await asyncio.sleep(0)
        began = time.monotonic()
        await journal.due_work(now_ms=1)
        took = time.monotonic() - began
        await asyncio.gather(*lists)
        assert took < 0.25, f"alone {alone * 1000:.1f} ms, behind one agent's lists {took:.2f} s"
    finally:
        await journal.close()
