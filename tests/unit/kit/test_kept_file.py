"""A kept file never stops its process: not when it is missing, broken, or cannot be written."""

from __future__ import annotations

import stat
from pathlib import Path

from meganodes.kit.kept_file import read_kept, write_kept


def test_what_is_written_is_read_and_is_its_owners(tmp_path: Path) -> None:
    file = tmp_path / "kept.json"
    assert read_kept(file, tuple[int, ...], ()) == ()
    write_kept(file, (1, 2))
    assert read_kept(file, tuple[int, ...], ()) == (1, 2)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [each.name for each in tmp_path.iterdir()] == ["kept.json"]


def test_a_broken_file_and_a_missing_folder_cost_nothing(tmp_path: Path) -> None:
    file = tmp_path / "kept.json"
    file.write_text("{")
    assert read_kept(file, tuple[int, ...], (7,)) == (7,)
    write_kept(tmp_path / "missing" / "kept.json", (1,))
    assert not (tmp_path / "missing").exists()
