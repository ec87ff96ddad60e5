"""The report as one page that needs nothing else: to hand to somebody, to print, to keep."""

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from html import escape
from itertools import groupby
from typing import Final

from meganodes.certification.case import Step, Verdict
from meganodes.certification.curl import curl_command
from meganodes.certification.flags import capabilities, capability_words
from meganodes.certification.report import CaseReport, Report
from meganodes.certification.reports.page_style import SCRIPT, STYLE
from meganodes.certification.reports.shown import (
    answer_lines,
    left_over_line,
    milliseconds,
    request_lines,
    result_line,
    shown,
)

_WORDS = {
    Verdict.PASSED: "passed",
    Verdict.FAILED: "failed",
    Verdict.NOT_JUDGED: "not judged",
    Verdict.NOT_APPLICABLE: "does not apply",
}
_CODE: Final = re.compile("`([^`\n]+)`")


def write_html(report: Report) -> str:
    """Write the page; whatever the backend has sent stands in it as text."""
    return "\n".join(_page(report)) + "\n"


def _page(report: Report) -> Iterator[str]:
    yield '<!doctype html><html lang="en"><head><meta charset="utf-8">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield f"<title>Certification of {_text(report.url)}</title>"
    yield f"<style>{STYLE}</style></head><body><main>"
    yield "<h1>Callback certification</h1>"
    yield from _summary(report)
    if report.findings:
        yield '<h2 id="findings">Findings</h2>'
        for case in report.findings:
            yield from _finding(case, report.url)
    yield "<h2>All cases</h2>"
    for section, cases in groupby(report.cases, key=lambda case: case.section):
        yield f"<h3>{_text(str(section))}</h3>"
        for case in cases:
            yield from _case(case, report.url)
    yield f"</main><script>{SCRIPT}</script></body></html>"


def _summary(report: Report) -> Iterator[str]:
    verdict = "good" if report.passed else "bad"
    yield f'<p class="result {verdict}">{_text(result_line(report))}</p>'
    started = datetime.fromtimestamp(report.started_ms // 1_000, UTC)
    rows = {
        "Callback URL": report.url,
        "Revision": str(report.revision),
        "Account": report.account,
        "Currency": report.currency,
        "Started": f"{started:%Y-%m-%d %H:%M:%S} UTC",
        "Took": f"{report.duration_seconds:.0f} s",
        "Seed": str(report.seed),
        "Edition of the cases": str(report.edition),
        "Money": left_over_line(report),
    }
    yield "<dl>"
    yield from (f"<dt>{name}</dt><dd>{_text(value)}</dd>" for name, value in rows.items())
    yield "</dl>"
    words = capability_words(capabilities(report))
    if words:
        yield "<h2>What was shown</h2>"
        yield from _list(words)


def _finding(case: CaseReport, url: str) -> Iterator[str]:
    yield f'<article class="finding" id="finding-{case.id}"><h3>{_text(case.title)}</h3>'
    money = ' <b class="money">about money</b>' if case.money else ""
    yield f"<p><code>{case.id}</code>{money}</p>"
    yield from _words_of(case)
    number = case.finding.step if case.finding else None
    if number is not None and 1 <= number <= len(case.steps):
        yield from _step(number, case.steps[number - 1], url)
    yield "</article>"


def _words_of(case: CaseReport) -> Iterator[str]:
    finding = case.finding
    rows = [("Rule", f"{case.rule.words} ({case.rule.source})")]
    if finding is not None:
        rows += [
            ("Expected", finding.expected),
            ("Came", finding.came),
            ("Likely mistake", finding.mistake),
            ("How to mend it", finding.mend),
        ]
    if case.reason:
        rows.append(("Why", case.reason))
    yield "<dl>"
    yield from (f"<dt>{name}</dt><dd>{_text(words)}</dd>" for name, words in rows)
    yield "</dl>"


def _case(case: CaseReport, url: str) -> Iterator[str]:
    verdict = case.verdict
    yield f'<details class="case {verdict.value}"><summary><span>{_WORDS[verdict]}</span> '
    yield f"<code>{case.id}</code> {_text(case.title)}</summary>"
    yield from _words_of(case)
    for number, step in enumerate(case.steps, 1):
        yield from _step(number, step, url)
    yield "</details>"


def _step(number: int, step: Step, url: str) -> Iterator[str]:
    took = milliseconds(step.answer.duration_seconds)
    yield '<section class="step">'
    yield f"<h4>Step {number}: {_text(step.title)} <small>{took}</small></h4>"
    yield f"<p>{_text(step.reading)}</p>"
    if step.notes:
        yield from _list(step.notes)
    yield f"<pre>{_joined(request_lines(step))}</pre>"
    yield f"<pre>{_joined(answer_lines(step.answer))}</pre>"
    yield "<details><summary>As curl</summary>"
    yield f'<pre class="curl">{_text(curl_command(step, url))}</pre>'
    yield '<button type="button" hidden>Copy</button></details></section>'


def _list(words: Iterable[str]) -> Iterator[str]:
    yield "<ul>"
    yield from (f"<li>{_text(word)}</li>" for word in words)
    yield "</ul>"


def _joined(lines: Iterable[str]) -> str:
    return escape("\n".join(lines))


def _text(words: str) -> str:
    return _CODE.sub(r"<code>\1</code>", escape(shown(words)))
