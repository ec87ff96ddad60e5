"""A primary and its synchronous standby, which can be promoted, and get standbys of their own."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import LiteralString

import psycopg

from meganodes.journal import schema
from meganodes.kit.database import DatabaseUrl, parse_database_url
from meganodes.kit.postgres_server import PostgresServer
from tests.support.nodes import ask

DATABASE = "journal"
FOLLOWS = "SELECT pid FROM pg_stat_replication WHERE sync_state IN ('sync', 'quorum')"


class Cluster:
    """Servers of which the first is the primary. Every commit waits for one of the others.

    All of them ever are at two places, so that one address with two hosts finds the primary.
    """

    def __init__(self) -> None:
        """Start a primary with the journal's tables, and a standby of it."""
        self.primary = PostgresServer()
        self.primary.start()
        schema.upgrade(parse_database_url(self.primary.create(DATABASE)))
        self.standby = PostgresServer()
        self._ports = (self.primary.port, self.standby.port)
        self._tell(self.primary, "ALTER SYSTEM SET synchronous_standby_names = 'ANY 1 (*)'")
        self._follow()

    @property
    def url(self) -> DatabaseUrl:
        """Give the address of both."""
        return parse_database_url(self.address)

    @property
    def address(self) -> str:
        """Give the address of both, as a setting has it."""
        one = self.primary.url(DATABASE).replace(
            f"127.0.0.1:{self.primary.port}", ",".join(f"127.0.0.1:{p}" for p in self._ports)
        )
        account, _, rest = one.rpartition("@")
        places, _, database = rest.partition("/")
        hosts = "&".join(f"host={place}" for place in places.split(","))
        return f"{account}@/{database}?{hosts}"

    def promote(self) -> PostgresServer:
        """Make the standby the primary, whatever has become of the old one; give the old one."""
        old, self.primary = self.primary, self.standby
        ask(parse_database_url(self.primary.url("postgres")), "SELECT pg_promote()")
        return old

    def rebuild(self, old: PostgresServer) -> None:
        """Throw an old primary away and make a standby in its place."""
        old.remove()
        self.standby = PostgresServer()
        self.standby.port = old.port
        self._follow()

    def fail_over(self) -> None:
        """Crash the primary and let its standby take over, which gets a standby of its own."""
        self.primary.stop(signal.SIGQUIT)
        self.rebuild(self.promote())

    def remove(self) -> None:
        """End both."""
        for each in (self.primary, self.standby):
            each.remove()

    def _follow(self) -> None:
        self.standby.copy_of(self.primary)
        self.standby.start()
        while not ask(parse_database_url(self.primary.url("postgres")), FOLLOWS):
            pass

    def _tell(self, server: PostgresServer, statement: LiteralString) -> None:
        address = parse_database_url(server.url("postgres"))
        ask(address, statement)
        ask(address, "SELECT pg_reload_conf()")


@asynccontextmanager
async def a_cluster() -> AsyncIterator[Cluster]:
    """Start a cluster, and end whatever servers it has then."""
    cluster = await asyncio.to_thread(Cluster)
    try:
        yield cluster
    finally:
        cluster.remove()


def acknowledges(server: PostgresServer, within_seconds: float) -> bool:
    """Say whether a server tells that a commit on it is done; whoever asks hangs up then."""
    done = threading.Event()

    def write() -> None:
        with suppress(psycopg.Error), psycopg.connect(server.url(DATABASE)) as connection:
            connection.execute("SELECT pg_logical_emit_message(true, 'test', '')")
            connection.commit()
            done.set()

    threading.Thread(target=write, daemon=True).start()
    return done.wait(within_seconds)
