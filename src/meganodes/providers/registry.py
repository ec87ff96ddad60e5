"""The list of all adapters. A new one is added here, by hand, and nowhere else."""

from __future__ import annotations

from typing import Final

from meganodes.providers.adapters.house import HouseAdapter
from meganodes.providers.port import Adapter

ADAPTERS: Final[tuple[Adapter, ...]] = (HouseAdapter(),)
"""Every dialect the hub understands; the first one answers where no dialect is recognised."""


def adapter(name: str) -> Adapter:
    """Return the adapter of that name; `LookupError` lists the known ones."""
    for each in ADAPTERS:
        if each.name == name:
            return each
    known = ", ".join(each.name for each in ADAPTERS)
    raise LookupError(f"there is no adapter {name!r}; there are: {known}")
