"""The SDK's clients against a real hub over real HTTP: every call, every kind of no."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import pytest
import pytest_asyncio

from meganodes.sdk.client import (
    AsyncMegaNodesClient,
    CallbackFailed,
    FieldsRefused,
    GameKey,
    HubUnreachable,
    MegaNodesClient,
    NotPermitted,
    NotThere,
    TokenRefused,
    TransType,
    Window,
)
from tests.support.served_town import ServedTown, a_served_town
from tests.support.wallets import free_port

T = TypeVar("T")
FRUITS = GameKey(7, "fruits")


pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def served(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ServedTown]:
    """One hub for the file: a test leaves it as it was, but for users of its own."""
    async with a_served_town(tmp_path_factory.mktemp("town")) as made:
        yield made


class Caller:
    """Makes the same calls by one of the two clients."""

    def __init__(self, kind: str, url: str, token: str) -> None:
        self.client: Any = (MegaNodesClient if kind == "plain" else AsyncMegaNodesClient)(
            url, token, timeout_seconds=30
        )
        self.kind = kind
        self._is_plain = kind == "plain"

    async def ask(self, name: str, *given: object, **named: object) -> Any:  # noqa: ANN401 - any result
        method = getattr(self.client, name)
        if self._is_plain:
            return await asyncio.to_thread(method, *given, **named)
        return await method(*given, **named)

    async def read(self, after: int, limit: int) -> list[Any]:
        """Everything behind a position."""
        reading = self.client.transactions(after, limit=limit)
        if self._is_plain:
            return await asyncio.to_thread(list, reading)
        return [each async for each in reading]

    async def close(self) -> None:
        if self._is_plain:
            self.client.close()
        else:
            await self.client.close()


@pytest_asyncio.fixture(loop_scope="module", params=["plain", "asynchronous"])
async def calling(
    request: pytest.FixtureRequest, served: ServedTown
) -> AsyncIterator[Callable[[str], Caller]]:
    """Make callers with a token of theirs."""
    made: list[Caller] = []

    def make(token: str) -> Caller:
        made.append(Caller(request.param, f"http://127.0.0.1:{served.port}", token))
        return made[-1]

    yield make
    for each in made:
        await each.close()


@pytest.fixture
def caller(calling: Callable[[str], Caller], served: ServedTown) -> Caller:
    return calling(served.town.acme.api_token)


def lately() -> Window:
    now = datetime.now(UTC)
    return Window(start=now - timedelta(days=2), end=now + timedelta(days=1))


async def test_an_agent_is_told_about_itself(caller: Caller) -> None:
    info = await caller.ask("agent_info")
    assert (info.name, info.currency_code, info.state) == ("acme", "EUR", "approved")
    assert info.client_ip == "127.0.0.1"


async def test_the_backend_is_tried(caller: Caller) -> None:
    seen = await caller.ask("callback_test")
    assert (seen.reachable, seen.http_status, seen.reply) == (True, 200, "well-formed")
    assert seen.token_checked


async def test_a_user_is_made_known_and_has_a_balance(caller: Caller, served: ServedTown) -> None:
    name = f"carol_{caller.kind}"
    first = await caller.ask("create_user", name)
    again = await caller.ask("create_user", name)
    assert (first.is_new, again.is_new) == (True, False)
    assert first.user_code == again.user_code
    info = await caller.ask("user_info", served.town.acme.user.user_code)
    assert (info.name, info.balance_minor) == ("alice", 10_000)


async def test_games_are_listed_and_opened(caller: Caller, served: ServedTown) -> None:
    (provider,) = await caller.ask("providers")
    assert (provider.provider_id, provider.in_maintenance) == (7, False)
    games = await caller.ask("games", 7)
    assert games == await caller.ask("all_games", lang=8)
    assert FRUITS in {game.key for game in games}
    user_code = served.town.acme.user.user_code
    url = await caller.ask("game_url", user_code, FRUITS, return_url="https://casino.example/")
    assert "/v4/game/launch?" in url


async def test_what_was_played_is_told(caller: Caller, served: ServedTown) -> None:
    acme = served.town.acme
    (online,) = await caller.ask("online_games")
    assert (online.user_code, online.bet_minor, online.win_minor) == (acme.user.user_code, 100, 200)
    assert "http" in await caller.ask("round_url", acme.user.user_code, acme.round_id)
    assert "http" in await caller.ask("round_url", acme.user.user_code, acme.round_id, FRUITS)
    by_user = await caller.ask("sums_by_user", lately())
    (sums,) = by_user.items
    assert (sums.user_name, sums.sums.slot_bet_minor, sums.sums.slot_win_minor) == (
        *("alice", 100),
        200,
    )
    assert [each.game_code for each in (await caller.ask("sums_by_game", lately())).items] == [
        "fruits"
    ]
    days = (await caller.ask("sums_by_day", lately())).items
    assert sum(day.sums.slot_bet_minor for day in days) == 100


async def test_transactions_are_read_once_each_and_on_from_a_position(caller: Caller) -> None:
    everything = await caller.read(0, 1)
    assert [(each.kind, each.amount_minor) for each in everything] == [
        (TransType.BET, 100),
        (TransType.WIN, 200),
    ]
    assert everything == await caller.read(0, 2000)
    assert await caller.read(everything[0].position, 2000) == everything[1:]
    page = await caller.ask("transactions_between", lately())
    assert (page.total, list(page.items)) == (2, everything)
    assert everything[0].balance_minor == 10_000
    assert everything[0].balance_before_minor == 10_100


async def test_a_wrong_token_is_told_with_its_mend(calling: Callable[[str], Caller]) -> None:
    with pytest.raises(TokenRefused) as told:
        await calling("wrong").ask("agent_info")
    assert told.value.code == 1009
    assert "callback token" in told.value.hint
    assert told.value.request_id


async def test_fields_that_are_wrong_are_named(caller: Caller) -> None:
    with pytest.raises(FieldsRefused) as told:
        await caller.ask("create_user", "no blanks please")
    assert list(told.value.faults) == ["name"]


async def test_a_stranger_and_somebody_elses_user_are_different_nos(
    caller: Caller, served: ServedTown
) -> None:
    with pytest.raises(NotThere):
        await caller.ask("user_info", 499_999_999)
    with pytest.raises(NotPermitted):
        await caller.ask("user_info", served.town.rival.user.user_code)


@pytest.mark.parametrize("kind", ["plain", "asynchronous"])
async def test_a_backend_that_fails_is_named_as_the_culprit(kind: str, tmp_path: Path) -> None:
    # A hub of its own: a backend that knows no token keeps its circuit open for a while.
    async with a_served_town(tmp_path) as own:
        caller = Caller(kind, f"http://127.0.0.1:{own.port}", own.town.acme.api_token)
        own.town.backends.tokens = set()
        with pytest.raises(CallbackFailed) as told:
            await caller.ask("create_user", "dora")
        await caller.close()
    assert told.value.error_id is not None
    assert told.value.reason


@pytest.mark.parametrize("kind", ["plain", "asynchronous"])
async def test_a_hub_that_is_not_there_is_told_as_such(kind: str) -> None:
    caller = Caller(kind, f"http://127.0.0.1:{free_port()}", "token")
    with pytest.raises(HubUnreachable, match="cannot be reached"):
        await caller.ask("agent_info")
    await caller.close()


async def test_calls_share_connections_and_survive_their_end(served: ServedTown) -> None:
    """A hub that closed an idle connection is asked again over a new one, at once."""
    client = MegaNodesClient(
        f"http://127.0.0.1:{served.port}", served.town.acme.api_token, attempts_max=1
    )
    await asyncio.to_thread(client.agent_info)
    (kept,) = client._line._idle
    assert kept.sock is not None
    await asyncio.to_thread(client.agent_info)
    assert client._line._idle == [kept]
    kept.sock.close()
    info = await asyncio.to_thread(client.agent_info)
    assert info.name == "acme"
    assert client._line._idle != [kept]
    client.close()
