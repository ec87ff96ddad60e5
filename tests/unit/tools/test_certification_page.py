"""The page of cases is what the cases say."""

from __future__ import annotations

from meganodes.certification.cases import CASES
from tools.certification_page import PAGE, page


def test_the_page_is_what_the_cases_say() -> None:
    assert PAGE.read_text() == page(), "run: .venv/bin/python -m tools.certification_page"


def test_every_case_has_its_row() -> None:
    rows = [line for line in page().splitlines() if line.startswith("| `")]
    assert sorted(row.split("`")[1] for row in rows) == sorted(case.id for case in CASES)
