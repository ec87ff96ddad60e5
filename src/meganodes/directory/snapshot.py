"""Agents, providers and games as one immutable picture in memory; a change makes a new picture.

Look-ups never wait and never see half a change: whoever holds a snapshot keeps seeing that one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from meganodes.directory.records import Agent, Game, Provider
from meganodes.kit.tokens import hash_matches, lookup_part

_NOBODY = b"\0" * 32


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenEntry:
    """A token as the snapshot knows it: a hash, and when it counts."""

    owner_id: int
    lookup: str
    secret_hash: bytes
    starts_at_ms: int
    ends_at_ms: int | None

    def in_force(self, now_ms: int) -> bool:
        """Tell whether it counts at this moment."""
        return self.starts_at_ms <= now_ms and (self.ends_at_ms is None or now_ms < self.ends_at_ms)


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentEntry:
    """An agent with its assignments and tokens.

    ``later`` lists what the agent is from coming moments on, the next first: the end of a
    rotation's overlap changes which secrets are in force, to the millisecond.
    """

    agent: Agent
    later: tuple[tuple[int, Agent], ...] = ()
    assigned: frozenset[int] = frozenset()
    tokens: tuple[TokenEntry, ...] = ()

    def at(self, now_ms: int) -> Agent:
        """Return the agent as it is at this moment."""
        current = self.agent
        for from_ms, agent in self.later:
            if now_ms < from_ms:
                break
            current = agent
        return current


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderEntry:
    """A provider with its games and tokens."""

    provider: Provider
    games: Mapping[str, Game] = field(default_factory=dict)
    tokens: tuple[TokenEntry, ...] = ()


class TokenIndex:
    """Finds a token's owner: by the open part of the token, then by its hash in constant time."""

    __slots__ = ("_by_lookup",)

    def __init__(self, tokens: Iterable[TokenEntry]) -> None:
        """Index these tokens."""
        self._by_lookup: dict[str, tuple[TokenEntry, ...]] = {}
        for token in tokens:
            self._by_lookup[token.lookup] = (*self._by_lookup.get(token.lookup, ()), token)

    def owner_of(self, text: str, hashes: Sequence[bytes], now_ms: int) -> int | None:
        """Return whose token this is, if it is anybody's and counts at this moment."""
        candidates = self._by_lookup.get(lookup_part(text), ())
        if not candidates:
            # The same work as for a known one, so that time does not tell the two apart.
            hash_matches(_NOBODY, hashes)
        for token in candidates:
            if hash_matches(token.secret_hash, hashes) and token.in_force(now_ms):
                return token.owner_id
        return None

    def replaced(self, gone: Iterable[TokenEntry], come: Iterable[TokenEntry]) -> TokenIndex:
        """Return a new index without some tokens and with some others."""
        index = TokenIndex(())
        index._by_lookup = dict(self._by_lookup)
        for token in gone:
            rest = tuple(each for each in index._by_lookup[token.lookup] if each != token)
            index._by_lookup[token.lookup] = rest
        for token in come:
            index._by_lookup[token.lookup] = (*index._by_lookup.get(token.lookup, ()), token)
        return index


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """Everything at one version."""

    version: int = -1
    """-1 before the first load."""
    agents: Mapping[int, AgentEntry] = field(default_factory=dict)
    agent_ids: Mapping[str, int] = field(default_factory=dict)
    children: Mapping[int, tuple[int, ...]] = field(default_factory=dict)
    providers: Mapping[int, ProviderEntry] = field(default_factory=dict)
    agent_tokens: TokenIndex = field(default_factory=lambda: TokenIndex(()))
    provider_tokens: TokenIndex = field(default_factory=lambda: TokenIndex(()))

    def subtree(self, agent_id: int) -> tuple[int, ...]:
        """Return the agent and everything below it, parents before children."""
        if agent_id not in self.agents:
            return ()
        found = [agent_id]
        for each in found:
            found.extend(self.children.get(each, ()))
        return tuple(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """What was read from the database: all of it, or only what has changed."""

    version: int
    agents: Mapping[int, AgentEntry]
    providers: Mapping[int, ProviderEntry]


def fresh_snapshot(loaded: Loaded) -> Snapshot:
    """Make a snapshot from everything."""
    return Snapshot(
        version=loaded.version,
        agents=loaded.agents,
        agent_ids={entry.agent.name: agent_id for agent_id, entry in loaded.agents.items()},
        children=_children_of(loaded.agents),
        providers=loaded.providers,
        agent_tokens=TokenIndex(_tokens(loaded.agents.values())),
        provider_tokens=TokenIndex(_tokens(loaded.providers.values())),
    )


def changed_snapshot(old: Snapshot, loaded: Loaded) -> Snapshot:
    """Make a snapshot from the last one and what has changed since; the rest is shared."""
    snapshot = replace(old, version=loaded.version)
    if loaded.agents:
        agents = {**old.agents, **loaded.agents}
        gone = [old.agents[each] for each in loaded.agents if each in old.agents]
        snapshot = replace(
            snapshot,
            agents=agents,
            agent_ids={entry.agent.name: agent_id for agent_id, entry in agents.items()},
            children=_children_of(agents),
            agent_tokens=old.agent_tokens.replaced(_tokens(gone), _tokens(loaded.agents.values())),
        )
    if loaded.providers:
        gone_providers = [old.providers[each] for each in loaded.providers if each in old.providers]
        snapshot = replace(
            snapshot,
            providers={**old.providers, **loaded.providers},
            provider_tokens=old.provider_tokens.replaced(
                _tokens(gone_providers), _tokens(loaded.providers.values())
            ),
        )
    return snapshot


def _children_of(agents: Mapping[int, AgentEntry]) -> dict[int, tuple[int, ...]]:
    children: dict[int, list[int]] = {}
    for agent_id, entry in agents.items():
        if entry.agent.parent_id is not None:
            children.setdefault(entry.agent.parent_id, []).append(agent_id)
    return {parent: tuple(sorted(each)) for parent, each in children.items()}


def _tokens(entries: Iterable[AgentEntry] | Iterable[ProviderEntry]) -> list[TokenEntry]:
    return [token for entry in entries for token in entry.tokens]
