"""A report's sums: when a backend is certified, and which findings are about money."""

from __future__ import annotations

import pytest

from meganodes.certification.case import Verdict
from tests.support.certifying import a_case_report, a_failed_case, a_report


def test_a_whole_run_that_passed_certifies() -> None:
    rest = a_case_report("cancel-11-of-a-win", verdict=Verdict.NOT_APPLICABLE)
    report = a_report(a_case_report(), rest)
    assert report.passed
    assert report.certified


def test_a_selection_certifies_nothing() -> None:
    report = a_report(a_case_report(), whole=False)
    assert report.passed
    assert not report.certified


@pytest.mark.parametrize("verdict", [Verdict.FAILED, Verdict.NOT_JUDGED])
def test_one_case_that_failed_or_is_open_is_enough(verdict: Verdict) -> None:
    assert not a_report(a_case_report(), a_case_report("other", verdict=verdict)).passed


def test_a_run_that_judged_nothing_has_not_passed() -> None:
    assert not a_report().passed
    assert not a_report(a_case_report(verdict=Verdict.NOT_APPLICABLE)).passed


def test_findings_about_money_are_told_apart() -> None:
    money, other = a_failed_case("a", money=True), a_failed_case("b", money=False)
    report = a_report(money, other, a_case_report("c"))
    assert report.findings == (money, other)
    assert report.money_findings == (money,)
    assert report.counts() == {
        Verdict.PASSED: 1,
        Verdict.FAILED: 2,
        Verdict.NOT_JUDGED: 0,
        Verdict.NOT_APPLICABLE: 0,
    }
