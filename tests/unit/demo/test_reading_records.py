"""Reading the three records over HTTP, from a casino, a studio and a hub made of fixed answers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from meganodes.demo.reading_records import HubAnswerFault, Places, hub_list, read_records
from meganodes.demo.serving import running
from meganodes.demo.three_records import Fate, HubState, Kind, Movement, Played
from meganodes.protocol.wire import Exact, dump_json
from tests.support.fake_hub import FakeHub, FakeHubRow

LEDGER = {
    "rows": [
        {"id": "g1", "kind": "bet", "round_id": "r1", "amount_minor": 150, "state": "booked"},
        {"id": "g2", "kind": "bet", "round_id": "r1", "amount_minor": 5, "state": "refused"},
        {"id": "g3", "kind": "bet", "round_id": "r2", "amount_minor": 0, "state": "tombstone"},
        {"id": "g4", "kind": "bet", "round_id": "r3", "amount_minor": 10, "state": "cancelled"},
        {
            "id": "g4-c",
            "kind": "cancel",
            "round_id": "r3",
            "amount_minor": 10,
            "state": "booked",
            "original_id": "g4",
        },
    ]
}
RECORD = {
    "rounds": [
        {
            "round_id": "r1",
            "session": "s-1",
            "items": [
                {
                    "transaction_id": "b1",
                    "kind": "bet",
                    "amount_minor": 150,
                    "outcome": "accepted",
                },
                {"transaction_id": "c1", "kind": "cancel", "amount_minor": 1, "outcome": "void"},
            ],
        }
    ]
}


def listed(position: int, trans_type: int, amount_minor: int, **ids: object) -> dict[str, object]:
    return {
        "trans_id": position,
        "trans_type": trans_type,
        "round_id": "r1",
        "trans_amount": Exact(amount_minor, 2),
        **ids,
    }


class FixedHub:
    """A hub whose list is given, and which counts how it was asked."""

    def __init__(self) -> None:
        self.items: list[dict[str, Any]] = []
        self.asked: list[dict[str, Any]] = []
        self.refuses = False

    async def transactions(self, request: Request) -> Response:
        asked = await request.json()
        self.asked.append(asked)
        if self.refuses:
            return JSONResponse({"code": 1009, "message": "TOKEN_INVALID"}, status_code=401)
        page = [one for one in self.items if one["trans_id"] > asked["last_id"]][: asked["limit"]]
        body = dump_json({"code": 0, "message": "OK", "data": page})
        return Response(body, media_type="application/json")


@pytest.fixture
def hub() -> FixedHub:
    return FixedHub()


@pytest.fixture
def door() -> FakeHub:
    return FakeHub(rows={"b1": FakeHubRow("bet", "r1", "1.50")})


@pytest.fixture
async def places(hub: FixedHub, door: FakeHub) -> AsyncIterator[Places]:
    async def ledger(_request: Request) -> JSONResponse:
        return JSONResponse(LEDGER)

    async def record(_request: Request) -> JSONResponse:
        return JSONResponse(RECORD)

    app = Starlette(
        routes=[
            Route("/control/ledger", ledger),
            Route("/control/record", record),
            Route("/v4/game/transaction-id", hub.transactions, methods=["POST"]),
        ]
    )
    async with running(app) as url:
        yield Places(
            casino_url=url,
            studio_url=url,
            hub_url=url,
            api_token="mna_token",
            door=door,
            exponent=2,
        )


async def test_the_three_are_read(places: Places, hub: FixedHub) -> None:
    hub.items = [listed(1, 1, 150, trans_guid="g1", cancel_trans_guid=None)]
    records = await read_records(places)
    bet = Movement(kind=Kind.BET, key="g1", round_id="r1", amount_minor=150)
    assert records.hub == [bet]
    assert records.casino == [
        bet,
        Movement(kind=Kind.BET, key="g4", round_id="r3", amount_minor=10),
        Movement(kind=Kind.CANCEL, key="g4", round_id="r3", amount_minor=10),
    ]
    assert records.studio == [
        Played(
            kind=Kind.BET,
            transaction_id="b1",
            round_id="r1",
            amount_minor=150,
            fate=Fate.STANDS,
        )
    ]
    assert records.states == {"b1": HubState(state="accepted", delivered=True)}


async def test_a_round_the_hub_does_not_know_has_no_states(places: Places, door: FakeHub) -> None:
    door.rows.clear()
    assert (await read_records(places)).states == {}


@pytest.mark.parametrize(
    ("ids", "key"),
    [
        ({"trans_guid": "g4-c", "cancel_trans_guid": "g4"}, "g4"),
        ({"callback_trans_id": 77, "cancel_trans_guid": None}, "77"),
    ],
)
async def test_a_cancel_is_known_by_the_bet_it_undid(
    places: Places, hub: FixedHub, ids: dict[str, object], key: str
) -> None:
    hub.items = [listed(1, 16, 10, **ids)]
    (movement,) = [one async for one in hub_list(places)]
    assert movement == Movement(kind=Kind.CANCEL, key=key, round_id="r1", amount_minor=10)


async def test_a_number_is_the_key_where_the_revision_has_no_guid(
    places: Places, hub: FixedHub
) -> None:
    hub.items = [listed(1, 2, 300, callback_trans_id=78, cancel_trans_guid=None)]
    (movement,) = [one async for one in hub_list(places)]
    assert (movement.kind, movement.key) == (Kind.WIN, "78")


async def test_all_pages_are_read_by_the_cursor(places: Places, hub: FixedHub) -> None:
    hub.items = [
        listed(position * 3, 1, 100, trans_guid=f"g{position}", cancel_trans_guid=None)
        for position in range(1, 4_501)
    ]
    keys = [one.key async for one in hub_list(places)]
    assert keys == [f"g{position}" for position in range(1, 4_501)]
    assert [asked["last_id"] for asked in hub.asked] == [0, 6_000, 12_000]


async def test_a_refusal_of_the_hub_is_named(places: Places, hub: FixedHub) -> None:
    hub.refuses = True
    with pytest.raises(HubAnswerFault, match="TOKEN_INVALID"):
        await read_records(places)
