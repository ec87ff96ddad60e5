"""Looking names up: one limit, one thread a name, no wait for the dead (reliability 3.9)."""

from __future__ import annotations

import asyncio
import socket
import threading
import time

import pytest

from meganodes.callbacks.egress import Unresolved
from meganodes.callbacks.resolver import (
    LOOKUPS_MAX,
    LOOKUPS_OF_SLOW_NAMES_MAX,
    NAMES_KEPT_MAX,
    SystemResolver,
)
from tests.support.listener import eventually


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
    await eventually(lambda: server.asked)
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

    resolver = SystemResolver(look_up=look_up, limit_seconds=0.5)
    dead = [asyncio.ensure_future(resolver.resolve(f"dead{n}.example")) for n in range(40)]
    await eventually(lambda: len(server.asked) == 40)
    assert await resolver.resolve("good.example") == ("93.184.216.34",)
    assert all(
        isinstance(end, Unresolved) for end in await asyncio.gather(*dead, return_exceptions=True)
    )
    server.go.set()


class Names:
    """A name server whose mood a test changes; it counts what it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.address = "93.184.216.34"
        self.error: OSError | None = None
        self.go = threading.Event()
        self.go.set()

    def __call__(self, name: str) -> tuple[str, ...]:
        self.asked.append(name)
        self.go.wait(5)
        if self.error is not None:
            raise self.error
        return (self.address,)


async def test_last_good_answer_stands_in_while_the_name_server_is_silent() -> None:
    names = Names()
    resolver = SystemResolver(look_up=names, patience_seconds=0.02)
    assert await resolver.resolve("good.example") == ("93.184.216.34",)
    names.address = "93.184.216.35"
    names.go.clear()
    began = time.monotonic()
    assert await resolver.resolve("good.example") == ("93.184.216.34",)
    assert time.monotonic() - began < 1.5, "a bet has no two seconds to wait"
    names.go.set()
    await eventually(lambda: not resolver._pending)
    resolver._patience_seconds = 5.0  # a fine answer may take its time here
    assert await resolver.resolve("good.example") == ("93.184.216.35",)


async def test_last_good_answer_stands_in_when_the_name_server_is_unreachable() -> None:
    names = Names()
    resolver = SystemResolver(look_up=names)
    await resolver.resolve("good.example")
    names.error = socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
    assert await resolver.resolve("good.example") == ("93.184.216.34",)


async def test_name_that_is_gone_is_gone_at_once() -> None:
    """Only silence is bridged: an answer, a bad one too, replaces the one before."""
    names = Names()
    resolver = SystemResolver(look_up=names, patience_seconds=0.02)
    await resolver.resolve("good.example")
    names.error = socket.gaierror(socket.EAI_NONAME, "Name or service not known")
    with pytest.raises(Unresolved, match="Name or service not known"):
        await resolver.resolve("good.example")
    names.go.clear()
    with pytest.raises(Unresolved, match="not resolved within"):
        await SystemResolver(look_up=names, limit_seconds=0.05).resolve("good.example")
    names.go.set()


async def test_last_good_answer_grows_old() -> None:
    names = Names()
    now = [1_000.0]
    resolver = SystemResolver(
        look_up=names, limit_seconds=0.05, patience_seconds=0.02, monotonic=lambda: now[0]
    )
    await resolver.resolve("good.example")
    names.go.clear()
    now[0] += 60.0
    assert await resolver.resolve("good.example") == ("93.184.216.34",)
    now[0] += 0.001
    with pytest.raises(Unresolved, match="not resolved within"):
        await resolver.resolve("good.example")
    names.go.set()


async def test_kept_answers_are_bounded_and_the_oldest_goes_first() -> None:
    names = Names()
    resolver = SystemResolver(look_up=names)
    for number in range(NAMES_KEPT_MAX + 1):
        resolver._note(f"n{number}.example", ("93.184.216.34",), seconds=0.0)
        resolver._note(f"s{number}.example", Unresolved("no"), seconds=9.0)
    assert len(resolver._kept) == len(resolver._slow) == NAMES_KEPT_MAX
    assert "n0.example" not in resolver._kept
    assert f"n{NAMES_KEPT_MAX}.example" in resolver._kept


async def test_sixty_four_agents_with_dead_name_servers_starve_nobody() -> None:
    """Also those who have no recent answer to fall back on."""
    dead = SlowNameServer()

    def look_up(name: str) -> tuple[str, ...]:
        return dead(name) if name.startswith("dead") else ("93.184.216.34",)

    resolver = SystemResolver(look_up=look_up, limit_seconds=1.0)
    hanging = [asyncio.ensure_future(resolver.resolve(f"dead{n}.example")) for n in range(64)]
    await eventually(lambda: len(dead.asked) == 64)
    for number in range(64):
        assert await resolver.resolve(f"new{number}.example") == ("93.184.216.34",)
    await asyncio.gather(*hanging, return_exceptions=True)
    dead.go.set()


async def test_names_that_were_slow_share_a_part_and_leave_the_rest_to_the_others() -> None:
    """However many agents have a dead name server, their look-ups never fill all places again."""
    dead = SlowNameServer()

    def look_up(name: str) -> tuple[str, ...]:
        if name.startswith("dead"):
            dead(name)
            raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
        return ("93.184.216.34",)

    resolver = SystemResolver(look_up=look_up, limit_seconds=0.05)
    asked = [f"dead{n}.example" for n in range(LOOKUPS_MAX)]
    first = [asyncio.ensure_future(resolver.resolve(name)) for name in asked]
    await asyncio.gather(*first, return_exceptions=True)
    dead.go.set()
    await eventually(lambda: not resolver._pending)
    dead.go.clear()
    dead.asked.clear()
    again = [asyncio.ensure_future(resolver.resolve(name)) for name in asked]
    await eventually(lambda: len(resolver._pending) == LOOKUPS_OF_SLOW_NAMES_MAX)
    await eventually(lambda: len(dead.asked) == LOOKUPS_OF_SLOW_NAMES_MAX)
    resolver._limit_seconds = 5.0  # a fine answer may take its time here
    assert await resolver.resolve("new.example") == ("93.184.216.34",)
    ends = await asyncio.gather(*again, return_exceptions=True)
    assert all(isinstance(end, Unresolved) for end in ends)
    dead.go.set()


async def test_name_that_answers_in_time_again_is_no_longer_slow() -> None:
    names = Names()
    names.go.clear()
    resolver = SystemResolver(look_up=names, limit_seconds=0.02)
    with pytest.raises(Unresolved):
        await resolver.resolve("good.example")
    await asyncio.sleep(0.01)
    names.go.set()
    await eventually(lambda: not resolver._pending)
    assert list(resolver._slow) == ["good.example"]
    resolver._limit_seconds = 5.0
    await resolver.resolve("good.example")
    assert not resolver._slow


async def test_last_good_answer_stands_in_when_too_many_look_ups_are_under_way() -> None:
    server = SlowNameServer()
    server.go.set()
    resolver = SystemResolver(look_up=server, limit_seconds=5)
    await resolver.resolve("good.example")
    server.go.clear()
    hanging = [asyncio.ensure_future(resolver.resolve(f"d{n}.example")) for n in range(LOOKUPS_MAX)]
    await eventually(lambda: len(resolver._pending) == LOOKUPS_MAX)
    assert await resolver.resolve("good.example") == ("93.184.216.34",)
    server.go.set()
    await asyncio.gather(*hanging)


async def test_number_of_look_ups_is_bounded() -> None:
    server = SlowNameServer()
    resolver = SystemResolver(look_up=server, limit_seconds=5)
    hanging = [asyncio.ensure_future(resolver.resolve(f"d{n}.example")) for n in range(LOOKUPS_MAX)]
    await eventually(lambda: len(resolver._pending) == LOOKUPS_MAX)
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
