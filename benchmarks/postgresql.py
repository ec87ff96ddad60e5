"""A PostgreSQL for the hub under test: the one of tests and the demo, with durable commits."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from benchmarks.processes import BenchmarkFault
from meganodes.kit.postgres_server import PostgresMissing, PostgresServer, postgres_binaries


@dataclass(frozen=True, slots=True, kw_only=True)
class Database:
    """An empty database, and the server's first process: all others are its children."""

    url: str
    pid: int


@contextmanager
def own_postgresql() -> Iterator[Database]:
    """Run a server in a throw-away folder until the block ends. Raises BenchmarkFault."""
    try:
        server = PostgresServer()
    except PostgresMissing as fault:
        raise BenchmarkFault(f"{fault}, or measure with --no-postgresql") from fault
    try:
        server.start()
        yield Database(url=server.create("bench"), pid=server.pid)
    finally:
        server.remove()


def server_version() -> str:
    """Name the version of the server that is used."""
    said = subprocess.run(
        [postgres_binaries() / "postgres", "--version"], capture_output=True, text=True, check=True
    )
    return said.stdout.split()[2]
