"""What all cases keep together: how much they stake, and that they leave an account as it was."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from meganodes.certification.case import Verdict
from meganodes.certification.faulty.honest import HonestBackend
from meganodes.certification.report import CaseReport, Report
from meganodes.certification.runner import run
from meganodes.certification.transport import Answer
from meganodes.protocol.commands import Command, Revision
from meganodes.protocol.money import parse_amount
from tests.support.practice import (
    ACCOUNT,
    StraightLine,
    agreed,
    target,
    virtual_loop,
    with_accounts,
)
from tests.support.virtual_time import VirtualClock

_NEED_EVERYTHING = {
    *("bet-06-everything", "bet-13-order-repeat", "duplicates-09-refused", "races-06-overspending"),
}


def certified_within(limit_minor: int | None, revision: Revision) -> Report:
    with virtual_loop() as loop:
        clock = VirtualClock(loop)
        backend = with_accounts(HonestBackend(agreed(revision), clock))
        within = replace(target(revision), max_amount_minor=limit_minor)
        play = run(within, StraightLine(backend, clock), clock, seed=11)
        report = loop.run_until_complete(play)
        assert backend.accounts[ACCOUNT].balance_minor == 50_000
        return report


def most_at_stake(case: CaseReport) -> int:
    """Give how far the case has let the account fall below what it held before, at the most."""
    at_stake = most = 0
    for step in case.steps:
        if not isinstance(step.answer, Answer) or step.title.startswith("giving back"):
            continue
        is_taken = json.loads(step.answer.body)["result"] == 0
        if not is_taken or step.command not in {Command.BET, Command.WIN, Command.CANCEL}:
            continue
        data = json.loads(step.request.body, parse_float=str, parse_int=str)["data"]
        amount = parse_amount(data.get("amount", "0"), 2)
        at_stake += amount if step.command is Command.BET else -amount
        most = max(most, at_stake)
    return most


@pytest.mark.parametrize("revision", list(Revision))
@pytest.mark.parametrize("limit_minor", [20, 100, 2_500])
def test_no_case_stakes_more_than_the_limit(limit_minor: int, revision: Revision) -> None:
    report = certified_within(limit_minor, revision)
    assert report.passed
    assert max(most_at_stake(case) for case in report.cases) <= limit_minor


def test_cases_that_need_everything_say_so_under_a_limit() -> None:
    for case in certified_within(100, Revision.GUID).cases:
        if case.id in _NEED_EVERYTHING:
            assert case.verdict is Verdict.NOT_APPLICABLE
            assert "above --max-amount 1.00" in case.reason


def test_without_a_limit_everything_is_tried_and_nothing_is_kept() -> None:
    report = certified_within(None, Revision.GUID)
    staked = {case.id: most_at_stake(case) for case in report.cases}
    assert {name for name, most in staked.items() if most > 100} <= _NEED_EVERYTHING
    assert staked["bet-06-everything"] == 50_000
    assert report.left_over_minor == 0
