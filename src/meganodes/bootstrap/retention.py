"""Retention put together: for the command, and for the daily run of a hub."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from meganodes.bootstrap.settings_translated import hub_settings
from meganodes.bootstrap.wiring import Office, StartFault, read_database_url
from meganodes.directory.records import SYSTEM, Actor
from meganodes.directory.retentions import Retentions
from meganodes.hub.meters import RetentionMeters
from meganodes.hub.retention import (
    DailyRetention,
    NotAlone,
    Order,
    Pace,
    Retention,
    RetentionReport,
    Tell,
    as_document,
)
from meganodes.journal.postgres_retention import PostgresShelf
from meganodes.journal.sqlite_retention import SqliteShelf
from meganodes.journal.store import StoreUnavailable
from meganodes.kit.logging import get_logger

if TYPE_CHECKING:
    from meganodes.hub.core import Hub
    from meganodes.journal.retention import Shelf

log = get_logger("bootstrap.retention")


def make_retention(office: Office, meters: RetentionMeters | None = None) -> Retention:
    """Put the retention of an installation together."""
    url = read_database_url(office.settings)
    path = url.path
    open_shelf: Callable[[], Shelf] = partial(PostgresShelf, url)
    if path is not None:
        open_shelf = partial(SqliteShelf, path)
    given = office.settings.retention
    return Retention(
        open_shelf=open_shelf,
        clock=office.clock,
        policy=hub_settings(office.settings).retention,
        pace=Pace(rows=given.step_rows, percent=given.time_percent),
        meters=meters or RetentionMeters(),
    )


async def commanded(
    office: Office, actor: Actor | None, tell: Tell, until_ms: int | None
) -> RetentionReport:
    """Make one run for somebody; without an actor only look. Raises StartFault."""
    retention = make_retention(office)
    try:
        if actor is None:
            return await retention.look(until_ms)
        return await run_audited(office, retention, actor, Order(tell=tell, until_ms=until_ms))
    except NotAlone:
        raise StartFault("another run is under way: a hub's daily one, or somebody's") from None
    except StoreUnavailable as fault:
        raise StartFault(str(fault)) from None


async def run_audited(
    office: Office, retention: Retention, actor: Actor, order: Order
) -> RetentionReport:
    """Make one run: what it will do is in the audit log before, what it did afterwards.

    When there is nothing to do the log has nothing of it.
    """
    audit = Retentions(office.staff)
    planned = await retention.look(order.until_ms)
    if planned.is_empty:
        return await retention.run(order)
    names = partial(agent_name, office)
    await audit.note_begun(actor, as_document(planned, names))
    report = await retention.run(order)
    await audit.note_ended(actor, as_document(report, names))
    return report


def daily_retention(office: Office, hub: Hub) -> DailyRetention | None:
    """Make the loop that runs every day; None when it is turned off."""
    given = office.settings.retention
    if not given.daily:
        return None
    retention = make_retention(office, hub.meters.retention)

    async def run(ending: asyncio.Event) -> None:
        report = await run_audited(office, retention, SYSTEM, Order(ending=ending))
        if not report.is_empty:
            log.info("retention_done", **as_document(report, str))

    return DailyRetention(retention, given.hour, run)


def agent_name(office: Office, agent_id: int) -> str:
    """Name an agent, one that is gone by its number."""
    agent = office.directory.agent(agent_id)
    return str(agent_id) if agent is None else agent.name
