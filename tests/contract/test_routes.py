"""Every route there is, against a committed list: nothing is served that nobody decided (S32)."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from starlette.routing import BaseRoute, Mount, Route

from meganodes.bootstrap.operations import Node, Operations
from meganodes.bootstrap.program import web_app
from meganodes.bootstrap.settings import load_settings
from meganodes.bootstrap.wiring import make_gateway, make_hub, open_office
from meganodes.hub import wallet
from meganodes.kit.secrets import create_master_key_file
from meganodes.provider_api.inbound import DoorSettings, ProviderDoor
from meganodes.provider_api.routes import route_table
from meganodes.providers.registry import ADAPTERS

GOLDEN = Path(__file__).parent / "golden/routes.txt"


def lines_of(routes: list[BaseRoute], prefix: str = "") -> Iterator[str]:
    """Give method and path of each route, those of mounted apps too."""
    for route in routes:
        if isinstance(route, Mount):
            yield from lines_of(list(route.routes), prefix + route.path)
        else:
            assert isinstance(route, Route), route
            methods = sorted((route.methods or set()) - {"HEAD"})
            yield from (f"{method} {prefix}{route.path}" for method in methods)


async def served(folder: Path) -> list[str]:
    """List what a hub with default settings serves."""
    create_master_key_file(folder / "hub.key")
    given = {
        "database_url": f"sqlite:///{folder / 'hub.db'}",
        "master_key_file": str(folder / "hub.key"),
    }
    office = await open_office(load_settings(None, given, {}))
    gateway = make_gateway(office)
    hub = make_hub(office, gateway)
    door = ProviderDoor(
        providers=office.directory,
        serve=partial(wallet.serve, hub),
        clock=office.clock,
        identity=office.identity,
        settings=DoorSettings(),
        meters=hub.meters,
    )
    node = Node(office=office, hub=hub, gateway=gateway, door=door)
    try:
        app = web_app(node, Operations(node), asyncio.Event())
        return sorted([*lines_of(app.routes), *(f"POST {path}" for path in route_table(ADAPTERS))])
    finally:
        await gateway.close()
        await office.close()


@pytest.mark.security("S32")
async def test_routes_are_those_of_the_committed_list(tmp_path: Path) -> None:
    present = await served(tmp_path)
    golden = GOLDEN.read_text().splitlines()
    more, less = sorted(set(present) - set(golden)), sorted(set(golden) - set(present))
    assert (more, less) == ([], []), f"if that is meant, change {GOLDEN.name}"
    assert len(present) == len(set(present))


@pytest.mark.security("S32")
def test_no_route_is_for_debugging_and_each_version_is_listed() -> None:
    paths = [line.partition(" ")[2] for line in GOLDEN.read_text().splitlines()]
    assert not [path for path in paths if "debug" in path]
    versions = {path.split("/")[1] for path in paths}
    assert {"v4", "provider", "office"} <= versions
    assert not {"v1", "v2", "v3"} & versions
