"""What a run has shown about a backend, as the hub stores it."""

from __future__ import annotations

from dataclasses import fields

import pytest

from meganodes.certification import flags
from meganodes.certification.case import Verdict
from meganodes.certification.cases import CASES
from meganodes.certification.faulty.honest import HonestBackend
from meganodes.certification.flags import Capabilities, capabilities, capability_words
from meganodes.protocol.codes import ResultCode
from meganodes.protocol.commands import Revision
from tests.support.certifying import a_case_report, a_report
from tests.support.practice import agreed, certified

WITHOUT_A_SECRET = "verifies_signatures"


@pytest.mark.parametrize("revision", list(Revision))
@pytest.mark.parametrize("duplicates", [ResultCode.DUPLICATE, ResultCode.OK])
def test_a_right_backend_can_do_everything(revision: Revision, duplicates: ResultCode) -> None:
    shown = capabilities(certified(HonestBackend, agreed(revision, duplicates))).as_json()
    assert shown.pop("duplicates") == int(duplicates)
    assert shown.pop(WITHOUT_A_SECRET) is None
    assert shown.pop("pays_locked_wins") in {True, False}
    assert isinstance(shown.pop("p99_ms"), int)
    assert set(shown.values()) == {True}


def test_nothing_is_shown_by_a_run_of_nothing() -> None:
    assert capabilities(a_report()) == Capabilities()
    assert capability_words(Capabilities()) == []


@pytest.mark.parametrize(
    ("verdicts", "flag"),
    [
        ((Verdict.PASSED, Verdict.PASSED), True),
        ((Verdict.PASSED, Verdict.NOT_APPLICABLE), True),
        ((Verdict.PASSED, Verdict.FAILED), False),
        ((Verdict.NOT_JUDGED, Verdict.FAILED), False),
        ((Verdict.PASSED, Verdict.NOT_JUDGED), None),
        ((Verdict.NOT_APPLICABLE, Verdict.NOT_APPLICABLE), None),
    ],
)
def test_a_flag_is_what_all_its_cases_say(
    verdicts: tuple[Verdict, Verdict], flag: bool | None
) -> None:
    names = ("bet-03-zero", "win-04-zero")
    cases = [a_case_report(name, verdict=one) for name, one in zip(names, verdicts, strict=True)]
    assert capabilities(a_report(*cases)).takes_zero is flag


def test_a_case_that_was_not_run_leaves_its_flag_open() -> None:
    assert capabilities(a_report(a_case_report("bet-03-zero"))).takes_zero is None


def test_every_flag_stands_on_cases_that_exist() -> None:
    names = {case.id for case in CASES}
    for flag, cases in flags._SHOWN_BY.items():
        assert set(cases) <= names, flag
    assert set(flags._SHOWN_BY) <= {flag.name for flag in fields(Capabilities)}


def test_every_flag_has_its_words() -> None:
    named = {flag.name for flag in fields(Capabilities)} - {"duplicates", "p99_ms"}
    assert set(flags._WORDS) == named
    words = capability_words(Capabilities(duplicates=41, tombstones=False, p99_ms=12))
    assert words == [
        "answers repeats with 41",
        "a bet after its cancel is booked",
        "99 of 100 replies came within 12 ms",
    ]
