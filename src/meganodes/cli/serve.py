"""``meganodes serve`` and ``meganodes migrate``: the hub itself and its database's schema."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from meganodes.bootstrap import wiring
from meganodes.bootstrap.program import run_hub
from meganodes.bootstrap.server import Listening, run
from meganodes.bootstrap.settings import WORKERS_MAX, Settings
from meganodes.bootstrap.wiring import StartFault
from meganodes.bootstrap.worker_member import Post
from meganodes.bootstrap.worker_program import CannotShare, run_group
from meganodes.cli.context import Options, options_of
from meganodes.cli.output import FAILED, WRONG_USAGE, fail, say
from meganodes.kit.logging import LogFormat, LogLevel, LogSettings, configure_logging


def serve(  # noqa: PLR0913 - the options of the published command
    context: typer.Context,
    *,
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on.")] = None,
    config: Annotated[Path | None, typer.Option(help="A TOML file with settings.")] = None,
    workers: Annotated[
        int | None,
        typer.Option(
            min=1, max=WORKERS_MAX, help="Processes that share the port; SQLite serves one."
        ),
    ] = None,
    allow_private_targets: Annotated[
        bool, typer.Option(help="Permit loopback and http callback URLs: demo and tests only.")
    ] = False,
    post: Annotated[str | None, typer.Option(hidden=True)] = None,
) -> None:
    """Run the hub: Main API, Provider API, launch links, health."""
    options = options_of(context)
    server = {"host": host, "port": port, "workers": workers}
    options.overrides["server"] = {
        name: value for name, value in server.items() if value is not None
    }
    if allow_private_targets:
        options.overrides["callbacks"] = {"allow_private_targets": True}
    options.config = config or options.config
    settings = options.settings()
    if post is not None:
        _serve_as_worker(settings, post)
    elif settings.server.workers > 1:
        _serve_as_group(settings, _command_of_worker(options, settings))
    else:
        _log_as(settings)
        _serve_alone(settings)


def _serve_alone(settings: Settings, post: Post | None = None) -> None:
    try:
        drained = run(run_hub(settings, _tell if post is None else _tell_nobody, post))
    except StartFault as fault:
        fail(fault.sentences)
    if not drained:
        sys.exit(FAILED)


def _serve_as_worker(settings: Settings, text: str) -> None:
    try:
        post = Post.read(text)
    except ValueError:
        fail(["--post is for the workers that serve starts"], status=WRONG_USAGE)
    _log_as(settings, worker=str(post.seat))
    _serve_alone(settings, post)


def _serve_as_group(settings: Settings, command: list[str]) -> None:
    _log_as(settings, worker="parent")
    try:
        status = run_group(settings, command, _say_where)
    except CannotShare as fault:
        fail([str(fault)], status=WRONG_USAGE)
    except StartFault as fault:
        fail(fault.sentences)
    sys.exit(status)


def _command_of_worker(options: Options, settings: Settings) -> list[str]:
    """Repeat what was said on the command line; files and environment a worker reads anew."""
    config = [] if options.config is None else ["--config", str(options.config)]
    private = ["--allow-private-targets"] if "callbacks" in options.overrides else []
    workers = ["--workers", str(settings.server.workers)]
    return ["-m", "meganodes", "serve", *config, *private, *workers]


def _log_as(settings: Settings, **fields: str) -> None:
    configure_logging(
        LogSettings(
            format=LogFormat(settings.logging.format),
            level=LogLevel(settings.logging.level),
            fields=fields,
        )
    )


def _tell(listening: Listening) -> None:
    _say_where(listening.host, listening.port)


def _tell_nobody(_listening: Listening) -> None:
    """Leave it to the parent: it speaks when all workers are ready."""


def _say_where(host: str, port: int) -> None:
    sys.stdout.write(f"MegaNodes listens on http://{host}:{port}\n")
    sys.stdout.flush()


def migrate(context: typer.Context) -> None:
    """Create or upgrade the schema of the database, forward only."""
    settings = options_of(context).settings()
    try:
        wiring.migrate(settings)
    except StartFault as fault:
        fail(fault.sentences)
    say("The schema is up to date.")
