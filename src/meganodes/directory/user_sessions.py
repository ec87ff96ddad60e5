"""Users, launches and sessions: bounded caches over the tables."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

from meganodes.directory.cache import LruCache
from meganodes.directory.changes import Subject, forget_changes
from meganodes.directory.core import DirectoryPorts, DirectorySettings
from meganodes.directory.loading import News
from meganodes.directory.lookups import Lookups, logged_database_faults
from meganodes.directory.records import (
    SYSTEM,
    Actor,
    Launch,
    LaunchFault,
    LaunchFaultReason,
    OpenedLaunch,
    Session,
    User,
)
from meganodes.directory.session_cache import SessionCache
from meganodes.directory.sessions import (
    Ticket,
    find_active_sessions,
    find_session,
    find_session_by_number,
    forget_launches,
    is_idle,
    look_at_launch,
    store_end,
    store_last_calls,
    store_launch,
    store_permissions,
    use_launch,
)
from meganodes.directory.users import (
    find_or_create_user,
    find_user,
    find_user_by_name,
    find_user_names,
    find_users_named,
    users_page,
)
from meganodes.kit.secrets import Secret
from meganodes.kit.tokens import LAUNCH_PREFIX, SESSION_PREFIX, new_token, parse_token, token_hashes
from meganodes.protocol.replies import Permissions

_DAY_MS = 86_400_000
LAUNCHES_KEPT_MS = 7 * _DAY_MS
CHANGES_KEPT_MS = _DAY_MS
_FORGET_EVERY_MS = 3_600_000
_LOCALES_HELD = 10_000


class UserSessions(Lookups):
    """Users, launches and sessions, known in memory as far as they are in use."""

    def __init__(self, ports: DirectoryPorts, settings: DirectorySettings) -> None:
        """Take the ports; the caches are empty."""
        super().__init__(ports, settings)
        self._users: LruCache[int, User] = LruCache(settings.users_cached)
        self._user_codes: LruCache[tuple[int, str], int] = LruCache(settings.users_cached)
        self._sessions = SessionCache(settings.sessions_cached)
        self._locales: LruCache[bytes, tuple[str | None, str | None]] = LruCache(_LOCALES_HELD)
        # Counts changes that came from outside: what was read while one came in is not kept.
        self._invalidations = 0

    async def start(self) -> None:
        """Load, keep up with changes, and write last calls from time to time."""
        await super().start()
        self._spawn(self._keep_tables())

    async def close(self) -> None:
        """Stop, and write the last calls that are not written yet."""
        await super().close()
        await self.write_last_calls()

    async def user(self, user_code: int) -> User | None:
        """Return a user by number; one read of the database when it is not at hand."""
        known = self._users.get(user_code)
        if known is not None:
            return known
        before = self._invalidations
        return self._kept_user(await self._ports.database.read(find_user, user_code), before)

    async def user_by_name(self, agent_id: int, name: str) -> User | None:
        """Return an agent's user of this very name."""
        user = await self._user_by_any_case(agent_id, name)
        return user if user is not None and user.name == name else None

    async def user_names(self, user_codes: Collection[int]) -> Mapping[int, str]:
        """Return the names of the users with these numbers, of those that exist, in one read."""
        return await self._ports.database.read(find_user_names, user_codes)

    async def users_page(self, agent_id: int, prefix: str, after: str, limit: int) -> list[User]:
        """Return an agent's users whose names begin with a text, by name, after one of them."""
        return await self._ports.database.read(users_page, agent_id, prefix, after, limit)

    async def users_named(self, agents: Collection[int], name: str, limit: int) -> list[User]:
        """Return these agents' users of a name, in any case."""
        return await self._ports.database.read(find_users_named, agents, name, limit)

    async def session_by_number(self, gplay_id: int) -> Session | None:
        """Return the session with this number, as it was last written."""
        return await self._ports.database.read(find_session_by_number, gplay_id)

    async def user_name_conflict(self, agent_id: int, name: str) -> str | None:
        """Return an existing name that differs from this one only in case (contract 2.2)."""
        user = await self._user_by_any_case(agent_id, name)
        return user.name if user is not None and user.name != name else None

    async def create_user(self, agent_id: int, name: str) -> tuple[User, bool]:
        """Return the user of this name and whether it is new.

        NameConflict when a user exists whose name differs only in case.
        """
        known = await self.user_by_name(agent_id, name)
        if known is not None:
            return known, False
        before = self._invalidations
        user, is_new = await self._ports.database.write(
            find_or_create_user, agent_id, name, self._now_ms
        )
        self._kept_user(user, before)
        return user, is_new

    async def create_launch(self, launch: Launch) -> Secret:
        """Store a launch and return the g_token that opens it, once."""
        token = new_token(LAUNCH_PREFIX, self._ports.identity)
        token_hash = self._hashes(token.reveal())[0]
        await self._ports.database.write(store_launch, token_hash, launch)
        self._locales.put(token_hash, (launch.language, launch.country))
        return token

    async def peek_launch(
        self, g_token_text: str, user_code: int, now_ms: int
    ) -> Launch | LaunchFault:
        """Return what a g_token would open, or why it opens nothing, without using it up."""
        if not parse_token(g_token_text, LAUNCH_PREFIX):
            return LaunchFault(reason=LaunchFaultReason.UNKNOWN)
        ticket = self._ticket(g_token_text, user_code, now_ms)
        return await self._ports.database.read(look_at_launch, ticket)

    async def open_launch(
        self, g_token_text: str, user_code: int, now_ms: int
    ) -> OpenedLaunch | LaunchFault:
        """Use a g_token up and return the new session with its token; of two openings one wins."""
        if not parse_token(g_token_text, LAUNCH_PREFIX):
            return LaunchFault(reason=LaunchFaultReason.UNKNOWN)
        ticket = self._ticket(g_token_text, user_code, now_ms)
        token = new_token(SESSION_PREFIX, self._ports.identity)
        token_hash = self._hashes(token.reveal())[0]
        opened = await self._ports.database.write(use_launch, ticket, token_hash)
        if isinstance(opened, LaunchFault):
            return opened
        language, country = self._locales.get(ticket.token_hashes[0]) or (None, None)
        session = replace(opened, language=language, country=country)
        self._users.discard(user_code)
        return OpenedLaunch(self._sessions.put(token_hash, session, now_ms), token)

    async def session(self, token_text: str, provider_id: int) -> Session | None:
        """Return the session of a token, ended or not; None with another provider's token.

        A session that is not at hand costs one read of the database.
        """
        hashes = self._hashes(token_text)
        session = self._sessions.get(hashes[0], self._now_ms)
        if session is None:
            if not parse_token(token_text, SESSION_PREFIX):
                return None
            session = await self._read_session(hashes)
        return session if session is not None and session.provider_id == provider_id else None

    async def active_sessions(self, agent_id: int, since_ms: int) -> tuple[Session, ...]:
        """Return an agent's sessions that were opened or called since a moment, ended ones too.

        A call on another node is known as soon as that node has written it, within a minute.
        """
        unwritten_ms = round(2_000 * self._settings.last_call_seconds)
        found = await self._ports.database.read(
            find_active_sessions, agent_id, since_ms - unwritten_ms
        )
        latest = (self._with_last_call(session) for session in found)
        active = (session for session in latest if session.last_call_at_ms >= since_ms)
        return tuple(sorted(active, key=lambda session: session.gplay_id))

    def touch_session(self, gplay_id: int, now_ms: int) -> None:
        """Note a call of the provider: at once in memory, within a minute in the database.

        A session that has been idle for too long stays ended.
        """
        session = self._sessions.by_number(gplay_id)
        idle_minutes = self._settings.session_idle_minutes
        if session is not None and not is_idle(session, now_ms, idle_minutes):
            self._sessions.touch(gplay_id, now_ms)

    async def set_permissions(
        self,
        gplay_id: int,
        permissions: Permissions | None,
        language: str | None,
        country: str | None,
    ) -> None:
        """Take over what the newest authenticate said; it holds from now on (contract 3.2)."""
        await self._ports.database.write(store_permissions, gplay_id, permissions, self._now_ms)
        self._invalidations += 1
        session = self._sessions.by_number(gplay_id)
        if session is not None:
            self._sessions.update(
                replace(session, permissions=permissions, language=language, country=country)
            )

    async def end_session(self, gplay_id: int, actor: Actor = SYSTEM) -> None:
        """End a session by hand; audited."""
        await self._edit(actor, store_end, gplay_id)

    async def write_last_calls(self) -> None:
        """Write when sessions were called last, as far as it is not written yet."""
        unwritten = self._sessions.take_unwritten()
        if not unwritten:
            return
        written = False
        try:
            await self._ports.database.write(store_last_calls, unwritten)
            written = True
        finally:
            if not written:
                self._sessions.give_back(unwritten)

    def _apply(self, news: News) -> None:
        super()._apply(news)
        self._invalidations += 1
        if news.complete:
            self._users.clear()
            self._sessions.distrust_all()
        for change in news.changes:
            if change.subject is Subject.USER:
                self._users.discard(change.subject_id)
            elif change.subject is Subject.SESSION:
                self._sessions.distrust(change.subject_id)

    async def _user_by_any_case(self, agent_id: int, name: str) -> User | None:
        user_code = self._user_codes.get((agent_id, name))
        if user_code is not None:
            return await self.user(user_code)
        before = self._invalidations
        found = await self._ports.database.read(find_user_by_name, agent_id, name)
        return self._kept_user(found, before)

    def _kept_user(self, user: User | None, invalidations_before: int) -> User | None:
        if user is not None and invalidations_before == self._invalidations:
            self._users.put(user.user_code, user)
            self._user_codes.put((user.agent_id, user.name), user.user_code)
        return user

    async def _read_session(self, hashes: tuple[bytes, ...]) -> Session | None:
        before = self._invalidations
        found = await self._ports.database.read(find_session, hashes)
        if found is None:
            return None
        session = self._sessions.put(hashes[0], found, self._now_ms)
        if before != self._invalidations:
            self._sessions.distrust(session.gplay_id)
        return session

    def _with_last_call(self, session: Session) -> Session:
        held = self._sessions.by_number(session.gplay_id)
        if held is None or held.last_call_at_ms <= session.last_call_at_ms:
            return session
        return replace(session, last_call_at_ms=held.last_call_at_ms)

    def _hashes(self, token_text: str) -> tuple[bytes, ...]:
        return token_hashes(self._ports.master_key.token_hash_keys, token_text)

    def _ticket(self, g_token_text: str, user_code: int, now_ms: int) -> Ticket:
        return Ticket(
            token_hashes=self._hashes(g_token_text),
            user_code=user_code,
            now_ms=now_ms,
            launch_minutes=self._settings.launch_minutes,
        )

    async def _keep_tables(self) -> None:
        forget_at_ms = self._now_ms
        while True:
            await self._ports.clock.sleep(self._settings.last_call_seconds)
            with logged_database_faults("directory_tables_not_kept"):
                await self.write_last_calls()
                if self._now_ms >= forget_at_ms:
                    await self._forget()
                    forget_at_ms = self._now_ms + _FORGET_EVERY_MS

    async def _forget(self) -> None:
        now_ms = self._now_ms
        await self._ports.database.write(forget_launches, now_ms - LAUNCHES_KEPT_MS)
        await self._ports.database.write(forget_changes, now_ms - CHANGES_KEPT_MS)
