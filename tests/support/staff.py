"""People of the Back Office on a database of their own, and somebody who has signed in."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Literal

import pyotp
from argon2 import PasswordHasher

from meganodes.directory.core import DirectoryPorts
from meganodes.directory.staff import NewMember, Staff
from meganodes.directory.staff_records import Role, Seen, StaffMember, StaffSession
from meganodes.directory.staff_sign_in import Enrolled, Passed, SignIn
from meganodes.kit.clock import ManualClock
from meganodes.kit.database import DatabaseUrl
from meganodes.kit.identity import SystemIdentity
from meganodes.kit.one_time_codes import STEP_SECONDS
from meganodes.kit.passwords import MEMORY_KIB, Passwords
from meganodes.kit.secrets import Secret
from tests.support.directory import MASTER_KEY, open_database

PASSWORD = Secret("correct horse battery staple")
ANNA = "anna@casino.example"
BROWSER = Seen(address="203.0.113.9", browser="A browser")


class CountingHasher(PasswordHasher):
    """The product's own hasher, which knows how often it was asked and how many worked at once."""

    def __init__(self) -> None:
        """Nothing was hashed yet."""
        super().__init__(time_cost=1, memory_cost=MEMORY_KIB, parallelism=1)
        self.verified = 0
        self.at_once_max = 0
        self._at_once = 0
        self._lock = Lock()

    def verify(self, hash: str | bytes, password: str | bytes) -> Literal[True]:  # noqa: A002 - argon2's name
        """Count, and judge as usual."""
        with self._lock:
            self.verified += 1
            self._at_once += 1
            self.at_once_max = max(self.at_once_max, self._at_once)
        try:
            return super().verify(hash, password)
        finally:
            with self._lock:
                self._at_once -= 1


@dataclass(kw_only=True)
class People:
    """Staff whose clock a test turns."""

    staff: Staff
    sign_in: SignIn
    clock: ManualClock

    async def hired(
        self, email: str = ANNA, role: Role = Role.OPERATOR, agent_id: int | None = None
    ) -> StaffMember:
        """Invite somebody, who accepts with PASSWORD."""
        new = NewMember(email=email, role=role, agent_id=agent_id)
        code = await self.staff.invite(new)
        passed = await self.sign_in.welcome(code.reveal(), PASSWORD, BROWSER)
        assert isinstance(passed, Passed)
        return await self.known(email)

    async def known(self, email: str = ANNA) -> StaffMember:
        return next(each for each in await self.staff.members() if each.email == email)

    async def passed(self, email: str = ANNA, password: Secret = PASSWORD) -> Passed:
        """Sign in with a right password."""
        judged = await self.sign_in.with_password(email, password, BROWSER)
        assert isinstance(judged, Passed), judged
        return judged

    async def session_of(self, token: Secret) -> tuple[StaffMember, StaffSession]:
        found = await self.staff.session(token.reveal())
        assert found is not None
        return found

    async def enrolled(self, token: Secret) -> tuple[Secret, Enrolled]:
        """Set an authenticator app up; return its seed too."""
        member, session = await self.session_of(token)
        seed = self.sign_in.enrolment_seed(token.reveal())
        code = code_of(seed, self.clock.now_ms())
        done = await self.sign_in.enrol(member, session, seed, code, BROWSER)
        assert isinstance(done, Enrolled)
        return seed, done

    def next_code(self, seed: Secret) -> str:
        """Wait for the app's next code."""
        self.clock.advance(STEP_SECONDS)
        return code_of(seed, self.clock.now_ms())


def code_of(seed: Secret, now_ms: int) -> str:
    """Return what an authenticator app shows."""
    return pyotp.TOTP(base64.b32encode(seed.reveal_bytes()).decode()).at(now_ms // 1000)


@asynccontextmanager
async def people_on(
    place: Path | DatabaseUrl, passwords: Passwords | None = None
) -> AsyncIterator[People]:
    """Open the people of a database."""
    clock = ManualClock()
    database = open_database(place)

    async def no_check(_url: str) -> str | None:
        return None

    ports = DirectoryPorts(
        database=database,
        master_key=MASTER_KEY,
        clock=clock,
        identity=SystemIdentity(clock, 0),
        url_check=no_check,
    )
    staff = Staff(ports, passwords)
    try:
        yield People(staff=staff, sign_in=SignIn(staff), clock=clock)
    finally:
        staff.close()
        database.close()
