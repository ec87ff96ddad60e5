"""Whatever is sent to whichever door: no word of the inside, and nothing opens by accident (S28).

The doors are those of a hub as it is served, found by its own list of routes; what is sent is
seeded nonsense by everybody there is. `make test ARGS="-k inside"` makes the same again.
"""

from __future__ import annotations

import asyncio
import html
import json
import logging
import re
import sqlite3
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final

import pytest
import structlog
from starlette.routing import Mount

from meganodes.backoffice.cookies import SESSION_COOKIE, csrf_token
from meganodes.backoffice.office import OFFICE_PATH
from meganodes.backoffice.page import AnyPage, Method
from meganodes.backoffice.pages import PAGES
from meganodes.backoffice.permissions import RIGHTS
from meganodes.bootstrap.operations import Node, Operations
from meganodes.bootstrap.program import web_app
from meganodes.bootstrap.settings import load_settings
from meganodes.bootstrap.wiring import Office, make_gateway, make_hub, open_office
from meganodes.directory.records import SYSTEM, AgentState
from meganodes.directory.staff import NewMember
from meganodes.directory.staff_records import Role, Seen, StaffState, Stage
from meganodes.hub import wallet
from meganodes.kit.secrets import create_master_key_file
from meganodes.provider_api.inbound import DoorSettings, ProviderDoor
from meganodes.provider_api.messages import DoorRequest
from meganodes.provider_api.routes import route_table
from meganodes.providers.registry import ADAPTERS
from tests.support.builders import a_game, a_new_agent, a_new_provider
from tests.support.main_api import GOOD_BODIES
from tests.support.nonsense import MEDIA, METHODS, Call, Nonsense, Reply, ask

CALLS: Final = 2_400
CALLS_OF_A_SESSION: Final = 120
CALLS_WITHOUT_A_TABLE: Final = 60
TABLES: Final = ("users", "directory_audit", "staff_sessions", "attempts", "sign_in_failures")
SEED: Final = 20_261_122
ORIGIN: Final = (b"origin", b"https://hub.example.com")
FILES: Final = re.compile("^(text/javascript|text/css|image/|font/)")
PROVIDER_FIELDS: Final = (
    *("session", "transaction_id", "round_id", "amount", "cancel_transaction_id"),
    *("game_code", "bet_amount", "win_amount", "round_closed", "bet_transaction_id"),
)
PLAYER_FIELDS: Final = ("g_token", "user_code", "round_id", "provider_id", "sign", "expires")


@dataclass(frozen=True, kw_only=True)
class Visitor:
    """Somebody with a session, or without."""

    name: str
    staff_id: int = 0
    stage: Stage | None = None
    role: Role | None = None


@dataclass(kw_only=True)
class Doors:
    """A hub's doors, who stands before them, and what they answered."""

    node: Node
    app: Any
    visitors: tuple[Visitor, ...]
    tokens: dict[str, str]
    nonsense: Nonsense
    sessions: dict[str, str] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)

    @property
    def office(self) -> Office:
        return self.node.office

    async def sign_everybody_in(self) -> None:
        """Let all be as far in as they got; whatever they did before may have ended it."""
        staff, seen = self.office.staff, Seen(address="203.0.113.9", browser="")
        for each in self.visitors:
            if each.stage is not None:
                token = await staff.start_session(each.staff_id, each.stage, seen)
                self.sessions[each.name] = token.reveal()

    def session(self, visitor: Visitor) -> str:
        """Give what a visitor's browser presents."""
        made_up = str(self.nonsense.one_of(("", "mno_nonsense", "mno_" + "x" * 57)))
        return self.sessions.get(visitor.name, made_up)

    def judge(self, call: Call, reply: Reply, who: str) -> None:
        """Note what is wrong with an answer."""
        self.statuses[reply.status] += 1
        told = f"{who}: {call.method} {call.path[:80]!r} {call.query[:80]!r} -> {reply.status}"
        kind = reply.headers.get("content-type", "")
        # Published files: the API's reference, whose schemas have names, and what pages load.
        is_file = reply.status == 200 and (FILES.match(kind) or call.path.startswith("/docs"))
        if not is_file and (found := reply.inside()):
            self.faults.append(f"{told} shows {found}")
        if not 200 <= reply.status < 600 or not reply.reference:
            self.faults.append(f"{told} has no reference")
        is_page = call.path.startswith(OFFICE_PATH) and call.method in {"GET", "POST"}
        shown = html.unescape(reply.body.decode(errors="replace"))
        if reply.status == 500 and is_page and reply.reference not in shown:
            self.faults.append(f"{told} names no reference on its page")


@asynccontextmanager
async def doors_of_a_hub(folder: Path) -> AsyncIterator[Doors]:
    """Wire a hub as the program does, with two agents, a studio and people of every kind."""
    create_master_key_file(folder / "hub.key")
    given = {
        "database_url": f"sqlite:///{folder / 'hub.db'}",
        "master_key_file": str(folder / "hub.key"),
        "callbacks": {"allow_private_targets": True},
    }
    office = await open_office(load_settings(None, given, {}))
    gateway = make_gateway(office)
    hub = make_hub(office, gateway)
    door = ProviderDoor(
        providers=office.directory,
        serve=partial(wallet.serve, hub),
        clock=office.clock,
        identity=office.identity,
        settings=DoorSettings(),
        meters=hub.meters,
    )
    node = Node(office=office, hub=hub, gateway=gateway, door=door)
    try:
        doors = Doors(
            node=node,
            app=web_app(node, Operations(node), asyncio.Event()),
            tokens=await _settle(office),
            visitors=await _people(office),
            nonsense=Nonsense(SEED),
        )
        yield doors
    finally:
        await hub.drain()
        await gateway.close()
        await office.close()


async def _settle(office: Office) -> dict[str, str]:
    directory = office.directory
    made = {}
    for name in ("acme", "rival"):
        new = a_new_agent(name=name, callback_url="http://127.0.0.1:9/wallet")
        made[name] = (await directory.add_agent(new)).api_token.reveal()
        await directory.set_agent_state(name, AgentState.APPROVED)
    made["studio"] = (await directory.add_provider(a_new_provider())).provider_token.reveal()
    await directory.import_games(7, [a_game()])
    await directory.assign("acme", 7)
    await directory.create_user(1, "alice")
    return made


async def _people(office: Office) -> tuple[Visitor, ...]:
    """Hire one of each role, for the hub and for each agent, and two that are half in."""
    visitors = [Visitor(name="a stranger")]
    for role in Role:
        for agent_id in (None, 1, 2):
            staff_id = await _hired(office, f"{role}.{agent_id}@casino.example", role, agent_id)
            name = f"{role} of {agent_id}"
            visitors.append(Visitor(name=name, staff_id=staff_id, stage=Stage.SIGNED_IN, role=role))
    for stage in (Stage.CODE, Stage.ENROL):
        staff_id = await _hired(office, f"{stage}@casino.example", Role.ADMIN, None)
        visitors.append(Visitor(name=f"somebody at {stage}", staff_id=staff_id, stage=stage))
    return tuple(visitors)


async def _hired(office: Office, email: str, role: Role, agent_id: int | None) -> int:
    await office.staff.invite(NewMember(email=email, role=role, agent_id=agent_id))
    (member,) = [each for each in await office.staff.members() if each.email == email]
    await office.staff.set_state(member.staff_id, StaffState.ACTIVE, SYSTEM)
    return member.staff_id


async def office_call(doors: Doors) -> None:
    """Send a page or a form of the Back Office something, as somebody."""
    nonsense = doors.nonsense
    page: AnyPage = nonsense.one_of(PAGES)
    visitor: Visitor = nonsense.one_of(doors.visitors)
    session = doors.session(visitor)
    known = {"agent_id": "1", "user_code": "400000001", "provider_id": "7", "staff_id": "3"}
    is_form = page.method is Method.POST
    fields = tuple(page.form.model_fields) if page.form is not None else ()
    csrf = {"csrf": csrf_token(session)} if nonsense.sometimes(0.8) else {}
    cookie = (b"cookie", f"{SESSION_COOKIE}={session}".encode())
    media = MEDIA[1] if nonsense.sometimes(0.9) else nonsense.one_of(MEDIA)
    origin = (ORIGIN,) if nonsense.sometimes(0.8) else ()
    is_odd = nonsense.sometimes(0.05)
    call = Call(
        method=nonsense.one_of(METHODS) if is_odd else page.method,
        path=OFFICE_PATH + nonsense.path(page.path, known),
        query=nonsense.form(("q", "before", "period", "who", "next", "code", "after"), {}),
        headers=(*nonsense.headers(), cookie, (b"content-type", media), *origin),
        body=nonsense.form(fields, csrf) if is_form else b"",
    )
    reply = await ask(doors.app, call)
    doors.judge(call, reply, visitor.name)
    may_pass = page.stage is None or (
        visitor.stage is page.stage
        and (page.right is None or visitor.role is None or page.right in RIGHTS[visitor.role])
    )
    if not is_odd and not may_pass and 200 <= reply.status < 300:
        doors.faults.append(f"{visitor.name} got in at {page.method} {page.path}")


async def main_api_call(doors: Doors) -> None:
    """Send a call of the Main API something, with a token or without."""
    nonsense = doors.nonsense
    path = nonsense.one_of(GOOD_BODIES)
    body = GOOD_BODIES[path]
    token = nonsense.one_of((doors.tokens["acme"], doors.tokens["rival"], "", nonsense.text()))
    bearer = re.sub(rb"[\r\n\x00]", b"", f"Bearer {token}".encode(errors="replace"))
    call = Call(
        method="POST" if nonsense.sometimes(0.9) else nonsense.one_of(METHODS),
        path=path if nonsense.sometimes(0.95) else path + "/" + nonsense.text(),
        query=nonsense.piece() if nonsense.sometimes(0.2) else b"",
        headers=(*nonsense.headers(), (b"authorization", bearer), (b"content-type", MEDIA[0])),
        body=nonsense.json(tuple(body), dict(body)),
    )
    reply = await ask(doors.app, call)
    doors.judge(call, reply, "a casino")
    if token not in doors.tokens.values() and _is_ok(reply):
        doors.faults.append(f"{path} was served without a token")


async def provider_call(doors: Doors) -> None:
    """Send a command of the Provider API something."""
    nonsense = doors.nonsense
    path = nonsense.one_of(route_table(ADAPTERS))
    token = nonsense.one_of((doors.tokens["studio"], doors.tokens["studio"], "", "mnp_x"))
    sent = (*nonsense.headers(), (b"authorization", f"Bearer {token}".encode()))
    body = nonsense.json(PROVIDER_FIELDS, {"amount": "1.00", "game_code": "fruits"})
    method = "POST" if nonsense.sometimes(0.9) else nonsense.one_of(METHODS)
    call = Call(method=method, path=path, headers=sent, body=body)
    answer = await doors.node.door.handle(DoorRequest(method, path, list(sent), body, call.peer))
    headers = {name.decode(): value.decode("latin-1") for name, value in answer.headers}
    reply = Reply(status=answer.status, headers=headers, body=answer.body)
    doors.judge(call, reply, "a studio")
    if token != doors.tokens["studio"] and _is_ok(reply):
        doors.faults.append(f"{path} was served without a token")


async def open_call(doors: Doors) -> None:
    """Send something to what players, readers and machines may ask for, and to nothing at all."""
    nonsense = doors.nonsense
    path = nonsense.one_of(open_paths(doors))
    call = Call(
        method="GET" if nonsense.sometimes(0.8) else nonsense.one_of(METHODS),
        path=nonsense.path(path, {"version": "1"}),
        query=nonsense.form(PLAYER_FIELDS, {}),
        headers=nonsense.headers(),
        body=nonsense.piece(),
    )
    reply = await ask(doors.app, call)
    doors.judge(call, reply, "anybody")
    if path == "/metrics" and reply.status < 400:
        doors.faults.append("the metrics are open to a stranger")


def open_paths(doors: Doors) -> list[str]:
    """Take the paths that no other kind of call asks for from the hub's own routes."""
    found = [each.path for each in doors.app.routes if not isinstance(each, Mount)]
    own = [path for path in found if not path.startswith(OFFICE_PATH) and path not in GOOD_BODIES]
    static = f"{OFFICE_PATH}/static/{{version}}/{{name:path}}"
    return [*own, static, "/{nothing:path}", f"{OFFICE_PATH}/{{nothing:path}}", "/v4/{nothing}"]


def _is_ok(reply: Reply) -> bool:
    if not reply.body or reply.status != 200:
        return False
    code: object = json.loads(reply.body)["code"]
    return code == 0


async def send(doors: Doors, calls: int) -> None:
    """Send so many calls, most of them to the office, which has most forms."""
    kinds = (office_call, office_call, office_call, main_api_call, provider_call, open_call)
    for number in range(calls):
        await kinds[number % len(kinds)](doors)


@pytest.fixture
def _silence() -> Iterator[None]:
    """What a hub logs about thousands of bad calls is nobody's concern here."""
    before = structlog.get_config()
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL),
        cache_logger_on_first_use=False,  # or every logger used here is silent for good
    )
    yield
    structlog.configure(**before)


@pytest.mark.usefixtures("_silence")
@pytest.mark.security("S28")
async def test_nonsense_at_every_door_brings_out_nothing_of_the_inside(tmp_path: Path) -> None:
    async with doors_of_a_hub(tmp_path) as doors:
        for _ in range(CALLS // CALLS_OF_A_SESSION):
            await doors.sign_everybody_in()
            await send(doors, CALLS_OF_A_SESSION)
        assert doors.faults == []
        assert doors.statuses[500] == 0, "nonsense is no defect"
        assert doors.statuses.keys() >= {200, 303, 403, 404, 422}, doors.statuses


@pytest.mark.usefixtures("_silence")
@pytest.mark.security("S28")
async def test_a_broken_hub_shows_references_only_and_lets_nobody_in(tmp_path: Path) -> None:
    """Each in turn a table is missing, so that every door fails somewhere; it fails closed."""
    async with doors_of_a_hub(tmp_path) as doors:
        for table in TABLES:
            await doors.sign_everybody_in()
            rename(tmp_path / "hub.db", table, f"{table}_away")
            try:
                await send(doors, CALLS_WITHOUT_A_TABLE)
            finally:
                rename(tmp_path / "hub.db", f"{table}_away", table)
        assert doors.faults == []
        assert doors.statuses[500] > 20, doors.statuses


def rename(file: Path, old: str, new: str) -> None:
    with closing(sqlite3.connect(file, timeout=30)) as connection:
        connection.execute("PRAGMA legacy_alter_table = ON")
        connection.execute(f"ALTER TABLE {old} RENAME TO {new}")
        connection.commit()


@pytest.mark.parametrize(
    "told",
    [
        'Traceback (most recent call last):\n  File "/app/x.py", line 3, in y',
        "KeyError: 'name'",
        "no such table: users",
        "SELECT staff.email FROM staff",
        "/usr/lib/python3/site-packages/x",
        "<class 'int'>",
        "pydantic_core._pydantic_core.ValidationError",
        "<coroutine object serve at 0x7f3a2b10>",
    ],
)
@pytest.mark.security("S28")
def test_words_of_the_inside_are_found(told: str) -> None:
    assert Reply(status=500, body=f"<p>{told}</p>".encode()).inside()
    assert Reply(status=500, headers={"x-told": told}).inside()
