"""``meganodes demo``: hub, toy casino and toy studio on this machine, and a tour of one evening."""

from __future__ import annotations

import asyncio
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from meganodes.bootstrap.settings import environment
from meganodes.demo.backends import TOY, Backend, UnknownCasino, read_casino
from meganodes.demo.run import DemoOptions, run_demo
from meganodes.protocol.commands import Revision


class Database(StrEnum):
    """What the hub of the demo stands on."""

    SQLITE = "sqlite"
    POSTGRESQL = "postgresql"


def demo(  # noqa: PLR0913 - the options of the published command
    *,
    once: Annotated[bool, typer.Option("--once", help="End after the tour.")] = False,
    revision: Annotated[Revision, typer.Option(help="Wire of the callbacks.")] = Revision.GUID,
    folder: Annotated[Path, typer.Option(help="Where its data go.")] = Path(".demo"),
    port: Annotated[int, typer.Option(help="Port of the hub.")] = 8700,
    casino_port: Annotated[int, typer.Option(help="Port of the toy casino.")] = 8701,
    studio_port: Annotated[int, typer.Option(help="Port of the toy studio.")] = 8702,
    db: Annotated[Database, typer.Option(help="What the hub stands on.")] = Database.SQLITE,
    casino: Annotated[
        str,
        typer.Option(
            help="Who answers the callbacks: python, node, php, sdk, or a file like theirs."
        ),
    ] = TOY,
    backend_port: Annotated[
        int, typer.Option(help="Port of a casino that is not the toy casino.")
    ] = 8703,
    duplicates: Annotated[
        int, typer.Option(help="What the toy casino answers to a duplicate: 41 or 0.")
    ] = 41,
    numeric_text: Annotated[
        bool, typer.Option("--numeric-text", help="The toy casino writes numbers as text.")
    ] = False,
) -> None:
    """Play a tour through the whole way of a bet; exit 0 only if the three records agree."""
    if duplicates not in {0, 41}:
        raise typer.BadParameter("--duplicates is 41 or 0")
    options = DemoOptions(
        folder=folder,
        hub_port=port,
        casino_port=casino_port,
        studio_port=studio_port,
        backend_port=backend_port,
        backend=_backend(casino),
        revision=revision,
        duplicates=duplicates,
        numeric_text=numeric_text,
        once=once,
        postgresql=db is Database.POSTGRESQL,
        environment=environment(),
    )
    raise typer.Exit(asyncio.run(run_demo(options)))


def _backend(casino: str) -> Backend | None:
    try:
        return read_casino(casino)
    except UnknownCasino as unknown:
        raise typer.BadParameter(str(unknown), param_hint="--casino") from unknown
