"""Maintenance: when a provider or a game cannot be opened, now or planned (contract 2.2).

What is open goes on: sessions stay, and their bets are taken. Only launches are refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, delete, or_, select, update

from meganodes.directory.audit import Action, Edit
from meganodes.directory.changes import Subject, next_number
from meganodes.directory.faults import DirectoryFault, FieldFault, refuse_if_any
from meganodes.directory.records import Game, NewWindow, Provider, Status, Window
from meganodes.directory.tables import games, maintenance_windows, providers
from meganodes.kit.database import ReadConnection


def is_in_maintenance(provider: Provider, game: Game | None, now_ms: int) -> bool:
    """Tell whether the game, or without one the whole provider, is in maintenance at a moment."""
    things = (provider,) if game is None else (provider, game)
    return any(status_at(thing, now_ms) is Status.MAINTENANCE for thing in things)


def status_at(thing: Provider | Game, now_ms: int) -> Status:
    """Give the status of a provider, or of a game by itself, as it is at a moment."""
    if any(window.has(now_ms) for window in thing.windows):
        return Status.MAINTENANCE
    return thing.status


def plan_window(edit: Edit, new: NewWindow) -> Window:
    """Plan maintenance; where a window has all of that time already, it stays the only one."""
    wanted = Window(
        window_id=0,
        provider_id=new.provider_id,
        game_code=new.game_code,
        from_ms=edit.at_ms if new.from_ms is None else new.from_ms,
        to_ms=new.to_ms,
        reason=new.reason,
    )
    _stored_status(edit.connection, new.provider_id, new.game_code)
    refuse_if_any(_time_faults(wanted, edit.at_ms))
    for present in _windows_of(edit, new.provider_id, new.game_code):
        if _contains(present, wanted):
            return present
    values = _values(wanted) | {"window_id": next_number(edit.connection, "window_id")}
    action = Action(verb="plan-maintenance", new=_shown(values), reason=new.reason)
    edit.note(Subject.PROVIDER, new.provider_id, action)
    edit.connection.execute(maintenance_windows.insert().values(**values, created_at_ms=edit.at_ms))
    return Window(**values)


def end_maintenance(
    edit: Edit, provider_id: int, game_code: str | None, reason: str | None
) -> bool:
    """End what is going on now, whether planned or set as status; tell whether there was any."""
    status = _stored_status(edit.connection, provider_id, game_code)
    present = _windows_of(edit, provider_id, game_code)
    running = [window for window in present if window.has(edit.at_ms)]
    if not running and status is Status.NORMAL:
        return False
    old = {
        "game_code": game_code,
        "status": status,
        "windows": [each.window_id for each in running],
    }
    new = {"status": Status.NORMAL, "ended_at_ms": edit.at_ms}
    action = Action(verb="end-maintenance", old=old, new=new, reason=reason)
    version = edit.note(Subject.PROVIDER, provider_id, action)
    for window in running:
        one = maintenance_windows.c.window_id == window.window_id
        begun = window.from_ms < edit.at_ms
        ending = update(maintenance_windows).where(one).values(to_ms=edit.at_ms)
        edit.connection.execute(ending if begun else delete(maintenance_windows).where(one))
    if game_code is None:
        whole = providers.c.provider_id == provider_id
        values = {"status": Status.NORMAL, "version": version}
        edit.connection.execute(update(providers).where(whole).values(**values))
    else:
        game = (games.c.provider_id == provider_id, games.c.game_code == game_code)
        edit.connection.execute(update(games).where(*game).values(status=Status.NORMAL))
    return True


def withdraw_window(edit: Edit, window_id: int, reason: str | None) -> Window:
    """Take back a window that has not begun."""
    statement = select(maintenance_windows).where(maintenance_windows.c.window_id == window_id)
    row = edit.connection.select(statement).one_or_none()
    if row is None:
        raise DirectoryFault([FieldFault("window", f"there is no window {window_id}")])
    window = _window(row)
    if window.from_ms <= edit.at_ms:
        sentence = f"window {window_id} has begun: it can be ended, not withdrawn"
        raise DirectoryFault([FieldFault("window", sentence)])
    action = Action(verb="withdraw-maintenance", old=_shown(_values(window)), reason=reason)
    edit.note(Subject.PROVIDER, window.provider_id, action)
    edit.connection.execute(
        delete(maintenance_windows).where(maintenance_windows.c.window_id == window_id)
    )
    return window


def load_windows(
    connection: ReadConnection, provider_ids: Sequence[int] | None, now_ms: int
) -> list[Window]:
    """Read the windows of these providers (None: all) that are not over, the earliest first."""
    table = maintenance_windows.c
    statement = select(maintenance_windows).where(or_(table.to_ms.is_(None), table.to_ms > now_ms))
    if provider_ids is not None:
        statement = statement.where(table.provider_id.in_(provider_ids))
    ordered = statement.order_by(table.from_ms, table.window_id)
    return [_window(row) for row in connection.select(ordered)]


def _windows_of(edit: Edit, provider_id: int, game_code: str | None) -> list[Window]:
    found = load_windows(edit.connection, [provider_id], edit.at_ms)
    return [window for window in found if window.game_code == game_code]


def _contains(present: Window, wanted: Window) -> bool:
    if present.from_ms > wanted.from_ms:
        return False
    return present.to_ms is None or (wanted.to_ms is not None and wanted.to_ms <= present.to_ms)


def _time_faults(wanted: Window, now_ms: int) -> list[FieldFault]:
    if wanted.to_ms is None:
        return []
    if wanted.to_ms <= wanted.from_ms:
        return [FieldFault("to", "the window ends before it begins: --to must be after --from")]
    if wanted.is_over(now_ms):
        return [FieldFault("to", "the window is over already")]
    return []


def _stored_status(connection: ReadConnection, provider_id: int, game_code: str | None) -> Status:
    if game_code is None:
        statement = select(providers.c.status).where(providers.c.provider_id == provider_id)
        missing = FieldFault("provider_id", f"there is no provider {provider_id}")
    else:
        statement = select(games.c.status).where(
            games.c.provider_id == provider_id, games.c.game_code == game_code
        )
        missing = FieldFault("game", f"provider {provider_id} has no game {game_code}")
    status = connection.select(statement).scalar_one_or_none()
    if status is None:
        raise DirectoryFault([missing])
    return Status(status)


def _values(window: Window) -> dict[str, Any]:
    return {
        "window_id": window.window_id,
        "provider_id": window.provider_id,
        "game_code": window.game_code,
        "from_ms": window.from_ms,
        "to_ms": window.to_ms,
        "reason": window.reason,
    }


def _shown(values: dict[str, Any]) -> dict[str, object]:
    return {name: value for name, value in values.items() if name not in {"provider_id", "reason"}}


def _window(row: Row[Any]) -> Window:
    return Window(
        window_id=row.window_id,
        provider_id=row.provider_id,
        game_code=row.game_code,
        from_ms=row.from_ms,
        to_ms=row.to_ms,
        reason=row.reason,
    )
