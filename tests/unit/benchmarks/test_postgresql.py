"""The database server of a run: its CPU is read, and it is gone afterwards whatever happens."""

from pathlib import Path

import psycopg
import pytest

from benchmarks.postgresql import own_postgresql, server_version
from benchmarks.processes import cpu_seconds_of_tree, pids_of_tree


def test_the_servers_work_is_found_under_its_first_process() -> None:
    pids: list[int] = []

    def work_and_fail() -> None:
        with own_postgresql() as database:
            pids.append(database.pid)
            with psycopg.connect(database.url) as connection:
                before = cpu_seconds_of_tree(database.pid)
                ((worker, version),) = connection.execute(
                    "SELECT pg_backend_pid(), current_setting('server_version')"
                ).fetchall()
                connection.execute("SELECT sum(n) FROM generate_series(1, 1000000) AS n")
                assert cpu_seconds_of_tree(database.pid) > before
                assert worker in pids_of_tree(database.pid)
            assert version == server_version()
            raise KeyError

    with pytest.raises(KeyError):
        work_and_fail()
    assert not Path(f"/proc/{pids[0]}").exists()
