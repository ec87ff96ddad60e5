"""What the directory works with, and how it behaves."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from meganodes.kit.clock import Clock
from meganodes.kit.database import Database
from meganodes.kit.identity import Identity
from meganodes.kit.secrets import MasterKey

UrlCheck = Callable[[str], Awaitable[str | None]]
"""Says why a callback address may not be called, None when it may (it resolves the name)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectoryPorts:
    """What the directory works with."""

    database: Database
    master_key: MasterKey
    clock: Clock
    identity: Identity
    url_check: UrlCheck


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectorySettings:
    """How the directory behaves.

    A change of another process is seen within ``refresh_seconds``. ``launch_minutes`` is how long
    a game-url opens. Last calls of sessions are written every ``last_call_seconds``.
    ``launch_http_allowed`` permits http in providers' addresses, for private set-ups.
    """

    refresh_seconds: float = 0.5
    users_cached: int = 200_000
    sessions_cached: int = 50_000
    launch_minutes: int = 10
    session_idle_minutes: int = 60
    last_call_seconds: float = 60.0
    launch_http_allowed: bool = False
