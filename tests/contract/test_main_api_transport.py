"""What the Main API answers before an endpoint is asked, and the form of every answer (2.1)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from ipaddress import ip_network
from pathlib import Path
from typing import cast

import httpx2
import pytest
from structlog.contextvars import merge_contextvars
from structlog.testing import capture_logs

from meganodes.directory.port import Directory
from meganodes.directory.records import AgentState, TokenKind
from meganodes.main_api.settings import MainApiSettings
from meganodes.main_api.v4.routes import ENDPOINTS
from tests.support.door import World, opened_world
from tests.support.main_api import GOOD_BODIES

INFO = "/v4/agent/info"
PATHS = [endpoint.path for endpoint in ENDPOINTS]


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with opened_world(tmp_path) as made:
        yield made


def seen(answer: httpx2.Response) -> tuple[int, int]:
    envelope = answer.json()
    assert set(envelope) <= {"code", "message", "data"}
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store"
    assert len(answer.headers["x-request-id"]) == 32
    return answer.status_code, envelope["code"]


@pytest.mark.rule("2.1-status-404")
@pytest.mark.parametrize(
    "path",
    [
        "/v4",
        "/v4/",
        "/v4/agent",
        "/v4/agent/info/",
        "/v4/AGENT/INFO",
        "/v4//agent/info",
        "/agent/info",
        "/v3/agent/info",
        "/v4/game/launch/",
        "/v4/agent/info%2f",
    ],
)
async def test_unknown_path_is_404_in_the_envelope(world: World, path: str) -> None:
    async with world.client() as client:
        answer = await client.post(path)
    assert seen(answer) == (404, 1005)
    assert answer.json() == {"code": 1005, "message": "RESOURCE_NOT_FOUND"}


@pytest.mark.rule("1-integrity-endpoints-absent")
@pytest.mark.parametrize(
    "path",
    [
        "agent/rtp",
        "agent/control_rtp",
        "game/call_apply",
        "game/call_list",
        "game/call_cancel",
        "game/freeround/create",
        "game/freeround/list",
        "user/rtp",
    ],
)
async def test_endpoints_that_would_shape_results_do_not_exist(world: World, path: str) -> None:
    async with world.client() as client:
        assert seen(await client.post(f"/v4/{path}", json={})) == (404, 1005)


@pytest.mark.rule("2.1-status-405")
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "OPTIONS"])
async def test_other_methods_are_405_in_the_envelope(world: World, method: str) -> None:
    async with world.client() as client:
        for path in PATHS:
            answer = await client.request(method, path)
            assert seen(answer) == (405, 1005)
            assert answer.headers["allow"] == "POST"


async def test_head_is_405_without_a_body(world: World) -> None:
    async with world.client() as client:
        assert (await client.head(INFO)).status_code == 405


@pytest.mark.rule("2.1-bearer-token", "2.1-status-401")
@pytest.mark.parametrize(
    "header", [None, "", "Bearer", "Bearer ", "Basic YTpi", "mna_x", "Token mna_x"]
)
async def test_call_without_a_token_is_1007(world: World, header: str | None) -> None:
    async with world.client() as client:
        del client.headers["authorization"]
        headers = {} if header is None else {"authorization": header}
        answer = await client.post(INFO, headers=headers)
    assert seen(answer) == (401, 1007)
    assert answer.json() == {"code": 1007, "message": "TOKEN_NOT_FOUND"}
    assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.rule("2.1-bearer-token", "2.1-status-401")
@pytest.mark.parametrize("token", ["nonsense", "mna_" + "0" * 57, "\u00fc", "mna_a b", "x" * 9000])
async def test_unknown_token_is_1009(world: World, token: str) -> None:
    async with world.client() as client:
        headers = {b"authorization": b"Bearer " + token.encode("latin-1")}
        answer = await client.post(INFO, headers=headers)
    assert seen(answer) == (401, 1009)
    assert answer.json() == {"code": 1009, "message": "TOKEN_INVALID"}


async def test_tokens_of_other_kinds_do_not_open_the_main_api(world: World) -> None:
    async with world.client() as client:
        for token in (world.credentials.callback_token, world.credentials.signing_secret):
            headers = {"authorization": f"Bearer {token.reveal()}"}
            assert seen(await client.post(INFO, headers=headers)) == (401, 1009)


async def test_two_authorization_headers_are_none(world: World) -> None:
    own = f"Bearer {world.credentials.api_token.reveal()}"
    async with world.client() as client:
        del client.headers["authorization"]
        headers = [("authorization", own), ("authorization", "Bearer x")]
        assert seen(await client.post(INFO, headers=headers)) == (401, 1009)


async def test_scheme_is_compared_without_case(world: World) -> None:
    token = world.credentials.api_token.reveal()
    async with world.client() as client:
        for header in (f"bearer {token}", f"BEARER   {token} "):
            answer = await client.post(INFO, headers={"authorization": header})
            assert seen(answer) == (200, 0)


@pytest.mark.rule("2.1-bearer-token")
async def test_reissued_token_counts_beside_the_old_one_for_its_overlap(world: World) -> None:
    new = await world.directory.reissue_token("acme", TokenKind.API, overlap_hours=1)
    async with world.client() as client:
        headers = {"authorization": f"Bearer {new.reveal()}"}
        assert seen(await client.post(INFO)) == (200, 0)
        assert seen(await client.post(INFO, headers=headers)) == (200, 0)
        world.clock.advance(3_600)
        assert seen(await client.post(INFO)) == (401, 1009)
        assert seen(await client.post(INFO, headers=headers)) == (200, 0)


@pytest.mark.rule("2.1-allow-list", "2.1-status-403")
async def test_address_outside_the_allow_list_is_1020(world: World) -> None:
    await world.directory.set_agent("acme", {"allow_list": ("203.0.113.0/28", "2001:db8::/32")})
    for peer, expected in (
        ("203.0.113.9", (200, 0)),
        ("203.0.113.99", (403, 1020)),
        ("2001:db8::5", (200, 0)),
        ("2001:db9::5", (403, 1020)),
    ):
        async with world.client(peer=peer) as client:
            assert seen(await client.post(INFO)) == expected


@pytest.mark.rule("2.1-trusted-proxies")
async def test_forwarded_address_counts_from_a_trusted_proxy_only(world: World) -> None:
    await world.directory.set_agent("acme", {"allow_list": ("203.0.113.9",)})
    behind = MainApiSettings(trusted_proxies=(ip_network("10.0.0.0/8"),))
    forwarded = {"x-forwarded-for": "203.0.113.9"}
    for settings, peer, expected in (
        (behind, "10.0.0.1", (200, 0)),
        (behind, "198.51.100.1", (403, 1020)),
        (MainApiSettings(), "10.0.0.1", (403, 1020)),
    ):
        async with world.client(settings, peer=peer) as client:
            assert seen(await client.post(INFO, headers=forwarded)) == expected


@pytest.mark.rule("1-suspended-allowed-endpoints")
async def test_suspended_agent_may_only_look_at_its_own(world: World) -> None:
    await world.set_state(AgentState.SUSPENDED)
    works = []
    async with world.client() as client:
        for path in PATHS:
            answer = await client.post(path, json=GOOD_BODIES[path])
            if seen(answer) != (200, 1010):
                works.append(path)
            else:
                assert answer.json() == {"code": 1010, "message": "PERMISSION_ERROR"}
    assert works == [
        "/v4/agent/info",
        "/v4/game/transaction",
        "/v4/game/transaction-id",
        "/v4/game/round-details",
        "/v4/statistics/user",
        "/v4/statistics/game",
        "/v4/statistics/day",
    ]


@pytest.mark.rule("1-unapproved-tests-work")
async def test_unapproved_agent_may_do_all_but_launch(world: World) -> None:
    await world.set_state(AgentState.UNAPPROVED)
    assert (await world.post("agent/info")).data["state"] == "unapproved"
    assert (await world.post("agent/callback-test")).code == 0
    created = await world.post("user/create", {"name": "alice"})
    assert created.code == 0
    assert (await world.post("user/info", {"user_code": created.data["user_code"]})).code == 0
    assert (await world.post("game/providers")).code == 0
    assert (await world.post("game/games", {"provider_id": 7})).code == 0
    assert (await world.post("game/transaction-id", {"last_id": 0, "limit": 1})).code == 0


@pytest.mark.rule("2.1-concurrency-limit", "2.1-status-429")
async def test_fifty_at_once_are_served_and_one_more_is_not(world: World) -> None:
    world.backend.gate = asyncio.Event()
    async with world.client() as client:
        calls = [
            asyncio.create_task(client.post("/v4/user/create", json={"name": f"user_{number}"}))
            for number in range(50)
        ]
        for _ in calls:
            await world.backend.arrivals.get()
        busy = await client.post(INFO)
        assert seen(busy) == (429, 1018)
        assert busy.json() == {"code": 1018, "message": "SERVER_IS_BUSY"}
        assert busy.headers["retry-after"] == "1"

        world.backend.gate.set()
        answers = await asyncio.gather(*calls)
        assert {seen(answer) for answer in answers} == {(200, 0)}
        assert seen(await client.post(INFO)) == (200, 0)


async def test_place_is_given_back_whatever_the_answer_was(world: World) -> None:
    async with world.client(MainApiSettings(in_flight_max=1)) as client:
        for body in (b"{", b"[]", b'{"name":"!"}', b'{"name":"alice"}') * 2:
            assert (await client.post("/v4/user/create", content=body)).status_code == 200


@pytest.mark.rule("2.1-empty-body")
@pytest.mark.parametrize("body", [b"", b"{}", b"null", b'{"rtp":97,"win_ratio":1}'])
async def test_endpoint_without_fields_takes_no_body_in_any_form(world: World, body: bytes) -> None:
    async with world.client() as client:
        assert seen(await client.post(INFO, content=body)) == (200, 0)


@pytest.mark.rule("2.1-unparsable-json")
async def test_unreadable_body_is_1002_at_every_endpoint(world: World) -> None:
    async with world.client() as client:
        for path in PATHS:
            answer = await client.post(path, content=b'{"a":1,"a":2}')
            assert seen(answer) == (200, 1002)
            (fault,) = answer.json()["data"]
            assert fault["field"] == ""
            assert fault["message"].endswith('the key "a" comes twice in one object.')


@pytest.mark.rule("2.1-status-413")
async def test_body_above_256_kib_is_413(world: World) -> None:
    async with world.client() as client:
        fits = b'{"x":"' + b"a" * (262_144 - 8) + b'"}'
        assert seen(await client.post(INFO, content=fits)) == (200, 0)
        answer = await client.post(INFO, content=fits + b" ")
    assert seen(answer) == (413, 1002)
    assert answer.json()["data"] == [{"field": "", "message": "The body is above 262144 bytes."}]


@pytest.mark.rule("2.1-status-415")
async def test_form_is_415(world: World) -> None:
    async with world.client() as client:
        answer = await client.post("/v4/user/create", data={"name": "alice"})
    assert seen(answer) == (415, 1002)
    assert answer.json()["data"] == [{"field": "", "message": "The body is a form; send JSON."}]


@pytest.mark.rule("2.1-request-id", "2.1-request-id-kept")
@pytest.mark.parametrize("path", ["/v4/nothing", INFO, "/v4/game/launch"])
async def test_callers_request_id_comes_back_on_every_answer(world: World, path: str) -> None:
    async with world.client() as client:
        for method in ("GET", "POST"):
            headers = {"X-Request-Id": "order-66"}
            answer = await client.request(method, path, headers=headers)
            assert answer.headers["x-request-id"] == "order-66"


async def test_every_call_leaves_a_line_without_its_token(world: World) -> None:
    with capture_logs(processors=[merge_contextvars]) as lines:
        async with world.client() as client:
            await client.post("/v4/user/create", json={"name": "!"}, headers={"X-Request-Id": "a"})
            await client.post(INFO, headers={"authorization": "Bearer mna_nonsense"})
    told = [
        (line["path"], line["agent_id"], line["code"], line["duration_ms"])
        for line in lines
        if line["event"] == "main_api_call_answered"
    ]
    assert told == [("/v4/user/create", world.agent.agent_id, 1002, 0), (INFO, None, 1009, 0)]
    assert lines[0]["request_id"] == "a"
    assert "mna_" not in repr(lines)


class Broken:
    """A directory with a defect."""

    def agent_by_api_token(self, _text: str) -> None:
        message = "a secret of the machine"
        raise RuntimeError(message)


@pytest.mark.rule("2.1-status-500")
async def test_defect_is_500_without_a_word_about_it(world: World) -> None:
    world.hub.directory = cast("Directory", Broken())
    async with world.client() as client:
        answer = await client.post(INFO)
    assert answer.status_code == 500
    assert answer.content == b'{"code":1001,"message":"INTERNAL_SERVER_ERROR"}'
    assert len(answer.headers["x-request-id"]) == 32
