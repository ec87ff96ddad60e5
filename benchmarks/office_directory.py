"""Fills the directory for the benchmark of the Back Office: agents, users, sessions, staff.

Rows go in by the thousand through the directory's own tables and audit; what opens a door is made
as the directory makes it.
"""

from __future__ import annotations

from itertools import chain
from typing import Final

from benchmarks.office_journal import (
    DAY_MS,
    FIRST_USER,
    GAMES,
    PROVIDERS,
    Size,
    account_of,
    game_of,
)
from meganodes.bootstrap.wiring import Office
from meganodes.directory.agents import AGENT_TOKEN_KINDS
from meganodes.directory.audit import Action, Edit
from meganodes.directory.changes import Subject
from meganodes.directory.credentials import (
    Owner,
    credential_values,
    first_credential,
    new_secret,
)
from meganodes.directory.records import Actor, AgentState, Game, NewProvider
from meganodes.directory.staff_records import Role, Seen, StaffState, Stage
from meganodes.directory.staff_tables import staff
from meganodes.directory.tables import agents, assignments, credentials, sessions, users
from meganodes.kit.database import WriteConnection
from meganodes.kit.identity import Identity
from meganodes.kit.secrets import MasterKey, Secret
from meganodes.protocol.commands import Category, Revision

BRANCHES: Final = 10
"""So many agents stand right below each; the first agent is above all others."""
SEEN: Final = Seen(address="203.0.113.9", browser="a benchmark")
VISITORS: Final = {
    "admin": (Role.ADMIN, None),
    "operator": (Role.OPERATOR, None),
    "agent's admin": (Role.ADMIN, 1),
}
"""Who visits: role and agent. The last one sees as much as the others, but as a subtree."""
_LAUNCH_URL: Final = "https://play.example.com/start?s={session}&g={game_code}"
_RECENT_PERCENT: Final = 10
_SUSPENDED_EVERY: Final = 50


def agent_name(agent_id: int) -> str:
    """Name an agent."""
    return f"casino-{agent_id:04d}"


async def fill_directory(office: Office, key: MasterKey, size: Size) -> None:
    """Write everything that is not the journal's, then let this office know it."""
    now_ms = office.clock.now_ms()
    await _fill_catalogue(office)
    await office.database.write(_put_agents, key, office.identity, size, now_ms)
    await office.database.write(_put_users, size, now_ms)
    await office.database.write(_put_staff, size, now_ms)
    await office.database.write(_put_audit, key, size, now_ms)
    await office.directory.refresh()


async def visitors(office: Office) -> list[tuple[str, Role, Stage, Secret]]:
    """Sign everybody in who visits, one of them half-way too: names, roles, stages, sessions."""
    members = {each.email: each for each in await office.staff.members()}
    wanted = [(number, name, Stage.SIGNED_IN) for number, name in enumerate(VISITORS)]
    wanted += [(0, next(iter(VISITORS)), stage) for stage in (Stage.CODE, Stage.ENROL)]
    return [
        (name, VISITORS[name][0], stage, await office.staff.start_session(staff_id, stage, SEEN))
        for number, name, stage in wanted
        for staff_id in (members[_email(number)].staff_id,)
    ]


async def _fill_catalogue(office: Office) -> None:
    for number in range(1, PROVIDERS + 1):
        new = NewProvider(name=f"Studio {number}", launch_url=_LAUNCH_URL, provider_id=number)
        await office.directory.add_provider(new)
        games = [
            Game(
                provider_id=number,
                game_code=game_of(place),
                name=f"Game {place} of studio {number}",
                category=Category.SLOTS,
                reg_date="2026-01-31T00:00:00Z",
            )
            for place in range(GAMES)
        ]
        await office.directory.import_games(number, games)


def _put_agents(
    connection: WriteConnection, key: MasterKey, identity: Identity, size: Size, now_ms: int
) -> None:
    numbers = range(1, size.agents + 1)
    connection.execute(agents.insert(), [_agent(each, now_ms) for each in numbers])
    secrets = [
        credential_values(
            key, first_credential(Owner("agent", each), kind, now_ms), new_secret(kind, identity)
        )
        for each in numbers
        for kind in AGENT_TOKEN_KINDS
    ]
    connection.execute(credentials.insert(), secrets)
    assigned = [
        {"agent_id": each, "provider_id": provider}
        for each in numbers
        for provider in range(1, PROVIDERS + 1)
    ]
    connection.execute(assignments.insert(), assigned)


def _agent(agent_id: int, now_ms: int) -> dict[str, object]:
    suspended = agent_id % _SUSPENDED_EVERY == 0
    return {
        "agent_id": agent_id,
        "name": agent_name(agent_id),
        "name_folded": agent_name(agent_id),
        "parent_id": None if agent_id == 1 else (agent_id - 2) // BRANCHES + 1,
        "state": AgentState.SUSPENDED if suspended else AgentState.APPROVED,
        "currency": "EUR",
        "time_zone": "Europe/Madrid",
        "revision": Revision.GUID,
        "callback_url": f"https://{agent_name(agent_id)}.example.com/callback",
        "allow_list": [],
        "overdraft_allowed": False,
        "tombstones_shown": False,
        "in_flight_max": None,
        "retry": {},
        "version": 1,
        "created_at_ms": now_ms,
    }


def _put_users(connection: WriteConnection, size: Size, now_ms: int) -> None:
    owned = [
        (agent_id, user_code)
        for agent_id, codes in enumerate(size.users_of(), 1)
        for user_code in codes
    ]
    connection.execute(users.insert(), [_user(*each, now_ms) for each in owned])
    connection.execute(sessions.insert(), [_session(*each, now_ms) for each in owned])


def _user(agent_id: int, user_code: int, now_ms: int) -> dict[str, object]:
    return {
        "user_code": user_code,
        "agent_id": agent_id,
        "name": account_of(user_code),
        "name_folded": account_of(user_code),
        "blocked": False,
        "first_seen_ms": now_ms - 30 * DAY_MS,
        "last_seen_ms": now_ms,
    }


def _session(agent_id: int, user_code: int, now_ms: int) -> dict[str, object]:
    """One session each: of every ten one of the last day, of every hundred one in use."""
    number = user_code - FIRST_USER
    recent = number % 100 // _RECENT_PERCENT == 0
    age_ms = number % 100 * DAY_MS // _RECENT_PERCENT if recent else (1 + number % 29) * DAY_MS
    return {
        "gplay_id": number + 1,
        "token_hash": b"session %d" % number,
        "agent_id": agent_id,
        "user_code": user_code,
        "account": account_of(user_code),
        "provider_id": 1 + user_code % PROVIDERS,
        "game_code": game_of(number % GAMES),
        "permissions": None,
        "opened_at_ms": now_ms - age_ms - DAY_MS // 24,
        "last_call_at_ms": now_ms - age_ms,
        "ended_at_ms": None,
        "return_url": "",
        "lang": 1,
    }


def _put_staff(connection: WriteConnection, size: Size, now_ms: int) -> None:
    roles = list(VISITORS.values())
    roles += [(Role.OPERATOR, 1 + number % size.agents) for number in range(len(roles), size.staff)]
    members: list[dict[str, object]] = [
        {
            "staff_id": number + 1,
            "email": _email(number),
            "email_folded": _email(number),
            "role": role,
            "agent_id": agent_id,
            "state": StaffState.ACTIVE,
            "time_zone": "Europe/Madrid",
            "password_hash": None,
            "totp_sealed": None,
            "totp_step": 0,
            "recovery_hashes": [],
            "created_at_ms": now_ms,
            "last_sign_in_at_ms": now_ms,
        }
        for number, (role, agent_id) in enumerate(roles)
    ]
    connection.execute(staff.insert(), members)


def _email(number: int) -> str:
    return f"member-{number:04d}@hub.example"


def _put_audit(connection: WriteConnection, key: MasterKey, size: Size, now_ms: int) -> None:
    """Two rows for every agent, one for every tenth user: what setting them up left behind."""
    edit = Edit.begin(connection, key, Actor(source="office", name=_email(0)), now_ms)
    for agent_id in range(1, size.agents + 1):
        edit.note(Subject.AGENT, agent_id, Action(verb="add", new={"name": agent_name(agent_id)}))
        action = Action(verb="set-state", old={"state": "new"}, new={"state": "approved"})
        edit.note(Subject.AGENT, agent_id, action)
    for user_code in list(chain.from_iterable(size.users_of()))[::10]:
        edit.note(Subject.USER, user_code, Action(verb="block", new={"blocked": True}))
