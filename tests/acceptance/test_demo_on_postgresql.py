"""The demo's tour with the hub on PostgreSQL, as a stranger starts it."""

from __future__ import annotations

from pathlib import Path

from tests.support.running_demo import a_demo_of_one_tour


def test_the_tour_comes_out_on_postgresql_and_leaves_no_database_behind(tmp_path: Path) -> None:
    status, printed = a_demo_of_one_tour(tmp_path, "--db", "postgresql")
    assert status == 0, printed
    assert "The hub's database is a PostgreSQL of its own" in printed
    assert not list(tmp_path.rglob("hub.db*")), "the hub stood on no file"
