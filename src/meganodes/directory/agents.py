"""Changes of agents in the database; each is one edit with one audit row."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import Enum
from typing import Any, Literal, TypedDict

from sqlalchemy import Row, delete, select, update

from meganodes.directory.audit import Action, Edit
from meganodes.directory.changes import Subject, next_number
from meganodes.directory.credentials import (
    Owner,
    Roll,
    first_credential,
    roll_credential,
    store_credential,
)
from meganodes.directory.faults import DirectoryFault, FieldFault, refuse_if_any
from meganodes.directory.records import AgentState, NewAgent, TokenKind, field_values
from meganodes.directory.tables import agents, assignments, providers
from meganodes.kit.database import ReadConnection
from meganodes.kit.secrets import Secret
from meganodes.protocol.commands import Revision

AGENT_TOKEN_KINDS = (TokenKind.API, TokenKind.CALLBACK, TokenKind.SIGNING)


class AllProviders(Enum):
    """Stands for every provider there is at the moment of the assignment."""

    ALL = "all"


ALL: Literal[AllProviders.ALL] = AllProviders.ALL


class AgentChanges(TypedDict, total=False):
    """What may be changed of an agent. Its currency is set once: another one is refused."""

    callback_url: str
    revision: Revision
    currency: str
    time_zone: str
    allow_list: tuple[str, ...]
    overdraft_allowed: bool
    tombstones_shown: bool
    in_flight_max: int | None
    retry: Mapping[str, object]


def insert_agent(
    edit: Edit,
    new: NewAgent,
    known_faults: Sequence[FieldFault],
    secrets: Mapping[TokenKind, Secret],
) -> int:
    """Set an agent up, unapproved, with its credentials; return its number."""
    parent_id, parent_faults = _parent(edit.connection, new.parent)
    refuse_if_any([*known_faults, *parent_faults, *_name_faults(edit.connection, new.name)])
    agent_id = next_number(edit.connection, "agent_id")
    values = field_values(new) | {
        "allow_list": list(new.allow_list),
        "parent_id": parent_id,
        "state": AgentState.UNAPPROVED,
        "tombstones_shown": False,
    }
    del values["parent"]
    shown = {f"{kind}_secret": secrets[kind] for kind in AGENT_TOKEN_KINDS}
    version = edit.note(Subject.AGENT, agent_id, Action(verb="add", new=values | shown))
    edit.connection.execute(
        agents.insert().values(
            **values,
            agent_id=agent_id,
            name_folded=new.name.lower(),
            version=version,
            created_at_ms=edit.at_ms,
        )
    )
    for kind in AGENT_TOKEN_KINDS:
        row = first_credential(Owner(Subject.AGENT, agent_id), kind, edit.at_ms)
        store_credential(edit.connection, edit.key, row, secrets[kind])
    return agent_id


def change_agent(
    edit: Edit, name: str, wanted: Mapping[str, object], known_faults: Sequence[FieldFault]
) -> None:
    """Change fields of an agent; fields that have the value already are left out."""
    row = _agent_row(edit.connection, name)
    faults = [*known_faults]
    if wanted.get("currency", row.currency) != row.currency:
        sentence = f"the currency of {name} is {row.currency}: it is set once and never changed"
        faults.append(FieldFault("currency", sentence))
    refuse_if_any(faults)
    _write(edit, row, wanted, Action(verb="set"))


def change_state(edit: Edit, name: str, state: AgentState, reason: str | None) -> None:
    """Move an agent to another state (contract 1)."""
    row = _agent_row(edit.connection, name)
    _write(edit, row, {"state": state}, Action(verb=state, reason=reason))


def reissue_of_agent(edit: Edit, name: str, roll: Roll, secret: Secret) -> None:
    """Put a new secret in the place of the present one, which counts until the overlap ends."""
    agent_id = _agent_row(edit.connection, name).agent_id
    reissue(edit, Owner(Subject.AGENT, agent_id), roll, secret)


def note_look_at_secret(edit: Edit, agent_id: int, kind: TokenKind) -> None:
    """Leave an audit row of somebody who had a secret shown."""
    edit.note(Subject.AGENT, agent_id, Action(verb=f"reveal-{kind}-token"))


def note_export(edit: Edit, agent_id: int, verb: str, wanted: Mapping[str, object]) -> None:
    """Leave an audit row of somebody who took a copy of an agent's records away."""
    edit.note(Subject.AGENT, agent_id, Action(verb=verb, new=wanted))


def reissue(edit: Edit, owner: Owner, roll: Roll, secret: Secret) -> None:
    """Roll a credential over, of an agent or a provider."""
    row, old = roll_credential(edit.connection, owner, roll, edit.at_ms)
    store_credential(edit.connection, edit.key, row, secret)
    action = Action(
        verb=f"reissue-{roll.kind}-token",
        old={"secret": f"secret {old}"},
        new={"secret": secret, "overlap_hours": roll.overlap_hours},
    )
    edit.note(Subject(owner.kind), owner.owner_id, action)


def assign_providers(edit: Edit, name: str, wanted: int | AllProviders) -> tuple[int, ...]:
    """Let an agent see a provider, or all there are; return those that are new to it."""
    agent_id = _agent_row(edit.connection, name).agent_id
    known = set(edit.connection.select(select(providers.c.provider_id)).scalars())
    if not isinstance(wanted, AllProviders) and wanted not in known:
        raise DirectoryFault([FieldFault("provider_id", f"there is no provider {wanted}")])
    before = _assigned(edit.connection, agent_id)
    added = sorted((known if isinstance(wanted, AllProviders) else {wanted}) - before)
    if added:
        rows = [{"agent_id": agent_id, "provider_id": each} for each in added]
        edit.connection.execute(assignments.insert(), rows)
        _note_assignment(edit, agent_id, before, before | set(added))
    return tuple(added)


def withdraw_provider(edit: Edit, name: str, provider_id: int) -> None:
    """Let an agent no longer see a provider."""
    agent_id = _agent_row(edit.connection, name).agent_id
    before = _assigned(edit.connection, agent_id)
    if provider_id in before:
        one = (assignments.c.agent_id == agent_id, assignments.c.provider_id == provider_id)
        edit.connection.execute(delete(assignments).where(*one))
        _note_assignment(edit, agent_id, before, before - {provider_id})


def _write(edit: Edit, row: Row[Any], wanted: Mapping[str, object], action: Action) -> None:
    new = {field: value for field, value in wanted.items() if getattr(row, field) != value}
    if not new:
        return
    old = {field: getattr(row, field) for field in new}
    full = Action(verb=action.verb, old=old, new=new, reason=action.reason)
    version = edit.note(Subject.AGENT, row.agent_id, full)
    one = agents.c.agent_id == row.agent_id
    edit.connection.execute(update(agents).where(one).values(**new, version=version))


def _agent_row(connection: ReadConnection, name: str) -> Row[Any]:
    row = connection.select(select(agents).where(agents.c.name == name)).one_or_none()
    if row is None:
        raise DirectoryFault([FieldFault("name", f"there is no agent called {name}")])
    return row


def _parent(
    connection: ReadConnection, parent: str | None
) -> tuple[int | None, Iterable[FieldFault]]:
    if parent is None:
        return None, ()
    statement = select(agents.c.agent_id).where(agents.c.name == parent)
    parent_id = connection.select(statement).scalar_one_or_none()
    if parent_id is None:
        return None, [FieldFault("parent", f"there is no agent called {parent} to be the parent")]
    return parent_id, ()


def _name_faults(connection: ReadConnection, name: str) -> Iterable[FieldFault]:
    statement = select(agents.c.name).where(agents.c.name_folded == name.lower())
    taken = connection.select(statement).scalar_one_or_none()
    return [] if taken is None else [FieldFault("name", f"name {name} is taken: {taken}")]


def _assigned(connection: ReadConnection, agent_id: int) -> set[int]:
    statement = select(assignments.c.provider_id).where(assignments.c.agent_id == agent_id)
    return set(connection.select(statement).scalars())


def _note_assignment(edit: Edit, agent_id: int, before: set[int], after: set[int]) -> None:
    old, new = {"providers": sorted(before)}, {"providers": sorted(after)}
    edit.note(Subject.AGENT, agent_id, Action(verb="assign", old=old, new=new))
