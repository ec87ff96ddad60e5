"""A backend that answers everything well and remembers what reached it, with which token."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.support.hostile_backend import HEAD_END, HostileBackend, Peer, http


@dataclass(frozen=True, kw_only=True)
class Arrival:
    """One callback: its command, the Callback-Token, and its data."""

    command: str
    token: str
    data: dict[str, Any]


@dataclass
class RecordingBackend:
    """A wallet without end. ``url`` is its Callback URL."""

    url: str = ""
    arrivals: list[Arrival] = field(default_factory=list)

    def of(self, command: str) -> list[Arrival]:
        """Give what arrived of one command."""
        return [each for each in self.arrivals if each.command == command]

    async def play(self, peer: Peer) -> None:
        """Answer the callbacks of one connection."""
        while request := await peer.request():
            head, _, body = request.partition(HEAD_END)
            said = json.loads(body, parse_float=str)
            data = said["data"]
            self.arrivals.append(
                Arrival(command=said["command"], token=_header(head, b"callback-token"), data=data)
            )
            account = json.dumps(data["account"])
            told = f'{{"account":{account},"balance":100.00}}'
            await peer.send(http(f'{{"result":0,"status":"OK","data":{told}}}'.encode()))


@asynccontextmanager
async def a_recording_backend() -> AsyncIterator[RecordingBackend]:
    """Open the backend on a free port."""
    backend = RecordingBackend()
    async with HostileBackend(backend.play) as listening:
        backend.url = listening.url
        yield backend


def _header(head: bytes, name: bytes) -> str:
    lines = (line.partition(b":") for line in head.split(b"\r\n")[1:])
    return next(value.strip().decode() for key, _, value in lines if key.lower() == name)
