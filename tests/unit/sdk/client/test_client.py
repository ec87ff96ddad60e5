"""What importing the client costs, and what it does not need."""

from __future__ import annotations

import subprocess
import sys

import pytest

import meganodes.sdk.client
from meganodes.sdk.client import AsyncMegaNodesClient, MegaNodesClient


def test_importing_the_client_loads_neither_an_event_loop_nor_httpx() -> None:
    script = (
        "import sys, meganodes.sdk.client;"
        "print(*{'asyncio', 'httpx', 'httpx2', 'sqlite3'} & sys.modules.keys())"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == ""


def test_both_clients_have_the_same_calls() -> None:
    plain, asynchronous = (
        {name for name in dir(each) if not name.startswith("_")}
        for each in (MegaNodesClient, AsyncMegaNodesClient)
    )
    assert plain == asynchronous


def test_a_name_that_is_not_there_is_an_error_as_usual() -> None:
    with pytest.raises(AttributeError, match="NoSuchThing"):
        _ = meganodes.sdk.client.NoSuchThing
