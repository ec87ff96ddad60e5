"""Each HTTP status, made to happen: the envelope and the request id are always there (2.1)."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from pathlib import Path
from typing import cast

import httpx2
import pytest

from meganodes.directory.port import Directory
from meganodes.main_api.settings import MainApiSettings
from tests.support.door import World, opened_world
from tests.support.main_api import seen

INFO = "/v4/agent/info"
CREATE = "/v4/user/create"
ONE_PLACE = MainApiSettings(in_flight_max=1)

Ask = Callable[..., Awaitable[httpx2.Response]]


class Broken:
    """A directory with a defect."""

    def agent_by_api_token(self, text: str) -> None:
        raise RuntimeError(f"the token {text} and a secret of the machine")


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with opened_world(tmp_path) as made:
        yield made


async def done(_world: World, ask: Ask) -> httpx2.Response:
    return await ask(INFO)


async def refused(_world: World, ask: Ask) -> httpx2.Response:
    return await ask("/v4/wallet/deposit")


async def unreadable(_world: World, ask: Ask) -> httpx2.Response:
    return await ask(INFO, content=b"{")


async def without_token(_world: World, ask: Ask) -> httpx2.Response:
    return await ask(INFO, headers={"authorization": ""})


async def unknown_token(_world: World, ask: Ask) -> httpx2.Response:
    return await ask(INFO, headers={"authorization": "Bearer mna_nonsense"})


async def elsewhere(world: World, ask: Ask) -> httpx2.Response:
    await world.directory.set_agent("acme", {"allow_list": ("198.51.100.1",)})
    return await ask(INFO)


async def nowhere(_world: World, ask: Ask) -> httpx2.Response:
    return await ask("/v4/nothing")


async def otherwise(_world: World, ask: Ask) -> httpx2.Response:
    return await ask(INFO, method="GET")


async def too_large(_world: World, ask: Ask) -> httpx2.Response:
    return await ask(CREATE, content=b" " * 262_145)


async def a_form(_world: World, ask: Ask) -> httpx2.Response:
    return await ask(CREATE, data={"name": "alice"})


async def crowded(world: World, ask: Ask) -> httpx2.Response:
    world.backend.gate = asyncio.Event()
    busy = asyncio.ensure_future(ask(CREATE, json={"name": "alice"}))
    await world.backend.arrivals.get()
    answer = await ask(INFO)
    world.backend.gate.set()
    assert seen(await busy) == (200, 0)
    return answer


async def defective(world: World, ask: Ask) -> httpx2.Response:
    world.hub.directory = cast("Directory", Broken())
    return await ask(INFO)


async def draining(world: World, ask: Ask) -> httpx2.Response:
    world.drain.closing = True
    return await ask(INFO)


Way = Callable[[World, Ask], Awaitable[httpx2.Response]]

WAYS: list[tuple[Way, int, int]] = [
    (done, 200, 0),
    (refused, 200, 1010),
    (unreadable, 200, 1002),
    (without_token, 401, 1007),
    (unknown_token, 401, 1009),
    (elsewhere, 403, 1020),
    (nowhere, 404, 1005),
    (otherwise, 405, 1005),
    (too_large, 413, 1002),
    (a_form, 415, 1002),
    (crowded, 429, 1018),
    (defective, 500, 1001),
    (draining, 503, 1001),
]


async def made(world: World, way: Way, request_id: bytes | None = None) -> httpx2.Response:
    """Have a way make its answer, with this request id on every call."""
    identified = [] if request_id is None else [(b"x-request-id", request_id)]
    async with world.client(ONE_PLACE) as client:

        async def ask(
            path: str,
            method: str = "POST",
            headers: Mapping[str, str] | None = None,
            **more: object,
        ) -> httpx2.Response:
            own = [(name.encode(), value.encode()) for name, value in (headers or {}).items()]
            return await client.request(method, path, headers=[*own, *identified], **more)  # type: ignore[arg-type]

        return await way(world, ask)


@pytest.mark.rule(
    "2.1-envelope",
    "2.1-no-data-on-errors",
    "2.1-status-200",
    "2.1-status-401",
    "2.1-status-403",
    "2.1-status-404",
    "2.1-status-405",
    "2.1-status-413",
    "2.1-status-415",
    "2.1-status-429",
    "2.1-status-500",
    "2.1-status-503",
)
@pytest.mark.parametrize(("way", "status", "code"), WAYS)
async def test_every_status_comes_in_the_envelope(
    world: World, way: Way, status: int, code: int
) -> None:
    answer = await made(world, way)
    assert seen(answer) == (status, code)
    assert ("data" in answer.json()) is (code in {0, 1002})
    assert ("retry-after" in answer.headers) is (status == 429)
    assert ("allow" in answer.headers) is (status == 405)
    assert ("www-authenticate" in answer.headers) is (status == 401)
    assert b"secret" not in answer.content
    assert world.credentials.api_token.reveal() not in repr((answer.content, answer.headers))


@pytest.mark.rule("2.1-request-id", "2.1-request-id-kept")
@pytest.mark.parametrize("way", [way for way, _, _ in WAYS])
async def test_every_answer_has_the_caller_s_request_id(world: World, way: Way) -> None:
    answer = await made(world, way, b"order-66/a b~!")
    assert answer.headers.get_list("x-request-id") == ["order-66/a b~!"]


@pytest.mark.rule("2.1-request-id")
@pytest.mark.parametrize("way", [way for way, _, _ in WAYS])
async def test_every_answer_has_a_request_id_of_its_own(world: World, way: Way) -> None:
    (first,) = (await made(world, done)).headers.get_list("x-request-id")
    (second,) = (await made(world, way)).headers.get_list("x-request-id")
    assert re.fullmatch(r"[0-9a-f]{32}", second)
    assert first != second


@pytest.mark.rule("2.1-request-id-kept")
@pytest.mark.parametrize("sent", ["x", "~" * 64, "a" * 64, "0", '<script>"&', "{}", "%0d%0aX: y"])
async def test_64_printable_characters_are_kept(world: World, sent: str) -> None:
    assert (await made(world, done, sent.encode())).headers["x-request-id"] == sent


@pytest.mark.rule("2.1-request-id-kept")
@pytest.mark.parametrize(
    "sent", [b"", b"a" * 65, b"a" * 5_000, b"a\tb", b"\x00", b"a\x7fb", b"\xfc", b"\xc3\xbc", b" "]
)
async def test_others_are_replaced(world: World, sent: bytes) -> None:
    kept = (await made(world, done, sent)).headers["x-request-id"]
    assert re.fullmatch(r"[0-9a-f]{32}", kept)
