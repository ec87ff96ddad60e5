"""The parts of the long run, by name."""

from __future__ import annotations

from typing import Final

from tests.soak.databases import postgresql, sqlite
from tests.soak.load import load
from tests.soak.nodes import nodes
from tests.soak.simulated import simulation
from tests.soak.slices import Part

PARTS: Final[dict[str, Part]] = {
    "simulation": simulation,
    "nodes": nodes,
    "postgresql": postgresql,
    "sqlite": sqlite,
    "load": load,
}
