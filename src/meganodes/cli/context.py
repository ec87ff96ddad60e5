"""What every command needs: the settings, and for commands on the database an open directory."""

from __future__ import annotations

import asyncio
import getpass
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import typer

from meganodes.bootstrap.settings import Settings, SettingsFault, load_settings
from meganodes.bootstrap.wiring import Office, StartFault, open_office
from meganodes.cli.output import fail
from meganodes.directory.faults import DirectoryFault
from meganodes.directory.records import Actor

_T = TypeVar("_T")


@dataclass(slots=True)
class Options:
    """Options that stand before the command."""

    config: Path | None = None
    overrides: dict[str, Any] = field(default_factory=dict)

    def settings(self) -> Settings:
        """Load the settings or end with all faults listed, a line each."""
        try:
            return load_settings(self.config, self.overrides)
        except SettingsFault as fault:
            fail(fault.faults, status=2)


def options_of(context: typer.Context) -> Options:
    """Give the options of this run."""
    options = context.find_object(Options)
    assert options is not None
    return options


def person() -> Actor:
    """Name who is at the keyboard, for the audit."""
    return Actor(source="cli", name=getpass.getuser())


def run_in_office(context: typer.Context, work: Callable[[Office], Awaitable[_T]]) -> _T:
    """Open the database, do one thing, close; faults become sentences and exit 1."""
    settings = options_of(context).settings()
    try:
        return asyncio.run(_with_office(settings, work))
    except StartFault as fault:
        fail(fault.sentences)
    except DirectoryFault as fault:
        fail(f"{one.field}: {one.sentence}" for one in fault.faults)


async def _with_office(settings: Settings, work: Callable[[Office], Awaitable[_T]]) -> _T:
    office = await open_office(settings)
    try:
        return await work(office)
    finally:
        await office.close()
