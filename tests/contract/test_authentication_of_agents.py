"""Who may call what: each operation of the Main API with every kind of caller (reliability 3.6)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import httpx2
import pytest

from meganodes.directory.records import AgentState, TokenKind
from meganodes.kit.tokens import API_PREFIX, new_token
from meganodes.main_api.v4.routes import ENDPOINTS
from tests.support.main_api import GOOD_BODIES, PATHS, seen
from tests.support.town import Resident, Town, a_town

WALLET = "/v4/wallet/"
OF_A_USER = ["/v4/user/info", "/v4/game/game-url", "/v4/game/round-details"]
READING = [
    *("/v4/agent/info", "/v4/game/transaction", "/v4/game/transaction-id"),
    *("/v4/statistics/user", "/v4/statistics/game", "/v4/statistics/day"),
    "/v4/game/round-details",
]


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[Town]:
    async with a_town(tmp_path) as made:
        yield made


def bodies_of(resident: Resident) -> Mapping[str, Mapping[str, object]]:
    """Good bodies for each endpoint that name what is this resident's."""
    own = {"user_code": resident.user.user_code, "round_id": resident.round_id}
    return {
        path: {name: own.get(name, value) for name, value in body.items()}
        for path, body in GOOD_BODIES.items()
    }


async def answers(
    town: Town, authorization: str | None, resident: Resident | None = None
) -> dict[str, httpx2.Response]:
    """Call every operation with this header and what belongs to a resident, acme by default."""
    bodies = bodies_of(resident or town.acme)
    async with town.client() as client:
        del client.headers["authorization"]
        if authorization is not None:
            client.headers["authorization"] = authorization
        return {path: await client.post(path, json=dict(bodies[path])) for path in PATHS}


async def codes(town: Town, authorization: str | None) -> dict[str, tuple[int, int]]:
    """Give status and code of each; what is refused by the door carries no data."""
    found = await answers(town, authorization)
    told = {path: seen(answer) for path, answer in found.items()}
    assert all("data" not in found[path].json() for path in PATHS if told[path][0] != 200)
    return told


def all_alike(status: int, code: int) -> dict[str, tuple[int, int]]:
    return dict.fromkeys(PATHS, (status, code))


def usual() -> dict[str, tuple[int, int]]:
    """What an approved agent gets; a wallet is nobody's."""
    return {path: (200, 1010 if path.startswith(WALLET) else 0) for path in PATHS}


async def test_an_approved_agent_gets_every_operation(town: Town) -> None:
    assert await codes(town, f"Bearer {town.acme.api_token}") == usual()


@pytest.mark.rule("2.1-bearer-token", "2.1-status-401")
@pytest.mark.parametrize(
    "header",
    [None, "", "Bearer", "Bearer  ", "Bearer\t", "Basic YWNtZTpzZWNyZXQ=", "Token x", "Digest x=y"],
)
async def test_without_a_token_every_operation_is_1007(town: Town, header: str | None) -> None:
    assert await codes(town, header) == all_alike(401, 1007)


@pytest.mark.rule("2.1-bearer-token", "2.1-status-401")
async def test_a_bare_token_is_no_bearer_token(town: Town) -> None:
    token = town.acme.api_token
    for header in (token, f"Token {token}", f"Bearer{token}", f"Bearer:{token}"):
        assert await codes(town, header) == all_alike(401, 1007)


@pytest.mark.rule("2.1-bearer-token", "2.1-status-401")
async def test_with_a_malformed_token_every_operation_is_1009(town: Town) -> None:
    own = town.acme.api_token
    malformed = [
        *("nonsense", "null", "undefined", "mna_", "%00", "'; --", "{}", "*", "x" * 20_000),
        *(own[:-1], own + "0", own[4:], own.upper(), own.lower(), f"{own} {own}", f'"{own}"'),
        *(f"{own},", f"{own};", f"{own}=", own[:20] + ("0" if own[20] != "0" else "1") + own[21:]),
    ]
    for token in malformed:
        assert await codes(town, f"Bearer {token}") == all_alike(401, 1009), token


@pytest.mark.rule("2.1-bearer-token", "2.1-status-401")
async def test_with_an_unknown_token_every_operation_is_1009(town: Town) -> None:
    stranger = new_token(API_PREFIX, town.hub.identity).reveal()
    assert await codes(town, f"Bearer {stranger}") == all_alike(401, 1009)


@pytest.mark.rule("2.1-bearer-token", "2.1-status-401")
async def test_with_a_revoked_token_every_operation_is_1009(town: Town) -> None:
    new = await town.directory.reissue_token("acme", TokenKind.API)
    assert await codes(town, f"Bearer {town.acme.api_token}") == all_alike(401, 1009)
    assert await codes(town, f"Bearer {new.reveal()}") == usual()


@pytest.mark.rule("2.1-bearer-token")
@pytest.mark.security("S16")
async def test_what_opens_other_doors_opens_no_operation(town: Town) -> None:
    others = [
        town.acme.credentials.callback_token.reveal(),
        town.acme.credentials.signing_secret.reveal(),
        town.studio.provider_token.reveal(),
        town.acme.session,
    ]
    for token in others:
        assert await codes(town, f"Bearer {token}") == all_alike(401, 1009)


@pytest.mark.rule("1-token-own-agent-only", "2.1-no-data-on-errors")
@pytest.mark.security("S1")
async def test_another_agent_s_token_shows_nothing_of_the_agent(town: Town) -> None:
    found = await answers(town, f"Bearer {town.rival.api_token}", town.acme)
    for path in OF_A_USER:
        assert found[path].json() == {"code": 1010, "message": "PERMISSION_ERROR"}
    marks = [
        *("acme", "round-of-acme", town.acme.session, town.acme.api_token),
        *(f'"user_code":{town.acme.user.user_code}', town.acme.credentials.callback_token.reveal()),
    ]
    for path, answer in found.items():
        shown = answer.text
        assert not [mark for mark in marks if mark in shown], (path, shown)


@pytest.mark.rule("1-unapproved-tests-work", "1-unapproved-no-launch")
async def test_an_unapproved_agent_gets_all_but_a_launch(town: Town) -> None:
    await town.directory.set_agent_state("acme", AgentState.UNAPPROVED)
    found = await codes(town, f"Bearer {town.acme.api_token}")
    assert found == usual() | {"/v4/game/game-url": (200, 1010)}


@pytest.mark.rule("1-suspended-allowed-endpoints")
async def test_a_suspended_agent_only_reads_its_own(town: Town) -> None:
    await town.directory.set_agent_state("acme", AgentState.SUSPENDED)
    found = await answers(town, f"Bearer {town.acme.api_token}")
    told = {path: seen(answer) for path, answer in found.items()}
    assert told == {path: (200, 0 if path in READING else 1010) for path in PATHS}
    for path in set(PATHS) - set(READING):
        assert found[path].json() == {"code": 1010, "message": "PERMISSION_ERROR"}
    assert {each.path for each in ENDPOINTS if each.when_suspended} <= set(READING)


@pytest.mark.rule("2.1-status-403", "2.1-allow-list")
async def test_a_blocked_address_gets_no_operation(town: Town) -> None:
    await town.directory.set_agent("acme", {"allow_list": ("198.51.100.1", "2001:db8::/32")})
    assert await codes(town, f"Bearer {town.acme.api_token}") == all_alike(403, 1020)
    assert await codes(town, "Bearer nonsense") == all_alike(401, 1009)
