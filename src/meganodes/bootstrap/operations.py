"""What the people who run the hub see of it: metrics, alerts, and what both of them look at."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from starlette.routing import Route

from meganodes.bootstrap.alert_hook import AlertHook, AlertPorts
from meganodes.bootstrap.alert_post import Sender, open_line
from meganodes.bootstrap.daily_run import daily_run
from meganodes.bootstrap.metrics_families import Sources
from meganodes.bootstrap.metrics_page import MetricsAccess, MetricsPage
from meganodes.bootstrap.node_number import NodeNumber
from meganodes.bootstrap.server import Listening
from meganodes.bootstrap.wiring import Office, read_database_url
from meganodes.bootstrap.worker_member import Member
from meganodes.bootstrap.worker_metrics import Family
from meganodes.callbacks.gateway import HttpGateway
from meganodes.hub.alert_conditions import MINUTE_MS, Conditions, ConditionSettings
from meganodes.hub.core import Hub
from meganodes.hub.watch import Sight, Watch, WatchSettings
from meganodes.kit.addresses import read_networks
from meganodes.kit.loop_lag import LoopLag
from meganodes.provider_api.inbound import ProviderDoor


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """The parts of a running hub that are looked at; ``listenings`` is empty until it listens."""

    office: Office
    hub: Hub
    gateway: HttpGateway
    door: ProviderDoor
    number: NodeNumber | None = None
    member: Member | None = None
    listenings: list[Listening] = field(default_factory=list)

    @property
    def is_draining(self) -> bool:
        """Whether the listener was told to stop."""
        return any(listening.is_draining for listening in self.listenings)

    def in_flight(self) -> Mapping[str, int]:
        """Count what is under way at this moment, by kind."""
        return {
            "main_api": self.hub.meters.main_api_in_flight,
            "provider_api": self.door.in_flight,
            "callbacks": self.gateway.in_flight(),
            "tasks": len(self.hub.tasks),
            "journal": self.office.journal.waiting,
            "connections": sum(listening.connections for listening in self.listenings),
        }


class Operations:
    """Made around a node, started and stopped with it. Raises StartFault for unusable settings."""

    def __init__(self, node: Node) -> None:
        """Put the parts together; nothing runs yet."""
        given = node.office.settings.operations
        self._lag = LoopLag()
        self._watch = Watch(
            node.hub.reads,
            node.hub.clock,
            WatchSettings(
                look_seconds=given.look_seconds, open_rounds_hours=given.alert_open_rounds_hours
            ),
        )
        self._daily = daily_run(
            node.office, node.hub, node.number, _beside(node, ".reconciled.json")
        )
        if self._daily is not None:
            daily = self._daily
            self._watch.reconciled = lambda: daily.results
        self._hook = _alert_hook(node) if given.alert_url else None
        if self._hook is not None:
            self._watch.told.append(_teller(node, self._hook))
        self._page = MetricsPage(
            sources=self._sources(node), access=_access(node.office), member=node.member
        )

    def routes(self) -> list[Route]:
        """Make the routes."""
        return self._page.routes()

    async def metrics(self) -> list[Family]:
        """Copy this process's own numbers."""
        return await self._page.families()

    def start(self) -> None:
        """Begin to look and to measure."""
        self._lag.start()
        self._watch.start()
        if self._daily is not None:
            self._daily.start()

    async def stop(self) -> None:
        """Look and measure no more."""
        self._lag.stop()
        if self._daily is not None:
            await self._daily.stop()
        await self._watch.stop()
        if self._hook is not None:
            await self._hook.stop()

    def _sources(self, node: Node) -> Sources:
        office, hook = node.office, self._hook
        return Sources(
            hub=node.hub,
            wall=office.clock,
            commits=office.journal.meters,
            loop_lag=self._lag.seconds,
            database=read_database_url(office.settings).path,
            agents_max=office.settings.operations.metrics_agents_max,
            sight=lambda: self._watch.last,
            circuits=node.gateway.open_circuits,
            in_flight=node.in_flight,
            is_draining=lambda: node.is_draining,
            alerts_firing=hook.firing if hook else dict,
            alert_messages=hook.messages if hook else {},
        )


def _access(office: Office) -> MetricsAccess:
    settings = office.settings
    return MetricsAccess(
        allow=read_networks(settings.operations.metrics_allow),
        trusted_proxies=read_networks(settings.main_api.trusted_proxies),
    )


def _teller(node: Node, hook: AlertHook) -> Callable[[Sight], Awaitable[None]]:
    """Let each worker of a group tell of its own circuits, and the first of open work too.

    All of them see the same open work.
    """
    if node.member is None or node.member.seat == 0:
        return hook.note
    return lambda sight: hook.note(Sight(at_ms=sight.at_ms))


def _beside(node: Node, ending: str) -> Path:
    """Name a file beside the database; with PostgreSQL beside the key.

    There it is a node's own, or that of a worker's seat.
    """
    settings = node.office.settings
    name = settings.node if node.member is None else f"worker-{node.member.seat}"
    beside = read_database_url(settings).path or Path(settings.master_key_file).with_name(name)
    return beside.with_name(beside.name + ending)


def _alert_hook(node: Node) -> AlertHook:
    office = node.office
    settings, given = office.settings, office.settings.operations
    ca_file = Path(settings.callbacks.ca_file) if settings.callbacks.ca_file else None
    return AlertHook(
        AlertPorts(
            line=open_line(given.alert_url, Path(given.alert_secret_file), office.clock, ca_file),
            sender=Sender(installation=settings.installation, node=settings.node),
            conditions=Conditions(
                office.directory,
                ConditionSettings(
                    overdue_ms=given.alert_overdue_minutes * MINUTE_MS,
                    circuit_ms=given.alert_circuit_seconds * 1_000,
                    open_rounds_hours=given.alert_open_rounds_hours,
                ),
            ),
            circuits=node.gateway.open_circuits,
            clock=office.clock,
            identity=office.identity,
            remembered=_beside(node, ".alerts.json"),
        ),
        tuple(minutes * MINUTE_MS for minutes in given.alert_repeat_minutes),
    )
