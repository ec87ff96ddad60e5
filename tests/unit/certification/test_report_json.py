"""A report goes into JSON and comes back as it was, whatever bytes are in it."""

from __future__ import annotations

import json

import pytest

from meganodes.certification.case import Verdict
from meganodes.certification.faulty.honest import HonestBackend
from meganodes.certification.report_json import UnreadableReport, from_json, to_json
from meganodes.certification.transport import Answer, NoAnswer
from tests.support.certifying import a_case_report, a_failed_case, a_report, a_step
from tests.support.practice import agreed, certified

BYTES = bytes(range(256))
STEPS = (
    a_step(),
    a_step(answer=NoAnswer(sentence="Nothing came.", duration_seconds=5.0, sent=False)),
    a_step(
        command=None,
        notes=("one", "two"),
        answer=Answer(status=500, headers=((b"X", BYTES),), body=BYTES, duration_seconds=0.25),
    ),
)


def test_a_report_comes_back_as_it_was() -> None:
    cases = (
        a_failed_case(steps=STEPS),
        a_case_report("other", verdict=Verdict.NOT_JUDGED, reason="It stands on bet-01-taken."),
        a_case_report("third", observed={"duplicates": "41"}, duration_seconds=0.125),
    )
    report = a_report(*cases, left_over_minor=-5, whole=False)
    assert from_json(json.loads(json.dumps(to_json(report)))) == report


def test_a_real_report_is_json_with_its_sums_and_capabilities() -> None:
    report = certified(HonestBackend, agreed())
    document = json.loads(json.dumps(to_json(report)))
    assert document["certified"] is True
    assert document["counts"]["passed"] > 60
    assert document["capabilities"]["duplicates"] == 41
    again = from_json(document)
    assert to_json(again) == document
    assert again.certified


@pytest.mark.parametrize(
    "document", [None, [], {}, {"format": 2}, {"format": 1}, {"format": 1, "cases": 5}]
)
def test_what_is_no_report_is_refused(document: object) -> None:
    with pytest.raises(UnreadableReport):
        from_json(document)
