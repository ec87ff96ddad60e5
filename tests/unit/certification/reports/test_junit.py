"""The report for build servers, as their own readers read it."""

from __future__ import annotations

from junitparser import Failure, JUnitXml, Skipped

from meganodes.certification.case import Section, Verdict
from meganodes.certification.reports.junit import write_junit
from tests.support.certifying import a_case_report, a_failed_case, a_finding, a_report


def test_a_build_server_reads_what_came_of_each_case() -> None:
    cases = (
        a_case_report("token-01-wrong", section=Section.TOKEN, duration_seconds=0.25),
        a_failed_case(),
        a_case_report("bet-02", verdict=Verdict.NOT_JUDGED, reason="It stands on bet-01-taken."),
        a_case_report("bet-08", verdict=Verdict.NOT_APPLICABLE, reason="No account."),
    )
    read = JUnitXml.fromstring(write_junit(a_report(*cases)).encode())
    suites = list(read)
    assert [suite.name for suite in suites] == ["token", "bet"]
    assert [(suite.tests, suite.failures, suite.skipped) for suite in suites] == [
        (1, 0, 0),
        (3, 1, 2),
    ]
    (passed,), (failed, unjudged, unfit) = (list(suite) for suite in suites)
    assert (passed.name, passed.result) == ("token-01-wrong: a bet is taken", [])
    (failure,) = failed.result
    assert isinstance(failure, Failure)
    assert (failure.message, failure.type) == ("Result 31.", "money")
    assert "mend      Divide by 100." in failure.text
    for case, reason in ((unjudged, "It stands on bet-01-taken."), (unfit, "No account.")):
        (skipped,) = case.result
        assert isinstance(skipped, Skipped)
        assert skipped.message == reason


def test_what_a_backend_sends_cannot_break_the_xml() -> None:
    evil = a_finding(came='\x00\x08]]><failure/>&"\ufffe')
    read = JUnitXml.fromstring(write_junit(a_report(a_failed_case(finding=evil))).encode())
    assert (read.tests, read.failures) == (1, 1)
