"""Two hubs on one PostgreSQL: whatever one has done, the other knows, and nothing is done twice."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from itertools import cycle, islice
from typing import Any

import pytest
import pytest_asyncio

from meganodes.demo.http_client import get_json
from tests.support.evening import Evening, EveningOptions, an_evening, session_behind
from tests.support.office_client import an_office_client
from tests.support.postgres import dsn_of, postgres_database
from tests.support.recording_backend import RecordingBackend, a_recording_backend

A, B = "hub", "hub-b"
EMAIL = "olga@casino.example"
PASSWORD = "a password that nobody guesses"
PROMISED_SECONDS = 1.0
BUSY_MACHINE_SECONDS = 2.0
PATIENCE_SECONDS = 60.0
RACES = 20

pytestmark = pytest.mark.asyncio(loop_scope="module")
_numbers = iter(range(1, 1_000_000))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def evening(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Evening]:
    """Serve two nodes; each test has players and rounds of its own."""
    folder = tmp_path_factory.mktemp("two_nodes")
    with postgres_database() as url:
        options = EveningOptions(database_url=dsn_of(url), nodes=(A, B))
        async with an_evening(folder, options) as evening:
            yield evening


async def bet(evening: Evening, session: str, number: int, node: str) -> Any:  # noqa: ANN401 - an answer, JSON
    """Ask a node to take the bet of a round; the same number is the same bet."""
    named = {"transaction_id": f"b{number}", "round_id": f"r{number}", "amount": "1.00"}
    return await evening.ask("bet", node=node, session=session, **named)


async def sent(evening: Evening, command: str, answer: Any) -> int:  # noqa: ANN401 - an answer, JSON
    """Count how often the transaction of an answer was on the wire."""
    arrived = await evening.casino(f"/arrivals?command={command}")
    return int(arrived.get(answer["data"]["transaction_guid"], 0))


def at(evening: Evening, link: str, node: str) -> str:
    """Give a link as it is when the balancer takes it to this node."""
    made_for = evening.url(A)
    assert link.startswith(made_for)
    return evening.url(node) + link.removeprefix(made_for)


async def test_a_round_may_be_played_on_two_nodes(evening: Evening) -> None:
    number = next(_numbers)
    round_id = f"r{number}"
    link = await evening.launch_link("ada")
    session = await session_behind(at(evening, link, B))
    first = await bet(evening, session, number, A)
    assert first["code"] == 0, first
    again = await bet(evening, session, number, B)
    assert again == {**first, "data": {**first["data"], "replay": True}}
    won = {"transaction_id": f"w{number}", "amount": "3.00", "round_closed": True}
    paid = await evening.ask("win", node=B, session=session, round_id=round_id, **won)
    assert paid["code"] == 0, paid
    told = await evening.ask("round", node=A, session=session, round_id=round_id)
    rows = {each["transaction_id"]: each["state"] for each in told["data"]["transactions"]}
    assert rows.keys() == {f"b{number}", f"w{number}"}
    assert rows[f"b{number}"] == "accepted"
    late = {"transaction_id": f"late{number}", "round_id": round_id, "amount": "1.00"}
    closed = await evening.ask("bet", node=A, session=session, **late)
    assert closed["code"] == 3008, "the round was closed on the other node"
    assert await sent(evening, "bet", first) == 1
    assert await sent(evening, "win", paid) == 1


async def test_a_bet_of_one_node_is_cancelled_at_the_other(evening: Evening) -> None:
    number = next(_numbers)
    session = await evening.open_session("grace")
    taken = await bet(evening, session, number, A)
    assert taken["code"] == 0, taken
    undo = {"transaction_id": f"c{number}", "cancel_transaction_id": f"b{number}"}
    undone = await evening.ask("cancel", node=B, session=session, **undo)
    assert undone["code"] == 0, undone
    assert (await bet(evening, session, number, A))["code"] == 3005
    assert await sent(evening, "bet", taken) == 1
    balance = await evening.ask("balance", node=A, session=session)
    assert balance["data"]["balance"] == "100.00"


@pytest.mark.reliability("2.6-bet-two-nodes", "I8", "I10")
async def test_of_one_bet_at_both_nodes_at_once_only_one_acts(evening: Evening) -> None:
    session = await evening.open_session("mary")
    for number in islice(_numbers, RACES):
        answers = await asyncio.gather(*(bet(evening, session, number, node) for node in (A, B)))
        assert [each["code"] for each in answers] == [0, 0], answers
        assert len({each["data"]["transaction_guid"] for each in answers}) == 1
        assert sorted(each["data"].get("replay", False) for each in answers) == [False, True]
        assert await sent(evening, "bet", answers[0]) == 1


async def test_a_setting_of_the_command_line_is_in_force_on_both_within_a_second(
    evening: Evening,
) -> None:
    session = await evening.open_session("joan")
    async with a_recording_backend() as second:
        for url, here in ((second.url, True), (f"{evening.url('casino')}/callback", False)):
            await evening.children.run("agent", "set", "toy-casino", "--callback-url", url)
            await asyncio.gather(
                *(_obeyed(evening, session, node, second, here=here) for node in (A, B))
            )


async def _obeyed(
    evening: Evening, session: str, node: str, second: RecordingBackend, *, here: bool
) -> None:
    """Bet on a node until the changed address is called, or the first one again."""
    clock = asyncio.get_running_loop()
    changed = clock.time()
    while True:
        asked = clock.time()
        answer = await bet(evening, session, next(_numbers), node)
        assert answer["code"] == 0, answer
        guids = {each.data["trans_guid"] for each in second.of("bet")}
        if (answer["data"]["transaction_guid"] in guids) is here:
            break
    assert asked - changed < PROMISED_SECONDS + BUSY_MACHINE_SECONDS, node


async def test_a_session_of_the_back_office_holds_and_ends_on_both(evening: Evening) -> None:
    role = ("--role", "operator", "--agent", "toy-casino", "--json")
    link = json.loads(await evening.children.run("staff", "add", EMAIL, *role))["link"]
    home = f"/office/a/{evening.agent['agent_id']}/settings"
    async with (
        an_office_client(evening.url(A)) as at_a,
        an_office_client(evening.url(B)) as at_b,
    ):
        await at_a.choose_password(link, PASSWORD)
        await at_a.sign_in(EMAIL, PASSWORD)
        kept = dict(at_a.cookies)
        at_b.cookies = dict(kept)
        await at_a.get(home)
        page = await at_b.get(home)
        assert (await at_b.submit(page, "/office/sign-out")).status_code == 303
        for browser in (at_a, at_b):
            answer = await browser.http.get(home, headers={"cookie": cookie_line(kept)})
            assert answer.status_code == 303
            assert answer.headers["location"].startswith("/office/sign-in")


def cookie_line(cookies: dict[str, str]) -> str:
    return "; ".join(f"{name}={value}" for name, value in cookies.items())


async def test_a_list_read_at_alternating_nodes_has_each_transaction_once(
    evening: Evening,
) -> None:
    before = await page(evening, A, 0, 2_000)
    sessions = [await evening.open_session(name) for name in ("emmy", "sofia", "lise")]
    playing = asyncio.gather(*(evening.play(session, 12) for session in sessions))
    nodes = cycle((A, B))
    read = await read_on(evening, nodes, playing, after(before))
    await playing
    rounds = await settled_rounds(evening, frozenset(sessions))
    items = [item for each in rounds for item in each["items"]]
    names = {each["round_id"] for each in rounds}
    async with asyncio.timeout(PATIENCE_SECONDS):
        while len(own := [each for each in read if each["round_id"] in names]) < len(items):
            read += await read_on(evening, nodes, playing, after(before + read))
    assert before + read == await page(evening, A, 0, 2_000), "nothing came in between later"
    movements = Counter(each["trans_guid"] for each in own if each["trans_type"] in {1, 2})
    expected = [each for each in items if each["kind"] in {"bet", "win"}]
    assert movements == Counter(each["transaction_guid"] for each in expected)
    cancels = [each for each in own if each["trans_type"] == 16]
    assert len(cancels) == len(items) - len(expected) > 0


async def settled_rounds(evening: Evening, sessions: frozenset[str]) -> list[dict[str, Any]]:
    """Wait until the studio knows everything of its rounds to be delivered, and give them."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            record: Any = await get_json(f"{evening.url('studio')}/control/record")
            rounds = [each for each in record["rounds"] if each["session"] in sessions]
            items = [item for each in rounds for item in each["items"]]
            if all(item["delivered"] is not False for item in items):
                return rounds
            await asyncio.sleep(0.2)


def after(entries: list[dict[str, Any]]) -> int:
    return int(entries[-1]["trans_id"]) if entries else 0


async def page(evening: Evening, node: str, last_id: int, limit: int) -> list[dict[str, Any]]:
    wanted = {"last_id": last_id, "limit": limit}
    answer = await evening.main_api("game/transaction-id", wanted, node=node)
    assert answer["code"] == 0, answer
    found: list[dict[str, Any]] = answer["data"]
    return found


async def read_on(
    evening: Evening, nodes: Iterator[str], playing: asyncio.Future[Any], last_id: int
) -> list[dict[str, Any]]:
    """Read on in small pages while somebody plays, and to the end once nobody does."""
    read: list[dict[str, Any]] = []
    over = False
    while not over:
        over = playing.done()
        while found := await page(evening, next(nodes), last_id, 5):
            read += found
            last_id = after(found)
    return read
