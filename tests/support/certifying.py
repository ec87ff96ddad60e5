"""Backends of a few lines for tests of the certification: they answer what they are told to."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from meganodes.certification.case import Case, Finding, Rule, Section, Step, Verdict
from meganodes.certification.report import CaseReport, Report
from meganodes.certification.seeded import Seeded
from meganodes.certification.sending import Line
from meganodes.certification.target import Target
from meganodes.certification.transport import Answer, NoAnswer, Request
from meganodes.kit.clock import ManualClock
from meganodes.protocol.commands import Command, Revision
from meganodes.protocol.currency import currency

TOKEN: Final = "mnc_certified-callback-token"
ACCOUNT: Final = "anna"
URL: Final = "https://casino.example/callback"
JSON_TYPE: Final = ((b"Content-Type", b"application/json"),)

Reply = Answer | NoAnswer | Mapping[str, object]


def an_answer(body: bytes, *, status: int = 200, seconds: float = 0.01) -> Answer:
    """Give a complete HTTP response."""
    return Answer(status=status, headers=JSON_TYPE, body=body, duration_seconds=seconds)


def ok(**data: object) -> dict[str, object]:
    return {"result": 0, "status": "OK", "data": data}


def no(result: int, **data: object) -> dict[str, object]:
    return {"result": result, "status": "ERROR", "data": data}


@dataclass
class Scripted:
    """A transport that answers by a function of the callback; ``seen`` keeps every request."""

    reply: Callable[[dict[str, Any]], Reply]
    seen: list[Request] = field(default_factory=list)

    async def send(self, request: Request) -> Answer | NoAnswer:
        self.seen.append(request)
        answer = self.reply(json.loads(request.body))
        if isinstance(answer, Mapping):
            return an_answer(json.dumps(answer).encode())
        return answer


def a_target(**fields: Any) -> Target:  # noqa: ANN401 - fields of Target
    usual: dict[str, Any] = {
        "url": URL,
        "callback_token": TOKEN,
        "account": ACCOUNT,
        "currency": currency("EUR"),
    }
    return Target(**{**usual, **fields})


def a_clock() -> ManualClock:
    return ManualClock()


def a_line(reply: Callable[[dict[str, Any]], Reply], **target: Any) -> Line:  # noqa: ANN401
    """Give what all cases of a run send with, to a scripted backend."""
    clock = a_clock()
    return Line(
        target=a_target(**target),
        transport=Scripted(reply),
        clock=clock,
        seeded=Seeded(7, clock.now_ms()),
    )


async def passes(_: object) -> None:
    """Be a case that finds nothing."""


def a_case(name: str, *needs: str, **fields: Any) -> Case:  # noqa: ANN401 - fields of Case
    usual: dict[str, Any] = {
        "id": name,
        "section": Section.BET,
        "title": f"the case {name}",
        "rule": Rule("It is so.", "contract 3.2"),
        "run": passes,
        "needs": needs,
    }
    return Case(**{**usual, **fields})


def a_step(**fields: Any) -> Step:  # noqa: ANN401 - fields of Step
    usual: dict[str, Any] = {
        "title": "bet 0.37",
        "command": Command.BET,
        "request": Request(
            headers=(("Callback-Token", "***"), ("Accept", "application/json")),
            body=b'{"command":"bet"}',
            timeout_seconds=5.0,
        ),
        "answer": an_answer(b'{"result":31}'),
        "started_ms": 1_790_000_000_000,
        "reading": "The reply says result 31.",
    }
    return Step(**{**usual, **fields})


def a_finding(**fields: Any) -> Finding:  # noqa: ANN401 - fields of Finding
    usual: dict[str, Any] = {
        "expected": "Result 0.",
        "came": "Result 31.",
        "mistake": "Cents for units.",
        "mend": "Divide by 100.",
        "step": 1,
    }
    return Finding(**{**usual, **fields})


def a_case_report(name: str = "bet-01-taken", **fields: Any) -> CaseReport:  # noqa: ANN401
    usual: dict[str, Any] = {
        "id": name,
        "section": Section.BET,
        "title": "a bet is taken",
        "rule": Rule("It is so.", "contract 3.2"),
        "money": True,
        "verdict": Verdict.PASSED,
    }
    return CaseReport(**{**usual, **fields})


def a_failed_case(name: str = "bet-01-taken", **fields: Any) -> CaseReport:  # noqa: ANN401
    usual: dict[str, Any] = {"finding": a_finding(), "steps": (a_step(),)}
    return replace(a_case_report(name), verdict=Verdict.FAILED, **{**usual, **fields})


def a_report(*cases: CaseReport, **fields: Any) -> Report:  # noqa: ANN401 - fields of Report
    usual: dict[str, Any] = {
        "url": URL,
        "account": ACCOUNT,
        "revision": Revision.GUID,
        "currency": "EUR",
        "seed": 7,
        "started_ms": 1_790_000_000_000,
        "duration_seconds": 1.5,
        "edition": 1,
        "cases": cases,
        "whole": True,
        "left_over_minor": 0,
    }
    return Report(**{**usual, **fields})
