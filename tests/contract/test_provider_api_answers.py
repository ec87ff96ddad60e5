"""Golden exchanges of the Provider API: a diff here is a change of the protocol (contract 4)."""

from __future__ import annotations

import json
from functools import partial
from typing import NamedTuple

import pytest

from meganodes.domain.answers import RoundState
from meganodes.domain.asked import (
    Answer,
    Asked,
    AskedAuthenticate,
    AskedBalance,
    AskedBet,
    AskedBetWin,
    AskedCancel,
    AskedItem,
    AskedRound,
    AskedWin,
    ItemAnswer,
    RoundItem,
    ShownUser,
)
from meganodes.domain.transaction import Kind
from meganodes.protocol.codes import ApiCode
from meganodes.protocol.replies import Permissions
from tests.support.provider_door import FakeCore, a_door, a_request

SESSION = "mns_7Jp0vN4tq2"
BET_GUID = "mn-5f2b0c9a1d3e4f60718293a4b5c6d7e8f9012345"
WIN_GUID = "mn-00112233445566778899aabbccddeeff00112233"


class Exchange(NamedTuple):
    """The bytes on both sides and what the core saw and said between them."""

    command: str
    request: str
    asked: Asked
    answer: Answer
    response: str


_ok = partial(Answer, code=ApiCode.OK, exponent=2)


AUTHENTICATE = Exchange(
    "authenticate",
    '{"session":"mns_7Jp0vN4tq2"}',
    AskedAuthenticate(session=SESSION),
    _ok(
        balance_minor=1_000_050,
        user=ShownUser(
            account="400000123",
            game_code="fruits",
            currency="EUR",
            language="en",
            country="MT",
            permissions=Permissions(
                play=True, max_bet_minor=10_000, session_minutes=120, reality_check_minutes=30
            ),
        ),
    ),
    '{"code":0,"message":"OK","data":{"account":"400000123","game_code":"fruits",'
    '"currency":"EUR","language":"en","country":"MT","balance":"10000.50","permissions":'
    '{"play":true,"max_bet":"100.00","session_minutes":120,"reality_check_minutes":30}}}',
)
BALANCE = Exchange(
    "balance",
    '{"session":"mns_7Jp0vN4tq2"}',
    AskedBalance(session=SESSION),
    _ok(balance_minor=1_000_050),
    '{"code":0,"message":"OK","data":{"balance":"10000.50"}}',
)
BET = Exchange(
    "bet",
    '{"session":"mns_7Jp0vN4tq2","transaction_id":"b-1","round_id":"r-1","amount":"1.50"}',
    AskedBet(session=SESSION, transaction_id="b-1", round_id="r-1", amount="1.50"),
    _ok(guid=BET_GUID, balance_minor=999_900),
    f'{{"code":0,"message":"OK","data":{{"transaction_guid":"{BET_GUID}","balance":"9999.00"}}}}',
)
LOBBY_BET = Exchange(
    "bet",
    '{"session":"mns_7Jp0vN4tq2","transaction_id":"b-2","round_id":"r-2","amount":"1.5",'
    '"game_code":"roulette-3"}',
    AskedBet(
        session=SESSION,
        transaction_id="b-2",
        round_id="r-2",
        amount="1.5",
        game_code="roulette-3",
    ),
    _ok(guid=BET_GUID, balance_minor=999_900, replay=True),
    f'{{"code":0,"message":"OK","data":{{"transaction_guid":"{BET_GUID}","balance":"9999.00",'
    '"replay":true}}',
)
WIN = Exchange(
    "win",
    '{"session":"mns_7Jp0vN4tq2","transaction_id":"w-1","round_id":"r-1","amount":"0",'
    '"round_closed":true,"bet_transaction_id":"b-1"}',
    AskedWin(
        session=SESSION,
        transaction_id="w-1",
        round_id="r-1",
        amount="0",
        round_closed=True,
        bet_transaction_id="b-1",
    ),
    _ok(guid=WIN_GUID, balance_minor=None, delivered=False),
    f'{{"code":0,"message":"OK","data":{{"transaction_guid":"{WIN_GUID}","balance":null,'
    '"delivered":false}}',
)
BETWIN = Exchange(
    "betwin",
    '{"session":"mns_7Jp0vN4tq2","round_id":"r-1","bet":{"transaction_id":"b-1","amount":"1.50"},'
    '"wins":[{"transaction_id":"w-1","amount":"2.00"},{"transaction_id":"w-2","amount":"0.25"}],'
    '"round_closed":true}',
    AskedBetWin(
        session=SESSION,
        round_id="r-1",
        bet=AskedItem(transaction_id="b-1", amount="1.50"),
        wins=(
            AskedItem(transaction_id="w-1", amount="2.00"),
            AskedItem(transaction_id="w-2", amount="0.25"),
        ),
        round_closed=True,
    ),
    _ok(
        bet=ItemAnswer(guid=BET_GUID, balance_minor=999_900),
        wins=(
            ItemAnswer(guid=WIN_GUID, delivered=True),
            ItemAnswer(guid=WIN_GUID, delivered=False),
        ),
        balance_minor=1_000_100,
    ),
    f'{{"code":0,"message":"OK","data":{{"bet":{{"transaction_guid":"{BET_GUID}",'
    f'"balance":"9999.00"}},"wins":[{{"transaction_guid":"{WIN_GUID}","delivered":true}},'
    f'{{"transaction_guid":"{WIN_GUID}","delivered":false}}],"balance":"10001.00"}}}}',
)
CANCEL = Exchange(
    "cancel",
    '{"session":"mns_7Jp0vN4tq2","transaction_id":"c-1","cancel_transaction_id":"b-1"}',
    AskedCancel(session=SESSION, transaction_id="c-1", cancel_transaction_id="b-1"),
    _ok(guid=f"{BET_GUID}-c", balance_minor=1_000_050, delivered=True),
    f'{{"code":0,"message":"OK","data":{{"transaction_guid":"{BET_GUID}-c",'
    '"balance":"10000.50","delivered":true}}',
)
ROUND = Exchange(
    "round",
    '{"session":"mns_7Jp0vN4tq2","round_id":"r-1"}',
    AskedRound(session=SESSION, round_id="r-1"),
    _ok(
        transactions=(
            RoundItem(
                transaction_id="b-1",
                kind=Kind.BET,
                amount_minor=150,
                guid=BET_GUID,
                state=RoundState.ACCEPTED,
                delivered=True,
            ),
            RoundItem(
                transaction_id="w-1",
                kind=Kind.WIN,
                amount_minor=0,
                guid=WIN_GUID,
                state=RoundState.OWED,
                delivered=False,
            ),
        ),
        closed=True,
    ),
    '{"code":0,"message":"OK","data":{"transactions":[{"transaction_id":"b-1","kind":"bet",'
    f'"amount":"1.50","transaction_guid":"{BET_GUID}","state":"accepted","delivered":true}},'
    '{"transaction_id":"w-1","kind":"win","amount":"0.00",'
    f'"transaction_guid":"{WIN_GUID}","state":"owed","delivered":false}}],"closed":true}}}}',
)
REFUSED_BET = BET._replace(
    answer=Answer(code=ApiCode.BALANCE_NOT_ENOUGH, exponent=2, balance_minor=100),
    response='{"code":2006,"message":"BALANCE_NOT_ENOUGH","data":{"balance":"1.00"}}',
)
UNKNOWN_BET = BET._replace(
    answer=Answer(code=ApiCode.OUTCOME_UNKNOWN, exponent=2),
    response='{"code":3003,"message":"OUTCOME_UNKNOWN"}',
)


async def check(exchange: Exchange) -> None:
    core = FakeCore(answer=exchange.answer)
    request = a_request(exchange.command, exchange.request.encode())
    response = await a_door(core).handle(request)
    assert [asked for _, asked, _ in core.asked] == [exchange.asked]
    assert response.status == 200
    assert response.body.decode() == exchange.response
    assert json.loads(response.body)["code"] == exchange.answer.code


@pytest.mark.rule("4-authenticate")
async def test_authenticate() -> None:
    await check(AUTHENTICATE)


@pytest.mark.rule("4-balance")
async def test_balance() -> None:
    await check(BALANCE)


@pytest.mark.rule("4-bet")
async def test_bet() -> None:
    await check(BET)


@pytest.mark.rule("4-bet-lobby-switch", "4-replay")
async def test_bet_of_another_game_of_the_lobby_answered_from_the_record() -> None:
    await check(LOBBY_BET)


@pytest.mark.rule("4-win")
async def test_win_that_is_still_owed() -> None:
    await check(WIN)


@pytest.mark.rule("4-betwin")
async def test_betwin() -> None:
    await check(BETWIN)


@pytest.mark.rule("4-cancel")
async def test_cancel() -> None:
    await check(CANCEL)


@pytest.mark.rule("4-round")
async def test_round() -> None:
    await check(ROUND)


@pytest.mark.rule("4-bet-31")
async def test_bet_above_the_balance() -> None:
    await check(REFUSED_BET)


@pytest.mark.rule("4-bet-unknown")
async def test_bet_of_unknown_outcome() -> None:
    await check(UNKNOWN_BET)
