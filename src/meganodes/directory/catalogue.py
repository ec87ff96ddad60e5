"""A catalogue put into the address book: planned first, then written whole or not at all.

Planning only reads, so that the lock on the database, for which every bet waits, is held no longer
than the writing takes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import Row, bindparam, select, update

from meganodes.directory.audit import Action, Edit
from meganodes.directory.changes import Subject, current_version
from meganodes.directory.checks import game_faults, provider_faults
from meganodes.directory.faults import FieldFault, refuse_if_any
from meganodes.directory.records import CatalogueProvider, Game, Imported
from meganodes.directory.tables import games, providers
from meganodes.kit.database import ReadConnection, WriteConnection

_GAME_KEY: Final = frozenset({"provider_id", "game_code"})
_GAME_FIELDS: Final = tuple(column.name for column in games.columns if column.name not in _GAME_KEY)

Values = Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderPlan:
    """What an import would do to one provider: fields, and rows of its games."""

    provider_id: int
    old: Values
    new: Values
    added: Sequence[Values]
    changed: Sequence[Values]
    disabled: Sequence[str]
    unchanged: int

    def counts(self) -> dict[str, int]:
        """Give the number of games of each kind."""
        return {
            "added": len(self.added),
            "changed": len(self.changed),
            "unchanged": self.unchanged,
            "disabled": len(self.disabled),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class CataloguePlan:
    """What an import would do to the directory as it is at this version."""

    version: int
    providers: Sequence[ProviderPlan]

    def summary(self) -> Imported:
        """Add it all up."""
        total = Counter[str]()
        for plan in self.providers:
            total.update(plan.counts())
        return Imported(
            providers=len(self.providers),
            providers_changed=sum(bool(plan.new) for plan in self.providers),
            added=total["added"],
            changed=total["changed"],
            unchanged=total["unchanged"],
            disabled=total["disabled"],
        )


def plan_catalogue(
    connection: ReadConnection,
    catalogue: Sequence[CatalogueProvider],
    now_ms: int,
    *,
    prune: bool,
) -> CataloguePlan:
    """Find out what this catalogue changes; DirectoryFault with everything that it may not."""
    version = current_version(connection)
    present = {row.provider_id: row for row in connection.select(select(providers))}
    refuse_if_any([*_content_faults(catalogue), *_provider_faults(catalogue, present)])
    today = datetime.fromtimestamp(now_ms // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return CataloguePlan(
        version=version,
        providers=[
            _plan_provider(connection, each, present[each.provider_id], today, prune=prune)
            for each in sorted(catalogue, key=lambda each: each.provider_id)
        ],
    )


def put_catalogue(
    edit: Edit, catalogue: Sequence[CatalogueProvider], plan: CataloguePlan, *, prune: bool
) -> Imported:
    """Carry the plan out; it is made anew when somebody changed the directory meanwhile."""
    if current_version(edit.connection) != plan.version:
        plan = plan_catalogue(edit.connection, catalogue, edit.at_ms, prune=prune)
    _write_names(edit.connection, plan.providers)
    for each in plan.providers:
        if each.new:
            action = Action(verb="set", old=each.old, new=each.new)
            version = edit.note(Subject.PROVIDER, each.provider_id, action)
            one = providers.c.provider_id == each.provider_id
            values = {**each.new, "version": version}
            edit.connection.execute(update(providers).where(one).values(**values))
        if each.added or each.changed or each.disabled:
            _write_games(edit.connection, each)
            action = Action(verb="import-games", new=each.counts())
            edit.note(Subject.PROVIDER, each.provider_id, action)
    return plan.summary()


def _content_faults(catalogue: Sequence[CatalogueProvider]) -> list[FieldFault]:
    faults = []
    for provider_id, times in Counter(each.provider_id for each in catalogue).items():
        if times > 1:
            sentence = f"provider {provider_id} occurs {times} times"
            faults.append(FieldFault(f"providers[{provider_id}]", sentence))
    for each in catalogue:
        faults += [
            FieldFault(f"providers[{each.provider_id}].{fault.field}", fault.sentence)
            for fault in provider_faults(each.fields, allow_http=False)
        ]
    return faults + game_faults({each.provider_id: each.games or () for each in catalogue})


def _provider_faults(
    catalogue: Sequence[CatalogueProvider], present: Mapping[int, Row[Any]]
) -> list[FieldFault]:
    faults = [
        FieldFault(f"games[{each.provider_id}]", f"there is no provider {each.provider_id}")
        for each in catalogue
        if each.provider_id not in present
    ]
    names = {provider_id: row.name for provider_id, row in present.items()}
    names |= {each.provider_id: name for each in catalogue if (name := each.fields.get("name"))}
    holders: dict[str, list[int]] = {}
    for provider_id, name in sorted(names.items()):
        holders.setdefault(name.lower(), []).append(provider_id)
    renamed = {each.provider_id for each in catalogue}
    for numbers in holders.values():
        if len(numbers) > 1 and renamed.intersection(numbers):
            named = " and ".join(map(str, numbers))
            sentence = f"providers {named} would both be called {names[numbers[0]]}"
            faults.append(FieldFault(f"providers[{numbers[-1]}].name", sentence))
    return faults


def _plan_provider(
    connection: ReadConnection, wanted: CatalogueProvider, row: Row[Any], today: str, *, prune: bool
) -> ProviderPlan:
    new = {
        field: value
        for field, value in _stored_fields(wanted).items()
        if getattr(row, field) != value
    }
    statement = select(games).where(games.c.provider_id == wanted.provider_id)
    present = {each["game_code"]: dict(each) for each in connection.select(statement).mappings()}
    rows = [_game_values(game, present.get(game.game_code), today) for game in wanted.games or ()]
    added = [values for values in rows if values["game_code"] not in present]
    changed = [
        values
        for values in rows
        if values["game_code"] in present and values != present[values["game_code"]]
    ]
    named = {values["game_code"] for values in rows}
    disabled = [
        code
        for code, values in present.items()
        if prune and wanted.games is not None and code not in named and values["launch_enable"]
    ]
    return ProviderPlan(
        provider_id=wanted.provider_id,
        old={field: getattr(row, field) for field in new},
        new=new,
        added=added,
        changed=changed,
        disabled=disabled,
        unchanged=len(rows) - len(added) - len(changed),
    )


def _stored_fields(wanted: CatalogueProvider) -> dict[str, object]:
    stored: dict[str, object] = {**wanted.fields}
    if "names" in wanted.fields:
        stored["names"] = dict(wanted.fields["names"])
    if "currencies" in wanted.fields:
        stored["currencies"] = list(wanted.fields["currencies"])
    return stored


def _game_values(game: Game, present: Values | None, today: str) -> dict[str, object]:
    values = {name: getattr(game, name) for name in (*_GAME_KEY, *_GAME_FIELDS)}
    values["names"] = dict(game.names)
    if not game.reg_date:
        values["reg_date"] = today if present is None else present["reg_date"]
    return values


def _write_names(connection: WriteConnection, plans: Sequence[ProviderPlan]) -> None:
    """Write the unique form of new names; two providers may have exchanged theirs."""
    renamed = [(each.provider_id, str(each.new["name"])) for each in plans if "name" in each.new]
    for provider_id, _ in renamed:
        _write_folded_name(connection, provider_id, f"\x01{provider_id}")
    for provider_id, name in renamed:
        _write_folded_name(connection, provider_id, name.lower())


def _write_folded_name(connection: WriteConnection, provider_id: int, folded: str) -> None:
    one = providers.c.provider_id == provider_id
    connection.execute(update(providers).where(one).values(name_folded=folded))


def _write_games(connection: WriteConnection, plan: ProviderPlan) -> None:
    if plan.added:
        connection.execute(games.insert(), plan.added)
    one = (games.c.provider_id == plan.provider_id, games.c.game_code == bindparam("code"))
    if plan.changed:
        statement = update(games).where(*one).values({n: bindparam(n) for n in _GAME_FIELDS})
        named = [
            {"code": row["game_code"], **{n: row[n] for n in _GAME_FIELDS}} for row in plan.changed
        ]
        connection.execute(statement, named)
    if plan.disabled:
        statement = update(games).where(*one).values(launch_enable=False)
        connection.execute(statement, [{"code": code} for code in plan.disabled])
