"""The running hub: opens everything, serves until it is told to stop, drains, closes everything."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from ipaddress import ip_network

from meganodes.bootstrap.health import Health
from meganodes.bootstrap.server import CannotListen, Listening, serve
from meganodes.bootstrap.server_settings import ServerSettings
from meganodes.bootstrap.settings import Settings
from meganodes.bootstrap.wiring import (
    Office,
    StartFault,
    database_file,
    make_hub,
    open_office,
)
from meganodes.hub import wallet
from meganodes.hub.core import Hub
from meganodes.hub.worker import Worker
from meganodes.kit.logging import get_logger
from meganodes.kit.process_lock import AlreadyLocked, ProcessLock
from meganodes.main_api.settings import MainApiSettings
from meganodes.main_api.v4.routes import make_app
from meganodes.player_pages.launch import make_routes
from meganodes.provider_api.inbound import DoorSettings, ProviderDoor

log = get_logger("bootstrap.program")


async def run_hub(
    settings: Settings, on_started: Callable[[Listening], None] = lambda _listening: None
) -> bool:
    """Run one hub until SIGTERM; True when it drained. Raises StartFault when it cannot start."""
    lock = ProcessLock(database_file(settings))
    try:
        lock.acquire()
    except AlreadyLocked as fault:
        raise StartFault(str(fault)) from None
    try:
        office = await open_office(settings)
        try:
            return await _serve(office, on_started)
        finally:
            await office.close()
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


async def _serve(office: Office, on_started: Callable[[Listening], None]) -> bool:
    hub = make_hub(office)
    worker = Worker(hub)
    draining = asyncio.Event()
    listenings: list[Listening] = []
    health = Health(
        hub=hub, is_draining=lambda: any(listening.is_draining for listening in listenings)
    )

    def started(listening: Listening) -> None:
        listenings.append(listening)
        on_started(listening)

    app = make_app(
        hub,
        main_api_settings(office.settings),
        draining,
        pages=[*make_routes(hub), *health.routes()],
    )
    doors = _Doors(_provider_door(office, hub), draining)
    worker.start()
    log.info("hub_started", settings=office.settings.model_dump(mode="json"))
    try:
        return await serve(
            app, doors, server_settings(office.settings), started, partial(_finish, hub, worker)
        )
    except CannotListen as fault:
        await _finish(hub, worker)
        raise StartFault(str(fault)) from None


async def _finish(hub: Hub, worker: Worker) -> None:
    """Nobody waits for an answer any more: end what is under way, then the connections."""
    await worker.stop()
    await hub.drain()
    await worker.place_listings()
    await hub.gateway.close()
    log.info("hub_stopped")


def _provider_door(office: Office, hub: Hub) -> ProviderDoor:
    return ProviderDoor(
        providers=office.directory,
        serve=partial(wallet.serve, hub),
        clock=office.clock,
        identity=office.identity,
        settings=DoorSettings(in_flight_max=office.settings.server.in_flight_max),
    )


def main_api_settings(settings: Settings) -> MainApiSettings:
    """Translate the settings of the agents' door."""
    given = settings.main_api
    return MainApiSettings(
        in_flight_max=given.concurrent_max,
        trusted_proxies=tuple(ip_network(each, strict=False) for each in given.trusted_proxies),
    )


def server_settings(settings: Settings) -> ServerSettings:
    """Translate the settings of the listener."""
    given = settings.server
    return ServerSettings(
        host=given.host,
        port=given.port,
        headers_seconds=given.headers_seconds,
        request_seconds=given.request_seconds,
        keep_alive_seconds=given.keep_alive_seconds,
        linger_seconds=given.linger_seconds,
        drain_seconds=given.drain_seconds,
        trusted_proxies=settings.main_api.trusted_proxies,
    )
