"""A report as JSON and back, so that it can be kept, compared and shown elsewhere."""

from base64 import b64decode, b64encode
from collections.abc import Mapping
from typing import Any, Final

from meganodes.certification.case import Finding, Rule, Section, Step, Verdict
from meganodes.certification.flags import capabilities
from meganodes.certification.report import CaseReport, Report
from meganodes.certification.transport import Answer, NoAnswer, Request
from meganodes.protocol.commands import Command, Revision

FORMAT: Final = 1
"""Of the document. A reader refuses another."""

_Json = dict[str, Any]


class UnreadableReport(ValueError):
    """The JSON is no report of this format; the text is a sentence."""


def to_json(report: Report) -> _Json:
    """Give a report as objects that `json.dumps` takes; no amount is in it but as text of bytes."""
    return {
        "format": FORMAT,
        "edition": report.edition,
        "url": report.url,
        "account": report.account,
        "revision": report.revision.value,
        "currency": report.currency,
        "seed": report.seed,
        "started_ms": report.started_ms,
        "duration_ms": _ms(report.duration_seconds),
        "whole": report.whole,
        "certified": report.certified,
        "left_over_minor": report.left_over_minor,
        "counts": {verdict.value: count for verdict, count in report.counts().items()},
        "capabilities": capabilities(report).as_json(),
        "cases": [_case_json(case) for case in report.cases],
    }


def from_json(document: object) -> Report:
    """Read a report; raises `UnreadableReport` when it is none."""
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise UnreadableReport(f"This is no report of a certification, format {FORMAT}.")
    try:
        return _report(document)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise UnreadableReport(f"The report cannot be read: {error!r}.") from None


def _report(document: _Json) -> Report:
    return Report(
        url=document["url"],
        account=document["account"],
        revision=Revision(document["revision"]),
        currency=document["currency"],
        seed=document["seed"],
        started_ms=document["started_ms"],
        duration_seconds=document["duration_ms"] / 1_000,
        edition=document["edition"],
        cases=tuple(_case(case) for case in document["cases"]),
        whole=document["whole"],
        left_over_minor=document["left_over_minor"],
    )


def _case_json(case: CaseReport) -> _Json:
    finding = case.finding
    return {
        "id": case.id,
        "section": case.section.value,
        "title": case.title,
        "rule": case.rule.words,
        "source": case.rule.source,
        "money": case.money,
        "verdict": case.verdict.value,
        "reason": case.reason,
        "finding": None
        if finding is None
        else {
            "expected": finding.expected,
            "came": finding.came,
            "mistake": finding.mistake,
            "mend": finding.mend,
            "step": finding.step,
        },
        "observed": dict(case.observed),
        "duration_ms": _ms(case.duration_seconds),
        "steps": [_step_json(step) for step in case.steps],
    }


def _case(document: _Json) -> CaseReport:
    finding = document["finding"]
    return CaseReport(
        id=document["id"],
        section=Section(document["section"]),
        title=document["title"],
        rule=Rule(document["rule"], document["source"]),
        money=document["money"],
        verdict=Verdict(document["verdict"]),
        reason=document["reason"],
        finding=None if finding is None else Finding(**finding),
        steps=tuple(_step(step) for step in document["steps"]),
        observed=dict(document["observed"]),
        duration_seconds=document["duration_ms"] / 1_000,
    )


def _step_json(step: Step) -> _Json:
    return {
        "title": step.title,
        "command": step.command and step.command.value,
        "started_ms": step.started_ms,
        "request": {
            "headers": [list(header) for header in step.request.headers],
            "body": _bytes_json(step.request.body),
            "new_connection": step.request.new_connection,
            "timeout_ms": _ms(step.request.timeout_seconds),
        },
        "answer": _answer_json(step.answer),
        "reading": step.reading,
        "notes": list(step.notes),
    }


def _step(document: _Json) -> Step:
    request = document["request"]
    return Step(
        title=document["title"],
        command=document["command"] and Command(document["command"]),
        request=Request(
            headers=tuple((name, value) for name, value in request["headers"]),
            body=_bytes(request["body"]),
            timeout_seconds=request["timeout_ms"] / 1_000,
            new_connection=request["new_connection"],
        ),
        answer=_answer(document["answer"]),
        started_ms=document["started_ms"],
        reading=document["reading"],
        notes=tuple(document["notes"]),
    )


def _answer_json(answer: Answer | NoAnswer) -> _Json:
    took = {"duration_ms": _ms(answer.duration_seconds)}
    if isinstance(answer, NoAnswer):
        return {"sentence": answer.sentence, "sent": answer.sent, **took}
    return {
        "status": answer.status,
        "headers": [[_bytes_json(name), _bytes_json(value)] for name, value in answer.headers],
        "body": _bytes_json(answer.body),
        "reused_connection": answer.reused_connection,
        **took,
    }


def _answer(document: _Json) -> Answer | NoAnswer:
    seconds = document["duration_ms"] / 1_000
    if "sentence" in document:
        sentence, sent = document["sentence"], document["sent"]
        return NoAnswer(sentence=sentence, duration_seconds=seconds, sent=sent)
    return Answer(
        status=document["status"],
        headers=tuple((_bytes(name), _bytes(value)) for name, value in document["headers"]),
        body=_bytes(document["body"]),
        duration_seconds=seconds,
        reused_connection=document["reused_connection"],
    )


def _bytes_json(body: bytes) -> str | Mapping[str, str]:
    """Give bytes as text where they are UTF-8, else in base64."""
    try:
        return body.decode()
    except UnicodeDecodeError:
        return {"base64": b64encode(body).decode()}


def _bytes(document: str | Mapping[str, str]) -> bytes:
    return document.encode() if isinstance(document, str) else b64decode(document["base64"])


def _ms(seconds: float) -> int:
    return round(seconds * 1_000)
