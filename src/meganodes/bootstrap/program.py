"""The running hub: opens everything, serves until it is told to stop, drains, closes everything."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from functools import partial
from ipaddress import ip_network
from pathlib import Path

from starlette.applications import Starlette

from meganodes.backoffice.app import make_office_routes
from meganodes.backoffice.office import Office as BackOffice
from meganodes.backoffice.office import OfficeSettings
from meganodes.bootstrap.health import Health
from meganodes.bootstrap.node_number import NodeNumber, NumberTaken
from meganodes.bootstrap.operations import Node, Operations
from meganodes.bootstrap.retention import daily_retention
from meganodes.bootstrap.server import CannotListen, Listening, serve
from meganodes.bootstrap.server_settings import App, ServerSettings
from meganodes.bootstrap.settings import AUTO, Settings
from meganodes.bootstrap.traced import TracedDoor, traced_app
from meganodes.bootstrap.wiring import (
    Office,
    StartFault,
    check_schema,
    list_numbers,
    make_gateway,
    make_hub,
    make_tracing,
    open_office,
    read_database_url,
)
from meganodes.bootstrap.worker_line import About
from meganodes.bootstrap.worker_member import Member, Post, a_member
from meganodes.directory.node_numbers import Holder
from meganodes.directory.staff_sign_in import SignIn
from meganodes.hub import wallet
from meganodes.hub.core import Hub
from meganodes.hub.retention import DailyRetention
from meganodes.hub.worker import Worker
from meganodes.kit.clock import SystemClock
from meganodes.kit.database import DatabaseUnavailable
from meganodes.kit.identity import SystemIdentity
from meganodes.kit.logging import get_logger
from meganodes.kit.process_lock import AlreadyLocked, ProcessLock
from meganodes.main_api.reference import routes as reference
from meganodes.main_api.settings import MainApiSettings
from meganodes.main_api.v4.routes import make_app
from meganodes.player_pages.routes import make_routes
from meganodes.provider_api.inbound import DoorSettings, ProviderDoor

log = get_logger("bootstrap.program")


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Who a served hub is beside its settings: its number, and its place among other workers."""

    number: NodeNumber | None = None
    post: Post | None = None
    member: Member | None = None


async def run_hub(
    settings: Settings,
    on_started: Callable[[Listening], None] = lambda _listening: None,
    post: Post | None = None,
) -> bool:
    """Run one hub until SIGTERM; True when it drained. Raises StartFault when it cannot start.

    A worker has a ``post``, and is told to end by its parent.
    """
    async with a_member(post) as member, _own_number(settings) as number:
        office = await open_office(settings, make_tracing(settings), number)
        try:
            standing = Standing(number=number, post=post, member=member)
            return await _serve(office, on_started, standing)
        finally:
            await office.close()


@asynccontextmanager
async def _own_number(settings: Settings) -> AsyncIterator[NodeNumber | None]:
    """Be the only one: of the file with SQLite, of a node number with PostgreSQL."""
    url = read_database_url(settings)
    if url.path is not None:
        with _locked(url.path):
            yield None
        return
    check_schema(settings)
    wanted = None if isinstance(settings.node_number, str) else settings.node_number
    clock = SystemClock()
    key = SystemIdentity(clock, 0).token_bytes(16).hex()
    name = "" if settings.node == AUTO else settings.node
    holder = Holder(key=key, name=name, is_numbered=settings.server.workers > 1)
    number = NodeNumber(url, holder, wanted, clock)
    try:
        try:
            await number.start()
        except NumberTaken as fault:
            raise StartFault(str(fault)) from None
        except DatabaseUnavailable as fault:
            raise StartFault(f"database_url: {fault}") from None
        yield number
    finally:
        await number.close()


@contextmanager
def _locked(file: Path) -> Iterator[None]:
    lock = ProcessLock(file)
    try:
        lock.acquire()
    except AlreadyLocked as fault:
        raise StartFault(str(fault)) from None
    try:
        yield
    finally:
        lock.release()


class _Doors:
    """The provider door as the listener sees it; its drain turns the Main API's calls away too."""

    def __init__(self, door: ProviderDoor, draining: asyncio.Event) -> None:
        self.handle = door.handle
        self._door = door
        self._draining = draining

    def drain(self) -> None:
        """From now on both doors answer 503."""
        self._door.drain()
        self._draining.set()


async def _serve(
    office: Office, on_started: Callable[[Listening], None], standing: Standing
) -> bool:
    gateway = make_gateway(office)
    hub = make_hub(office, gateway)
    hub.list_numbers = await list_numbers(office)
    worker = Worker(hub)
    draining = asyncio.Event()
    door = _provider_door(office, hub)
    member = standing.member
    node = Node(
        office=office, hub=hub, gateway=gateway, door=door, number=standing.number, member=member
    )
    operations = Operations(node)
    started = partial(_begin, node, operations, on_started)
    app = _traced(office, web_app(node, operations, draining))
    retention = _begin_work(office, hub, worker, operations)
    finish = partial(_finish, hub, worker, operations, retention)
    listener = server_settings(office.settings, standing.post)
    try:
        drained = await serve(app, _Doors(door, draining), listener, started, finish)
    except CannotListen as fault:
        await finish()
        raise StartFault(str(fault)) from None
    if member is not None:
        await member.part()
    return drained


def _begin_work(
    office: Office, hub: Hub, worker: Worker, operations: Operations
) -> DailyRetention | None:
    """Start what works without being called; the daily retention only where it is not off."""
    worker.start()
    operations.start()
    retention = daily_retention(office, hub)
    if retention is not None:
        retention.start()
    log.info("hub_started", settings=_shown(office.settings))
    return retention


def _begin(
    node: Node, operations: Operations, on_started: Callable[[Listening], None], begun: Listening
) -> None:
    """Note that the listener takes calls, and tell who waits for it: the parent of a worker too."""
    node.listenings.append(begun)
    if node.member is not None:
        answers = {About.METRICS: operations.metrics, About.HEALTH: _health(node).checks}
        node.member.serves(node.office.settings.node, begun, answers)
    on_started(begun)


def _traced(office: Office, app: App) -> App:
    return app if office.tracing is None else traced_app(app, office.tracing)


def web_app(node: Node, operations: Operations, draining: asyncio.Event) -> Starlette:
    """Make the app that has every route of the listener but those of the Provider API."""
    office, hub = node.office, node.hub
    return make_app(
        hub,
        main_api_settings(office.settings),
        draining,
        pages=[
            *make_routes(hub),
            *reference.make_routes(),
            *_health(node).routes(),
            *operations.routes(),
            *make_office_routes(_back_office(office, hub, draining)),
        ],
    )


def _health(node: Node) -> Health:
    return Health(
        hub=node.hub,
        is_draining=lambda: node.is_draining,
        has_number=lambda: node.number is None or node.number.is_held,
        member=node.member,
    )


def _back_office(office: Office, hub: Hub, draining: asyncio.Event) -> BackOffice:
    trusted = main_api_settings(office.settings).trusted_proxies
    return BackOffice(
        hub=hub,
        staff=office.staff,
        sign_in=SignIn(office.staff),
        settings=OfficeSettings(trusted_proxies=trusted),
        ending=draining,
    )


async def _finish(
    hub: Hub, worker: Worker, operations: Operations, retention: DailyRetention | None
) -> None:
    """Nobody waits for an answer any more: end what is under way, then the connections."""
    if retention is not None:
        await retention.stop()
    await worker.stop()
    await hub.drain()
    await worker.place_listings()
    await operations.stop()
    await hub.gateway.close()
    log.info("hub_stopped")


def _shown(settings: Settings) -> dict[str, object]:
    """Give the settings for the log; an alert address often is a secret by itself."""
    shown: dict[str, object] = settings.model_dump(
        mode="json", exclude={"operations": {"alert_url", "tracing_endpoint"}}
    )
    return shown


def _provider_door(office: Office, hub: Hub) -> ProviderDoor:
    server = office.settings.server
    limits = DoorSettings(
        in_flight_max=server.in_flight_max, in_flight_reserve=server.in_flight_reserve
    )
    serve_provider = partial(wallet.serve, hub)
    if office.tracing is None:
        return ProviderDoor(
            providers=office.directory,
            serve=serve_provider,
            clock=office.clock,
            identity=office.identity,
            settings=limits,
            meters=hub.meters,
        )
    return TracedDoor(
        providers=office.directory,
        serve=serve_provider,
        clock=office.clock,
        identity=office.identity,
        settings=limits,
        meters=hub.meters,
        tracing=office.tracing,
    )


def main_api_settings(settings: Settings) -> MainApiSettings:
    """Translate the settings of the agents' door."""
    given = settings.main_api
    return MainApiSettings(
        in_flight_max=-(-given.concurrent_max // settings.server.workers),
        body_bytes_max=given.body_bytes_max,
        retry_after_seconds=given.retry_after_seconds,
        trusted_proxies=tuple(ip_network(each, strict=False) for each in given.trusted_proxies),
    )


def server_settings(settings: Settings, post: Post | None = None) -> ServerSettings:
    """Translate the settings of the listener; a worker has inherited its socket."""
    given = settings.server
    return ServerSettings(
        host=given.host,
        port=given.port,
        backlog=given.backlog,
        connections_max=given.connections_max,
        head_bytes_max=given.head_bytes_max,
        app_body_bytes_max=given.app_body_bytes_max,
        stalled_write_seconds=given.stalled_write_seconds,
        close_seconds=given.close_seconds,
        headers_seconds=given.headers_seconds,
        request_seconds=given.request_seconds,
        keep_alive_seconds=given.keep_alive_seconds,
        notice_seconds=given.notice_seconds,
        linger_seconds=given.linger_seconds,
        drain_seconds=given.drain_seconds,
        trusted_proxies=settings.main_api.trusted_proxies,
        descriptor=None if post is None else post.listener,
    )
