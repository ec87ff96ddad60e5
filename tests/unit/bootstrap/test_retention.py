"""The daily run of a hub: audited as its own, counted in its metrics, and off when told so."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

from meganodes.bootstrap.retention import daily_retention
from meganodes.bootstrap.settings import load_settings
from meganodes.bootstrap.wiring import Office, make_gateway, make_hub, migrate, open_office
from meganodes.domain.retention import DAY_MS
from meganodes.hub.core import Hub
from meganodes.kit.clock import SystemClock
from meganodes.kit.identity import first_trans_id
from meganodes.kit.secrets import create_master_key_file


@asynccontextmanager
async def a_hub(folder: Path, *, daily: bool) -> AsyncIterator[tuple[Office, Hub]]:
    create_master_key_file(folder / "master.key")
    settings = load_settings(
        overrides={
            "database_url": f"sqlite:///{folder / 'hub.db'}",
            "master_key_file": str(folder / "master.key"),
            "retention": {"daily": daily},
        },
        environment={},
    )
    migrate(settings)
    office = await open_office(settings)
    gateway = make_gateway(office)
    try:
        yield office, make_hub(office, gateway)
    finally:
        await gateway.close()
        await office.close()


async def test_the_daily_run_is_audited_and_counted(tmp_path: Path) -> None:
    async with a_hub(tmp_path, daily=True) as (office, hub):
        number = first_trans_id(SystemClock().now_ms() - 100 * DAY_MS)
        with closing(sqlite3.connect(tmp_path / "hub.db")) as connection, connection:
            connection.execute(
                "INSERT INTO attempt_bodies VALUES (?, 1, x'01', x'02', 0)", (number,)
            )
        loop = daily_retention(office, hub)
        assert loop is not None
        await loop.look()
        await loop.look()
        assert hub.meters.retention.retired == 1
        assert hub.meters.retention.last_run_ms is not None
        trail = [row.tag for row in await office.directory.audit_trail()]
        assert sorted(tag for tag in trail if "retention" in tag) == [
            "system:installation:retention",
            "system:installation:retention-begun",
        ]


async def test_the_daily_run_may_be_turned_off(tmp_path: Path) -> None:
    async with a_hub(tmp_path, daily=False) as (office, hub):
        assert daily_retention(office, hub) is None
