"""The table that people see and the files that are kept."""

import json
from dataclasses import replace
from pathlib import Path

from rich.console import Console

from benchmarks.figures import AddedTime, Cost, Figures, Round
from benchmarks.report import COLUMNS, Run, markdown, record, rows, table

COST = Cost(
    connections=64,
    proxy_us=20.04,
    hub_us=85.5,
    ratio=4.27,
    ratio_least=4.1,
    ratio_most=4.6,
    proxy_per_second=41_000,
    hub_per_second=9_876.5,
    hub_p50_us=6_400,
    hub_p99_us=12_345,
)
ROUND = Round(
    program="hub",
    connections=64,
    requests=10,
    seconds=1,
    cpu_seconds=0.5,
    p50_us=1,
    p99_us=2,
)
RUN = Run(
    date="2026-01-31",
    commit="abc1234",
    machine={"cores": "2"},
    versions={"Python": "3.11.7"},
    rounds=[ROUND],
    figures=Figures(costs=(COST,), added=AddedTime(connections=64, p50_ms=2.44, p99_ms=11)),
)


def test_rows_say_what_was_measured_and_what_is_allowed() -> None:
    assert rows(RUN.figures) == [
        ("CPU per bet, N=64", "20.0 us", "85.5 us", "4.3x", "4.1-4.6", "4x", "6x"),
        ("per second, N=64", "41,000", "9,876", "", "", "", ""),
        ("bet p50, N=64", "", "6.4 ms", "", "", "", ""),
        ("bet p99, N=64", "", "12.3 ms", "", "", "", ""),
        ("adds to 20 ms, p50", "", "2.4 ms", "", "", "3 ms", "6 ms"),
        ("adds to 20 ms, p99", "", "11.0 ms", "", "", "12 ms", "30 ms"),
    ]


def test_postgresql_stands_below_with_its_server_in_a_line_of_its_own() -> None:
    other = replace(COST, hub_us=120, ratio=6, database_us=61.25)
    shown = rows(replace(RUN.figures, on_postgresql=(other,)))
    assert shown[1:3] == [
        ("the same on PostgreSQL, N=64", "", "120.0 us", "6.0x", "4.1-4.6", "", ""),
        ("its database server, N=64", "", "61.2 us", "", "", "", ""),
    ]
    assert [each for each in shown if each not in rows(RUN.figures)] == [
        *shown[1:3],
        ("per second, N=64 on PostgreSQL", "41,000", "9,876", "", "", "", ""),
        ("bet p50, N=64 on PostgreSQL", "", "6.4 ms", "", "", "", ""),
        ("bet p99, N=64 on PostgreSQL", "", "12.3 ms", "", "", "", ""),
    ]


def test_table_shows_every_row_with_machine_and_versions() -> None:
    console = Console(width=200)
    with console.capture() as captured:
        console.print(table(RUN))
    shown = captured.get()
    for words in ("85.5 us", "4.3x", "2.4 ms", "commit abc1234", "cores 2", "Python 3.11.7"):
        assert words in shown


def test_page_has_as_many_cells_in_every_row() -> None:
    page = markdown(RUN)
    lines = [line for line in page.splitlines() if line.startswith("|")]
    assert {line.count("|") for line in lines} == {len(COLUMNS) + 1}
    assert page.startswith("# 2026-01-31, commit abc1234\n")
    assert "* Versions: Python 3.11.7" in page


def test_both_files_are_kept_under_date_and_commit(tmp_path: Path) -> None:
    record(RUN, tmp_path / "results")
    kept = json.loads((tmp_path / "results/2026-01-31-abc1234.json").read_text())
    assert kept["figures"]["costs"][0]["ratio"] == 4.27
    assert kept["rounds"][0]["cpu_seconds"] == 0.5
    assert (tmp_path / "results/2026-01-31-abc1234.md").read_text() == markdown(RUN)
