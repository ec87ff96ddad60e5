"""All checks run, also after one has failed, and the exit code says whether one did."""

from pathlib import Path

import pytest

from tools.check import STEPS, Step, main

GOOD = Step("good", ("python", "-c", "print('quiet')"), "none needed")
BAD = Step("bad", ("python", "-c", "print('what is wrong'); raise SystemExit(1)"), "do this")


def test_passing_checks_keep_quiet(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main((GOOD,), tmp_path) == 0
    printed = capsys.readouterr().out
    assert "quiet" not in printed
    assert "all passed" in printed


def test_failing_check_is_shown_with_its_cure_and_the_rest_runs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main((BAD, GOOD), tmp_path) == 1
    printed = capsys.readouterr()
    assert "what is wrong" in printed.out
    assert "do this" in printed.out
    assert "ok      good" in printed.out
    assert printed.err == "make check: bad failed.\n"


def test_every_kind_of_check_is_there() -> None:
    programs = [step.command[0] for step in STEPS]
    assert programs == ["ruff", "ruff", "mypy", "lint-imports", "python"]
