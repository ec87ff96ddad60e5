"""``meganodes doctor``: looks at an installation and says what is wrong and what mends it."""

from __future__ import annotations

import asyncio
import sqlite3
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy import func, select

from meganodes.bootstrap.settings import Settings
from meganodes.bootstrap.wiring import (
    StartFault,
    check_schema,
    load_master_key,
    make_egress,
    open_office,
    read_database_url,
    url_check,
)
from meganodes.cli.context import options_of
from meganodes.cli.output import FAILED, show_rows
from meganodes.directory.node_numbers import lent_numbers
from meganodes.kit.database import ReadConnection

_PYTHON_MIN = (3, 11)
_SQLITE_MIN = (3, 35, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked at. ``sentence`` says what was found."""

    subject: str
    good: bool
    sentence: str


def doctor(
    context: typer.Context,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for machines.")] = False,
) -> None:
    """Check Python, SQLite, settings, key, database and callback URLs; exit 1 with a finding."""
    settings = options_of(context).settings()
    findings = list(_findings(settings))
    rows: list[dict[str, object]] = [
        {
            "subject": finding.subject,
            "verdict": "good" if finding.good else "wrong",
            "sentence": finding.sentence,
        }
        for finding in findings
    ]
    show_rows(("verdict", "subject", "sentence"), rows, as_json=as_json, empty="")
    if not all(finding.good for finding in findings):
        raise typer.Exit(FAILED)


def _findings(settings: Settings) -> Iterator[Finding]:
    version = ".".join(str(part) for part in sys.version_info[:3])
    yield Finding(
        subject="python", good=sys.version_info[:2] >= _PYTHON_MIN, sentence=f"Python {version}"
    )
    yield Finding(
        subject="sqlite",
        good=sqlite3.sqlite_version_info >= _SQLITE_MIN,
        sentence=f"SQLite {sqlite3.sqlite_version}, 3.35 or newer is needed",
    )
    yield _tried("master key", lambda: _key(settings))
    database = _tried("database", lambda: _database(settings))
    yield database
    if database.good and _exists(settings):
        yield from asyncio.run(_agents(settings))


def _tried(subject: str, look: Callable[[], str]) -> Finding:
    try:
        return Finding(subject=subject, good=True, sentence=look())
    except StartFault as fault:
        return Finding(subject=subject, good=False, sentence=str(fault))


def _key(settings: Settings) -> str:
    load_master_key(settings)
    return f"{settings.master_key_file} is readable by its owner only"


def _exists(settings: Settings) -> bool:
    path = read_database_url(settings).path
    return path is None or path.exists()


def _database(settings: Settings) -> str:
    path = read_database_url(settings).path
    if path is None:
        check_schema(settings)
        return asyncio.run(_server(settings))
    if not path.exists():
        return f"{path} does not exist yet: it is made at the first start"
    check_schema(settings)
    return f"{path}, {_size(path)}, schema up to date"


async def _server(settings: Settings) -> str:
    """Look at the server as a hub does when it starts: its version, its settings, who uses it."""
    office = await open_office(settings)
    try:
        version, nodes = await office.database.read(_look)
    finally:
        await office.close()
    alive = ", ".join(f"{name} ({number})" for number, name in nodes.items()) or "none"
    place = read_database_url(settings)
    return f"{place}, PostgreSQL {version}, schema up to date, safe settings, nodes alive: {alive}"


def _look(connection: ReadConnection) -> tuple[str, dict[int, str]]:
    version = connection.select(select(func.current_setting("server_version"))).scalar_one()
    return str(version), lent_numbers(connection)


def _size(path: Path) -> str:
    return f"{path.stat().st_size // 1024} KiB"


async def _agents(settings: Settings) -> list[Finding]:
    try:
        office = await open_office(settings)
    except StartFault as fault:
        return [Finding(subject="agents", good=False, sentence=str(fault))]
    reason_for = url_check(make_egress(settings))
    try:
        findings = []
        for agent in office.directory.agents():
            reason = await reason_for(agent.callback_url)
            findings.append(
                Finding(
                    subject=f"agent {agent.name}",
                    good=reason is None,
                    sentence=reason or f"{agent.state.value}, callback URL may be called",
                )
            )
        return findings
    finally:
        await office.close()
