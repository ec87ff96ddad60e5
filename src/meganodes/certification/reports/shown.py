"""Bytes and words of strangers as text that cannot disturb a terminal, a page or an XML file."""

from typing import Final

from meganodes.certification.case import Step
from meganodes.certification.report import CaseReport, Report
from meganodes.certification.transport import Answer, NoAnswer
from meganodes.protocol.currency import currency
from meganodes.protocol.money import format_amount

BODY_SHOWN_MAX: Final = 2_000


def shown(text: str) -> str:
    """Write control characters as escapes, line ends and tabs excepted."""
    return "".join(
        letter if letter.isprintable() or letter in "\n\t" else _escape(letter) for letter in text
    )


def _escape(letter: str) -> str:
    return letter.encode("unicode_escape", "backslashreplace").decode("ascii")


def shown_bytes(body: bytes) -> str:
    """Write bytes as text; what is no UTF-8 is escaped and what is long is cut."""
    text = shown(body[:BODY_SHOWN_MAX].decode("utf-8", "backslashreplace"))
    rest = len(body) - BODY_SHOWN_MAX
    return f"{text} ... and {rest} bytes more" if rest > 0 else text


def request_lines(step: Step) -> list[str]:
    """Give the request as it went out, headers and body."""
    lines = [f"{name}: {value}" for name, value in step.request.headers]
    return ["POST", *map(shown, lines), "", shown_bytes(step.request.body)]


def answer_lines(answer: Answer | NoAnswer) -> list[str]:
    """Give what came, status, headers and body."""
    if isinstance(answer, NoAnswer):
        return [shown(answer.sentence)]
    headers = [f"{shown_bytes(name)}: {shown_bytes(value)}" for name, value in answer.headers]
    return [f"HTTP status {answer.status}", *headers, "", shown_bytes(answer.body)]


def milliseconds(seconds: float) -> str:
    """Write how long something took."""
    return f"{round(seconds * 1_000)} ms"


def result_line(report: Report) -> str:
    """Say in one line what came of a run."""
    counts = report.counts()
    told = ", ".join(
        f"{count} {verdict.value.replace('_', ' ')}" for verdict, count in counts.items() if count
    )
    if report.certified:
        return f"Certified: {told}."
    if report.passed:
        return f"Passed, of the chosen cases: {told}."
    money = len(report.money_findings)
    about = f"; {money} of the findings {'is' if money == 1 else 'are'} about money" * bool(money)
    return f"Not certified: {told}{about}."


def left_over_line(report: Report) -> str:
    """Say what the account holds now more or less than before."""
    left = report.left_over_minor
    if left is None:
        return "What the account holds could not be compared."
    if left == 0:
        return "The account holds what it held before."
    amount = format_amount(abs(left), currency(report.currency).exponent)
    return f"The account holds {amount} {'more' if left > 0 else 'less'} than before."


def subject_line(report: Report) -> str:
    """Say what was certified."""
    return (
        f"{shown(report.url)}, revision {report.revision}, account {shown(report.account)}, "
        f"{report.currency}, seed {report.seed}"
    )


def telling_step(case: CaseReport) -> tuple[int, Step] | None:
    """Give the step that shows the finding, with its number."""
    number = None if case.finding is None else case.finding.step
    if number is None or not 1 <= number <= len(case.steps):
        return None
    return number, case.steps[number - 1]
