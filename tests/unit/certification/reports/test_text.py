"""The report for a terminal: findings in full, the rest in a line each."""

from __future__ import annotations

from meganodes.certification.case import Verdict
from meganodes.certification.reports.text import write_text
from tests.support.certifying import a_case_report, a_failed_case, a_report, a_step, an_answer


def test_a_finding_is_told_in_full() -> None:
    told = write_text(a_report(a_failed_case()))
    for line in (
        "FAIL bet-01-taken: a bet is taken (about money)",
        "  rule      It is so. (contract 3.2)",
        "  expected  Result 0.",
        "  came      Result 31.",
        "  mistake   Cents for units.",
        "  mend      Divide by 100.",
        "  step 1 of 1: bet 0.37, 10 ms",
        "    > Callback-Token: ***",
        '    > {"command":"bet"}',
        "    < HTTP status 200",
        '    < {"result":31}',
        "Not certified: 1 failed; 1 of the findings is about money.",
        "The account holds what it held before.",
    ):
        assert line in told.splitlines()
    assert "  again     curl -sS -i https://casino.example/callback" in told


def test_every_case_has_its_line_and_its_reason() -> None:
    rest = a_case_report("bet-08-blocked", verdict=Verdict.NOT_APPLICABLE, reason="No account.")
    told = write_text(a_report(a_case_report(), rest)).splitlines()
    assert "  ok    bet-01-taken  a bet is taken" in told
    assert "   -    bet-08-blocked  a bet is taken" in told
    assert "        No account." in told
    assert "Certified: 1 passed, 1 not applicable." in told


def test_a_selection_says_that_it_is_one() -> None:
    told = write_text(a_report(a_case_report(), whole=False))
    assert "Passed, of the chosen cases: 1 passed." in told


def test_money_that_is_left_over_is_told() -> None:
    assert "The account holds 0.37 less than before." in write_text(a_report(left_over_minor=-37))
    assert "The account holds 1.00 more than before." in write_text(a_report(left_over_minor=100))
    assert "could not be compared" in write_text(a_report(left_over_minor=None))


def test_what_a_backend_sends_moves_no_cursor_and_is_cut() -> None:
    evil = an_answer(b"\x1b[2Jgone\x00\xff" + b"x" * 5_000)
    told = write_text(a_report(a_failed_case(steps=(a_step(answer=evil),))))
    assert "\x1b" not in told
    assert "\\x1b[2Jgone\\x00\\xff" in told
    assert "and 3010 bytes more" in told
