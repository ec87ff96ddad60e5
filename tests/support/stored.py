"""An installation on a disk: settings, an agent with a user and a session, rows in its journal."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from meganodes.bootstrap.settings import Settings, load_settings
from meganodes.bootstrap.wiring import Office, open_office
from meganodes.directory.records import User
from meganodes.kit.secrets import create_master_key_file
from tests.support.builders import a_game, a_launch, a_new_agent, a_new_provider
from tests.support.transactions import settled_bet


def stored_settings(folder: Path) -> Settings:
    """Name a database and a master key in this folder; the key is made the first time."""
    key = folder / "master.key"
    if not key.exists():
        create_master_key_file(key)
    return load_settings(
        overrides={
            "database_url": f"sqlite:///{folder / 'hub.db'}",
            "master_key_file": str(key),
            "callbacks": {"allow_private_targets": True},
        },
        environment={},
    )


@asynccontextmanager
async def an_office(settings: Settings) -> AsyncIterator[Office]:
    """Open the installation's database while the block runs."""
    office = await open_office(settings)
    try:
        yield office
    finally:
        await office.close()


async def fill(settings: Settings, *, bets: int = 3) -> None:
    """Set up an agent with a user, a session, and a list of so many settled bets."""
    async with an_office(settings) as office:
        new = a_new_agent(callback_url="http://127.0.0.1:9/callback")
        agent = await office.directory.add_agent(new)
        await office.directory.add_provider(a_new_provider())
        await office.directory.import_games(7, [a_game()])
        await office.directory.assign("acme", 7)
        await play_a_user(office, "Bob", agent.agent_id)
        await settle_bets(office, bets)


async def play_a_user(office: Office, name: str, agent_id: int = 1) -> tuple[User, int]:
    """Create a user and open a session; gives the user and the session's number."""
    user, _ = await office.directory.create_user(agent_id, name)
    now_ms = office.clock.now_ms()
    launch = a_launch(
        agent_id=agent_id, user_code=user.user_code, account=name, created_at_ms=now_ms
    )
    token = await office.directory.create_launch(launch)
    opened = await office.directory.open_launch(token.reveal(), user.user_code, now_ms)
    assert isinstance(opened, tuple), opened
    return user, opened[0].gplay_id


async def settle_bets(office: Office, count: int) -> None:
    """Let the list of agent 1 grow by so many settled bets."""
    for _ in range(count):
        trans_id = office.identity.trans_id()
        now_ms = office.clock.now_ms()
        await settled_bet(
            office.journal,
            trans_id=trans_id,
            transaction_id=f"t-{trans_id}",
            guid=f"mn-{trans_id:040x}",
            round_id=f"r-{trans_id}",
            created_at_ms=now_ms,
        )
    await office.journal.sequence(now_ms=office.clock.now_ms(), limit=count)
