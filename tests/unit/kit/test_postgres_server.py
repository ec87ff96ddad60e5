"""A PostgreSQL of one's own starts, crashes, is copied, and goes with whoever started it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator

import psycopg
import pytest

from meganodes.kit.postgres_server import PostgresServer

LEFT_ALONE = """
import time
from meganodes.kit.postgres_server import PostgresServer
server = PostgresServer()
server.start()
print(server.folder, (server.data / "postmaster.pid").read_text().split()[0], flush=True)
time.sleep(600)
"""


@pytest.fixture
def server() -> Iterator[PostgresServer]:
    made = PostgresServer()
    yield made
    made.remove()
    assert not made.folder.exists()


def test_what_was_committed_is_there_after_a_crash(server: PostgresServer) -> None:
    server.start()
    url = server.create("kept")
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE marks AS SELECT 7 AS mark")
    server.stop(signal.SIGQUIT)
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(url)
    server.start()
    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT mark FROM marks").fetchall() == [(7,)]


def test_a_standby_follows_and_can_be_promoted(server: PostgresServer) -> None:
    server.start()
    standby = PostgresServer()
    try:
        standby.copy_of(server)
        standby.start()
        with psycopg.connect(standby.url("postgres"), autocommit=True) as connection:
            assert connection.execute("SELECT pg_is_in_recovery()").fetchone() == (True,)
            connection.execute("SELECT pg_promote()")
            assert connection.execute("SELECT pg_is_in_recovery()").fetchone() == (False,)
    finally:
        standby.remove()


def test_a_setting_that_is_none_is_told_with_the_servers_own_words() -> None:
    server = PostgresServer({"shared_buffers": "nonsense"})
    try:
        with pytest.raises(RuntimeError, match='invalid value for parameter "shared_buffers"'):
            server.start()
    finally:
        server.remove()


def test_the_server_ends_with_whoever_started_it() -> None:
    command = [sys.executable, "-c", LEFT_ALONE]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as starter:
        assert starter.stdout is not None
        folder, number = starter.stdout.readline().split()
        starter.kill()
    deadline = time.monotonic() + 60
    while _is_alive(int(number)):
        assert time.monotonic() < deadline, "the server goes on"
        time.sleep(0.05)
    subprocess.run(["rm", "-r", folder], check=True)


def _is_alive(number: int) -> bool:
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    return True
