"""What is recorded of a measurement of coverage."""

from __future__ import annotations

from pathlib import Path

from tools.measure_coverage import PIECES, ROOT, SLOWED, figures

REPORT = {
    "totals": {
        "num_statements": 10,
        "num_branches": 4,
        "missing_lines": 1,
        "missing_branches": 1,
        "percent_covered": 85.7142,
    },
    "files": {
        "b.py": {"missing_lines": [], "missing_branches": [[3, -1]]},
        "a.py": {"missing_lines": [7], "missing_branches": []},
        "c.py": {"missing_lines": [], "missing_branches": []},
    },
}


def test_the_sums_and_what_is_missing_are_recorded() -> None:
    found = figures(REPORT)
    assert (found["statements"], found["branches"], found["percent"]) == (10, 4, 85.71)
    assert found["missing"] == {"a.py": [7], "b.py": [[3, -1]]}


def test_every_piece_and_every_test_left_out_exists() -> None:
    assert all((ROOT / folder).is_dir() for piece in PIECES for folder in piece)
    for test in SLOWED:
        file, _, name = test.partition("::")
        assert f"def {name}(" in Path(ROOT, file).read_text()
