"""The one listener over real sockets: two ways in, answers in order, bodies, upgrades."""

from __future__ import annotations

import asyncio
import json

import pytest

from meganodes.provider_api.messages import DoorRequest
from tests.support.listener import a_listener, eventually
from tests.support.loops import on_each_loop
from tests.support.raw_http import a_caller, chunked, post

DOOR = "/provider/v1/bet"
UPGRADE = ("Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABk")


@on_each_loop
async def test_the_door_gets_its_paths_without_a_scope() -> None:
    async with a_listener() as running, a_caller(running.port) as caller:
        answer = await caller.ask(post(f"{DOOR}?x=1", b"one", "X-Two: b"))
        assert (answer.status, answer.body, answer.closes) == (200, b"one", False)
        assert answer.headers["x-request-id"] == "r-1"
        assert running.door.asked == [
            DoorRequest(
                method="POST",
                path=DOOR,
                headers=[(b"host", b"hub"), (b"content-length", b"3"), (b"x-two", b"b")],
                body=b"one",
                peer_ip="127.0.0.1",
            )
        ]
        assert running.app.asked == []


@on_each_loop
async def test_everything_else_goes_to_the_application() -> None:
    async with a_listener() as running, a_caller(running.port) as caller:
        answer = await caller.ask(post("/v4/caf%C3%A9?a=%20&b", b"two"))
        assert answer.json() == {
            "type": "http",
            "scheme": "http",
            "method": "POST",
            "path": "/v4/café",
            "query": "a=%20&b",
            "http_version": "1.1",
            "client": "127.0.0.1",
            "headers": ["host: hub", "content-length: 3"],
            "body": "two",
        }
        assert answer.headers["date"].endswith("GMT")
        assert "server" not in answer.headers
        assert running.door.asked == []


@pytest.mark.parametrize(
    ("target", "path"),
    [
        (DOOR, DOOR),
        ("http://hub:8700/provider/v1/bet?x=1", DOOR),
        ("/provider/v1", "/provider/v1"),
        ("/provider/v1/%62et", "/provider/v1/%62et"),
    ],
)
@on_each_loop
async def test_the_door_sees_the_path_as_it_was_sent(target: str, path: str) -> None:
    async with a_listener() as running, a_caller(running.port) as caller:
        await caller.ask(post(target))
        assert [request.path for request in running.door.asked] == [path]


@pytest.mark.parametrize("target", ["//provider/v1/bet", "/x/../provider/v1/bet", "/Provider/v1"])
@on_each_loop
async def test_paths_that_only_resemble_the_doors_are_not_the_doors(target: str) -> None:
    async with a_listener() as running, a_caller(running.port) as caller:
        assert (await caller.ask(post(target))).status == 200
        assert running.door.asked == []
        assert len(running.app.asked) == 1


@pytest.mark.parametrize("path", [DOOR, "/v4/x"])
@on_each_loop
async def test_a_connection_serves_many_requests(path: str) -> None:
    async with a_listener() as running, a_caller(running.port) as caller:
        answers = [await caller.ask(post(path, b"%d" % at)) for at in range(50)]
        assert {(answer.status, answer.closes) for answer in answers} == {(200, False)}


@pytest.mark.parametrize("path", [DOOR, "/v4/x"])
@pytest.mark.parametrize(
    ("version", "headers"),
    [("1.1", ("Connection: close",)), ("1.0", ()), ("1.0", ("Connection: keep-alive",))],
)
@on_each_loop
async def test_the_connection_ends_when_the_caller_says_so(
    path: str, version: str, headers: tuple[str, ...]
) -> None:
    async with a_listener() as running, a_caller(running.port) as caller:
        ignored = post(path, b"behind the last one")
        answer = await caller.ask(post(path, b"x", *headers, version=version) + ignored)
        assert (answer.status, answer.closes) == (200, True)
        assert await caller.is_closed()
        assert len(running.door.asked) + len(running.app.asked) == 1


@on_each_loop
async def test_pipelined_requests_are_answered_in_their_order() -> None:
    async with a_listener() as running, a_caller(running.port) as caller:
        first = running.door.gates[b"first"] = asyncio.Event()
        third = running.app.gates["/third"] = asyncio.Event()
        await caller.send(
            post(DOOR, b"first")
            + post("/second", b"2")
            + post("/third", b"3")
            + post(DOOR, b"fourth")
        )
        await eventually(lambda: running.door.asked)
        assert running.app.asked == []
        first.set()
        assert (await caller.answer()).body == b"first"
        assert (await caller.answer()).json()["path"] == "/second"
        assert len(running.door.asked) == 1
        third.set()
        assert (await caller.answer()).json()["path"] == "/third"
        assert (await caller.answer()).body == b"fourth"


@on_each_loop
async def test_a_thousand_pipelined_requests_are_all_answered() -> None:
    async with a_listener() as running, a_caller(running.port) as caller:
        sending = asyncio.create_task(
            caller.send(b"".join(post(DOOR, b"%d" % at) for at in range(1000)))
        )
        assert [(await caller.answer()).body for _ in range(1000)] == [
            b"%d" % at for at in range(1000)
        ]
        await sending


@pytest.mark.parametrize("path", [DOOR, "/v4/x"])
@on_each_loop
async def test_a_request_may_come_byte_by_byte(path: str) -> None:
    async with a_listener() as running, a_caller(running.port) as caller:
        for byte in post(path, b"abc", "X-Long: value"):
            await caller.send(bytes([byte]))
            await asyncio.sleep(0)
        assert (await caller.answer()).status == 200
        bodies = [request.body for request in running.door.asked]
        assert bodies == ([b"abc"] if path == DOOR else [])


@pytest.mark.parametrize("path", [DOOR, "/v4/x"])
@on_each_loop
async def test_chunks_are_put_together_and_trailers_are_no_headers(path: str) -> None:
    async with a_listener() as running, a_caller(running.port) as caller:
        trailers = "Authorization: Bearer x\r\nX-Late: 1\r\n"
        await caller.send(chunked(path, b"ab", b"c" * 300, trailers=trailers) + post(DOOR, b"next"))
        answers = [await caller.answer(), await caller.answer()]
        body = answers[0].body if path == DOOR else answers[0].json()["body"].encode()
        assert body == b"ab" + b"c" * 300
        assert answers[1].body == b"next"
        assert running.door.asked[-1].headers == [(b"host", b"hub"), (b"content-length", b"4")]
        if path == DOOR:
            names = [name for name, _ in running.door.asked[0].headers]
            assert names == [b"host", b"transfer-encoding"]


@on_each_loop
async def test_a_head_request_gets_no_body() -> None:
    async with a_listener() as running, a_caller(running.port) as caller:
        await caller.send(post(DOOR, b"abc").replace(b"POST", b"HEAD"))
        assert (await caller.answer("HEAD")).headers["content-length"] == "3"
        assert (await caller.ask(post(DOOR, b"d"))).body == b"d"


@pytest.mark.parametrize("path", [DOOR, "/v4/x"])
@on_each_loop
async def test_a_caller_that_expects_to_be_asked_for_its_body_is_asked(path: str) -> None:
    async with a_listener() as running, a_caller(running.port) as caller:
        whole = post(path, b"body", "Expect: 100-continue")
        head, body = whole[:-4], whole[-4:]
        assert (await caller.ask(head)).status == 100
        assert (await caller.ask(body)).status == 200


@on_each_loop
async def test_nobody_is_asked_for_a_body_that_is_empty_or_comes_with_http_1_0() -> None:
    async with a_listener() as running, a_caller(running.port) as caller:
        expecting = "Expect: 100-continue"
        assert (await caller.ask(post(DOOR, b"", expecting))).status == 200
        assert (await caller.ask(post(DOOR, b"x", expecting, version="1.0"))).status == 200


@on_each_loop
async def test_a_body_is_asked_for_only_when_earlier_requests_are_answered() -> None:
    async with a_listener() as running, a_caller(running.port) as caller:
        gate = running.door.gates[b"first"] = asyncio.Event()
        expecting = post(DOOR, b"body", "Expect: 100-continue")
        await caller.send(post(DOOR, b"first") + expecting[:-4])
        await eventually(lambda: running.door.asked)
        gate.set()
        assert (await caller.answer()).body == b"first"
        assert (await caller.answer()).status == 100
        assert (await caller.ask(b"body")).body == b"body"


@pytest.mark.parametrize("path", [DOOR, "/v4/x"])
@on_each_loop
async def test_an_offer_to_change_the_protocol_is_ignored(path: str) -> None:
    """Java's own client sends it with every first request that is not encrypted."""
    async with a_listener() as running, a_caller(running.port) as caller:
        request = post(path, b"body", *UPGRADE)
        await caller.send(request + request + post(path, b"", *UPGRADE) + post(DOOR, b"last"))
        answers = [await caller.answer() for _ in range(4)]
        assert [answer.status for answer in answers] == [200] * 4
        bodies = [
            answer.body if path == DOOR else answer.json()["body"].encode()
            for answer in answers[:3]
        ]
        assert bodies == [b"body", b"body", b""]
        for byte in request:
            await caller.send(bytes([byte]))
            await asyncio.sleep(0)
        assert (await caller.answer()).status == 200


@on_each_loop
async def test_a_half_closed_caller_still_gets_its_answers() -> None:
    async with a_listener() as running, a_caller(running.port) as caller:
        gate = running.door.gates[b"first"] = asyncio.Event()
        await caller.send(post(DOOR, b"first") + post("/v4/x", b"") + post(DOOR, b"half")[:-2])
        caller.end()
        await eventually(lambda: running.door.asked)
        gate.set()
        assert (await caller.answer()).body == b"first"
        assert (await caller.answer()).json()["path"] == "/v4/x"
        assert await caller.is_closed()
        assert [request.body for request in running.door.asked] == [b"first"]


@on_each_loop
async def test_a_caller_that_vanishes_does_not_stop_what_it_began() -> None:
    async with a_listener() as running:
        gate = running.door.gates[b"bet"] = asyncio.Event()
        async with a_caller(running.port) as caller:
            await caller.send(post(DOOR, b"bet"))
            await eventually(lambda: running.door.asked)
            caller.abort()
        await asyncio.sleep(0.05)
        gate.set()
        await eventually(lambda: running.door.answered == [b"bet"])


@on_each_loop
async def test_the_application_learns_that_its_caller_vanished() -> None:
    async with a_listener() as running:
        async with a_caller(running.port) as caller:
            await caller.send(post("/v4/x", b"never complete")[:-1])
            await eventually(lambda: running.app.asked)
            caller.abort()
        await eventually(lambda: running.app.left == ["/v4/x"])


@on_each_loop
async def test_a_defect_costs_one_connection() -> None:
    async with (
        a_listener() as running,
        a_caller(running.port) as caller,
        a_caller(running.port) as other,
    ):
        asyncio.get_running_loop().set_exception_handler(lambda *_: None)
        await caller.send(post(DOOR, b"defect"))
        assert await caller.is_closed()
        assert (await other.ask(post("/defect"))).status == 500
        async with a_caller(running.port) as third:
            assert (await third.ask(post(DOOR, b"fine"))).body == b"fine"


@on_each_loop
async def test_large_bodies_of_the_application_pass_in_both_directions() -> None:
    async with a_listener() as running, a_caller(running.port) as caller:
        assert (await caller.ask(post("/large"))).body == b"x" * 8_000_000
        sending = asyncio.create_task(caller.send(post("/v4/x", b"y" * 2_000_000)))
        assert (await caller.answer()).json()["body"] == "y" * 2_000_000
        await sending


@on_each_loop
async def test_an_answer_given_before_the_body_was_read_keeps_the_connection() -> None:
    async with a_listener() as running, a_caller(running.port) as caller:
        await caller.send(post("/early", b"x" * 100)[:-50])
        assert (await caller.answer()).body == b"early"
        assert (await caller.ask(b"x" * 50 + post(DOOR, b"next"))).body == b"next"


@on_each_loop
async def test_callers_above_the_limit_are_turned_away_at_once() -> None:
    async with a_listener(connections_max=1) as running, a_caller(running.port) as caller:
        assert (await caller.ask(post(DOOR, b"a"))).body == b"a"
        async with a_caller(running.port) as turned_away:
            assert await turned_away.is_closed()
        assert (await caller.ask(post(DOOR, b"b"))).body == b"b"


@on_each_loop
async def test_a_trusted_proxy_names_the_caller_to_both() -> None:
    header = "X-Forwarded-For: 127.0.0.1, 192.0.2.9"
    async with (
        a_listener(trusted_proxies=("127.0.0.0/8",)) as running,
        a_caller(running.port) as caller,
    ):
        await caller.ask(post(DOOR, b"", header))
        assert running.door.asked[0].peer_ip == "192.0.2.9"
        assert (await caller.ask(post("/v4/x", b"", header))).json()["client"] == "192.0.2.9"


@on_each_loop
async def test_nobody_else_may_name_another_caller() -> None:
    header = "X-Forwarded-For: 192.0.2.9"
    async with a_listener() as running, a_caller(running.port) as caller:
        await caller.ask(post(DOOR, b"", header))
        assert running.door.asked[0].peer_ip == "127.0.0.1"
        answer = await caller.ask(post("/v4/x", b"", header))
        assert json.loads(answer.body)["client"] == "127.0.0.1"
