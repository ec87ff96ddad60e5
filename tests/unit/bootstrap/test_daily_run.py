"""What a restart knows of days that were compared, and what it makes of a file it cannot read."""

from __future__ import annotations

from pathlib import Path

from meganodes.domain.reconciliation import DayResult
from meganodes.kit.kept_file import read_kept, write_kept
from tests.support.shown_metrics import a_day


def test_results_come_back_the_same(tmp_path: Path) -> None:
    results = (a_day(), a_day(agent_id=2, differences=0))
    file = tmp_path / "hub.db.reconciled.json"
    assert read_kept(file, tuple[DayResult, ...], ()) == ()
    write_kept(file, results)
    assert read_kept(file, tuple[DayResult, ...], ()) == results
    assert file.stat().st_mode & 0o777 == 0o600
    assert [each.name for each in tmp_path.iterdir()] == [file.name]


def test_a_torn_file_means_that_all_is_compared_anew(tmp_path: Path) -> None:
    file = tmp_path / "hub.db.reconciled.json"
    file.write_bytes(b'[{"agent_id":1')
    assert read_kept(file, tuple[DayResult, ...], ()) == ()


def test_a_folder_that_cannot_be_written_stops_nothing(tmp_path: Path) -> None:
    write_kept(tmp_path / "missing" / "file.json", (a_day(),))
    assert list(tmp_path.iterdir()) == []
