"""The core under any order of calls, answers, deaths and delays (reliability 3.4 a).

A machine that Hypothesis drives: two nodes over one journal, an operator that answers in every way
of 2.5, virtual time. After each step the invariants are looked at, and at the end, when everybody
is well again, nothing may be owed.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable
from typing import ClassVar

import pytest
import structlog
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from meganodes.domain.asked import (
    Asked,
    AskedBet,
    AskedBetWin,
    AskedCancel,
    AskedItem,
    AskedWin,
)
from meganodes.domain.transaction import State, Transaction
from meganodes.journal.memory import StoreFault
from meganodes.protocol.commands import Command
from tests.support.effort import THOROUGH, effort
from tests.support.machine_invariants import Judge
from tests.support.machine_operator import WAYS
from tests.support.machine_world import NODES, SESSION, MachineWorld
from tests.support.virtual_time import VirtualLoop

pytestmark = [pytest.mark.thorough, pytest.mark.slow]
EXAMPLES = effort(25, 1_000)
STEPS = effort(40, 60)
REST_STEPS_MAX = 400
SEEN_AT_LEAST = 5
NOT_BY_CHANCE = {State.SETTLED_BY_HAND, State.UNDELIVERED}
"""One needs two people, the other 51 failures in a row."""

WORDS = [
    *(state.value for state in State if state not in NOT_BY_CHANCE),
    *(
        f"{command} {way}"
        for command in (Command.BET, Command.WIN, Command.CANCEL)
        for way in WAYS[command]
    ),
]
"""What a thorough run must have come across, or its silence says nothing."""

AGENT = 1

NODE = st.integers(0, NODES - 1)
IDS = st.sampled_from([f"t{number}" for number in range(1, 10)])
NUMBERS = st.integers(0, 10)
ROUNDS = st.sampled_from(["r1", "r2", "r3"])
STAKES = st.sampled_from(["1.00", "2.50"])
PAID = st.tuples(
    st.sampled_from(["0.00", "0.01", "7.00"]), st.sampled_from(["open", "open", "closed"])
)
WAITS = st.sampled_from([0.0, 0.0, 0.05, 1.0, 3.1])
WAY = st.sampled_from([(command, way) for command, ways in WAYS.items() for way in ways])


class CoreMachine(RuleBasedStateMachine):
    """Everything that may happen to the core, in any order."""

    reached: ClassVar[Counter[str]] = Counter()

    @initialize(tombstones=st.booleans())
    def begin(self, tombstones: bool) -> None:
        self.world = MachineWorld(VirtualLoop(), tombstones=tombstones)
        self.judge = Judge(self.world)

    def ask(self, node: int, asked: Asked, wait: float) -> None:
        self.judge.note_asked(asked)
        self.world.ask(node, asked)
        self.world.pass_time(wait)

    @rule(node=NODE, key=IDS, in_round=ROUNDS, amount=STAKES, wait=WAITS)
    def bet(self, node: int, key: str, in_round: str, amount: str, wait: float) -> None:
        bet = AskedBet(session=SESSION, transaction_id=key, round_id=in_round, amount=amount)
        self.ask(node, bet, wait)

    @rule(node=NODE, key=IDS, in_round=ROUNDS, way=st.sampled_from(WAYS[Command.BET]), wait=WAITS)
    def bet_answered_in_a_way(
        self, node: int, key: str, in_round: str, way: str, wait: float
    ) -> None:
        self.world.operator.plan[Command.BET].append(way)
        self.bet(node, key, in_round, "1.00", wait)

    @rule(node=NODE, number=NUMBERS, way=st.sampled_from(WAYS[Command.WIN]), wait=WAITS)
    def win_of_a_bet_that_stands(self, node: int, number: int, way: str, wait: float) -> None:
        bet = self.standing(number)
        if bet is not None:
            self.world.operator.plan[Command.WIN].append(way)
            self.win(node, bet.transaction_id, bet.round_id, ("7.00", "open"), wait)

    @rule(node=NODE, number=NUMBERS, way=st.sampled_from(WAYS[Command.CANCEL]), wait=WAITS)
    def cancel_of_a_bet_that_stands(self, node: int, number: int, way: str, wait: float) -> None:
        bet = self.standing(number)
        if bet is not None:
            self.world.operator.plan[Command.CANCEL].append(way)
            self.cancel(node, bet.transaction_id, "c1", wait)

    @rule(node=NODE, number=NUMBERS)
    def win_answered_41_that_its_status_contradicts(self, node: int, number: int) -> None:
        bet = self.standing(number)
        if bet is not None:
            self.world.operator.plan[Command.WIN].appendleft("41, executed")
            self.world.operator.plan[Command.STATUS].appendleft("21")
            self.win(node, bet.transaction_id, bet.round_id, ("7.00", "open"), 0.05)
            self.world.tick(node)

    def standing(self, number: int) -> Transaction | None:
        bets = [row for row in self.world.rows() if row.state is State.ACCEPTED]
        return bets[number % len(bets)] if bets else None

    @rule(node=NODE, key=IDS, in_round=ROUNDS, paid=PAID, wait=WAITS)
    def win(self, node: int, key: str, in_round: str, paid: tuple[str, str], wait: float) -> None:
        win = AskedWin(
            session=SESSION,
            transaction_id=f"w-{key}",
            round_id=in_round,
            amount=paid[0],
            round_closed=paid[1] == "closed",
        )
        self.ask(node, win, wait)

    @rule(node=NODE, key=IDS, wins=st.lists(IDS, min_size=1, max_size=2, unique=True), wait=WAITS)
    def betwin(self, node: int, key: str, wins: list[str], wait: float) -> None:
        betwin = AskedBetWin(
            session=SESSION,
            round_id="r2",
            bet=AskedItem(transaction_id=key, amount="1.00"),
            wins=tuple(AskedItem(transaction_id=f"w-{each}", amount="0.01") for each in wins),
            round_closed=False,
        )
        self.ask(node, betwin, wait)

    @rule(node=NODE, key=IDS, by=st.sampled_from(["c1", "c2"]), wait=WAITS)
    def cancel(self, node: int, key: str, by: str, wait: float) -> None:
        cancel = AskedCancel(
            session=SESSION, transaction_id=f"{by}-{key}", cancel_transaction_id=key
        )
        self.ask(node, cancel, wait)

    @rule(node=NODE, key=IDS, other=IDS)
    def a_win_under_the_name_of_a_bet(self, node: int, key: str, other: str) -> None:
        win = AskedWin(
            session=SESSION, transaction_id=key, round_id="r1", amount="7.00", round_closed=False
        )
        self.ask(node, win, 0.0)
        bet = AskedBet(session=SESSION, transaction_id=f"w-{other}", round_id="r1", amount="1.00")
        self.ask(node, bet, 0.0)

    @rule(plan=st.lists(WAY, min_size=1, max_size=3))
    def the_operator_will_answer_so(self, plan: list[tuple[Command, str]]) -> None:
        for command, way in plan:
            self.world.operator.plan[command].append(way)

    @rule(fault=st.sampled_from(StoreFault))
    def the_next_commit_fails(self, fault: StoreFault) -> None:
        self.world.faults.append(fault)

    @rule(is_open=st.sampled_from([True, False, False]))
    def the_circuit_opens_or_closes(self, is_open: bool) -> None:
        self.world.operator.open = {AGENT} if is_open else set()

    @precondition(lambda self: self.world.births < 50)
    @rule(node=NODE)
    def a_node_dies(self, node: int) -> None:
        self.world.kill(node)

    @rule(node=NODE, seconds=st.sampled_from([0.02, 3.0, 6.0]))
    def a_worker_looks_around(self, node: int, seconds: float) -> None:
        self.world.pass_time(seconds)
        self.world.tick(node)

    @rule(node=NODE, seconds=st.sampled_from([60.0, 901.0, 7_200.0, 100_000.0]))
    def time_passes(self, node: int, seconds: float) -> None:
        self.world.pass_time(seconds)
        self.world.tick(node)

    @invariant()
    def everything_holds(self) -> None:
        self.judge.hold()

    def teardown(self) -> None:
        """Let everybody be well, wait until nothing is owed, and look at the books."""
        if not hasattr(self, "judge"):
            return
        try:
            self._rest()
            self._count()
        finally:
            self.world.loop.end()

    def _rest(self) -> None:
        world = self.world
        world.faults.clear()
        world.operator.open.clear()
        for planned in world.operator.plan.values():
            planned.clear()
        world.pass_time(700.0)
        for _ in range(REST_STEPS_MAX):
            seconds = world.next_due_seconds()
            if seconds is None:
                break
            world.pass_time(seconds + 0.01)
            world.tick(0)
            world.pass_time(10.0)
        self.judge.hold_at_rest()

    def _count(self) -> None:
        counts = type(self).reached
        counts["examples"] += 1
        counts["answers"] += len(self.world.said)
        counts["deaths"] += self.world.births - NODES
        counts.update(self.world.operator.seen)
        counts.update(state.value for state in self.judge.states)


def test_core_keeps_its_promises_in_any_order_of_anything(
    figure: Callable[[str], None],
) -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    CoreMachine.reached.clear()
    began = time.process_time()
    run_state_machine_as_test(
        CoreMachine,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            derandomize=True,
            database=None,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            phases=(Phase.generate, Phase.shrink),
        ),
    )
    seen = CoreMachine.reached
    figure(
        f"{seen['examples']} examples of at most {STEPS} steps, {seen['answers']} answers,"
        f" {seen['deaths']} deaths of nodes in {time.process_time() - began:.0f} s of CPU"
    )
    assert seen["examples"] >= EXAMPLES
    for word in WORDS if THOROUGH else ():
        assert seen[word] >= SEEN_AT_LEAST, f"{word}: seen {seen[word]} times"
