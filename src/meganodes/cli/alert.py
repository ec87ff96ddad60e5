"""``meganodes alert``: the address that is told of trouble."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Annotated

import typer

from meganodes.bootstrap.alert_post import Posted, Sender, a_message, open_line
from meganodes.bootstrap.settings import Settings
from meganodes.bootstrap.wiring import StartFault
from meganodes.cli.context import options_of
from meganodes.cli.output import fail, say
from meganodes.hub.alerts import AlertKind, Condition, Notice
from meganodes.kit.clock import SystemClock
from meganodes.kit.identity import SystemIdentity
from meganodes.protocol.signature import secret_text

app = typer.Typer(help="The address that is told of trouble.", no_args_is_help=True)

_SECRET_BYTES = 32


@app.command()
def secret(
    file: Annotated[Path, typer.Argument(help="Where to put the new secret; must not exist.")],
) -> None:
    """Make a secret that alerts are signed with, in a file that only its owner can read."""
    identity = SystemIdentity(SystemClock(), 0)
    text = secret_text(identity.token_bytes(_SECRET_BYTES))
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        fail([f"{file} exists already: to exchange the secret, put the new one above the old one"])
    except OSError as fault:
        fail([f"{file}: {fault.strerror}"])
    with os.fdopen(descriptor, "w", encoding="ascii") as opened:
        opened.write(text + "\n")
    say(f"{file} made. Give its content to whoever receives the alerts; it verifies with it.")


@app.command()
def test(context: typer.Context) -> None:
    """Send one alert of the kind "test" now, and say what became of it; exit 1 if it failed."""
    settings = options_of(context).settings()
    if not settings.operations.alert_url:
        fail(["operations.alert_url is not set: nobody is told of anything"])
    try:
        posted = asyncio.run(_send(settings))
    except StartFault as fault:
        fail(fault.sentences)
    if not posted.arrived:
        fail([f"the alert did not arrive: {posted.sentence}"])
    say(f"The alert arrived: {posted.sentence}.")


async def _send(settings: Settings) -> Posted:
    given, clock = settings.operations, SystemClock()
    ca_file = Path(settings.callbacks.ca_file) if settings.callbacks.ca_file else None
    line = open_line(given.alert_url, Path(given.alert_secret_file), clock, ca_file)
    condition = Condition(
        key="test:node",
        kind=AlertKind.TEST,
        subject=settings.node,
        since_ms=clock.now_ms(),
        count=1,
        summary="somebody is trying out whether alerts arrive: they do",
    )
    message = a_message(
        Sender(installation=settings.installation, node=settings.node),
        (Notice(condition=condition, time=1),),
        clock,
        SystemIdentity(clock, 0),
    )
    try:
        return await line.post(message)
    finally:
        await line.close()
