"""``meganodes openapi``: the descriptions of the APIs for programs, without a running hub."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from meganodes.cli.output import fail, say
from meganodes.main_api.reference.documents import document_text


class Api(StrEnum):
    """Which API is described."""

    MAIN = "main"
    PROVIDER = "provider"


def openapi(
    api: Annotated[
        Api, typer.Option(help="main: for casinos, with the callbacks. provider: for providers.")
    ] = Api.MAIN,
    out: Annotated[Path | None, typer.Option(help="Write it to this file.")] = None,
) -> None:
    """Print an API's OpenAPI 3.1 document, the one that a running hub serves under /docs."""
    text = document_text(api.value)
    if out is None:
        sys.stdout.write(text)
        return
    try:
        out.write_text(text, encoding="utf-8")
    except OSError as fault:
        fail([f"{out}: {fault.strerror}"])
    say(f"{out} is written.")
