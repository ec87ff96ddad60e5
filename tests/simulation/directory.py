"""The address book in memory: what all nodes share, and what each has heard of it so far."""

from __future__ import annotations

import asyncio
import random
from dataclasses import replace
from typing import Any

from meganodes.directory.records import Agent, Game, Provider, Session, User
from meganodes.kit.database import DatabaseUnavailable
from meganodes.protocol.replies import Permissions
from tests.simulation.history import History
from tests.simulation.store import Database

HEARD_WITHIN_SECONDS = 1.0
"""A change of settings is in force on all nodes within a second."""


class Registry:
    """The truth about agents, providers, games, users and sessions. Tokens are texts."""

    def __init__(self, history: History) -> None:
        """Start empty."""
        self.agents: dict[int, Agent] = {}
        self.providers: dict[int, Provider] = {}
        self.provider_tokens: dict[str, int] = {}
        self.games: dict[tuple[int, str], Game] = {}
        self.users: dict[int, User] = {}
        self.sessions: dict[str, Session] = {}
        self._tokens: dict[int, str] = {}
        self._history = history

    def add_session(self, token: str, session: Session) -> None:
        """Open a session."""
        self.sessions[token] = session
        self._tokens[session.gplay_id] = token

    def change_agent(self, agent_id: int, what: str, **values: Any) -> None:  # noqa: ANN401 - fields of Agent
        """Change settings of an agent; nodes hear of it a little later."""
        agent = self.agents[agent_id]
        self.agents[agent_id] = replace(agent, version=agent.version + 1, **values)
        self._history.fault("setting-changed", agent_id=agent_id, detail=what)

    def change_session(self, gplay_id: int, **values: Any) -> None:  # noqa: ANN401 - fields of Session
        """Change a session, ended ones too."""
        token = self._tokens[gplay_id]
        self.sessions[token] = replace(self.sessions[token], **values)


class NodeDirectory:
    """The part of `meganodes.directory.port.Directory` that play needs, of one life of one node."""

    def __init__(self, registry: Registry, database: Database, rng: random.Random) -> None:
        """Read everything once, as a node does when it starts."""
        self._registry = registry
        self._database = database
        self._random = rng
        self._agents = dict(registry.agents)
        self._is_listening = False
        self._sessions: dict[str, Session] = {}

    def agent(self, agent_id: int) -> Agent | None:
        """Return an agent as this node knows it."""
        self._listen()
        return self._agents.get(agent_id)

    def agents(self) -> tuple[Agent, ...]:
        """Return all agents."""
        return tuple(self._agents.values())

    def provider(self, provider_id: int) -> Provider | None:
        """Return a provider."""
        return self._registry.providers.get(provider_id)

    def provider_by_token(self, text: str) -> Provider | None:
        """Return whose token this is."""
        found = self._registry.provider_tokens.get(text)
        return None if found is None else self._registry.providers[found]

    def game(self, provider_id: int, game_code: str) -> Game | None:
        """Return a game."""
        return self._registry.games.get((provider_id, game_code))

    async def user(self, user_code: int) -> User | None:
        """Return a user."""
        return self._registry.users.get(user_code)

    async def session(self, token_text: str, provider_id: int) -> Session | None:
        """Return a session; one that is not at hand costs a read of the database."""
        known = self._sessions.get(token_text)
        if known is None:
            await asyncio.sleep(self._database.delay())
            if self._database.is_down:
                raise DatabaseUnavailable("the database is away")
            known = self._registry.sessions.get(token_text)
            if known is None or known.provider_id != provider_id:
                return None
            self._sessions[token_text] = known
        # Ends and permissions are heard of at once here: no rule about money hangs on the second.
        return self._registry.sessions[token_text]

    def touch_session(self, gplay_id: int, now_ms: int) -> None:
        """Note a call."""
        self._registry.change_session(gplay_id, last_call_at_ms=now_ms)

    async def set_permissions(
        self,
        gplay_id: int,
        permissions: Permissions | None,
        language: str | None,
        country: str | None,
    ) -> None:
        """Take over what authenticate said."""
        self._registry.change_session(
            gplay_id, permissions=permissions, language=language, country=country
        )

    def _listen(self) -> None:
        """Hear of changes within a second: the first look after one begins the wait for it."""
        registry = self._registry.agents
        if self._is_listening or all(
            self._agents.get(number) is agent for number, agent in registry.items()
        ):
            return
        self._is_listening = True
        delay = self._random.uniform(0.0, HEARD_WITHIN_SECONDS)
        asyncio.get_running_loop().call_later(delay, self._hear)

    def _hear(self) -> None:
        self._is_listening = False
        self._agents = dict(self._registry.agents)
