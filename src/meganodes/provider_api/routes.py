"""Which path belongs to which adapter and command: one table, looked up by the exact path."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from meganodes.providers.port import Adapter

PREFIX: Final = "/provider/v1"
"""The listener gives every path that starts so to this door."""


class Route(NamedTuple):
    """Where a request goes. ``is_owed``: it still gets in when the door is crowded."""

    adapter: Adapter
    command: str
    is_owed: bool


def route_table(adapters: Iterable[Adapter]) -> Mapping[str, Route]:
    """List every path of every adapter; two adapters on one path are a defect."""
    table: dict[str, Route] = {}
    for adapter in adapters:
        assert adapter.path_prefix.startswith(f"{PREFIX}/"), adapter.path_prefix
        assert adapter.owed_commands <= adapter.commands, adapter.name
        for command in adapter.commands:
            path = adapter.path_prefix + command
            assert path not in table, path
            table[path] = Route(adapter, command, command in adapter.owed_commands)
    return table
