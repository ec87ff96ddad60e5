"""The people of the Back Office: who they are, and whether their sessions still count."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, replace
from functools import partial
from typing import Concatenate, Final, ParamSpec, TypeVar

from meganodes.directory import staff_rows as rows
from meganodes.directory.audit import Action, Edit
from meganodes.directory.core import DirectoryPorts
from meganodes.directory.faults import FieldFault, refuse_if_any
from meganodes.directory.records import SYSTEM, Actor
from meganodes.directory.refusals import Refusal, RefusalRows
from meganodes.directory.staff_records import (
    Role,
    Seen,
    StaffMember,
    StaffSession,
    StaffState,
    Stage,
)
from meganodes.kit.database import WriteConnection
from meganodes.kit.logging import get_logger
from meganodes.kit.passwords import Passwords
from meganodes.kit.secrets import Secret
from meganodes.kit.time_zones import time_zones
from meganodes.kit.tokens import (
    STAFF_CODE_PREFIX,
    STAFF_PREFIX,
    new_token,
    parse_token,
    token_hashes,
)

_P = ParamSpec("_P")
_T = TypeVar("_T")

IDLE_MS: Final = 15 * 60_000
ABSOLUTE_MS: Final = 12 * 3_600_000
WELCOME: Final = "welcome"
"""The purpose of a code that lets somebody choose a password."""
WELCOME_MINUTES: Final = 24 * 60
UNFINISHED_MS: Final = 10 * 60_000
_TOUCH_EVERY_MS: Final = 30_000
_EMAIL_CHARACTERS_MAX: Final = 200
_BROWSER_CHARACTERS_MAX: Final = 200
_log = get_logger("directory.staff")


@dataclass(frozen=True, slots=True, kw_only=True)
class NewMember:
    """Somebody to be invited. ``agent_id`` None: the hub's own team."""

    email: str
    role: Role
    agent_id: int | None = None
    time_zone: str = "UTC"


class Staff:
    """Members and sessions. Signing in is `staff_sign_in.SignIn`, which builds on this."""

    def __init__(self, ports: DirectoryPorts, passwords: Passwords | None = None) -> None:
        """Take the directory's ports; passwords are judged by a `Passwords` of its own."""
        self.ports = ports
        self.passwords = passwords or Passwords()
        self._refusal_rows = RefusalRows()

    def close(self) -> None:
        """End the threads of password checks."""
        self.passwords.close()

    @property
    def now_ms(self) -> int:
        """The moment, as all nodes reckon it."""
        return self.ports.clock.now_ms()

    def hashes(self, text: str) -> tuple[bytes, ...]:
        """Return under which keyed hashes a presented token may be stored."""
        return token_hashes(self.ports.master_key.token_hash_keys, text)

    async def edit(
        self,
        actor: Actor,
        change: Callable[Concatenate[Edit, _P], _T],
        *args: _P.args,
        **kwargs: _P.kwargs,
    ) -> _T:
        """Run a change and its audit row in one transaction."""

        def run(connection: WriteConnection) -> _T:
            edit = Edit.begin(connection, self.ports.master_key, actor, self.now_ms)
            return change(edit, *args, **kwargs)

        return await self.ports.database.write(run)

    async def note_refusal(self, refusal: Refusal, *, who: Hashable = None) -> None:
        """Leave an audit row of a refusal, unless there were enough of them.

        ``who`` was refused; usually that is the member, at this address.
        """
        _log.warning(
            "refused",
            kind=refusal.kind.value,
            staff_id=refusal.staff_id,
            address=refusal.address,
            **refusal.details,
        )
        counted = who or (refusal.staff_id, refusal.address)
        left_out = self._refusal_rows.admit(refusal.kind, counted, self.ports.clock.monotonic())
        if left_out is None:
            return
        details = {**refusal.details, **({"left_out": left_out} if left_out else {})}
        actor = Actor(source="office", name=f"{refusal.name} from {refusal.address}")
        action = Action(verb=refusal.kind, new=details)
        await self.edit(actor, rows.note_only, refusal.staff_id, action)

    # --- members --------------------------------------------------------------------------------

    async def member(self, staff_id: int) -> StaffMember | None:
        """Return a member by number."""
        return await self.ports.database.read(rows.find_member, staff_id)

    async def members(self) -> list[StaffMember]:
        """Return everybody, by e-mail address."""
        return await self.ports.database.read(rows.all_members)

    async def invite(self, new: NewMember, actor: Actor = SYSTEM) -> Secret:
        """Add a member and return the code that lets them choose a password, once (S8)."""
        refuse_if_any(_faults(new))
        member = StaffMember(
            staff_id=0,
            email=new.email,
            role=new.role,
            agent_id=new.agent_id,
            state=StaffState.INVITED,
            has_totp=False,
            time_zone=new.time_zone,
            created_at_ms=self.now_ms,
            last_sign_in_at_ms=None,
        )
        code = new_token(STAFF_CODE_PREFIX, self.ports.identity)
        code_hash = self.hashes(code.reveal())[0]
        await self.edit(actor, _invite, member, code_hash)
        return code

    async def new_code(
        self, staff_id: int, purpose: str, minutes: int, actor: Actor = SYSTEM
    ) -> Secret:
        """Make a code that works once; an earlier one of this purpose no longer does."""
        code = new_token(STAFF_CODE_PREFIX, self.ports.identity)
        code_hash = self.hashes(code.reveal())[0]
        await self.edit(actor, _put_code, staff_id, purpose, code_hash, minutes)
        return code

    async def set_role(self, staff_id: int, role: Role, actor: Actor) -> None:
        """Give a member another role; their sessions end, so that no old right lives on (S9)."""
        await self.edit(actor, _set_role, staff_id, role)

    async def set_state(self, staff_id: int, state: StaffState, actor: Actor) -> None:
        """Disable a member, or let them in again; disabling ends all their sessions (S10)."""
        await self.edit(actor, _set_state, staff_id, state)

    async def set_time_zone(self, staff_id: int, time_zone: str, actor: Actor) -> None:
        """Choose in which time zone pages show moments."""
        if time_zone not in time_zones():
            sentence = f"{time_zone} is no time zone: use a name like Europe/Madrid"
            refuse_if_any([FieldFault("time_zone", sentence)])
        action = Action(verb="set", new={"time_zone": time_zone})
        await self.edit(actor, rows.change_member, staff_id, {"time_zone": time_zone}, action)

    async def forget_second_factor(self, staff_id: int, actor: Actor) -> None:
        """Take an authenticator app away, for somebody who lost everything; sessions end."""
        await self.edit(actor, _forget_second_factor, staff_id)

    # --- sessions -------------------------------------------------------------------------------

    async def session(self, token: str) -> tuple[StaffMember, StaffSession] | None:
        """Return who presents this token, while the session counts and the member is active."""
        if not parse_token(token, STAFF_PREFIX):
            return None
        found = await self.ports.database.read(rows.find_session, self.hashes(token))
        if found is None or not self._counts(*found):
            return None
        session = found[1]
        if self.now_ms - session.last_seen_at_ms >= _TOUCH_EVERY_MS:
            await self.ports.database.write(rows.touch_session, session.session_id, self.now_ms)
        return found

    def _counts(self, member: StaffMember, session: StaffSession) -> bool:
        now_ms = self.now_ms
        age_ms, idle_ms = now_ms - session.created_at_ms, now_ms - session.last_seen_at_ms
        age_max_ms = ABSOLUTE_MS if session.stage is Stage.SIGNED_IN else UNFINISHED_MS
        is_active = member.state is StaffState.ACTIVE
        return is_active and age_ms < age_max_ms and idle_ms < IDLE_MS

    async def sessions_of(self, staff_id: int) -> list[StaffSession]:
        """Return a member's sessions that still count."""
        member = await self.member(staff_id)
        found = await self.ports.database.read(rows.sessions_of, staff_id)
        return [each for each in found if member is not None and self._counts(member, each)]

    def new_session(
        self, staff_id: int, stage: Stage, seen: Seen, *, instead_of: StaffSession | None = None
    ) -> tuple[Secret, Callable[[WriteConnection], int]]:
        """Make a session under a new token, and what opens it in somebody's transaction.

        The session it follows ends there (S9).
        """
        now_ms = self.now_ms
        token = new_token(STAFF_PREFIX, self.ports.identity)
        session = StaffSession(
            session_id=0,
            staff_id=staff_id,
            stage=stage,
            created_at_ms=now_ms,
            last_seen_at_ms=now_ms,
            confirmed_at_ms=now_ms,
            address=seen.address,
            browser=seen.browser[:_BROWSER_CHARACTERS_MAX],
        )
        if instead_of is not None and instead_of.stage is Stage.SIGNED_IN:
            session = replace(session, created_at_ms=instead_of.created_at_ms)
        keep = None if instead_of is None else instead_of.session_id
        token_hash = self.hashes(token.reveal())[0]
        return token, partial(rows.put_session, token_hash=token_hash, session=session, keep=keep)

    async def start_session(self, staff_id: int, stage: Stage, seen: Seen) -> Secret:
        """Open a session that nothing tells of: of somebody who is only half in."""
        token, opening = self.new_session(staff_id, stage, seen)
        await self.ports.database.write(opening)
        return token

    async def end_session(self, staff_id: int, session_id: int) -> None:
        """End one session of a member, as a part of something that has its audit row."""
        await self.ports.database.write(rows.end_session, staff_id, session_id)

    async def sign_out(self, session: StaffSession, actor: Actor) -> None:
        """End the session that somebody is in, because they go."""
        await self.edit(actor, _end_session, session, session.session_id, "sign-out")

    async def end_own_session(self, session: StaffSession, other: int, actor: Actor) -> None:
        """End a session of the member whose session this is, because they say so."""
        await self.edit(actor, _end_session, session, other, "end-session")

    async def end_own_others(self, session: StaffSession, actor: Actor) -> None:
        """End all sessions of the member but this one, because they say so."""
        await self.edit(actor, _end_other_sessions, session)


def _faults(new: NewMember) -> list[FieldFault]:
    faults = []
    name, _, host = new.email.partition("@")
    plain = new.email.isascii() and new.email.isprintable() and " " not in new.email
    if not (name and "." in host and plain and len(new.email) <= _EMAIL_CHARACTERS_MAX):
        faults.append(FieldFault("email", "email must be an address like anna@casino.example"))
    if new.time_zone not in time_zones():
        faults.append(FieldFault("time_zone", f"{new.time_zone} is no time zone"))
    return faults


def _invite(edit: Edit, member: StaffMember, code_hash: bytes) -> None:
    staff_id = rows.insert_member(edit, member)
    _put_code(edit, staff_id, WELCOME, code_hash, WELCOME_MINUTES)


def _put_code(edit: Edit, staff_id: int, purpose: str, code_hash: bytes, minutes: int) -> None:
    rows.note_only(edit, staff_id, Action(verb=f"make-{purpose}-link"))
    ends_at_ms = edit.at_ms + minutes * 60_000
    rows.put_code(edit.connection, staff_id, purpose, code_hash, ends_at_ms)


def _set_role(edit: Edit, staff_id: int, role: Role) -> None:
    old = rows.row_of(edit.connection, staff_id).role
    action = Action(verb="set-role", old={"role": old}, new={"role": role})
    rows.change_member(edit, staff_id, {"role": role}, action)
    rows.end_sessions(edit.connection, staff_id)


def _set_state(edit: Edit, staff_id: int, state: StaffState) -> None:
    old = rows.row_of(edit.connection, staff_id).state
    action = Action(verb=f"set-{state}", old={"state": old}, new={"state": state})
    rows.change_member(edit, staff_id, {"state": state}, action)
    if state is not StaffState.ACTIVE:
        rows.end_sessions(edit.connection, staff_id)


def _end_session(edit: Edit, session: StaffSession, ended: int, verb: str) -> None:
    rows.note_only(edit, session.staff_id, Action(verb=verb, old={"session_id": ended}))
    rows.end_session(edit.connection, session.staff_id, ended)


def _end_other_sessions(edit: Edit, session: StaffSession) -> None:
    rows.note_only(edit, session.staff_id, Action(verb="end-other-sessions"))
    rows.end_sessions(edit.connection, session.staff_id, but=session.session_id)


def _forget_second_factor(edit: Edit, staff_id: int) -> None:
    gone: dict[str, object] = {"totp_sealed": None, "totp_step": 0, "recovery_hashes": []}
    rows.change_member(edit, staff_id, gone, Action(verb="forget-second-factor"))
    rows.end_sessions(edit.connection, staff_id)
