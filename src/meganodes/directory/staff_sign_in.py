"""Signing in: password, then the code of an authenticator app; every try counted before judged.

What is answered tells nobody whether an account exists, and takes as long either way (S6). A new
token is given at each step, so a session that was planted beforehand is worth nothing (S9).
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Any, Final

from sqlalchemy import Row

from meganodes.directory import staff_rows as rows
from meganodes.directory.audit import Action, Edit
from meganodes.directory.records import Actor
from meganodes.directory.refusals import Refusal, Refused
from meganodes.directory.sign_in_throttle import (
    FAILURES_MAX,
    FAILURES_OF_ADDRESS_MAX,
    Told,
    forget_old,
    forgive,
    may_try,
    take_try,
)
from meganodes.directory.staff import WELCOME, Staff
from meganodes.directory.staff_records import (
    Role,
    Seen,
    StaffMember,
    StaffSession,
    StaffState,
    Stage,
)
from meganodes.kit.database import ReadConnection, WriteConnection
from meganodes.kit.one_time_codes import (
    SEED_BYTES,
    matching_step,
    new_recovery_codes,
    plain_recovery_code,
)
from meganodes.kit.passwords import CHARACTERS_MAX, is_outdated, password_fault
from meganodes.kit.secrets import Secret
from meganodes.kit.tokens import STAFF_CODE_PREFIX, hash_matches, parse_token

CODE_TRIES_MAX: Final = 5
ENTER = "enter"
_CODE: Final = "code "
"""What tries of a code count under, before the e-mail address."""


class No(StrEnum):
    """Why somebody did not get further."""

    WRONG = "wrong"
    TOO_OFTEN = "too-often"
    USED_UP = "used-up"


@dataclass(frozen=True, slots=True)
class Passed:
    """A step that went well: the session's new token, and what comes next."""

    token: Secret
    stage: Stage


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolled:
    """An authenticator app was set up; the recovery codes are shown this one time."""

    token: Secret
    recovery_codes: tuple[Secret, ...]


class SignIn:
    """The steps from an e-mail address to a session."""

    def __init__(self, staff: Staff) -> None:
        """Build on the people."""
        self._staff = staff
        self._told = Told()

    async def with_password(self, email: str, password: Secret, seen: Seen) -> Passed | No:
        """Judge a password; what comes next depends on the member's second factor."""
        staff = self._staff
        if await self._is_throttled(email, seen):
            return No.TOO_OFTEN
        row = await staff.ports.database.read(rows.find_sign_in, email)
        is_right = await self._is_password(row, password)
        if row is None or not is_right or row.state != StaffState.ACTIVE:
            await self._refuse(Refused.SIGN_IN, row, seen)
            return No.WRONG
        await self._forgive(email)
        if is_outdated(row.password_hash):
            fresh = {"password_hash": await staff.passwords.hashed(password)}
            action = Action(verb="rehash-password")
            actor = _actor(row.email, seen)
            await staff.edit(actor, rows.change_member, row.staff_id, fresh, action)
        stage = _stage_after_password(row)
        token, opening = staff.new_session(row.staff_id, stage, seen)
        if stage is Stage.SIGNED_IN:
            await staff.edit(_actor(row.email, seen), rows.sign_in, row.staff_id, opening)
        else:
            await staff.ports.database.write(opening)
        return Passed(token, stage)

    async def with_code(
        self, member: StaffMember, session: StaffSession, code: str, seen: Seen
    ) -> Passed | No:
        """Judge a code of the app, or a recovery code; five wrong ones end the attempt (S7)."""
        staff = self._staff
        if self._was_told(_CODE + member.email, seen):
            return No.USED_UP
        tries = await staff.ports.database.write(rows.count_code_try, session.session_id)
        if tries is None:  # of tries sent at once an earlier one ended the session
            return No.USED_UP
        if tries > CODE_TRIES_MAX or await self._is_throttled(_CODE + member.email, seen):
            await staff.end_session(member.staff_id, session.session_id)
            if tries > CODE_TRIES_MAX:
                row = await self._row(member.staff_id)
                await self._refuse(Refused.TOO_MANY_TRIES, row, seen)
            return No.USED_UP
        token, opening = staff.new_session(
            member.staff_id, Stage.SIGNED_IN, seen, instead_of=session
        )
        change = partial(self._take_code, code=code, seen=seen, opening=opening)
        if not await staff.ports.database.write(change, member.staff_id):
            await self._refuse(Refused.CODE, await self._row(member.staff_id), seen)
            return No.WRONG
        await self._forgive(_CODE + member.email)
        return Passed(token, Stage.SIGNED_IN)

    async def confirm(
        self, member: StaffMember, session: StaffSession, password: Secret, seen: Seen
    ) -> Passed | No:
        """Judge the password again before something that could divert money (S11)."""
        if await self._is_throttled(member.email, seen):
            return No.TOO_OFTEN
        row = await self._row(member.staff_id)
        if not await self._is_password(row, password):
            await self._refuse(Refused.CONFIRMATION, row, seen)
            return No.WRONG
        await self._forgive(member.email)
        token, opening = self._staff.new_session(
            member.staff_id, Stage.SIGNED_IN, seen, instead_of=session
        )
        await self._staff.edit(_actor(row.email, seen), rows.confirm, member.staff_id, opening)
        return Passed(token, Stage.SIGNED_IN)

    # --- codes that work once -------------------------------------------------------------------

    async def code_purpose(self, code: str) -> tuple[StaffMember, str] | None:
        """Say whose a code is and what for, without using it up."""
        if not parse_token(code, STAFF_CODE_PREFIX):
            return None
        staff = self._staff
        found = await staff.ports.database.read(rows.look_at_code, staff.hashes(code), staff.now_ms)
        member = None if found is None else await staff.member(found[0])
        return None if found is None or member is None else (member, found[1])

    async def welcome(self, code: str, password: Secret, seen: Seen) -> Passed | No | str:
        """Use an invitation: set the password and go on; a sentence when it is no good password."""
        found = await self.code_purpose(code)
        if found is None or found[1] != WELCOME:
            return No.WRONG
        member = found[0]
        fault = password_fault(password, _context(member))
        if fault is not None:
            return fault
        hashed = await self._staff.passwords.hashed(password)
        change = partial(self._accept, code=code, hashed=hashed, seen=seen)
        actor = _actor(member.email, seen)
        return await self._staff.edit(actor, change, member.staff_id) or No.WRONG

    async def enter(self, code: str, seen: Seen) -> Passed | No:
        """Use a code that signs in by itself; only the demonstration makes such codes."""
        found = await self.code_purpose(code)
        if found is None or found[1] != ENTER or found[0].state is not StaffState.ACTIVE:
            return No.WRONG
        member, staff = found[0], self._staff
        token, opening = staff.new_session(member.staff_id, Stage.SIGNED_IN, seen)
        change = partial(self._enter, code=code, opening=opening)
        if not await staff.edit(_actor(member.email, seen), change, member.staff_id):
            return No.WRONG
        return Passed(token, Stage.SIGNED_IN)

    # --- password and second factor of one's own ------------------------------------------------

    async def change_password(
        self, member: StaffMember, session: StaffSession, password: Secret, seen: Seen
    ) -> str | None:
        """Set another password; other sessions end. A sentence when it is no good password."""
        fault = password_fault(password, _context(member))
        if fault is None:
            new = {"password_hash": await self._staff.passwords.hashed(password)}
            change = partial(rows.set_own, session=session, verb="set-password")
            await self._staff.edit(_actor(member.email, seen), change, new)
        return fault

    def enrolment_seed(self, session_token: str) -> Secret:
        """Return the seed for setting an app up: derived, so nothing is stored before it works."""
        key = self._staff.ports.master_key.token_hash_keys[0]
        derived = hmac.digest(key, b"enrolment\0" + session_token.encode(), "sha256")
        return Secret(derived[:SEED_BYTES])

    async def enrol(
        self, member: StaffMember, session: StaffSession, seed: Secret, code: str, seen: Seen
    ) -> Enrolled | No:
        """Set an app up, once it has shown a right code; other sessions end."""
        staff = self._staff
        if await self._is_throttled(_CODE + member.email, seen):
            return No.TOO_OFTEN
        step = matching_step(seed, code, staff.now_ms, 0)
        if step is None:
            return No.WRONG
        await self._forgive(_CODE + member.email)
        codes = new_recovery_codes(staff.ports.identity)
        name = _totp_row(member.staff_id)
        new = {
            "totp_sealed": staff.ports.master_key.seal(seed.reveal_bytes(), bound_to=name),
            "totp_step": step,
            "recovery_hashes": [staff.hashes(each.reveal())[0].hex() for each in codes],
        }
        token, opening = staff.new_session(
            member.staff_id, Stage.SIGNED_IN, seen, instead_of=session
        )
        change = partial(rows.enrol, session=session, opening=opening)
        await staff.edit(_actor(member.email, seen), change, new)
        return Enrolled(token=token, recovery_codes=codes)

    # --- inside ---------------------------------------------------------------------------------

    def _take_code(
        self,
        connection: WriteConnection,
        staff_id: int,
        *,
        code: str,
        seen: Seen,
        opening: rows.Opening,
    ) -> bool:
        """Judge a code, use it up and let in, in one transaction: of two at once one wins."""
        staff = self._staff
        row = rows.row_of(connection, staff_id)
        edit = Edit.begin(connection, staff.ports.master_key, _actor(row.email, seen), staff.now_ms)
        row = rows.row_of(connection, staff_id)
        if row.totp_sealed is None:
            return False
        opened = staff.ports.master_key.open_sealed(row.totp_sealed, bound_to=_totp_row(staff_id))
        step = matching_step(Secret(opened), code.strip(), staff.now_ms, row.totp_step)
        if step is not None:
            used = {"totp_step": step}
            rows.sign_in(edit, staff_id, opening, by={"second_factor": "code"}, used=used)
            return True
        presented = staff.hashes(plain_recovery_code(code))
        left = [
            each for each in row.recovery_hashes if not hash_matches(bytes.fromhex(each), presented)
        ]
        if len(left) == len(row.recovery_hashes):
            return False
        by = {"second_factor": "recovery code", "codes_left": len(left)}
        rows.sign_in(edit, staff_id, opening, by=by, used={"recovery_hashes": left})
        return True

    def _accept(
        self, edit: Edit, staff_id: int, *, code: str, hashed: str, seen: Seen
    ) -> Passed | None:
        staff = self._staff
        if not rows.use_code(edit.connection, staff.hashes(code), staff.now_ms):
            return None
        new = {"password_hash": hashed, "state": StaffState.ACTIVE}
        rows.change_member(edit, staff_id, new, Action(verb="accept-invitation"))
        rows.end_sessions(edit.connection, staff_id)
        stage = _stage_after_password(rows.row_of(edit.connection, staff_id))
        token, opening = staff.new_session(staff_id, stage, seen)
        opening(edit.connection)
        return Passed(token, stage)

    def _enter(self, edit: Edit, staff_id: int, *, code: str, opening: rows.Opening) -> bool:
        staff = self._staff
        if not rows.use_code(edit.connection, staff.hashes(code), staff.now_ms):
            return False
        rows.sign_in(edit, staff_id, opening)
        return True

    async def _row(self, staff_id: int) -> Row[Any]:
        return await self._staff.ports.database.read(rows.row_of, staff_id)

    async def _is_password(self, row: Row[Any] | None, password: Secret) -> bool:
        if len(password.reveal()) > CHARACTERS_MAX:
            password = Secret("")
        return await self._staff.passwords.matches(row.password_hash if row else None, password)

    async def _is_throttled(self, who: str, seen: Seen) -> bool:
        """Count a try against the account and the address it comes from, before it is judged."""
        staff = self._staff
        if self._was_told(who, seen):
            return True
        address, account = self._counted(who, seen)
        rates = ((address, FAILURES_OF_ADDRESS_MAX), (account, FAILURES_MAX))

        def has_to_wait(connection: ReadConnection) -> bytes | None:
            now_ms = staff.now_ms
            waits = (who for who, most in rates if not may_try(connection, who, now_ms, most))
            return next(waits, None)

        def takes_a_try(connection: WriteConnection) -> bytes | None:
            now_ms = staff.now_ms
            forget_old(connection, now_ms)
            waits = (who for who, most in rates if not take_try(connection, who, now_ms, most))
            return next(waits, None)

        database = staff.ports.database
        waiting = await database.read(has_to_wait) or await database.write(takes_a_try)
        if waiting is not None:
            self._told.note(waiting, staff.ports.clock.monotonic())
            row = await database.read(rows.find_sign_in, who.removeprefix(_CODE))
            await self._refuse(Refused.TOO_MANY_TRIES, row, seen, who=waiting)
        return waiting is not None

    def _was_told(self, who: str, seen: Seen) -> bool:
        now = self._staff.ports.clock.monotonic()
        return any(self._told.was(each, now) for each in self._counted(who, seen))

    def _counted(self, who: str, seen: Seen) -> tuple[bytes, bytes]:
        """Return what tries count against: the address they come from, and the account."""
        hashes = self._staff.hashes
        return hashes(f"sign-in from {seen.address}")[0], hashes(f"sign-in {who.lower()}")[0]

    async def _forgive(self, who: str) -> None:
        account = self._staff.hashes(f"sign-in {who.lower()}")[0]
        await self._staff.ports.database.write(forgive, account)

    async def _refuse(
        self, kind: Refused, row: Row[Any] | None, seen: Seen, *, who: bytes | None = None
    ) -> None:
        staff_id, name = (0, "unknown") if row is None else (row.staff_id, row.email)
        refusal = Refusal(kind=kind, staff_id=staff_id, name=name, address=seen.address)
        await self._staff.note_refusal(refusal, who=who)


def _stage_after_password(row: Row[Any]) -> Stage:
    if row.totp_sealed is not None:
        return Stage.CODE
    return Stage.ENROL if row.role == Role.ADMIN else Stage.SIGNED_IN


def _context(member: StaffMember) -> tuple[str, ...]:
    name, _, host = member.email.partition("@")
    return (name, host.partition(".")[0], "meganodes")


def _totp_row(staff_id: int) -> str:
    return f"staff/{staff_id}/totp"


def _actor(name: str, seen: Seen) -> Actor:
    return Actor(source="office", name=f"{name} from {seen.address}")
