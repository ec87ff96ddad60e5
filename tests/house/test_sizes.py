"""Small files and small functions: what fits on a screen can be reviewed."""

import ast
from pathlib import Path

import pytest

from tests.house.tree import ROOT, SOURCE, files, functions, listed, named, text, tree

FILE_LINES_MAX = 400
TEST_FILE_LINES_MAX = 500
FUNCTION_LINES_MAX = 60
FILE_LINES_MOST = 300
FUNCTION_LINES_MOST = 35


def long_files(paths: list[Path], lines_max: int) -> list[str]:
    return [
        f"{named(path)} has {lines} lines, at most {lines_max}: split it along its nouns"
        for path in paths
        if (lines := len(text(path).splitlines())) > lines_max
    ]


def long_functions(module: ast.Module, name: str, lines_max: int) -> list[str]:
    return [
        f"{name}:{function.lineno} {function.name} has {length} lines, at most {lines_max}: "
        "give its steps names of their own"
        for function in functions(module)
        if (length := function_length(function)) > lines_max
    ]


def function_length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return (function.end_lineno or function.lineno) - function.lineno + 1


def percentile_95(values: list[int]) -> int:
    return sorted(values)[int(len(values) * 0.95)] if values else 0


def test_no_source_file_is_long() -> None:
    faults = long_files([*files(SOURCE), *files(ROOT / "tools")], FILE_LINES_MAX)
    assert not faults, listed(faults)


def test_no_test_file_is_long() -> None:
    faults = long_files(files(ROOT / "tests"), TEST_FILE_LINES_MAX)
    assert not faults, listed(faults)


def test_no_function_is_long() -> None:
    faults = []
    for folder in (SOURCE, ROOT / "tools", ROOT / "tests"):
        for path in files(folder):
            faults += long_functions(tree(path), named(path), FUNCTION_LINES_MAX)
    assert not faults, listed(faults)


def test_most_functions_and_files_fit_a_screen() -> None:
    lengths = [
        function_length(function) for path in files(SOURCE) for function in functions(tree(path))
    ]
    assert percentile_95(lengths) <= FUNCTION_LINES_MOST
    assert percentile_95([len(text(path).splitlines()) for path in files(SOURCE)]) <= (
        FILE_LINES_MOST
    )


def test_checker_finds_a_long_file(tmp_path: Path) -> None:
    planted = tmp_path / "long.py"
    planted.write_text("x = 1\n" * 401)
    assert len(long_files([planted], 400)) == 1
    assert long_files([planted], 401) == []


@pytest.mark.parametrize(("body_lines", "faults"), [(59, 0), (60, 1)])
def test_checker_counts_the_lines_of_a_function(body_lines: int, faults: int) -> None:
    planted = ast.parse("async def long():\n" + "    pass\n" * body_lines)
    assert len(long_functions(planted, "planted.py", 60)) == faults


def test_percentile_ignores_the_longest_twentieth() -> None:
    assert percentile_95([10] * 96 + [99] * 4) == 10
    assert percentile_95([10] * 90 + [99] * 10) == 99
