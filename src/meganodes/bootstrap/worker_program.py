"""`serve --workers` above 1: what is checked before anything starts, then the group to its end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

from meganodes.bootstrap.program import server_settings
from meganodes.bootstrap.server import CannotListen, open_socket
from meganodes.bootstrap.settings import AUTO, Settings
from meganodes.bootstrap.wiring import StartFault, check_schema, load_master_key, read_database_url
from meganodes.bootstrap.worker_group import GroupSettings, WorkerGroup
from meganodes.kit.clock import SystemClock

_BESIDE_DRAIN_SECONDS: Final = 60.0
"""For what a worker has to tell and to close when its callers are gone: far more than it takes."""


class CannotShare(Exception):
    """The settings do not allow several workers; the text is a sentence for people."""


def run_group(
    settings: Settings, command: Sequence[str], on_ready: Callable[[str, int], None]
) -> int:
    """Run a group until it is told to stop and give its exit status.

    ``command`` is what the interpreter runs as a worker; ``on_ready`` gets host and port once all
    take calls. Raises CannotShare and StartFault.
    """
    if read_database_url(settings).path is not None:
        raise CannotShare("--workers above 1 needs PostgreSQL: one process serves a SQLite file")
    if settings.node_number != AUTO:
        raise CannotShare(
            'node_number: each worker needs a number of its own: leave it at "auto", or start '
            "one node for each number"
        )
    check_schema(settings)
    load_master_key(settings)
    listener_settings = server_settings(settings)
    try:
        listener = open_socket(listener_settings)
    except CannotListen as fault:
        raise StartFault(str(fault)) from None
    given = settings.server
    group_settings = GroupSettings(
        workers=given.workers,
        command=command,
        drain_seconds=given.linger_seconds + given.drain_seconds + _BESIDE_DRAIN_SECONDS,
    )
    with listener:
        host, port = listener.getsockname()[:2]
        group = WorkerGroup(group_settings, listener, SystemClock())
        return asyncio.run(group.run(lambda: on_ready(host, port)))
