"""Changes of providers in the database; each is one edit with one audit row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypedDict

from sqlalchemy import Row, func, select, update

from meganodes.directory.agents import reissue
from meganodes.directory.audit import Action, Edit
from meganodes.directory.changes import Subject
from meganodes.directory.credentials import Owner, Roll, first_credential, store_credential
from meganodes.directory.faults import DirectoryFault, FieldFault, refuse_if_any
from meganodes.directory.records import NewProvider, Status, TokenKind, field_values
from meganodes.directory.tables import providers
from meganodes.kit.database import ReadConnection
from meganodes.kit.secrets import Secret


class ProviderChanges(TypedDict, total=False):
    """What may be changed of a provider."""

    names: Mapping[str, str]
    status: Status
    currencies: tuple[str, ...]
    launch_url: str
    replay_url: str | None
    wins_without_bet: bool
    cancel_after_win: bool
    allow_list: tuple[str, ...]


def insert_provider(
    edit: Edit, new: NewProvider, known_faults: Sequence[FieldFault], secret: Secret
) -> int:
    """Set a provider up; return its number, which is the next free one unless one was chosen."""
    refuse_if_any([*known_faults, *_taken_faults(edit.connection, new)])
    highest = edit.connection.select(select(func.max(providers.c.provider_id))).scalar_one()
    provider_id = new.provider_id if new.provider_id is not None else (highest or 0) + 1
    values = field_values(new) | {
        "provider_id": provider_id,
        "names": dict(new.names),
        "currencies": list(new.currencies),
        "allow_list": list(new.allow_list),
        "status": Status.NORMAL,
    }
    shown = {"provider_secret": secret}
    version = edit.note(Subject.PROVIDER, provider_id, Action(verb="add", new=values | shown))
    edit.connection.execute(
        providers.insert().values(
            **values,
            name_folded=new.name.lower(),
            version=version,
            created_at_ms=edit.at_ms,
        )
    )
    row = first_credential(Owner(Subject.PROVIDER, provider_id), TokenKind.PROVIDER, edit.at_ms)
    store_credential(edit.connection, edit.key, row, secret)
    return provider_id


def change_provider(
    edit: Edit, provider_id: int, wanted: Mapping[str, object], known_faults: Sequence[FieldFault]
) -> None:
    """Change fields of a provider; fields that have the value already are left out."""
    row = _provider_row(edit.connection, provider_id)
    refuse_if_any(known_faults)
    new = {field: value for field, value in wanted.items() if getattr(row, field) != value}
    if not new:
        return
    old = {field: getattr(row, field) for field in new}
    action = Action(verb="set", old=old, new=new)
    version = edit.note(Subject.PROVIDER, provider_id, action)
    one = providers.c.provider_id == provider_id
    edit.connection.execute(update(providers).where(one).values(**new, version=version))


def reissue_of_provider(edit: Edit, provider_id: int, roll: Roll, secret: Secret) -> None:
    """Put a new provider token in the place of the present one."""
    _provider_row(edit.connection, provider_id)
    reissue(edit, Owner(Subject.PROVIDER, provider_id), roll, secret)


def _taken_faults(connection: ReadConnection, new: NewProvider) -> list[FieldFault]:
    faults = []
    by_name = select(providers.c.name).where(providers.c.name_folded == new.name.lower())
    taken = connection.select(by_name).scalar_one_or_none()
    if taken is not None:
        faults.append(FieldFault("name", f"name {new.name} is taken: {taken}"))
    by_id = select(providers.c.name).where(providers.c.provider_id == new.provider_id)
    holder = connection.select(by_id).scalar_one_or_none()
    if holder is not None:
        sentence = f"provider_id {new.provider_id} is taken by {holder}"
        faults.append(FieldFault("provider_id", sentence))
    return faults


def _provider_row(connection: ReadConnection, provider_id: int) -> Row[Any]:
    statement = select(providers).where(providers.c.provider_id == provider_id)
    row = connection.select(statement).one_or_none()
    if row is None:
        raise DirectoryFault([FieldFault("provider_id", f"there is no provider {provider_id}")])
    return row
