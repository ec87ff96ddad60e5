"""Users in the database: found by number or name, created once, blocked by staff."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import Row, select, update

from meganodes.directory.audit import Action, Edit
from meganodes.directory.changes import Subject, next_number
from meganodes.directory.faults import DirectoryFault, FieldFault, NameConflict
from meganodes.directory.records import User
from meganodes.directory.tables import users
from meganodes.kit.database import ReadConnection, WriteConnection


def find_user(connection: ReadConnection, user_code: int) -> User | None:
    """Return the user with this number."""
    row = connection.select(select(users).where(users.c.user_code == user_code)).one_or_none()
    return None if row is None else _user(row)


def find_user_names(connection: ReadConnection, user_codes: Collection[int]) -> dict[int, str]:
    """Return the names of the users with these numbers, of those that exist."""
    statement = select(users.c.user_code, users.c.name).where(users.c.user_code.in_(user_codes))
    return {row.user_code: row.name for row in connection.select(statement)}


def find_user_by_name(connection: ReadConnection, agent_id: int, name: str) -> User | None:
    """Return the agent's user whose name is this one or differs in case only."""
    statement = select(users).where(
        users.c.agent_id == agent_id, users.c.name_folded == name.lower()
    )
    row = connection.select(statement).one_or_none()
    return None if row is None else _user(row)


def find_users_named(
    connection: ReadConnection, agents: Collection[int], name: str, limit: int
) -> list[User]:
    """Return these agents' users of a name, in any case."""
    statement = (
        select(users)
        .where(users.c.agent_id.in_(agents), users.c.name_folded == name.lower())
        .order_by(users.c.user_code)
        .limit(limit)
    )
    return [_user(row) for row in connection.select(statement)]


def users_page(
    connection: ReadConnection, agent_id: int, prefix: str, after: str, limit: int
) -> list[User]:
    """Return an agent's users whose names begin so, in any case, by name; ``after`` one of them."""
    statement = (
        select(users)
        .where(users.c.agent_id == agent_id, users.c.name_folded > after.lower())
        .order_by(users.c.name_folded)
        .limit(limit)
    )
    if prefix:
        # Names are letters, digits and underscores: the next letter after z ends the range.
        begin = prefix.lower()
        statement = statement.where(
            users.c.name_folded >= begin, users.c.name_folded < f"{begin}\x7f"
        )
    return [_user(row) for row in connection.select(statement)]


def find_or_create_user(
    connection: WriteConnection, agent_id: int, name: str, now_ms: int
) -> tuple[User, bool]:
    """Return the user of this name and whether it is new; NameConflict if only the case differs.

    Of several creations at once one wins and the others find its user: the unique key decides, and
    the row of the sequence keeps them one after another.
    """
    present = find_user_by_name(connection, agent_id, name)
    if present is None:
        user = User(
            agent_id=agent_id,
            user_code=next_number(connection, "user_code"),
            name=name,
            blocked=False,
            first_seen_ms=now_ms,
            last_seen_ms=now_ms,
        )
        if connection.insert_if_absent(users, _values(user)):
            return user, True
        present = find_user_by_name(connection, agent_id, name)
        assert present is not None, "only a user of that name can be in the way"
    if present.name != name:
        raise NameConflict(present.name)
    return present, False


def set_blocked(edit: Edit, user_code: int, reason: str | None, *, blocked: bool) -> None:
    """Block a user or let it play again."""
    user = find_user(edit.connection, user_code)
    if user is None:
        raise DirectoryFault([FieldFault("user_code", f"there is no user {user_code}")])
    if user.blocked == blocked:
        return
    action = Action(
        verb="block" if blocked else "unblock",
        old={"blocked": user.blocked},
        new={"blocked": blocked},
        reason=reason,
    )
    edit.note(Subject.USER, user_code, action)
    one = users.c.user_code == user_code
    edit.connection.execute(update(users).where(one).values(blocked=blocked))


def _values(user: User) -> dict[str, object]:
    return {
        "user_code": user.user_code,
        "agent_id": user.agent_id,
        "name": user.name,
        "name_folded": user.name.lower(),
        "blocked": user.blocked,
        "first_seen_ms": user.first_seen_ms,
        "last_seen_ms": user.last_seen_ms,
    }


def _user(row: Row[Any]) -> User:
    return User(
        agent_id=row.agent_id,
        user_code=row.user_code,
        name=row.name,
        blocked=row.blocked,
        first_seen_ms=row.first_seen_ms,
        last_seen_ms=row.last_seen_ms,
    )
