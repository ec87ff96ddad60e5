"""Certification blames each faulty backend for what its mistake breaks, and for nothing else.

Backends and cases run in one process, on a loop in which waiting takes no time.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import pytest

from meganodes.certification.case import Verdict
from meganodes.certification.cases import CASES
from meganodes.certification.faulty.catalogue import FAULTY_BACKENDS, mistake, sentence
from meganodes.certification.faulty.honest import HonestBackend
from meganodes.protocol.codes import ResultCode
from meganodes.protocol.commands import Revision
from tests.support.effort import effort
from tests.support.practice import agreed, certified, words_of

LEAST_MISTAKES = 30
# Cases that no backend of the catalogue fails, and why there is none.
WITHOUT_A_MISTAKE = {
    "transport-05-own-reply": "whoever mixes replies up for sure fails authenticate-02 before",
    "transport-06-new-connection": "connections are numbers here; none can be refused",
    "token-09-signature": "no signing secret is agreed with these backends",
    "token-10-old-signature": "no signing secret is agreed with these backends",
    "amounts-05-sums": "floats that add up go wrong with some amounts and not with others",
}
SEEDS = tuple(range(1, effort(1, 3) + 1))
SEEDS_OF_FAULTS = tuple(range(1, effort(1, 3) + 1))

pytestmark = pytest.mark.thorough


@cache
def _told(name: str, seed: int) -> Mapping[str, str]:
    """Certify once for both questions: what fails, and with which words."""
    backend = next(each for each in FAULTY_BACKENDS if mistake(each).id == name)
    return words_of(certified(backend, agreed(mistake(backend).revision), seed=seed))


def _name(backend: type[HonestBackend]) -> str:
    return mistake(backend).id


@pytest.mark.parametrize("seed", SEEDS_OF_FAULTS)
@pytest.mark.parametrize("backend", FAULTY_BACKENDS, ids=_name)
def test_a_mistake_fails_its_cases_and_no_others(backend: type[HonestBackend], seed: int) -> None:
    made = mistake(backend)
    told = _told(made.id, seed)
    assert set(told) == made.fails, f"{sentence(backend)} {told}"


@pytest.mark.parametrize("backend", FAULTY_BACKENDS, ids=_name)
def test_the_words_of_a_verdict_name_the_mistake(backend: type[HonestBackend]) -> None:
    made = mistake(backend)
    told = _told(made.id, SEEDS_OF_FAULTS[0])
    assert any(made.says.lower() in words.lower() for words in told.values()), told


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("code", ["EUR", "JPY", "BTC"])
@pytest.mark.parametrize("duplicates", [ResultCode.DUPLICATE, ResultCode.OK])
@pytest.mark.parametrize("revision", list(Revision))
def test_a_right_backend_has_no_finding(
    revision: Revision, duplicates: ResultCode, code: str, seed: int
) -> None:
    report = certified(HonestBackend, agreed(revision, duplicates, code), seed=seed, code=code)
    assert words_of(report) == {}
    assert report.certified, [case for case in report.cases if case.reason]
    assert report.left_over_minor == 0


def test_the_same_seed_sends_the_same_bytes() -> None:
    first, again = (certified(HonestBackend, agreed(), seed=7) for _ in range(2))
    assert first == again
    assert first.cases != certified(HonestBackend, agreed(), seed=8).cases


def test_every_case_is_failed_by_some_mistake() -> None:
    failed = {name for backend in FAULTY_BACKENDS for name in mistake(backend).fails}
    assert {case.id for case in CASES} - failed == set(WITHOUT_A_MISTAKE)


def test_there_are_enough_mistakes_and_each_has_its_name_and_sentence() -> None:
    names = [_name(backend) for backend in FAULTY_BACKENDS]
    assert len(set(names)) == len(names) >= LEAST_MISTAKES
    assert all(sentence(backend).endswith(".") for backend in FAULTY_BACKENDS)
    assert all(mistake(backend).fails and mistake(backend).says for backend in FAULTY_BACKENDS)


def test_what_stands_on_a_failed_case_is_not_judged() -> None:
    redirect = next(backend for backend in FAULTY_BACKENDS if _name(backend) == "redirect")
    report = certified(redirect, agreed())
    assert not report.passed
    assert Verdict.PASSED not in {case.verdict for case in report.cases if case.money}
