"""``meganodes serve`` and ``meganodes migrate``: the hub itself and its database's schema."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from meganodes.bootstrap import wiring
from meganodes.bootstrap.program import run_hub
from meganodes.bootstrap.server import Listening, run
from meganodes.bootstrap.wiring import StartFault
from meganodes.cli.context import options_of
from meganodes.cli.output import FAILED, WRONG_USAGE, fail, say
from meganodes.kit.logging import LogFormat, LogLevel, LogSettings, configure_logging

_ONE_WORKER = (
    "--workers above 1 is not served by this version: on SQLite one process serves, on PostgreSQL "
    "start as many nodes as you like, each with a port of its own"
)


def serve(  # noqa: PLR0913 - the options of the published command
    context: typer.Context,
    *,
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on.")] = None,
    config: Annotated[Path | None, typer.Option(help="A TOML file with settings.")] = None,
    workers: Annotated[int, typer.Option(min=1, help="Processes; SQLite serves one.")] = 1,
    allow_private_targets: Annotated[
        bool, typer.Option(help="Permit loopback and http callback URLs: demo and tests only.")
    ] = False,
) -> None:
    """Run the hub: Main API, Provider API, launch links, health."""
    if workers > 1:
        fail([_ONE_WORKER], status=WRONG_USAGE)
    options = options_of(context)
    server = {"host": host, "port": port}
    options.overrides["server"] = {
        name: value for name, value in server.items() if value is not None
    }
    if allow_private_targets:
        options.overrides["callbacks"] = {"allow_private_targets": True}
    options.config = config or options.config
    settings = options.settings()
    configure_logging(
        LogSettings(
            format=LogFormat(settings.logging.format), level=LogLevel(settings.logging.level)
        )
    )
    try:
        drained = run(run_hub(settings, _tell))
    except StartFault as fault:
        fail(fault.sentences)
    if not drained:
        sys.exit(FAILED)


def _tell(listening: Listening) -> None:
    sys.stdout.write(f"MegaNodes listens on http://{listening.host}:{listening.port}\n")
    sys.stdout.flush()


def migrate(context: typer.Context) -> None:
    """Create or upgrade the schema of the database, forward only."""
    settings = options_of(context).settings()
    try:
        wiring.migrate(settings)
    except StartFault as fault:
        fail(fault.sentences)
    say("The schema is up to date.")
