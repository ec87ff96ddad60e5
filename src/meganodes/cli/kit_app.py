"""The commands for operators, where the hub's packages are not installed."""

from __future__ import annotations

import typer

from meganodes import __version__
from meganodes.cli import certify, explain

app = typer.Typer(
    name="meganodes",
    help="What the developer of a backend needs. The hub's own commands come with the extra 'hub'.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.command(name="certify")(certify.certify)
app.command(name="explain")(explain.explain)


@app.command()
def version() -> None:
    """Print the version."""
    typer.echo(__version__)
