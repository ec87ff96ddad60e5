"""Where the database is: an address as settings have it, checked, and as each driver wants it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final
from urllib.parse import quote, urlencode, urlsplit

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

POSTGRESQL_PORT: Final = 5432


class DatabaseKind(StrEnum):
    """The engines that are supported (architecture 5)."""

    SQLITE = "sqlite"
    POSTGRESQL = "postgresql"


class DatabaseUrlError(ValueError):
    """The database address cannot be used. The message says why and shows the right form."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseUrl:
    """A checked database address. Its text form hides a password."""

    kind: DatabaseKind
    url: URL
    path: Path | None = None
    """The file, for SQLite."""

    def __str__(self) -> str:
        """Return the address without its password."""
        return self.url.render_as_string(hide_password=True)

    @property
    def places(self) -> tuple[str, ...]:
        """The servers of a PostgreSQL cluster (``?host=a:1&host=b:2``), each as ``host:port``."""
        if self.url.host:
            port = f":{self.url.port}" if self.url.port else ""
            hosts = self.url.host.split(",")
            return tuple(f"[{host}]{port}" if ":" in host else f"{host}{port}" for host in hosts)
        named = self.url.query.get("host", ())
        return (named,) if isinstance(named, str) else tuple(named)

    def address(self, places: Sequence[str], query: Mapping[str, object]) -> str:
        """Write a PostgreSQL address of these servers as libpq reads it, with its password."""
        account = URL.create(
            "postgresql",
            username=self.url.username,
            password=self.url.password,
            host="place",
            database=self.url.database,
        )
        before, _, after = account.render_as_string(hide_password=False).rpartition("place/")
        # libpq reads %20 as a space, and + as itself.
        asked = f"?{urlencode(query, quote_via=quote)}" if query else ""
        return f"{before}{','.join(places)}/{after}{asked}"


def parse_database_url(text: str) -> DatabaseUrl:
    """Read `sqlite:///path/to/file.db` or `postgresql://user:password@host/name`.

    PostgreSQL may have several hosts (`@one:5432,two:5432/name`), or a socket
    (`postgresql:///name?host=/var/run/postgresql`).
    """
    scheme = text.split("://", 1)[0] if "://" in text else ""
    if scheme == DatabaseKind.SQLITE:
        return _sqlite_url(text)
    if scheme == DatabaseKind.POSTGRESQL:
        return _postgresql_url(text)
    raise DatabaseUrlError(
        "the database address must start with sqlite:/// or postgresql://, for example "
        "sqlite:///var/meganodes.db or postgresql://meganodes@localhost/meganodes"
    )


def _sqlite_url(text: str) -> DatabaseUrl:
    # Three slashes begin a relative path, four an absolute one.
    path_text = text.removeprefix("sqlite:///")
    if path_text == text or path_text in {"", ":memory:"} or "?" in path_text:
        raise DatabaseUrlError(
            "a SQLite address names a file: sqlite:///relative/file.db or sqlite:////absolute/file.db"
        )
    path = Path(path_text)
    return DatabaseUrl(
        kind=DatabaseKind.SQLITE, url=URL.create("sqlite+pysqlite", database=str(path)), path=path
    )


def _postgresql_url(text: str) -> DatabaseUrl:
    example = "postgresql://meganodes@localhost:5432/meganodes"
    url = None
    try:
        url = _with_hosts(text)
        hosts = hosts_of(url)
    except (ArgumentError, ValueError):
        hosts = ()
    if url is None or not hosts or not url.database or urlsplit(text).fragment:
        raise DatabaseUrlError(
            f"a PostgreSQL address names host and database: {example}, several hosts "
            "postgresql://meganodes@one:5432,two:5432/meganodes, or the folder of a socket "
            "postgresql:///meganodes?host=/var/run/postgresql"
        )
    return DatabaseUrl(kind=DatabaseKind.POSTGRESQL, url=url.set(drivername="postgresql+psycopg"))


def _with_hosts(text: str) -> URL:
    """Read an address; several hosts stand as `host=one:1&host=two:2` in what is returned."""
    parts = urlsplit(text)
    account, at, place = parts.netloc.rpartition("@")
    if "," not in place:
        return make_url(text)
    url = make_url(parts._replace(netloc=account + at).geturl())
    if "host" in url.query or not all(place.split(",")):
        raise ValueError("hosts are named twice, or one has no name")
    return url.update_query_pairs(("host", each) for each in place.split(","))


def hosts_of(url: URL) -> tuple[tuple[str, int], ...]:
    """Give the servers of an address, each with its port. Raises ValueError."""
    if url.host:
        return ((url.host, url.port or POSTGRESQL_PORT),)
    named = url.query.get("host", ())
    hosts = named.split(",") if isinstance(named, str) else named
    return tuple(_host(each, url.query.get("port", "")) for each in hosts)


def _host(text: str, port: object) -> tuple[str, int]:
    if text.startswith("/"):  # the folder of a socket
        return text, int(str(port) or POSTGRESQL_PORT)
    parts = urlsplit(f"//{text}")
    if not parts.hostname:
        raise ValueError("a host has no name")
    return parts.hostname, parts.port or POSTGRESQL_PORT


def libpq_arguments(url: DatabaseUrl) -> dict[str, str]:
    """Give what an address says by the names of libpq, its password among it."""
    hosts = hosts_of(url.url)
    given = {
        name: value if isinstance(value, str) else ",".join(value)
        for name, value in url.url.query.items()
        if name not in {"host", "port"}
    }
    account = {
        "user": url.url.username,
        "password": url.url.password,
        "dbname": url.url.database,
    }
    given |= {name: str(value) for name, value in account.items() if value is not None}
    return given | {
        "host": ",".join(host for host, _ in hosts),
        "port": ",".join(str(port) for _, port in hosts),
    }
