"""Planned faults strike when they should and as often as they should."""

from __future__ import annotations

import pytest

from meganodes.demo.faults import BadPlan, Fault, FaultKind, FaultPlan, read_fault
from meganodes.protocol.codes import ResultCode
from meganodes.protocol.commands import Command


def test_a_fault_strikes_its_command_and_is_used_up() -> None:
    plan = FaultPlan()
    fault = Fault(kind=FaultKind.DROP, command=Command.BET)
    plan.add(fault)
    assert plan.take("win", "ada") is None
    assert plan.take("bet", "ada") == fault
    assert plan.take("bet", "ada") is None
    assert plan.pending() == ()


def test_faults_strike_in_the_order_they_were_planned() -> None:
    plan = FaultPlan()
    first = Fault(kind=FaultKind.GARBAGE, times=2)
    second = Fault(kind=FaultKind.HTTP_500)
    plan.add(first)
    plan.add(second)
    assert [plan.take("bet", "ada") for _ in range(4)] == [first, first, second, None]


def test_a_fault_may_be_meant_for_one_account() -> None:
    plan = FaultPlan()
    plan.add(Fault(kind=FaultKind.DROP, account="bob"))
    assert plan.take("bet", "ada") is None
    assert plan.take("bet", "bob") is not None


def test_a_fault_may_strike_every_third_callback() -> None:
    plan = FaultPlan()
    plan.add(Fault(kind=FaultKind.DROP, every=3, times=2))
    struck = [plan.take("bet", "ada") is not None for _ in range(9)]
    assert struck == [False, False, True, False, False, True, False, False, False]


def test_planned_faults_can_be_forgotten() -> None:
    plan = FaultPlan()
    plan.add(Fault(kind=FaultKind.DROP))
    plan.clear()
    assert plan.take("bet", "ada") is None


def test_a_fault_is_read_as_a_person_writes_it() -> None:
    fields = {"command": "win", "fault": "refuse", "times": 3, "result": 22}
    assert read_fault(fields) == Fault(
        kind=FaultKind.REFUSE, command=Command.WIN, times=3, result=ResultCode.PLAYER_INACTIVE
    )
    assert read_fault({"fault": "delay", "seconds": 2.5}).seconds == 2.5


@pytest.mark.parametrize(
    "fields",
    [
        {},
        [],
        {"fault": "explode"},
        {"fault": "drop", "command": "jackpot"},
        {"fault": "drop", "times": 0},
        {"fault": "drop", "times": True},
        {"fault": "drop", "every": "3"},
        {"fault": "delay", "seconds": -1},
        {"fault": "delay", "seconds": "1"},
        {"fault": "delay", "seconds": 601},
        {"fault": "refuse", "result": 5},
        {"fault": "drop", "account": 5},
        {"fault": "drop", "comand": "bet"},
    ],
)
def test_a_plan_nobody_understands_is_refused(fields: object) -> None:
    with pytest.raises(BadPlan):
        read_fault(fields)
