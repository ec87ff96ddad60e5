"""An installation of many agents on SQLite, and the hub that serves it as a process of its own.

It is made without the command line, which would take a second for each agent.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import meganodes
from meganodes.bootstrap.server import open_socket
from meganodes.bootstrap.server_settings import ServerSettings
from meganodes.demo.http_client import HttpRequest, NoAnswer, send
from meganodes.directory.port import Directory
from meganodes.directory.records import AgentState
from meganodes.domain.transaction import Transaction
from meganodes.journal.schema import upgrade
from meganodes.journal.sqlite import SqliteJournal
from meganodes.journal.store import Change, Insert
from meganodes.kit.clock import SystemClock
from meganodes.kit.database import parse_database_url
from meganodes.kit.identity import SystemIdentity
from meganodes.protocol.commands import Category, Movement, Revision, win_data
from meganodes.protocol.ids import trans_guid
from tests.support.builders import a_game, a_launch, a_new_agent, a_new_provider
from tests.support.directory import MASTER_KEY_BYTES, Surroundings, started_directory
from tests.support.transactions import win
from tests.support.warm_start import WarmProcess, start_warm

PROVIDER_ID = 7
READY_SECONDS = 60.0
WINS_AT_ONCE = 500


@dataclass(frozen=True, kw_only=True)
class Player:
    """A user of an agent, with an open session."""

    agent_id: int
    user_code: int
    account: str
    session: str
    gplay_id: int


@dataclass(kw_only=True)
class Installation:
    """What was made: players, one for each agent that plays, and their games' provider."""

    folder: Path
    provider_token: str
    players: Sequence[Player]
    port: int = 0
    hub: WarmProcess | None = None

    @property
    def path(self) -> Path:
        return self.folder / "hub.db"

    @property
    def pid(self) -> int:
        assert self.hub is not None
        return self.hub.pid

    async def owe_wins(self, player: Player, count: int) -> int:
        """Write wins of one cent each that are due into the journal; give their sum."""
        clock = SystemClock()
        journal = SqliteJournal(self.path, clock=clock, owner="before")
        await journal.start()
        identity = SystemIdentity(clock, 1)
        for first in range(0, count, WINS_AT_ONCE):
            numbers = range(first, min(first + WINS_AT_ONCE, count))
            rows = [_owed_win(player, number, identity, clock.now_ms()) for number in numbers]
            inserts = tuple(Insert(row=row, cause="a test") for row in rows)
            await journal.commit(Change(at_ms=clock.now_ms(), inserts=inserts))
        await journal.close()
        return count

    async def start(self, settings: Mapping[str, str]) -> None:
        """Start the hub and wait until it is ready."""
        with open_socket(ServerSettings(port=0)) as free:
            self.port = free.getsockname()[1]
        environment = {
            "PYTHONPATH": str(Path(meganodes.__file__).parents[1]),
            "PATH": os.environ.get("PATH", ""),
            "MEGANODES_DATABASE_URL": f"sqlite:///{self.path}",
            "MEGANODES_MASTER_KEY_FILE": str(self.folder / "master.key"),
            "MEGANODES_PUBLIC_URL": f"http://127.0.0.1:{self.port}",
            "MEGANODES_CALLBACKS__ALLOW_PRIVATE_TARGETS": "true",
            "MEGANODES_LOGGING__LEVEL": "warning",
            **settings,
        }
        words = ("meganodes", "serve", "--port", str(self.port))
        self.hub = start_warm(words, environment, output=self.folder / "hub.log")
        request = HttpRequest(method="GET", url=f"http://127.0.0.1:{self.port}/health/ready")
        async with asyncio.timeout(READY_SECONDS):
            while not await _is_well(request):
                assert self.hub.returncode is None, (self.folder / "hub.log").read_text()[-4000:]
                await asyncio.sleep(0.05)

    async def stop(self) -> None:
        """Let the hub end in order."""
        if self.hub is not None and self.hub.returncode is None:
            os.kill(self.hub.pid, signal.SIGTERM)
            await asyncio.wait_for(self.hub.wait(), READY_SECONDS)


@asynccontextmanager
async def an_installation(
    folder: Path, callback_urls: Sequence[str], idle: int
) -> AsyncIterator[Installation]:
    """Make an agent with a player for each address, and ``idle`` agents more; nothing is served."""
    clock = SystemClock()
    (folder / "master.key").touch(mode=0o600)
    (folder / "master.key").write_bytes(MASTER_KEY_BYTES)
    async with started_directory(folder / "hub.db", Surroundings(clock=clock)) as directory:
        provider = await directory.add_provider(a_new_provider(provider_id=PROVIDER_ID))
        await directory.import_games(PROVIDER_ID, [a_game(provider_id=PROVIDER_ID)])
        players = [
            await _settle_in(directory, f"agent{number}", url, clock)
            for number, url in enumerate(callback_urls)
        ]
        for number in range(idle):
            await directory.add_agent(a_new_agent(name=f"idle{number}"))
    upgrade(parse_database_url(f"sqlite:///{folder / 'hub.db'}"))
    installation = Installation(
        folder=folder, provider_token=provider.provider_token.reveal(), players=players
    )
    try:
        yield installation
    finally:
        await installation.stop()


async def _settle_in(directory: Directory, name: str, url: str, clock: SystemClock) -> Player:
    credentials = await directory.add_agent(a_new_agent(name=name, callback_url=url))
    await directory.set_agent_state(name, AgentState.APPROVED)
    await directory.assign(name, PROVIDER_ID)
    user, _ = await directory.create_user(credentials.agent_id, f"{name}_player")
    now_ms = clock.now_ms()
    launch = a_launch(
        agent_id=user.agent_id, user_code=user.user_code, account=user.name, created_at_ms=now_ms
    )
    g_token = await directory.create_launch(launch)
    opened = await directory.open_launch(g_token.reveal(), user.user_code, now_ms)
    assert isinstance(opened, tuple), opened
    session, token = opened
    return Player(
        agent_id=user.agent_id,
        user_code=user.user_code,
        account=user.name,
        session=token.reveal(),
        gplay_id=session.gplay_id,
    )


def _owed_win(player: Player, number: int, identity: SystemIdentity, now_ms: int) -> Transaction:
    """Make a win that is due; its round has no bet, as a prize's."""
    trans_id, transaction_id = identity.trans_id(), f"owed-{number}"
    guid = trans_guid("meganodes", player.agent_id, PROVIDER_ID, transaction_id)
    movement = Movement(
        account=player.account,
        gplay_id=player.gplay_id,
        trans_guid=guid,
        trans_id=trans_id,
        time_stamp_ms=now_ms,
        round_id=f"prize-{number}",
        provider_id=PROVIDER_ID,
        provider_name="Pixel Works",
        game_code="fruits",
        game_name="Fruits",
        category=Category.SLOTS,
        sub_category="",
        amount_minor=1,
        exponent=2,
    )
    return win(
        agent_id=player.agent_id,
        trans_id=trans_id,
        provider_id=PROVIDER_ID,
        transaction_id=transaction_id,
        user_code=player.user_code,
        account=player.account,
        gplay_id=player.gplay_id,
        round_id=movement.round_id,
        amount_minor=1,
        guid=guid,
        data=win_data(Revision.GUID, movement),
        created_at_ms=now_ms,
        due_at_ms=now_ms,
        owed_since_ms=now_ms,
    )


async def _is_well(request: HttpRequest) -> bool:
    try:
        return (await send(request, 5)).status == 200
    except (NoAnswer, OSError):
        return False
