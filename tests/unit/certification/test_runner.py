"""Running cases: prerequisites, choice, order, verdicts, progress, and the money given back."""

from __future__ import annotations

import asyncio
from typing import Any, NoReturn

import pytest

from meganodes.certification import runner
from meganodes.certification.bench import Bench
from meganodes.certification.case import CaseFailed, NotApplicable, NotJudged, Section, Verdict
from meganodes.certification.cases import CASES, in_order
from meganodes.certification.faulty.honest import HonestBackend
from meganodes.certification.report import Report
from meganodes.certification.runner import Progress, choose, run
from meganodes.certification.transport import Answer, NoAnswer, Request
from meganodes.protocol.codes import ResultCode
from meganodes.protocol.commands import Revision
from tests.support.certifying import (
    TOKEN,
    Reply,
    Scripted,
    a_case,
    a_case_report,
    a_clock,
    a_finding,
    a_line,
    a_target,
    no,
    ok,
)
from tests.support.practice import (
    StraightLine,
    agreed,
    certified,
    target,
    virtual_loop,
    with_accounts,
)
from tests.support.virtual_time import VirtualClock

NAMES = [case.id for case in CASES]


def certify(reply: Any, *only: str, **target: Any) -> Report:  # noqa: ANN401 - a Scripted's reply
    play = run(a_target(**target), Scripted(reply), a_clock(), only=only)
    return asyncio.run(play)


def verdicts(report: Report) -> dict[str, Verdict]:
    return {case.id: case.verdict for case in report.cases}


def test_there_are_sixty_cases_and_more_in_every_section() -> None:
    assert len(set(NAMES)) == len(NAMES) >= 60
    assert {case.section for case in CASES} == set(Section)


def test_an_id_names_its_section_and_number() -> None:
    for section in Section:
        own = sorted(case.id for case in CASES if case.section is section)
        numbers = [name.removeprefix(f"{section}-").split("-")[0] for name in own]
        assert numbers == [f"{number:02}" for number in range(1, len(own) + 1)]


def test_every_case_stands_behind_what_it_needs() -> None:
    for number, case in enumerate(CASES):
        assert set(case.needs) <= set(NAMES[:number]), case.id


def test_every_rule_and_title_is_there() -> None:
    for case in CASES:
        assert case.rule.words.endswith("."), case.id
        assert case.rule.source.startswith(("contract ", "reliability ")), case.id
        assert case.title[0].islower() or case.title[0].isdigit(), case.id
        assert not case.title.endswith("."), case.id


def test_what_is_needed_is_placed_first() -> None:
    cases = [a_case("c", "b"), a_case("a"), a_case("b", "a")]
    assert [case.id for case in in_order(cases)] == ["a", "b", "c"]


def test_a_choice_brings_what_it_stands_on() -> None:
    cases = (a_case("a"), a_case("b", "a"), a_case("c"), a_case("d", "b"))
    assert [case.id for case in choose(["d"], cases)] == ["a", "b", "d"]


def test_a_section_is_a_choice() -> None:
    chosen = {case.id for case in choose(["hostile"])}
    assert {name for name in NAMES if name.startswith("hostile")} < chosen
    assert "transport-01-answers" in chosen
    assert "races-01-same-bet" not in chosen


def test_nothing_chosen_is_everything() -> None:
    assert choose([]) == CASES


def test_an_unknown_choice_is_told() -> None:
    with pytest.raises(LookupError, match="bet-99, nonsense"):
        choose(["nonsense", "bet-99", "bet"])


def test_a_backend_that_does_not_answer_fails_one_case_and_nothing_else_is_judged() -> None:
    gone = NoAnswer(sentence="No connection.", duration_seconds=0.1, sent=False)
    report = certify(lambda _: gone)
    told = verdicts(report)
    assert told.pop("transport-01-answers") is Verdict.FAILED
    assert Verdict.PASSED not in told.values()
    assert Verdict.FAILED not in told.values()
    assert not report.passed
    assert report.left_over_minor is None
    (case,) = report.findings
    assert case.finding is not None
    assert case.finding.came == "No connection."


def test_what_is_not_judged_says_on_what_it_stands() -> None:
    report = certify(lambda _: no(ResultCode.ACCOUNT_UNKNOWN), "balance-02-unknown")
    by_name = {case.id: case for case in report.cases}
    assert by_name["balance-01-told"].verdict is Verdict.FAILED
    untold = by_name["balance-02-unknown"]
    assert untold.verdict is Verdict.NOT_JUDGED
    assert untold.reason == "It stands on balance-01-told, which did not pass."
    assert untold.steps == ()


def _one_balance(asked: dict[str, Any]) -> Reply:
    if asked["data"]["account"] != "anna":
        return no(ResultCode.ACCOUNT_UNKNOWN)
    return (
        ok(account="anna", balance=10.00)
        if asked["command"] == "authenticate"
        else ok(balance=10.00)
    )


def test_a_choice_is_not_the_whole_and_certifies_nothing() -> None:
    report = certify(_one_balance, "balance-02-unknown")
    assert report.passed
    assert not report.whole
    assert not report.certified


@pytest.mark.parametrize("revision", list(Revision))
def test_what_a_revision_has_not_does_not_apply(revision: Revision) -> None:
    report = certified(HonestBackend, agreed(revision))
    other = {case.id for case in CASES if revision not in case.revisions}
    for case in report.cases:
        if case.id in other:
            assert case.verdict is Verdict.NOT_APPLICABLE
            assert case.reason == f"Revision {revision} has nothing to try here."


def test_progress_is_told_before_and_after_each_case() -> None:
    told: list[Progress] = []
    play = run(
        a_target(),
        Scripted(_one_balance),
        a_clock(),
        only=["balance-01-told"],
        progress=told.append,
    )
    asyncio.run(play)
    names = ["transport-01-answers", "transport-02-readable", "balance-01-told"]
    assert [one.case.id for one in told] == [name for name in names for _ in (1, 2)]
    assert [one.number for one in told] == [1, 1, 2, 2, 3, 3]
    assert {one.total for one in told} == {3}
    assert [one.report is None for one in told] == [True, False] * 3


def test_the_token_stands_nowhere_in_a_report() -> None:
    def parrot(_: dict[str, Any]) -> Reply:
        return {"result": TOKEN, "status": "OK", "data": {}}

    assert TOKEN not in repr(certify(parrot))


class Distant:
    """A line to a backend that is 40 ms farther away."""

    def __init__(self, line: StraightLine, clock: VirtualClock) -> None:
        self._line = line
        self._clock = clock

    async def send(self, request: Request) -> Answer | NoAnswer:
        await self._clock.sleep(0.04)
        return await self._line.send(request)


def test_a_run_at_50_ms_a_reply_takes_less_than_90_s() -> None:
    with virtual_loop() as loop:
        clock = VirtualClock(loop)
        backend = with_accounts(HonestBackend(agreed(), clock))
        line = Distant(StraightLine(backend, clock), clock)
        report = loop.run_until_complete(run(target(), line, clock))
    assert report.certified
    assert 10 < report.duration_seconds < 90


@pytest.mark.parametrize(
    ("raised", "verdict"),
    [
        (CaseFailed(a_finding()), Verdict.FAILED),
        (NotApplicable("No."), Verdict.NOT_APPLICABLE),
        (NotJudged("No."), Verdict.NOT_JUDGED),
    ],
)
async def test_how_a_case_ends_is_its_verdict(raised: Exception, verdict: Verdict) -> None:
    async def end(_: Bench) -> NoReturn:
        raise raised

    report = await runner._judge(a_line(_one_balance), a_case("one", run=end), {})
    assert report.verdict is verdict
    assert report.finding == getattr(raised, "finding", None)
    assert report.reason == getattr(raised, "reason", "")


async def test_what_stands_on_something_that_does_not_apply_does_not_apply() -> None:
    stone = a_case_report("stone", verdict=Verdict.NOT_APPLICABLE, reason="No secret.")
    earlier = {"stone": stone, "other": a_case_report("other", verdict=Verdict.FAILED)}
    report = await runner._judge(a_line(_one_balance), a_case("one", "other", "stone"), earlier)
    assert (report.verdict, report.reason) == (Verdict.NOT_APPLICABLE, "No secret.")
