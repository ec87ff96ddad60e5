"""``meganodes key``: the master key from which all other keys are derived."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from meganodes.cli.output import fail, say
from meganodes.kit.secrets import create_master_key_file

app = typer.Typer(help="The master key.", no_args_is_help=True)


@app.command()
def create(
    file: Annotated[Path, typer.Argument(help="Where to put the new key; must not exist.")],
) -> None:
    """Make a master key file of 32 random bytes that only its owner can read."""
    try:
        create_master_key_file(file)
    except FileExistsError:
        fail([f"{file} exists already: a key is never overwritten"])
    except OSError as fault:
        fail([f"{file}: {fault.strerror}"])
    say(f"{file} made. Keep a copy in a safe place: without it no stored secret can be read.")
