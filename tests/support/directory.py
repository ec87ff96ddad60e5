"""A real directory on a database file of its own, for tests of it and of what stands on it."""

from __future__ import annotations

import functools
import importlib
import pkgutil
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import MetaData

import meganodes.directory
from meganodes.directory.agents import AGENT_TOKEN_KINDS
from meganodes.directory.core import DirectoryPorts, DirectorySettings
from meganodes.directory.credentials import (
    Owner,
    credential_values,
    first_credential,
    new_secret,
)
from meganodes.directory.port import Directory
from meganodes.directory.records import AgentCredentials, ProviderCredentials, Session, User
from meganodes.directory.schema import upgrade
from meganodes.directory.tables import agents, credentials, directory_metadata
from meganodes.kit.clock import Clock, ManualClock
from meganodes.kit.database import (
    Database,
    DatabaseSettings,
    DatabaseUrl,
    WriteConnection,
    parse_database_url,
)
from meganodes.kit.identity import SystemIdentity
from meganodes.kit.secrets import MasterKey, Secret
from tests.support.builders import NOW_MS, a_game, a_launch, a_new_agent, a_new_provider, an_agent

MASTER_KEY_BYTES = b"an example of a master key, 32 b"
MASTER_KEY = MasterKey(MASTER_KEY_BYTES)


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """What a directory of a test stands in; `refused_urls` maps callback addresses to reasons."""

    clock: Clock = field(default_factory=ManualClock)
    master_key: MasterKey = MASTER_KEY
    settings: DirectorySettings = field(default_factory=DirectorySettings)
    refused_urls: Mapping[str, str] = field(default_factory=dict)


def open_database(place: Path | DatabaseUrl) -> Database:
    """Open a database; a new file gets the tables."""
    url = place if isinstance(place, DatabaseUrl) else parse_database_url(f"sqlite:///{place}")
    if url.path is not None and not url.path.exists():
        url.path.write_bytes(_empty_database())
    return Database(url, DatabaseSettings())


@functools.cache
def _empty_database() -> bytes:
    """Make the tables once; every test that needs a database of its own gets a copy."""
    with TemporaryDirectory() as folder:
        path = Path(folder, "hub.db")
        upgrade(parse_database_url(f"sqlite:///{path}"))
        return path.read_bytes()


def all_tables() -> MetaData:
    """Give the directory's tables, those too that are defined beside what uses them."""
    for module in pkgutil.iter_modules(meganodes.directory.__path__):
        importlib.import_module(f"meganodes.directory.{module.name}")
    return directory_metadata


def directory_on(database: Database, around: Surroundings) -> Directory:
    """Make a directory, not started."""

    async def check(callback_url: str) -> str | None:
        return around.refused_urls.get(callback_url)

    ports = DirectoryPorts(
        database=database,
        master_key=around.master_key,
        clock=around.clock,
        identity=SystemIdentity(around.clock, 0),
        url_check=check,
    )
    return Directory(ports, around.settings)


@asynccontextmanager
async def started_directory(
    place: Path | DatabaseUrl, around: Surroundings | None = None
) -> AsyncIterator[Directory]:
    """Run a directory on this database until the block ends."""
    database = open_database(place)
    directory = directory_on(database, around if around is not None else Surroundings())
    try:
        await directory.start()
        yield directory
    finally:
        await directory.close()
        database.close()


@dataclass(frozen=True, kw_only=True)
class Stage:
    """An agent, a provider with a game, a user and an open session of it."""

    agent: AgentCredentials
    provider: ProviderCredentials
    user: User
    session: Session
    session_token: Secret


async def set_the_stage(directory: Directory) -> Stage:
    """Set up what a bet needs."""
    agent = await directory.add_agent(a_new_agent())
    provider = await directory.add_provider(a_new_provider())
    await directory.import_games(7, [a_game()])
    await directory.assign("acme", 7)
    user, _ = await directory.create_user(agent.agent_id, "Bob")
    session, token = await open_session(directory, user)
    return Stage(agent=agent, provider=provider, user=user, session=session, session_token=token)


async def open_session(directory: Directory, user: User) -> tuple[Session, Secret]:
    """Launch the game for a user and open it."""
    launch = a_launch(agent_id=user.agent_id, user_code=user.user_code, account=user.name)
    g_token = await directory.create_launch(launch)
    opened = await directory.open_launch(
        g_token.reveal(), user.user_code, launch.created_at_ms + 1_000
    )
    assert isinstance(opened, tuple), opened
    return opened


def many_agents(place: DatabaseUrl, count: int) -> None:
    """Put agents `agent-1` and so on into a new database, in one transaction."""
    database = open_database(place)
    identity = SystemIdentity(ManualClock(), 0)
    numbers = range(1, count + 1)

    def add(connection: WriteConnection) -> None:
        connection.execute(agents.insert(), [_agent_values(number) for number in numbers])
        rows = [
            credential_values(
                MASTER_KEY,
                first_credential(Owner("agent", number), kind, NOW_MS),
                new_secret(kind, identity),
            )
            for number in numbers
            for kind in AGENT_TOKEN_KINDS
        ]
        connection.execute(credentials.insert(), rows)

    database.write_now(add)
    database.close()


def _agent_values(number: int) -> dict[str, object]:
    record = an_agent(agent_id=number, name=f"agent-{number}")
    columns = set(agents.columns.keys()) & set(dir(record))
    values = {name: getattr(record, name) for name in columns}
    return values | {
        "currency": record.currency.code,
        "allow_list": [],
        "name_folded": record.name.lower(),
        "created_at_ms": NOW_MS,
    }
