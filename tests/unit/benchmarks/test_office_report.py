"""What a run over the Back Office says, and which pages it calls too slow."""

import json
from pathlib import Path

from rich.console import Console

from benchmarks.office_journal import Size
from benchmarks.office_report import LIMIT_MS, OfficeRun, Timing, record, share, table, too_slow


def a_timing(page: str, *warm_ms: float, first_ms: float = 900.0) -> Timing:
    return Timing(
        page=page,
        query="",
        who="admin",
        status=200,
        size=2_048,
        first_ms=first_ms,
        warm_ms=warm_ms,
        cpu_ms=tuple(each / 2 for each in warm_ms),
    )


QUICK = a_timing("/agents", *([10.0] * 19), LIMIT_MS + 1.0)
AT_THE_LIMIT = a_timing("/staff", *([float(LIMIT_MS)] * 20))
SLOW = a_timing("/a/{agent_id}/dashboard", *([20.0] * 18), LIMIT_MS + 0.5, LIMIT_MS + 0.5)
RUN = OfficeRun(
    date="2026-11-29",
    commit="abc1234",
    machine={"cores": "2"},
    versions={"Python": "3.11.7"},
    size=Size(),
    visits=20,
    note="A noisy afternoon.",
    timings=(QUICK, AT_THE_LIMIT, SLOW),
)


def test_a_share_is_the_value_that_so_many_do_not_exceed() -> None:
    assert share([4, 1, 3, 2], 50) == 2
    assert share(range(1, 21), 95) == 19
    assert share([7], 95) == 7


def test_a_page_is_too_slow_above_the_limit_and_not_for_one_visit_in_twenty() -> None:
    assert too_slow(RUN) == (SLOW,)


def test_a_record_is_read_by_people_and_by_programs(tmp_path: Path) -> None:
    page = record(RUN, tmp_path)
    text = page.read_text()
    assert page.name == "2026-11-29-abc1234-office.md"
    assert "is kept by 2 of 3" in text
    assert "processor, at p50, by 3 of 3." in text
    assert "A noisy afternoon." in text
    assert "| /a/`{agent_id}`/dashboard | admin | 900.0 | 20.0 | 150.5 | 10.0 | 2 |" in text
    found = json.loads(page.with_suffix(".json").read_text())
    assert [len(each["warm_ms"]) for each in found["timings"]] == [20, 20, 20]
    assert found["timings"][1]["cpu_ms"] == [LIMIT_MS / 2] * 20


def test_the_table_shows_the_slowest_first() -> None:
    console = Console(width=120, record=True)
    console.print(table(RUN))
    text = console.export_text()
    assert text.index("dashboard") < text.index("/staff") < text.index("/agents")
