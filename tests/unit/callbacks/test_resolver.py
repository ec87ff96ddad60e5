"""Looking names up: one limit, one thread a name, no wait for the dead (reliability 3.9)."""

from __future__ import annotations

import asyncio
import socket
import threading
import time

import pytest

from meganodes.callbacks.egress import Unresolved
from meganodes.callbacks.resolver import LOOKUPS_MAX, SystemResolver


class SlowNameServer:
    """A look-up that hangs until it is let go, and counts who is inside."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.go = threading.Event()

    def __call__(self, name: str) -> tuple[str, ...]:
        self.asked.append(name)
        self.go.wait(5)
        return ("93.184.216.34",)


async def test_addresses_come_as_the_system_gives_them() -> None:
    resolver = SystemResolver(look_up=lambda name: (f"answer for {name}",))
    assert await resolver.resolve("good.example") == ("answer for good.example.",)


async def test_search_domains_are_left_out_unless_private_targets_need_them() -> None:
    resolver = SystemResolver(look_up=lambda name: (name,), absolute_names=False)
    assert await resolver.resolve("casino") == ("casino",)


async def test_system_is_asked_without_an_event_loop_thread() -> None:
    resolver = SystemResolver(absolute_names=False)
    assert "127.0.0.1" in await resolver.resolve("127.0.0.1")


@pytest.mark.rule("3.3-not-sent")
async def test_unknown_name_is_unresolved() -> None:
    def look_up(name: str) -> tuple[str, ...]:
        del name
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    with pytest.raises(Unresolved, match=r"nobody\.example could not be resolved: Name or service"):
        await SystemResolver(look_up=look_up).resolve("nobody.example")


async def test_name_server_that_never_answers_costs_the_limit_and_no_more() -> None:
    server = SlowNameServer()
    resolver = SystemResolver(look_up=server, limit_seconds=0.05)
    began = time.monotonic()
    with pytest.raises(Unresolved, match=r"slow\.example was not resolved within 0\.05 s"):
        await resolver.resolve("slow.example")
    assert time.monotonic() - began < 1
    server.go.set()


async def test_callers_at_once_share_one_look_up() -> None:
    server = SlowNameServer()
    resolver = SystemResolver(look_up=server)
    waiting = [asyncio.ensure_future(resolver.resolve("slow.example")) for _ in range(20)]
    await asyncio.sleep(0.01)
    server.go.set()
    assert await asyncio.gather(*waiting) == [("93.184.216.34",)] * 20
    assert server.asked == ["slow.example."]


async def test_next_caller_asks_anew() -> None:
    server = SlowNameServer()
    server.go.set()
    resolver = SystemResolver(look_up=server)
    await resolver.resolve("good.example")
    await resolver.resolve("good.example")
    assert len(server.asked) == 2


async def test_dead_name_servers_do_not_hold_up_other_names() -> None:
    server = SlowNameServer()

    def look_up(name: str) -> tuple[str, ...]:
        return ("93.184.216.34",) if name == "good.example." else server(name)

    resolver = SystemResolver(look_up=look_up, limit_seconds=0.05)
    dead = [asyncio.ensure_future(resolver.resolve(f"dead{n}.example")) for n in range(40)]
    await asyncio.sleep(0.01)
    assert await resolver.resolve("good.example") == ("93.184.216.34",)
    assert all(
        isinstance(end, Unresolved) for end in await asyncio.gather(*dead, return_exceptions=True)
    )
    server.go.set()


async def test_number_of_look_ups_is_bounded() -> None:
    server = SlowNameServer()
    resolver = SystemResolver(look_up=server, limit_seconds=5)
    hanging = [asyncio.ensure_future(resolver.resolve(f"d{n}.example")) for n in range(LOOKUPS_MAX)]
    await asyncio.sleep(0.01)
    with pytest.raises(Unresolved, match="too many look-ups"):
        await resolver.resolve("one-more.example")
    server.go.set()
    await asyncio.gather(*hanging)
    assert await resolver.resolve("one-more.example") == ("93.184.216.34",)


def test_look_up_that_outlives_its_loop_does_no_harm() -> None:
    server = SlowNameServer()
    resolver = SystemResolver(look_up=server, limit_seconds=0.01)

    async def ask() -> None:
        with pytest.raises(Unresolved):
            await resolver.resolve("slow.example")

    asyncio.run(ask())
    server.go.set()
    for thread in threading.enumerate():
        if thread.name == "name-look-up":
            thread.join(5)
