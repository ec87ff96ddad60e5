"""The tree of commands; each file beside this one holds one family."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from meganodes import __version__
from meganodes.cli import (
    agent,
    alert,
    backup,
    catalog,
    certify,
    copy,
    demo,
    doctor,
    explain,
    key,
    openapi,
    parked,
    provider,
    reconcile,
    retention,
    rounds,
    seals,
    serve,
    staff,
)
from meganodes.cli.context import Options

app = typer.Typer(
    name="meganodes",
    help="The open hub between casino backends and game providers.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.add_typer(agent.app, name="agent")
app.add_typer(provider.app, name="provider")
app.add_typer(catalog.app, name="catalog")
app.add_typer(parked.app, name="parked")
app.add_typer(rounds.app, name="rounds")
app.add_typer(key.app, name="key")
app.add_typer(staff.app, name="staff")
app.add_typer(alert.app, name="alert")
app.command(name="serve")(serve.serve)
app.command(name="migrate")(serve.migrate)
app.command(name="doctor")(doctor.doctor)
app.command(name="backup")(backup.backup)
app.command(name="restore")(backup.restore)
app.command(name="reconcile")(reconcile.command)
app.command(name="copy")(copy.copy)
app.command(name="verify-seals")(seals.verify_seals)
app.command(name="retention")(retention.command)
app.command(name="demo")(demo.demo)
app.command(name="openapi")(openapi.openapi)
app.command(name="certify")(certify.certify)
app.command(name="explain")(explain.explain)


@app.callback()
def main(
    context: typer.Context,
    config: Annotated[
        Path | None, typer.Option(help="A TOML file with the settings that differ.")
    ] = None,
) -> None:
    """Take the options that stand before every command."""
    context.obj = Options(config=config)


@app.command()
def version() -> None:
    """Print the version."""
    typer.echo(__version__)


def run() -> None:
    """Run the command line."""
    app()
