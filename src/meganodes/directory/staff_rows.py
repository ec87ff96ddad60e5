"""Staff and their sessions in the database; what people change leaves one audit row each (S26)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import Row, Select, and_, delete, func, select, update

from meganodes.directory.audit import Action, Edit
from meganodes.directory.changes import Subject
from meganodes.directory.faults import DirectoryFault, FieldFault
from meganodes.directory.staff_records import Role, StaffMember, StaffSession, StaffState, Stage
from meganodes.directory.staff_tables import staff, staff_codes, staff_sessions
from meganodes.kit.database import ReadConnection, WriteConnection

Opening = Callable[[WriteConnection], int]
"""What opens a session in a transaction; the session's number."""


def find_member(connection: ReadConnection, staff_id: int) -> StaffMember | None:
    """Return a member by number."""
    row = connection.select(select(staff).where(staff.c.staff_id == staff_id)).one_or_none()
    return None if row is None else _member(row)


def find_sign_in(connection: ReadConnection, email: str) -> Row[Any] | None:
    """Return the whole row of an e-mail address, hashes included."""
    return connection.select(
        select(staff).where(staff.c.email_folded == email.lower())
    ).one_or_none()


def row_of(connection: ReadConnection, staff_id: int) -> Row[Any]:
    """Return the whole row of a member that exists."""
    return connection.select(select(staff).where(staff.c.staff_id == staff_id)).one()


def all_members(connection: ReadConnection) -> list[StaffMember]:
    """Return everybody, by e-mail address."""
    statement = select(staff).order_by(staff.c.email_folded)
    return [_member(row) for row in connection.select(statement)]


def insert_member(edit: Edit, member: StaffMember) -> int:
    """Add a member, still without a password; DirectoryFault when the address is taken."""
    if find_sign_in(edit.connection, member.email) is not None:
        sentence = f"{member.email} is a member of staff already"
        raise DirectoryFault([FieldFault("email", sentence)])
    newest = edit.connection.select(select(func.max(staff.c.staff_id))).scalar_one_or_none()
    staff_id = (newest or 0) + 1
    shown = {"email": member.email, "role": member.role, "agent_id": member.agent_id}
    edit.note(Subject.STAFF, staff_id, Action(verb="add", new=shown))
    edit.connection.execute(
        staff.insert().values(
            **shown,
            staff_id=staff_id,
            email_folded=member.email.lower(),
            state=member.state,
            time_zone=member.time_zone,
            password_hash=None,
            totp_sealed=None,
            totp_step=0,
            recovery_hashes=[],
            created_at_ms=edit.at_ms,
            last_sign_in_at_ms=None,
        )
    )
    return staff_id


def change_member(edit: Edit, staff_id: int, new: Mapping[str, object], action: Action) -> None:
    """Write columns of a member, with the audit row that tells of it."""
    edit.note(Subject.STAFF, staff_id, action)
    one = staff.c.staff_id == staff_id
    edit.connection.execute(update(staff).where(one).values(**new))


def note_only(edit: Edit, staff_id: int, action: Action) -> None:
    """Leave an audit row of something that changed nothing here."""
    edit.note(Subject.STAFF, staff_id, action)


def sign_in(
    edit: Edit,
    staff_id: int,
    opening: Opening,
    *,
    by: Mapping[str, object] | None = None,
    used: Mapping[str, object] | None = None,
) -> None:
    """Let somebody in: the session, what it used up, and the one row that tells of it (S26)."""
    action = Action(verb="sign-in", new=by or {})
    new = {"last_sign_in_at_ms": edit.at_ms, **(used or {})}
    change_member(edit, staff_id, new, action)
    opening(edit.connection)


def confirm(edit: Edit, staff_id: int, opening: Opening) -> None:
    """Let somebody go on who gave the password again: under a new token."""
    note_only(edit, staff_id, Action(verb="confirm"))
    opening(edit.connection)


def set_own(edit: Edit, new: Mapping[str, object], *, session: StaffSession, verb: str) -> None:
    """Change what lets a member in; their other sessions end."""
    change_member(edit, session.staff_id, new, Action(verb=verb))
    end_sessions(edit.connection, session.staff_id, but=session.session_id)


def enrol(
    edit: Edit, new: Mapping[str, object], *, session: StaffSession, opening: Opening
) -> None:
    """Set an app up; at the first sign-in that is two things, each of which happens alone too."""
    set_own(edit, new, session=session, verb="set-second-factor")
    if session.stage is Stage.ENROL:
        sign_in(edit, session.staff_id, opening)
    else:
        opening(edit.connection)


def put_code(
    connection: WriteConnection, staff_id: int, purpose: str, code_hash: bytes, ends_at_ms: int
) -> None:
    """Store a code that works once; earlier ones of this purpose no longer do."""
    old = and_(staff_codes.c.staff_id == staff_id, staff_codes.c.purpose == purpose)
    connection.execute(delete(staff_codes).where(old))
    connection.execute(
        staff_codes.insert().values(
            code_hash=code_hash, staff_id=staff_id, purpose=purpose, ends_at_ms=ends_at_ms
        )
    )


def look_at_code(
    connection: ReadConnection, hashes: Sequence[bytes], now_ms: int
) -> tuple[int, str] | None:
    """Return (staff_id, purpose) of a code that still works."""
    statement = select(staff_codes.c.staff_id, staff_codes.c.purpose).where(
        staff_codes.c.code_hash.in_(hashes), staff_codes.c.ends_at_ms > now_ms
    )
    row = connection.select(statement).one_or_none()
    return None if row is None else (row.staff_id, row.purpose)


def use_code(connection: WriteConnection, hashes: Sequence[bytes], now_ms: int) -> bool:
    """Use a code up; of two at once one wins."""
    good = and_(staff_codes.c.code_hash.in_(hashes), staff_codes.c.ends_at_ms > now_ms)
    return connection.execute(delete(staff_codes).where(good)).rowcount == 1


def put_session(
    connection: WriteConnection, token_hash: bytes, session: StaffSession, *, keep: int | None
) -> int:
    """Store a session under a new token; the one it follows (``keep``) ends here (S9)."""
    if keep is not None:
        connection.execute(delete(staff_sessions).where(staff_sessions.c.session_id == keep))
    connection.lock("staff-sessions")  # two nodes must not give the same number
    newest = connection.select(select(func.max(staff_sessions.c.session_id))).scalar_one_or_none()
    session_id = (newest or 0) + 1
    connection.execute(
        staff_sessions.insert().values(
            session_id=session_id,
            token_hash=token_hash,
            staff_id=session.staff_id,
            stage=session.stage,
            created_at_ms=session.created_at_ms,
            last_seen_at_ms=session.last_seen_at_ms,
            confirmed_at_ms=session.confirmed_at_ms,
            code_tries=0,
            address=session.address,
            browser=session.browser,
        )
    )
    return session_id


def find_session(
    connection: ReadConnection, hashes: Sequence[bytes]
) -> tuple[StaffMember, StaffSession] | None:
    """Return whose session a token is, and the session."""
    statement: Select[Any] = select(staff_sessions).where(staff_sessions.c.token_hash.in_(hashes))
    row = connection.select(statement).one_or_none()
    member = None if row is None else find_member(connection, row.staff_id)
    return None if row is None or member is None else (member, _session(row))


def touch_session(connection: WriteConnection, session_id: int, now_ms: int) -> None:
    """Note that a session is in use."""
    one = staff_sessions.c.session_id == session_id
    connection.execute(update(staff_sessions).where(one).values(last_seen_at_ms=now_ms))


def count_code_try(connection: WriteConnection, session_id: int) -> int | None:
    """Count a try of a code before it is judged; None when the session has ended meanwhile."""
    one = staff_sessions.c.session_id == session_id
    raised = update(staff_sessions).where(one).values(code_tries=staff_sessions.c.code_tries + 1)
    tries = connection.execute(raised.returning(staff_sessions.c.code_tries)).scalar_one_or_none()
    return None if tries is None else int(tries)


def sessions_of(connection: ReadConnection, staff_id: int) -> list[StaffSession]:
    """Return a member's sessions, the one in use last first."""
    statement = (
        select(staff_sessions)
        .where(staff_sessions.c.staff_id == staff_id)
        .order_by(staff_sessions.c.last_seen_at_ms.desc())
    )
    return [_session(row) for row in connection.select(statement)]


def end_session(connection: WriteConnection, staff_id: int, session_id: int) -> None:
    """End one of a member's sessions."""
    mine = and_(staff_sessions.c.staff_id == staff_id, staff_sessions.c.session_id == session_id)
    connection.execute(delete(staff_sessions).where(mine))


def end_sessions(connection: WriteConnection, staff_id: int, *, but: int | None = None) -> None:
    """End all of a member's sessions, ``but`` one."""
    mine = staff_sessions.c.staff_id == staff_id
    others = mine if but is None else and_(mine, staff_sessions.c.session_id != but)
    connection.execute(delete(staff_sessions).where(others))


def _member(row: Row[Any]) -> StaffMember:
    return StaffMember(
        staff_id=row.staff_id,
        email=row.email,
        role=Role(row.role),
        agent_id=row.agent_id,
        state=StaffState(row.state),
        has_totp=row.totp_sealed is not None,
        time_zone=row.time_zone,
        created_at_ms=row.created_at_ms,
        last_sign_in_at_ms=row.last_sign_in_at_ms,
    )


def _session(row: Row[Any]) -> StaffSession:
    return StaffSession(
        session_id=row.session_id,
        staff_id=row.staff_id,
        stage=Stage(row.stage),
        created_at_ms=row.created_at_ms,
        last_seen_at_ms=row.last_seen_at_ms,
        confirmed_at_ms=row.confirmed_at_ms,
        address=row.address,
        browser=row.browser,
    )
