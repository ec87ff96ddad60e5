"""The composition root: makes the parts from the settings and puts them together, in one place."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from meganodes.bootstrap.settings import Settings
from meganodes.callbacks.egress import BadTarget, Egress
from meganodes.callbacks.gateway import CircuitChange, HttpGateway
from meganodes.callbacks.resolver import SystemResolver
from meganodes.callbacks.settings import BulkheadSettings, CallbackSettings
from meganodes.callbacks.transport import HttpTransport
from meganodes.directory.core import DirectoryPorts, DirectorySettings, UrlCheck
from meganodes.directory.port import Directory
from meganodes.directory.tables import create_tables
from meganodes.domain.retry import RetrySchedule
from meganodes.hub.core import Hub, HubSettings
from meganodes.hub.waiting import Decisions
from meganodes.journal.reads import SqliteReads
from meganodes.journal.schema import UnsupportedDatabase, check, upgrade
from meganodes.journal.sqlite import SqliteJournal
from meganodes.journal.store import StoreUnavailable
from meganodes.kit.clock import SteadyClock, SystemClock
from meganodes.kit.database import (
    Database,
    DatabaseKind,
    DatabaseSettings,
    DatabaseUrlError,
    parse_database_url,
)
from meganodes.kit.identity import SystemIdentity
from meganodes.kit.logging import get_logger
from meganodes.kit.secrets import MasterKey, MasterKeyError

log = get_logger("bootstrap.wiring")


class StartFault(Exception):
    """The hub cannot start; ``sentences`` say why and what would mend it."""

    def __init__(self, *sentences: str) -> None:
        super().__init__("; ".join(sentences))
        self.sentences = sentences


@dataclass(slots=True, kw_only=True)
class Office:
    """The directory and the journal opened for one command, without any loop running."""

    settings: Settings
    directory: Directory
    journal: SqliteJournal
    reads: SqliteReads
    clock: SystemClock
    identity: SystemIdentity
    egress: Egress
    database: Database

    async def close(self) -> None:
        """Close everything in the reverse order."""
        await self.directory.close()
        await self.journal.close()
        self.database.close()


def database_file(settings: Settings) -> Path:
    """Give the SQLite file; only SQLite is served so far."""
    try:
        url = parse_database_url(settings.database_url)
    except DatabaseUrlError as fault:
        raise StartFault(f"database_url: {fault}") from None
    if url.kind is not DatabaseKind.SQLITE or url.path is None:
        raise StartFault("database_url: this version serves SQLite only: sqlite:///path/to/file.db")
    return url.path


def migrate(settings: Settings) -> None:
    """Create or upgrade the database's schema, forward only; raises StartFault."""
    path = database_file(settings)
    if not path.parent.is_dir():
        raise StartFault(f"database_url: the folder {path.parent} does not exist: make it first")
    url = parse_database_url(settings.database_url)
    try:
        upgrade(url)
    except UnsupportedDatabase as fault:
        raise StartFault(f"database_url: {fault}") from None
    database = Database(url, DatabaseSettings())
    try:
        database.write_now(lambda connection: connection.define(create_tables))
    finally:
        database.close()


async def open_office(settings: Settings) -> Office:
    """Open the database for work on it; creates the schema of a new SQLite file."""
    path = database_file(settings)
    master_key = load_master_key(settings)
    if not path.exists():
        migrate(settings)
    else:
        check_schema(settings)
    clock = SystemClock()
    database = Database(parse_database_url(settings.database_url), DatabaseSettings())
    journal = SqliteJournal(path, clock=clock, owner=settings.node)
    try:
        await journal.start()
    except StoreUnavailable as fault:
        raise StartFault(f"database_url: {fault}") from None
    # A clock that was set back between two runs repeats no number.
    above = await journal.reads.highest_trans_id()
    identity = SystemIdentity(clock, settings.node_number, above=above)
    egress = make_egress(settings)
    directory = Directory(
        DirectoryPorts(
            database=database,
            master_key=master_key,
            clock=clock,
            identity=identity,
            url_check=url_check(egress),
        ),
        DirectorySettings(
            session_idle_minutes=settings.sessions.idle_minutes,
            launch_http_allowed=settings.callbacks.allow_private_targets,
        ),
    )
    await directory.start()
    return Office(
        settings=settings,
        directory=directory,
        journal=journal,
        reads=journal.reads,
        clock=clock,
        identity=identity,
        egress=egress,
        database=database,
    )


def load_master_key(settings: Settings) -> MasterKey:
    """Read the master key, or say how one is made."""
    try:
        return MasterKey.from_file(Path(settings.master_key_file))
    except MasterKeyError as fault:
        raise StartFault(f"master_key_file: {fault}") from None


def check_schema(settings: Settings) -> None:
    """Refuse a database whose schema is not this version's."""
    fault = check(parse_database_url(settings.database_url))
    if fault is not None:
        raise StartFault(f"database_url: {fault}")


def make_egress(settings: Settings) -> Egress:
    """Make the guard of callback addresses; the hub's own public name is refused as a target."""
    host = urlsplit(settings.public_url).hostname or ""
    rules = callback_settings(settings).egress_rules(
        own_hosts=frozenset() if _is_address(host) else frozenset({host}),
        own_addresses=frozenset({host}) if _is_address(host) else frozenset(),
    )
    private = settings.callbacks.allow_private_targets
    return Egress(rules, SystemResolver(absolute_names=not private))


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def url_check(egress: Egress) -> UrlCheck:
    """Make the check a callback URL must pass when it is saved (contract 3.4, reliability 3.9)."""

    async def reason(text: str) -> str | None:
        try:
            await egress.check(egress.parse(text))
        except BadTarget as refusal:
            return refusal.reason
        return None

    return reason


def callback_settings(settings: Settings) -> CallbackSettings:
    """Translate the settings of the line out."""
    given = settings.callbacks
    return CallbackSettings(
        allow_private_targets=given.allow_private_targets,
        allow_http=given.allow_http,
        allowed_ports=frozenset(given.allowed_ports),
        ca_file=Path(given.ca_file) if given.ca_file else None,
        bulkhead=BulkheadSettings(
            sockets_max=given.sockets_max,
            play_max=given.play_max,
            delivery_per_second=given.delivery_per_second,
        ),
    )


def hub_settings(settings: Settings) -> HubSettings:
    """Translate the settings of the core."""
    retry = settings.retry
    return HubSettings(
        installation=settings.installation,
        public_url=settings.public_url,
        node=settings.node,
        bet_lease_ms=settings.leases.bet_ms,
        delivery_lease_ms=settings.leases.delivery_ms,
        worker_tick_seconds=settings.worker.tick_ms / 1000,
        sequencer_tick_seconds=settings.worker.sequencer_tick_ms / 1000,
        session_hours=settings.sessions.hours,
        session_idle_minutes=settings.sessions.idle_minutes,
        schedule=RetrySchedule(
            quick_retries=retry.quick_retries,
            quick_min_ms=retry.quick_min_ms,
            quick_max_ms=retry.quick_max_ms,
            slow_ms=retry.slow_ms,
            steady_ms=retry.steady_ms,
            give_up_ms=retry.give_up_ms,
            not_seen_ms=retry.not_seen_ms,
            not_seen_window_ms=retry.not_seen_window_ms,
            void_probes_ms=retry.void_probes_ms,
            cancelled_probes_ms=retry.cancelled_probes_ms,
        ),
    )


def _tell_of_circuit(change: CircuitChange) -> None:
    tell = log.error if change.is_alarming else log.warning
    tell(
        "circuit_changed",
        agent_id=change.agent_id,
        circuit=change.state.value,
        reason=change.reason,
    )


def make_hub(office: Office) -> Hub:
    """Put the core together over an open office."""
    settings = callback_settings(office.settings)
    transport = HttpTransport(settings, office.clock, office.egress)
    gateway = HttpGateway(transport, office.egress, office.clock, office.identity, settings)
    gateway.on_circuit_change = _tell_of_circuit
    return Hub(
        directory=office.directory,
        journal=office.journal,
        reads=office.reads,
        gateway=gateway,
        clock=SteadyClock(office.clock),
        identity=office.identity,
        decisions=Decisions(),
        settings=hub_settings(office.settings),
    )
