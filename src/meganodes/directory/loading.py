"""Reads agents, providers and games from the database, all of them or only those that changed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from sqlalchemy import Column, Row, Select, select

from meganodes.directory.changes import Change, Subject, changes_after, current_version
from meganodes.directory.credentials import Credential, credentials_of, open_credential
from meganodes.directory.maintenance import load_windows
from meganodes.directory.records import (
    Agent,
    AgentState,
    Game,
    Provider,
    Status,
    TokenKind,
    Window,
)
from meganodes.directory.snapshot import AgentEntry, Loaded, ProviderEntry, TokenEntry
from meganodes.directory.tables import agents, assignments, games, providers
from meganodes.kit.database import ReadConnection
from meganodes.kit.secrets import MasterKey
from meganodes.protocol.commands import Category, Revision
from meganodes.protocol.currency import currency

_CHANGES_READ_SINGLY = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """What a reader has to learn. ``complete``: everything was read anew, and caches are stale."""

    complete: bool
    loaded: Loaded
    changes: tuple[Change, ...] = ()


@dataclass(frozen=True, slots=True)
class _Source:
    connection: ReadConnection
    key: MasterKey
    now_ms: int


def load_news(
    connection: ReadConnection, known_version: int, key: MasterKey, now_ms: int
) -> News | None:
    """Return what has changed since the known version (-1: nothing is known), None if nothing."""
    version = current_version(connection)
    if version == known_version:
        return None
    source = _Source(connection, key, now_ms)
    found = changes_after(connection, known_version) if 0 <= known_version < version else None
    if found is None or not _is_whole(found, known_version, version):
        everything = Loaded(
            version=version, agents=_agents(source, None), providers=_providers(source, None)
        )
        return News(complete=True, loaded=everything)
    loaded = Loaded(
        version=version,
        agents=_agents(source, _ids(found, Subject.AGENT)),
        providers=_providers(source, _ids(found, Subject.PROVIDER)),
    )
    return News(complete=False, loaded=loaded, changes=tuple(found))


def _is_whole(found: Sequence[Change], known_version: int, version: int) -> bool:
    # Notes of changes are kept for a while only; after a gap, or a flood, everything is read.
    numbers = [change.version for change in found]
    return len(numbers) <= _CHANGES_READ_SINGLY and numbers == list(
        range(known_version + 1, version + 1)
    )


def _ids(found: Sequence[Change], subject: Subject) -> list[int]:
    return sorted({change.subject_id for change in found if change.subject is subject})


def _limited(statement: Select[Any], column: Column[int], ids: Sequence[int] | None) -> Select[Any]:
    return statement if ids is None else statement.where(column.in_(ids))


def _agents(source: _Source, ids: Sequence[int] | None) -> dict[int, AgentEntry]:
    if ids is not None and not ids:
        return {}
    secrets = defaultdict(list)
    for credential in credentials_of(source.connection, Subject.AGENT, ids, source.now_ms):
        secrets[credential.owner.owner_id].append(credential)
    assigned = defaultdict(set)
    links = _limited(select(assignments), assignments.c.agent_id, ids)
    for link in source.connection.select(links):
        assigned[link.agent_id].add(link.provider_id)
    rows = source.connection.select(_limited(select(agents), agents.c.agent_id, ids))
    return {
        row.agent_id: _agent_entry(source, row, secrets[row.agent_id], assigned[row.agent_id])
        for row in rows
    }


def _agent_entry(
    source: _Source, row: Row[Any], rows: Sequence[Credential], assigned: set[int]
) -> AgentEntry:
    moments = sorted(
        {
            moment
            for each in rows
            for moment in (each.starts_at_ms, each.ends_at_ms)
            if moment is not None and moment > source.now_ms
        }
    )
    sealed = [(each, open_credential(source.key, each)) for each in rows if each.sealed]

    def at(now_ms: int) -> Agent:
        valid = [(each.kind, secret) for each, secret in sealed if each.in_force(now_ms)]
        return Agent(
            agent_id=row.agent_id,
            name=row.name,
            parent_id=row.parent_id,
            state=AgentState(row.state),
            currency=currency(row.currency),
            time_zone=row.time_zone,
            revision=Revision(row.revision),
            callback_url=row.callback_url,
            callback_token=next(secret for kind, secret in valid if kind is TokenKind.CALLBACK),
            signing_secrets=tuple(secret for kind, secret in valid if kind is TokenKind.SIGNING),
            allow_list=tuple(row.allow_list),
            overdraft_allowed=row.overdraft_allowed,
            tombstones_shown=row.tombstones_shown,
            in_flight_max=row.in_flight_max,
            retry=row.retry,
            version=row.version,
        )

    return AgentEntry(
        agent=at(source.now_ms),
        later=tuple((moment, at(moment)) for moment in moments),
        assigned=frozenset(assigned),
        tokens=_token_entries(rows),
    )


def _token_entries(rows: Sequence[Credential]) -> tuple[TokenEntry, ...]:
    return tuple(
        TokenEntry(
            owner_id=row.owner.owner_id,
            lookup=row.lookup,
            secret_hash=row.secret_hash,
            starts_at_ms=row.starts_at_ms,
            ends_at_ms=row.ends_at_ms,
        )
        for row in rows
        if row.lookup is not None and row.secret_hash is not None
    )


def _providers(source: _Source, ids: Sequence[int] | None) -> dict[int, ProviderEntry]:
    if ids is not None and not ids:
        return {}
    tokens = defaultdict(list)
    for credential in credentials_of(source.connection, Subject.PROVIDER, ids, source.now_ms):
        tokens[credential.owner.owner_id].append(credential)
    windows: dict[tuple[int, str | None], list[Window]] = defaultdict(list)
    for window in load_windows(source.connection, ids, source.now_ms):
        windows[window.provider_id, window.game_code].append(window)
    titles: dict[int, dict[str, Game]] = defaultdict(dict)
    for row in source.connection.select(_limited(select(games), games.c.provider_id, ids)):
        planned = windows.get((row.provider_id, row.game_code), ())
        titles[row.provider_id][row.game_code] = _game(row, planned)
    rows = source.connection.select(_limited(select(providers), providers.c.provider_id, ids))
    return {
        row.provider_id: ProviderEntry(
            provider=_provider(row, windows.get((row.provider_id, None), ())),
            games=MappingProxyType(dict(sorted(titles[row.provider_id].items()))),
            tokens=_token_entries(tokens[row.provider_id]),
        )
        for row in rows
    }


def _provider(row: Row[Any], windows: Sequence[Window]) -> Provider:
    return Provider(
        provider_id=row.provider_id,
        name=row.name,
        names=MappingProxyType(row.names),
        status=Status(row.status),
        currencies=tuple(row.currencies),
        launch_url=row.launch_url,
        replay_url=row.replay_url,
        wins_without_bet=row.wins_without_bet,
        cancel_after_win=row.cancel_after_win,
        allow_list=tuple(row.allow_list),
        windows=tuple(windows),
        version=row.version,
    )


def _game(row: Row[Any], windows: Sequence[Window]) -> Game:
    return Game(
        provider_id=row.provider_id,
        game_code=row.game_code,
        name=row.name,
        names=MappingProxyType(row.names),
        category=Category(row.category),
        sub_category=row.sub_category,
        image=row.image,
        image_narrow=row.image_narrow,
        launch_enable=row.launch_enable,
        status=Status(row.status),
        windows=tuple(windows),
        reg_date=row.reg_date,
    )
