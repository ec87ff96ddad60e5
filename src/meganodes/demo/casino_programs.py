"""Starts the casino of a demo: the toy casino, or a backend in another language and its front."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from meganodes.demo.backends import Backend, BackendSettings, command_of, environment_of
from meganodes.demo.children import Children
from meganodes.protocol.commands import Revision
from meganodes.protocol.currency import currency

_READY_SECONDS = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class CasinoPlan:
    """What casino to start. ``agent`` is the file with what `agent add --json` printed.

    ``backend`` None is the toy casino; else it listens on ``backend_port``, and its front on
    ``port``.
    """

    folder: Path
    agent: Path
    hub_url: str
    port: int
    backend: Backend | None
    backend_port: int
    revision: Revision
    currency: str
    duplicates: int
    numeric_text: bool


async def start_casino(children: Children, plan: CasinoPlan) -> None:
    """Start the casino's programs; the one on ``plan.port`` is not waited for."""
    if plan.backend is None:
        await _start_toy_casino(children, plan)
    else:
        await _start_backend(children, plan, plan.backend)


async def _start_toy_casino(children: Children, plan: CasinoPlan) -> None:
    await children.start(
        "casino",
        "meganodes.demo.toy_casino",
        *("--agent", str(plan.agent), "--hub", plan.hub_url),
        *("--database", str(plan.folder / "casino.db"), "--port", str(plan.port)),
        *("--revision", plan.revision.value, "--currency", plan.currency),
        *("--duplicates", str(plan.duplicates)),
        *(["--numeric-text"] if plan.numeric_text else []),
    )


async def _start_backend(children: Children, plan: CasinoPlan, backend: Backend) -> None:
    """Start a backend in another language, and in front of it what spoils its answers."""
    settings = BackendSettings(
        agent=json.loads(plan.agent.read_text()),
        revision=plan.revision,
        decimals=currency(plan.currency).exponent,
        duplicates=plan.duplicates,
        folder=plan.folder / "wallet",
        port=plan.backend_port,
    )
    backend_url = f"http://127.0.0.1:{plan.backend_port}"
    command = await command_of(backend, plan.backend_port)
    await children.start_foreign("backend", command, environment_of(settings))
    await children.ready("backend", f"{backend_url}/health", _READY_SECONDS)
    await children.start(
        "casino",
        "meganodes.demo.casino_front",
        *("--backend", backend_url, "--port", str(plan.port)),
        *("--agent", str(plan.agent), "--hub", plan.hub_url),
        *(["--numeric-text"] if plan.numeric_text else []),
    )
