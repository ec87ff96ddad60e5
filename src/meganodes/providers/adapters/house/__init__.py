"""The house protocol: what our own Provider API speaks (contract 4)."""

from __future__ import annotations

from typing import Final

from meganodes.domain.asked import Answer, Asked
from meganodes.providers.adapters.house.answers import render
from meganodes.providers.adapters.house.requests import COMMANDS, parse
from meganodes.providers.port import BadRequest

__all__ = ["HouseAdapter"]

_OWED: Final = frozenset({"win", "cancel", "round"})


class HouseAdapter:
    """`POST /provider/v1/<command>`, JSON both ways, amounts as decimal text."""

    __slots__ = ()

    @property
    def name(self) -> str:
        return "house"

    @property
    def description(self) -> str:
        return "The hub's own protocol for providers: JSON, amounts as decimal text."

    @property
    def path_prefix(self) -> str:
        return "/provider/v1/"

    @property
    def commands(self) -> frozenset[str]:
        return COMMANDS

    @property
    def owed_commands(self) -> frozenset[str]:
        return _OWED

    def parse(self, command: str, body: bytes) -> Asked | BadRequest:
        return parse(command, body)

    def render(self, command: str, answer: Answer) -> bytes:
        return render(command, answer)
