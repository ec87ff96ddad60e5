"""The agent's allow list, before and behind proxies, at the door (contract 2.1)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from ipaddress import ip_network
from pathlib import Path

import httpx2
import pytest

from meganodes.main_api.settings import MainApiSettings
from tests.support.door import World, opened_world
from tests.support.main_api import GOOD_BODIES, PATHS, seen

INFO = "/v4/agent/info"
BEHIND_PROXIES = MainApiSettings(
    trusted_proxies=(ip_network("10.0.0.0/8"), ip_network("2001:db8:ffff::/48"))
)
PROXY = "10.0.0.1"
OWN = "203.0.113.9"
STRANGER = "198.51.100.66"


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with opened_world(tmp_path) as made:
        yield made


async def asked(
    world: World,
    peer: str,
    forwarded: Sequence[str] = (),
    settings: MainApiSettings = BEHIND_PROXIES,
    more: Sequence[tuple[str, str]] = (),
) -> httpx2.Response:
    lines = [("x-forwarded-for", line) for line in forwarded]
    async with world.client(settings, peer=peer) as client:
        return await client.post(INFO, headers=[*lines, *more])


@pytest.mark.rule("2.1-allow-list", "2.1-status-403")
@pytest.mark.parametrize(
    ("allow_list", "peer", "is_let_in"),
    [
        ((), STRANGER, True),
        ((), "2001:db8::1", True),
        ((OWN,), OWN, True),
        ((OWN,), STRANGER, False),
        ((OWN,), f"::ffff:{OWN}", True),
        ((OWN,), "::ffff:198.51.100.66", False),
        ((OWN,), f"::{OWN}", False),
        ((OWN,), f"64:ff9b::{OWN}", False),
        (("203.0.113.0/28",), "203.0.113.15", True),
        (("203.0.113.0/28",), "203.0.113.16", False),
        (("2001:db8::/32",), "2001:db8:1::5", True),
        (("2001:db8::/32",), "2001:db9::5", False),
        (("2001:db8::5",), "2001:0DB8:0:0::5", True),
        (("0.0.0.0/0",), STRANGER, True),
        (("0.0.0.0/0",), "2001:db8::1", False),
        (("::/0",), STRANGER, False),
        (("2001:db8::/32", OWN), OWN, True),
    ],
)
async def test_only_listed_callers_get_in(
    world: World, allow_list: tuple[str, ...], peer: str, is_let_in: bool
) -> None:
    await world.directory.set_agent("acme", {"allow_list": allow_list})
    expected = (200, 0) if is_let_in else (403, 1020)
    assert seen(await asked(world, peer)) == expected
    assert seen(await asked(world, PROXY, [peer])) == expected


@pytest.mark.rule("2.1-allow-list")
@pytest.mark.security("S20")
async def test_the_list_guards_every_endpoint(world: World) -> None:
    await world.directory.set_agent("acme", {"allow_list": (OWN,)})
    async with world.client(peer=STRANGER) as client:
        for path in PATHS:
            answer = await client.post(path, json=dict(GOOD_BODIES[path]))
            assert answer.json() == {"code": 1020, "message": "IP_NOT_ALLOWED"}
            assert answer.status_code == 403


CHAINS = [
    pytest.param([OWN], True, id="one proxy"),
    pytest.param([f"{STRANGER}, {OWN}"], True, id="the caller lies about somebody before it"),
    pytest.param([f"{OWN}, {STRANGER}"], False, id="the caller lies about itself"),
    pytest.param([OWN, STRANGER], False, id="the same in two lines"),
    pytest.param([f"{OWN}, 10.9.9.9"], True, id="two proxies"),
    pytest.param([OWN, "10.9.9.9", "10.9.9.8"], True, id="three proxies in three lines"),
    pytest.param([f"{OWN}, 2001:db8:ffff::7"], True, id="proxies of both versions"),
    pytest.param([f"{OWN}, ::ffff:10.9.9.9"], True, id="a mapped proxy"),
    pytest.param([f"{OWN}:51234"], True, id="with a port"),
    pytest.param([f"::ffff:{OWN}"], True, id="mapped"),
    pytest.param([f"[::ffff:{OWN}]:443"], True, id="mapped with a port"),
    pytest.param([f"{OWN}, "], False, id="an empty last entry"),
    pytest.param([f"{OWN}, unknown"], False, id="an unknown last entry"),
    pytest.param([f"{OWN}, {STRANGER}, 10.9.9.9"], False, id="a stranger behind a proxy"),
    pytest.param([""], False, id="nothing"),
    pytest.param([], False, id="no header"),
    pytest.param(["10.9.9.9"], False, id="only proxies"),
    pytest.param([f"{OWN};{STRANGER}"], False, id="another separator"),
    pytest.param([f"for={OWN}"], False, id="the grammar of another header"),
    pytest.param(["203.0.113.009"], False, id="leading zeros"),
    pytest.param(["0xcb.0.0x71.9"], False, id="hexadecimal"),
    pytest.param(["3405803785"], False, id="one number"),
]


@pytest.mark.rule("2.1-trusted-proxies")
@pytest.mark.parametrize(("chain", "is_let_in"), CHAINS)
@pytest.mark.security("S20")
async def test_the_header_is_judged_from_the_right(
    world: World, chain: list[str], is_let_in: bool
) -> None:
    await world.directory.set_agent("acme", {"allow_list": (OWN,)})
    answer = await asked(world, PROXY, chain)
    assert seen(answer) == ((200, 0) if is_let_in else (403, 1020))
    if is_let_in:
        assert answer.json()["data"]["client_ip"] == OWN


@pytest.mark.rule("2.1-trusted-proxies")
@pytest.mark.parametrize("settings", [MainApiSettings(), BEHIND_PROXIES])
@pytest.mark.parametrize("peer", [STRANGER, "11.0.0.1", "2001:db8:fffe::1", "::10.0.0.1"])
@pytest.mark.security("S20")
async def test_a_peer_that_is_no_proxy_is_believed_nothing(
    world: World, settings: MainApiSettings, peer: str
) -> None:
    await world.directory.set_agent("acme", {"allow_list": (OWN,)})
    answer = await asked(world, peer, [OWN, f"{OWN}, 10.9.9.9"], settings)
    assert seen(answer) == (403, 1020)


@pytest.mark.rule("2.1-trusted-proxies")
@pytest.mark.parametrize(
    "name",
    [
        *("forwarded", "x-real-ip", "x-client-ip", "client-ip", "true-client-ip"),
        *("cf-connecting-ip", "x-cluster-client-ip", "x-originating-ip", "x-remote-addr"),
        *("x-forwarded", "forwarded-for", "x-forwarded-host", "via", "x_forwarded_for"),
    ],
)
@pytest.mark.parametrize("peer", [STRANGER, PROXY])
async def test_other_headers_say_nothing_about_the_caller(
    world: World, name: str, peer: str
) -> None:
    await world.directory.set_agent("acme", {"allow_list": (OWN,)})
    value = f"for={OWN}" if name == "forwarded" else OWN
    assert seen(await asked(world, peer, more=[(name, value)])) == (403, 1020)


@pytest.mark.rule("2.2-agent-info-data")
@pytest.mark.parametrize(
    ("peer", "chain", "shown"),
    [
        (OWN, [], OWN),
        (OWN, [STRANGER], OWN),
        (PROXY, [f"{STRANGER}, {OWN}"], OWN),
        (PROXY, ["2001:DB8:0::5"], "2001:db8::5"),
        (PROXY, ["unknown"], ""),
        (PROXY, [], PROXY),
    ],
)
async def test_info_shows_the_caller_s_address(
    world: World, peer: str, chain: list[str], shown: str
) -> None:
    assert (await asked(world, peer, chain)).json()["data"]["client_ip"] == shown


@pytest.mark.rule("2.1-allow-list-main-api-only")
async def test_the_list_is_not_for_players(world: World) -> None:
    await world.user()
    link = await world.post("game/game-url", GOOD_BODIES["/v4/game/game-url"])
    await world.directory.set_agent("acme", {"allow_list": (OWN,)})
    async with world.client(peer=STRANGER) as client:
        del client.headers["authorization"]
        answer = await client.get(link.data["game_url"])
    assert answer.status_code == 302
