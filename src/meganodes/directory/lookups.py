"""Look-ups of agents, providers and games in the snapshot, and how the snapshot is kept up."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine, Iterator
from typing import Concatenate, ParamSpec, TypeVar

from sqlalchemy.exc import DBAPIError

from meganodes.directory.audit import Edit
from meganodes.directory.core import DirectoryPorts, DirectorySettings
from meganodes.directory.loading import News, load_news
from meganodes.directory.records import Actor, Agent, Game, Provider
from meganodes.directory.snapshot import Snapshot, changed_snapshot, fresh_snapshot
from meganodes.kit.database import DatabaseUnavailable, WriteConnection
from meganodes.kit.logging import get_logger
from meganodes.kit.secrets import SealError
from meganodes.kit.tokens import API_PREFIX, PROVIDER_PREFIX, parse_token, token_hashes

_P = ParamSpec("_P")
_T = TypeVar("_T")
_LOG = get_logger(__name__)


class Lookups:
    """Agents, providers and games in memory. The look-ups are synchronous and never wait."""

    def __init__(self, ports: DirectoryPorts, settings: DirectorySettings) -> None:
        """Take the ports; nothing is known before `start` or `refresh`."""
        self._ports = ports
        self._settings = settings
        self._snapshot = Snapshot()
        self._edition = 0
        self._editions: dict[int, int] = {}
        self._refreshing = asyncio.Lock()
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Load everything, then keep up with changes until `close`."""
        await self.refresh()
        self._spawn(self._watch())

    async def close(self) -> None:
        """Stop keeping up. The database stays open: it belongs to whoever made it."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks.clear()

    async def refresh(self) -> None:
        """Take over what has changed in the database since the last time."""
        async with self._refreshing:
            news = await self._ports.database.read(
                load_news, self._snapshot.version, self._ports.master_key, self._now_ms
            )
            if news is not None:
                self._apply(news)

    def agent(self, agent_id: int) -> Agent | None:
        """Return an agent as it is at this moment."""
        entry = self._snapshot.agents.get(agent_id)
        if entry is None:
            return None
        return entry.at(self._now_ms) if entry.later else entry.agent

    def agent_by_name(self, name: str) -> Agent | None:
        """Return the agent of this very name."""
        agent_id = self._snapshot.agent_ids.get(name)
        return None if agent_id is None else self.agent(agent_id)

    def agents(self) -> tuple[Agent, ...]:
        """Return all agents, in the order of their numbers."""
        now_ms, entries = self._now_ms, self._snapshot.agents
        return tuple(entries[agent_id].at(now_ms) for agent_id in sorted(entries))

    def subtree(self, agent_id: int) -> tuple[int, ...]:
        """Return an agent's number and those of all agents below it; () when it is unknown."""
        return self._snapshot.subtree(agent_id)

    def agent_by_api_token(self, text: str) -> Agent | None:
        """Return the agent whose API token this is; during an overlap the old one counts too."""
        if not parse_token(text, API_PREFIX):
            return None
        hashes = token_hashes(self._ports.master_key.token_hash_keys, text)
        agent_id = self._snapshot.agent_tokens.owner_of(text, hashes, self._now_ms)
        return None if agent_id is None else self.agent(agent_id)

    def provider(self, provider_id: int) -> Provider | None:
        """Return a provider."""
        entry = self._snapshot.providers.get(provider_id)
        return None if entry is None else entry.provider

    def provider_by_token(self, text: str) -> Provider | None:
        """Return the provider whose token this is; during an overlap the old one counts too."""
        if not parse_token(text, PROVIDER_PREFIX):
            return None
        hashes = token_hashes(self._ports.master_key.token_hash_keys, text)
        provider_id = self._snapshot.provider_tokens.owner_of(text, hashes, self._now_ms)
        return None if provider_id is None else self.provider(provider_id)

    def providers(self) -> tuple[Provider, ...]:
        """Return all providers, in the order of their numbers."""
        entries = self._snapshot.providers
        return tuple(entries[provider_id].provider for provider_id in sorted(entries))

    def providers_of(self, agent_id: int) -> tuple[Provider, ...]:
        """Return the providers assigned to an agent, in the order of their numbers."""
        entry = self._snapshot.agents.get(agent_id)
        assigned = sorted(entry.assigned) if entry is not None else ()
        found = (self.provider(provider_id) for provider_id in assigned)
        return tuple(provider for provider in found if provider is not None)

    def is_assigned(self, agent_id: int, provider_id: int) -> bool:
        """Tell whether an agent may see a provider's games."""
        entry = self._snapshot.agents.get(agent_id)
        return entry is not None and provider_id in entry.assigned

    def game(self, provider_id: int, game_code: str) -> Game | None:
        """Return a game; its key is provider and code together (contract 1)."""
        entry = self._snapshot.providers.get(provider_id)
        return None if entry is None else entry.games.get(game_code)

    def games_of(self, provider_id: int) -> tuple[Game, ...]:
        """Return a provider's games, in the order of their codes."""
        entry = self._snapshot.providers.get(provider_id)
        return () if entry is None else tuple(entry.games.values())

    def editions_of(self, agent_id: int) -> tuple[tuple[int, int], ...]:
        """Return the numbers of an agent's providers, each with the edition of its games.

        An edition is a number of this process: as long as it is the same, so are the games.
        """
        entry = self._snapshot.agents.get(agent_id)
        assigned = sorted(entry.assigned) if entry is not None else ()
        return tuple((each, self._editions.get(each, 0)) for each in assigned)

    @property
    def round_link_keys(self) -> tuple[bytes, ...]:
        """Keys that sign links to round pages, the one for new links first; stored nowhere."""
        return self._ports.master_key.round_link_keys

    @property
    def _now_ms(self) -> int:
        return self._ports.clock.now_ms()

    def _apply(self, news: News) -> None:
        self._edition += 1
        self._editions.update(dict.fromkeys(news.loaded.providers, self._edition))
        if news.complete:
            self._snapshot = fresh_snapshot(news.loaded)
        else:
            self._snapshot = changed_snapshot(self._snapshot, news.loaded)

    def _spawn(self, work: Coroutine[object, object, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        task.add_done_callback(_report_end)
        self._tasks.append(task)

    async def _watch(self) -> None:
        while True:
            await self._ports.clock.sleep(self._settings.refresh_seconds)
            with logged_database_faults("directory_not_refreshed"):
                await self.refresh()

    async def _edit(
        self,
        actor: Actor,
        change: Callable[Concatenate[Edit, _P], _T],
        *args: _P.args,
        **kwargs: _P.kwargs,
    ) -> _T:
        """Run a change in one transaction, then take it over here at once."""

        def run(connection: WriteConnection) -> _T:
            edit = Edit.begin(connection, self._ports.master_key, actor, self._now_ms)
            return change(edit, *args, **kwargs)

        result = await self._ports.database.write(run)
        await self.refresh()
        return result


@contextlib.contextmanager
def logged_database_faults(event: str) -> Iterator[None]:
    """Let a loop outlive a database that is away or busy: what it does is done next time."""
    try:
        yield
    except DBAPIError as fault:
        _LOG.warning(event, reason=str(fault.orig))
    except DatabaseUnavailable as fault:
        _LOG.warning(event, reason=str(fault))
    except SealError as fault:
        _LOG.error(event, reason=str(fault))


def _report_end(task: asyncio.Task[None]) -> None:
    """A loop that ends by itself is a defect; nobody awaits it, so it must be heard of here."""
    if not task.cancelled() and task.exception() is not None:
        _LOG.error("directory_loop_ended", exc_info=task.exception())
