"""The composition root: makes the parts from the settings and puts them together, in one place."""

from __future__ import annotations

import asyncio
import ipaddress
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from meganodes.bootstrap.node_number import LentIdentity, NodeNumber, UnnumberedIdentity
from meganodes.bootstrap.settings import AUTO, Settings
from meganodes.bootstrap.settings_translated import database_settings, hub_settings
from meganodes.bootstrap.traced import TracedGateway, TracedJournal, TracedPostgresJournal
from meganodes.callbacks.certification_line import CertificationLine
from meganodes.callbacks.egress import BadTarget, Egress
from meganodes.callbacks.gateway import CircuitChange, CircuitState, HttpGateway
from meganodes.callbacks.resolver import SystemResolver
from meganodes.callbacks.settings import BulkheadSettings, CallbackSettings
from meganodes.callbacks.transport import HttpTransport
from meganodes.directory import schema as directory_schema
from meganodes.directory.core import DirectoryPorts, DirectorySettings, UrlCheck
from meganodes.directory.port import Directory
from meganodes.directory.staff import Staff
from meganodes.hub.core import Hub
from meganodes.hub.list_numbers import ListNumbers, ListSkip
from meganodes.hub.meters import BackendMeters, Meters
from meganodes.hub.waiting import Decisions
from meganodes.journal.postgres import PostgresJournal
from meganodes.journal.reads import DatabaseReads
from meganodes.journal.schema import check, upgrade
from meganodes.journal.sqlite import SqliteJournal
from meganodes.journal.store import StoreUnavailable
from meganodes.kit.clock import Clock, SteadyClock, SystemClock
from meganodes.kit.database import (
    Database,
    DatabaseKind,
    DatabaseUnavailable,
    DatabaseUrl,
    DatabaseUrlError,
    parse_database_url,
)
from meganodes.kit.identity import SystemIdentity
from meganodes.kit.logging import get_logger
from meganodes.kit.metrics import Bounded
from meganodes.kit.migrations import MigrationFault
from meganodes.kit.secrets import MasterKey, MasterKeyError, SealError
from meganodes.kit.tracing import Tracing, TracingMissing, TracingSettings, open_tracing

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
    staff: Staff
    journal: SqliteJournal | PostgresJournal
    reads: DatabaseReads
    clock: SystemClock
    identity: SystemIdentity
    egress: Egress
    database: Database
    tracing: Tracing | None = None

    async def close(self) -> None:
        """Close everything in the reverse order."""
        await self.directory.close()
        self.staff.close()
        await self.journal.close()
        self.database.close()
        if self.tracing is not None:
            await asyncio.to_thread(self.tracing.close)


def read_database_url(settings: Settings) -> DatabaseUrl:
    """Give the checked address of the database."""
    try:
        return parse_database_url(settings.database_url)
    except DatabaseUrlError as fault:
        raise StartFault(f"database_url: {fault}") from None


def database_file(settings: Settings) -> Path:
    """Give the SQLite file, for what works on files only."""
    url = read_database_url(settings)
    if url.path is None:
        raise StartFault("database_url: this works on a SQLite file: sqlite:///path/to/file.db")
    return url.path


def restore_marker(database: Path) -> Path:
    """Name the file that stands beside a database while a backup is put in its place."""
    return database.with_name(database.name + ".restoring")


def _refuse_half_restored(database: Path) -> None:
    marker = restore_marker(database)
    if marker.exists():
        raise StartFault(
            f"database_url: a restore of {database} did not end: run `meganodes restore` again; "
            f"only if you put the database in place by hand, delete {marker}"
        )


def migrate(settings: Settings) -> None:
    """Create or upgrade the database's schema, forward only; raises StartFault."""
    url = read_database_url(settings)
    if url.path is not None:
        folder = url.path.parent
        if not folder.is_dir():
            raise StartFault(f"database_url: the folder {folder} does not exist: make it first")
        url.path.touch(mode=0o600)  # who plays and what was decided is nobody else's business
    try:
        upgrade(url)
        directory_schema.upgrade(url)
    except (MigrationFault, DatabaseUnavailable) as fault:
        raise StartFault(f"database_url: {fault}") from None


def node_name(settings: Settings, number: NodeNumber | None) -> str:
    """Give the name of this node: what the settings say, or after its number."""
    if number is None:
        return "node-0" if settings.node == AUTO else settings.node
    return number.holder.name_with(number.number)


def _journal(
    url: DatabaseUrl, clock: Clock, owner: str, tracing: Tracing | None
) -> SqliteJournal | PostgresJournal:
    if url.path is None:
        if tracing is None:
            return PostgresJournal(url, clock=clock, owner=owner)
        return TracedPostgresJournal(url, clock=clock, owner=owner, tracing=tracing)
    if tracing is None:
        return SqliteJournal(url.path, clock=clock, owner=owner)
    return TracedJournal(url.path, clock=clock, owner=owner, tracing=tracing)


def _identity(
    settings: Settings, clock: Clock, number: NodeNumber | None, above: int
) -> SystemIdentity:
    if number is not None:
        return LentIdentity(clock, number, above=above)
    if read_database_url(settings).kind is DatabaseKind.POSTGRESQL:
        return UnnumberedIdentity(clock, 0)
    fixed = 0 if isinstance(settings.node_number, str) else settings.node_number
    return SystemIdentity(clock, fixed, above=above)


async def open_office(
    settings: Settings, tracing: Tracing | None = None, number: NodeNumber | None = None
) -> Office:
    """Open the database for work on it; creates the schema of a new SQLite file.

    With ``tracing`` the journal's commits are traced; it is closed together with the office.
    ``number`` is a served node's on PostgreSQL; a command has none and makes no transactions.
    """
    url = read_database_url(settings)
    if url.path is not None:
        _refuse_half_restored(url.path)
    master_key = load_master_key(settings)
    if url.path is not None and not url.path.exists():
        migrate(settings)
    else:
        check_schema(settings)
    clock = SystemClock()
    database = Database(url, database_settings(settings))
    settings = settings.model_copy(update={"node": node_name(settings, number)})
    journal = _journal(url, clock, settings.node, tracing)
    async with AsyncExitStack() as half_open:
        half_open.callback(database.close)
        half_open.push_async_callback(journal.close)
        await _start_journal(journal)
        # A clock that was set back between two runs repeats no number.
        above = await journal.reads.highest_trans_id()
        steady = SteadyClock(clock, ahead_ms=journal.clock_ahead_ms)
        identity = _identity(settings, steady, number, above)
        egress = make_egress(settings)
        ports = DirectoryPorts(
            database=database,
            master_key=master_key,
            clock=clock,
            identity=identity,
            url_check=url_check(egress),
        )
        directory = Directory(
            ports,
            DirectorySettings(
                session_idle_minutes=settings.sessions.idle_minutes,
                launch_http_allowed=settings.callbacks.allow_private_targets,
            ),
        )
        await _start_directory(directory)
        half_open.pop_all()
    return Office(
        settings=settings,
        directory=directory,
        staff=Staff(ports),
        journal=journal,
        reads=journal.reads,
        clock=clock,
        identity=identity,
        egress=egress,
        database=database,
        tracing=tracing,
    )


async def _start_journal(journal: SqliteJournal | PostgresJournal) -> None:
    try:
        await journal.start()
    except StoreUnavailable as fault:
        raise StartFault(f"database_url: {fault}") from None


async def _start_directory(directory: Directory) -> None:
    try:
        await directory.start()
    except SealError as fault:
        raise StartFault(f"master_key_file: {fault}") from None


def make_tracing(settings: Settings) -> Tracing | None:
    """Begin to trace when the settings ask for it; raises StartFault without the packages."""
    given = settings.operations
    if not given.tracing_endpoint:
        return None
    try:
        return open_tracing(
            TracingSettings(
                endpoint=given.tracing_endpoint,
                sample_percent=given.tracing_sample_percent,
                installation=settings.installation,
                node=settings.node,
            )
        )
    except TracingMissing:
        raise StartFault(
            "operations.tracing_endpoint: the packages are missing: pip install '.[hub,otel]'"
        ) from None


def load_master_key(settings: Settings) -> MasterKey:
    """Read the master key, or say how one is made."""
    try:
        return MasterKey.from_file(Path(settings.master_key_file))
    except MasterKeyError as fault:
        raise StartFault(f"master_key_file: {fault}") from None


def check_schema(settings: Settings) -> None:
    """Refuse a database whose schema is not this version's."""
    url = read_database_url(settings)
    try:
        found = dict.fromkeys(fault for fault in (check(url), directory_schema.check(url)) if fault)
    except DatabaseUnavailable as fault:
        raise StartFault(f"database_url: {fault}") from None
    if found:
        raise StartFault(*(f"database_url: {fault}" for fault in found))


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
            processes=settings.server.workers,
        ),
    )


def _tell_of_circuit(meters: Meters, change: CircuitChange) -> None:
    meters.circuits_opened += change.state is CircuitState.OPEN
    tell = log.error if change.is_alarming else log.warning
    tell(
        "circuit_changed",
        agent_id=change.agent_id,
        circuit=change.state.value,
        reason=change.reason,
    )


def make_gateway(office: Office) -> HttpGateway:
    """Make the line out to the agents' backends; traced when spans are asked for."""
    settings = callback_settings(office.settings)
    transport = HttpTransport(settings, office.clock, office.egress)
    parts = (transport, office.egress, office.clock, office.identity, settings)
    if office.tracing is None:
        return HttpGateway(*parts)
    return TracedGateway(
        *parts,
        tracing=office.tracing,
        tells_backends=office.settings.operations.tracing_to_backends,
    )


def certification_line(office: Office, callback_url: str) -> CertificationLine:
    """Make the line of a certification, with connections of its own; BadTarget for a bad URL."""
    target = office.egress.parse(callback_url)
    transport = HttpTransport(callback_settings(office.settings), office.clock, office.egress)
    return CertificationLine(transport, target, office.clock)


async def list_numbers(office: Office) -> ListNumbers:
    """Read which numbers of the agents' lists were passed over by a restore."""
    return ListNumbers(
        ListSkip(agent_id=agent_id, after_position=after_position, skipped=skipped)
        for agent_id, after_position, skipped in await office.reads.list_skips()
    )


def make_hub(office: Office, gateway: HttpGateway) -> Hub:
    """Put the core together over an open office; it counts what the gateway does."""
    agents_max = office.settings.operations.metrics_agents_max
    meters = Meters(backends=Bounded(agents_max, BackendMeters))
    gateway.on_attempt = meters.note_attempt
    gateway.on_circuit_change = partial(_tell_of_circuit, meters)
    return Hub(
        directory=office.directory,
        journal=office.journal,
        reads=office.reads,
        gateway=gateway,
        # On PostgreSQL due times are the database's: a node that began with a wrong clock delays
        # nothing.
        clock=SteadyClock(office.clock, ahead_ms=office.journal.clock_ahead_ms),
        identity=office.identity,
        decisions=Decisions(),
        settings=hub_settings(office.settings),
        meters=meters,
    )
