"""Launches and sessions in the database, and the rule that says when a session is over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import ColumnElement, Row, bindparam, delete, select, update

from meganodes.directory.audit import Action, Edit
from meganodes.directory.changes import Subject, lock_version, next_number, record_change
from meganodes.directory.records import Launch, LaunchFault, LaunchFaultReason, Session
from meganodes.directory.tables import launches, sessions, users
from meganodes.kit.database import ReadConnection, WriteConnection
from meganodes.protocol.replies import Permissions

_HOUR_MS = 3_600_000
_MINUTE_MS = 60_000


def session_fault(
    session: Session, *, now_ms: int, session_hours: int, idle_minutes: int
) -> str | None:
    """Say why a session serves no bet, balance or authenticate any more, None while it does.

    It ends by staff, after so many hours, after so long without a call, and when the minutes that
    the backend permitted are over (contract 4, sessions).
    """
    age_ms = now_ms - session.opened_at_ms
    permitted = session.permissions.session_minutes if session.permissions else None
    if session.ended_at_ms is not None and session.ended_at_ms <= now_ms:
        return "the session was ended by staff"
    if age_ms >= session_hours * _HOUR_MS:
        return f"the session ended {session_hours} hours after it was opened"
    if is_idle(session, now_ms, idle_minutes):
        return f"the session ended after {idle_minutes} minutes without a call"
    if permitted is not None and age_ms >= permitted * _MINUTE_MS:
        return f"the session ended after the {permitted} minutes that the backend permitted"
    return None


def is_idle(session: Session, now_ms: int, idle_minutes: int) -> bool:
    """Tell whether the session has gone without a call for too long; such a one stays ended."""
    return now_ms - session.last_call_at_ms >= idle_minutes * _MINUTE_MS


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """What a browser brings to open a launch, and when a launch is too old for that."""

    token_hashes: Sequence[bytes]
    user_code: int
    now_ms: int
    launch_minutes: int

    @property
    def expired_before_ms(self) -> int:
        """Launches made at this moment or earlier do not open any more."""
        return self.now_ms - self.launch_minutes * _MINUTE_MS


def store_launch(connection: WriteConnection, token_hash: bytes, launch: Launch) -> None:
    """Write a launch, but for its language and country, which are stored nowhere."""
    connection.execute(
        launches.insert().values(
            token_hash=token_hash,
            agent_id=launch.agent_id,
            user_code=launch.user_code,
            account=launch.account,
            provider_id=launch.provider_id,
            game_code=launch.game_code,
            lang=launch.lang,
            return_url=launch.return_url,
            permissions=_stored_permissions(launch.permissions),
            created_at_ms=launch.created_at_ms,
        )
    )


def look_at_launch(connection: ReadConnection, ticket: Ticket) -> Launch | LaunchFault:
    """Return the launch, or why it does not open. Nothing is used up."""
    row = connection.select(select(launches).where(_is_meant(ticket))).one_or_none()
    if row is None:
        return LaunchFault(reason=LaunchFaultReason.UNKNOWN)
    if row.opened_at_ms is not None:
        return _fault(row, LaunchFaultReason.USED)
    if row.created_at_ms <= ticket.expired_before_ms:
        return _fault(row, LaunchFaultReason.EXPIRED)
    return _launch(row)


def use_launch(
    connection: WriteConnection, ticket: Ticket, session_hash: bytes
) -> Session | LaunchFault:
    """Use a launch up and create its session, in one transaction; of two openings one gets it."""
    launch = look_at_launch(connection, ticket)
    if isinstance(launch, LaunchFault):
        return launch
    unopened = (_is_meant(ticket), launches.c.opened_at_ms.is_(None))
    opening = update(launches).where(*unopened).values(opened_at_ms=ticket.now_ms)
    if connection.execute(opening).rowcount == 0:  # another opening came in between
        return LaunchFault(
            reason=LaunchFaultReason.USED, return_url=launch.return_url, lang=launch.lang
        )
    session = _opened(launch, next_number(connection, "gplay_id"), ticket.now_ms)
    connection.execute(sessions.insert().values(**_session_values(session, session_hash)))
    seen = update(users).where(users.c.user_code == session.user_code)
    connection.execute(seen.values(last_seen_ms=ticket.now_ms))
    return session


def forget_launches(connection: WriteConnection, before_ms: int) -> None:
    """Delete launches so old that nobody asks any more why they do not open."""
    connection.execute(delete(launches).where(launches.c.created_at_ms < before_ms))


def find_session(connection: ReadConnection, token_hashes: Sequence[bytes]) -> Session | None:
    """Return the session of a token, whichever key its hash was made with."""
    statement = select(sessions).where(sessions.c.token_hash.in_(token_hashes))
    row = connection.select(statement).one_or_none()
    return None if row is None else _session(row)


def find_session_by_number(connection: ReadConnection, gplay_id: int) -> Session | None:
    """Return the session with this number."""
    statement = select(sessions).where(sessions.c.gplay_id == gplay_id)
    row = connection.select(statement).one_or_none()
    return None if row is None else _session(row)


def find_active_sessions(connection: ReadConnection, agent_id: int, since_ms: int) -> list[Session]:
    """Return an agent's sessions that were called since a moment, as far as it is written."""
    statement = select(sessions).where(
        sessions.c.agent_id == agent_id, sessions.c.last_call_at_ms >= since_ms
    )
    return [_session(row) for row in connection.select(statement)]


def store_last_calls(connection: WriteConnection, last_calls: Mapping[int, int]) -> None:
    """Write when each of these sessions was called last; a later moment in the table stays."""
    statement = (
        update(sessions)
        .where(
            sessions.c.gplay_id == bindparam("called"),
            sessions.c.last_call_at_ms < bindparam("at_ms"),
        )
        .values(last_call_at_ms=bindparam("at_ms"))
    )
    rows = [{"called": gplay_id, "at_ms": at_ms} for gplay_id, at_ms in sorted(last_calls.items())]
    connection.execute(statement, rows)


def store_permissions(
    connection: WriteConnection, gplay_id: int, permissions: Permissions | None, now_ms: int
) -> None:
    """Write the newest permissions and tell the other nodes, unless they are as before."""
    one = sessions.c.gplay_id == gplay_id
    stored = _stored_permissions(permissions)
    row = connection.select(select(sessions.c.permissions).where(one)).one_or_none()
    if row is None or row.permissions == stored:
        return
    lock_version(connection)  # before any other row, as every edit does: none waits in a circle
    connection.execute(update(sessions).where(one).values(permissions=stored))
    record_change(connection, Subject.SESSION, gplay_id, now_ms)


def store_end(edit: Edit, gplay_id: int) -> None:
    """End a session, once."""
    open_one = (sessions.c.gplay_id == gplay_id, sessions.c.ended_at_ms.is_(None))
    ending = update(sessions).where(*open_one).values(ended_at_ms=edit.at_ms)
    if edit.connection.execute(ending).rowcount == 1:
        edit.note(Subject.SESSION, gplay_id, Action(verb="end", new={"ended_at_ms": edit.at_ms}))


def _is_meant(ticket: Ticket) -> ColumnElement[bool]:
    is_token = launches.c.token_hash.in_(ticket.token_hashes)
    return is_token & (launches.c.user_code == ticket.user_code)


def _fault(row: Row[Any], reason: LaunchFaultReason) -> LaunchFault:
    return LaunchFault(reason=reason, return_url=row.return_url, lang=row.lang)


def _launch(row: Row[Any]) -> Launch:
    return Launch(
        agent_id=row.agent_id,
        user_code=row.user_code,
        account=row.account,
        provider_id=row.provider_id,
        game_code=row.game_code,
        lang=row.lang,
        return_url=row.return_url,
        permissions=_permissions(row.permissions),
        language=None,
        country=None,
        created_at_ms=row.created_at_ms,
    )


def _opened(launch: Launch, gplay_id: int, now_ms: int) -> Session:
    return Session(
        gplay_id=gplay_id,
        agent_id=launch.agent_id,
        user_code=launch.user_code,
        account=launch.account,
        provider_id=launch.provider_id,
        game_code=launch.game_code,
        language=None,
        country=None,
        permissions=launch.permissions,
        opened_at_ms=now_ms,
        last_call_at_ms=now_ms,
        ended_at_ms=None,
        return_url=launch.return_url,
        lang=launch.lang,
    )


def _session_values(session: Session, token_hash: bytes) -> dict[str, object]:
    values = {
        column.name: getattr(session, column.name)
        for column in sessions.columns
        if column.name not in {"token_hash", "permissions"}
    }
    permissions = _stored_permissions(session.permissions)
    return values | {"token_hash": token_hash, "permissions": permissions}


def _session(row: Row[Any]) -> Session:
    return Session(
        gplay_id=row.gplay_id,
        agent_id=row.agent_id,
        user_code=row.user_code,
        account=row.account,
        provider_id=row.provider_id,
        game_code=row.game_code,
        language=None,
        country=None,
        permissions=_permissions(row.permissions),
        opened_at_ms=row.opened_at_ms,
        last_call_at_ms=row.last_call_at_ms,
        ended_at_ms=row.ended_at_ms,
        return_url=row.return_url,
        lang=row.lang,
    )


def _stored_permissions(permissions: Permissions | None) -> dict[str, object] | None:
    return None if permissions is None else asdict(permissions)


def _permissions(stored: Mapping[str, Any] | None) -> Permissions | None:
    return None if stored is None else Permissions(**stored)
