"""The report for a terminal or a mail: findings in full, the rest in one line each."""

from collections.abc import Iterator
from itertools import groupby

from meganodes.certification.case import Verdict
from meganodes.certification.curl import curl_command
from meganodes.certification.flags import capabilities, capability_words
from meganodes.certification.report import CaseReport, Report
from meganodes.certification.reports.shown import (
    answer_lines,
    left_over_line,
    milliseconds,
    request_lines,
    result_line,
    shown,
    subject_line,
    telling_step,
)

_MARKS = {
    Verdict.PASSED: "ok  ",
    Verdict.FAILED: "FAIL",
    Verdict.NOT_JUDGED: " ?  ",
    Verdict.NOT_APPLICABLE: " -  ",
}


def write_text(report: Report) -> str:
    """Write the whole report."""
    return "\n".join(_lines(report)) + "\n"


def _lines(report: Report) -> Iterator[str]:
    yield f"Certification of {subject_line(report)}"
    for section, cases in groupby(report.cases, key=lambda case: case.section):
        yield ""
        yield str(section)
        for case in cases:
            yield f"  {_MARKS[case.verdict]}  {case.id}  {case.title}"
            if case.reason:
                yield f"        {shown(case.reason)}"
    for case in report.findings:
        yield ""
        yield from finding_lines(case, report.url)
    words = capability_words(capabilities(report))
    if words:
        yield ""
        yield "What was shown"
        yield from (f"  {word}" for word in words)
    yield ""
    yield result_line(report)
    yield left_over_line(report)


def finding_lines(case: CaseReport, url: str) -> Iterator[str]:
    """Write one finding with the step that shows it and the command that repeats it."""
    finding = case.finding
    assert finding is not None, "a case that failed has a finding"
    about = " (about money)" if case.money else ""
    yield f"FAIL {case.id}: {case.title}{about}"
    yield f"  rule      {case.rule.words} ({case.rule.source})"
    yield f"  expected  {shown(finding.expected)}"
    yield f"  came      {shown(finding.came)}"
    yield f"  mistake   {shown(finding.mistake)}"
    yield f"  mend      {shown(finding.mend)}"
    telling = telling_step(case)
    if telling is None:
        return
    number, step = telling
    took = milliseconds(step.answer.duration_seconds)
    yield f"  step {number} of {len(case.steps)}: {shown(step.title)}, {took}"
    yield from (f"    > {line}".rstrip() for line in request_lines(step))
    yield from (f"    < {line}".rstrip() for line in answer_lines(step.answer))
    yield f"  again     {curl_command(step, url)}"
