"""The honest backend decides as contract 3 and reliability 2.9 ask, in both revisions."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from meganodes.certification.faulty.honest import HonestBackend
from meganodes.certification.faulty.records import Asked
from meganodes.protocol.codes import ResultCode
from meganodes.protocol.commands import Command, Revision
from meganodes.protocol.reply_records import HttpReply
from tests.support.fake_backend import Play, callback
from tests.support.practice import ACCOUNT, BLOCKED_ACCOUNT, TOKEN, agreed, virtual_loop
from tests.support.virtual_time import VirtualClock, VirtualLoop


@dataclass
class Caller:
    """Sends callbacks to a backend and reads the JSON of its replies."""

    backend: HonestBackend
    loop: VirtualLoop
    token: str = TOKEN
    told: list[HttpReply] = field(default_factory=list)

    def ask(self, command: Command, play: Play | None = None) -> tuple[int, object]:
        """Return the result and the balance."""
        members = self.members(callback(command, play or Play(account=ACCOUNT), self.revision))
        data = members["data"]
        assert isinstance(data, dict)
        return int(str(members["result"])), data.get("balance", data.get("trans_status"))

    def members(self, body: bytes) -> dict[str, object]:
        asked = Asked(headers={"callback-token": self.token}, body=body, connection=1)
        reply = self.loop.run_until_complete(self.backend.answer(asked))
        assert reply.status == 200
        self.told.append(reply)
        members: dict[str, object] = json.loads(reply.body)
        return members

    @property
    def revision(self) -> Revision:
        return self.backend.agreed.revision


def _caller(
    loop: VirtualLoop,
    revision: Revision = Revision.GUID,
    duplicates: ResultCode = ResultCode.DUPLICATE,
) -> Caller:
    backend = HonestBackend(agreed(revision, duplicates), VirtualClock(loop))
    backend.open_account(ACCOUNT, 1_000)
    backend.open_account(BLOCKED_ACCOUNT, 1_000, active=False)
    return Caller(backend, loop)


@pytest.fixture
def loop() -> Iterator[VirtualLoop]:
    with virtual_loop() as made:
        yield made


@pytest.fixture(params=list(Revision))
def caller(request: pytest.FixtureRequest, loop: VirtualLoop) -> Caller:
    return _caller(loop, request.param)


def bet(number: int = 1, amount_minor: int = 150, account: str = ACCOUNT) -> Play:
    return Play(number=number, amount_minor=amount_minor, account=account)


def test_a_bet_is_taken_and_its_copy_is_not(caller: Caller) -> None:
    assert caller.ask(Command.BET, bet()) == (0, 8.5)
    assert caller.ask(Command.BET, bet()) == (41, 8.5)
    assert caller.ask(Command.BALANCE) == (0, 8.5)


def test_a_copy_may_be_answered_0_with_the_balance_of_now(loop: VirtualLoop) -> None:
    caller = _caller(loop, duplicates=ResultCode.OK)
    caller.ask(Command.BET, bet())
    caller.ask(Command.BET, bet(2, 100))
    assert caller.ask(Command.BET, bet()) == (0, 7.5)
    assert caller.ask(Command.BET, bet(1, 151)) == (41, 7.5), "another amount is no copy"


def test_a_refused_bet_stays_refused(caller: Caller) -> None:
    assert caller.ask(Command.BET, bet(1, 1_001)) == (31, 10.0)
    caller.ask(Command.WIN, bet(2, 5_000))
    assert caller.ask(Command.BET, bet(1, 1_001)) == (31, 60.0)
    assert caller.ask(Command.STATUS, bet(1)) == (42, 60.0)


def test_a_cancel_gives_the_stored_amount_back_once(caller: Caller) -> None:
    caller.ask(Command.BET, bet())
    assert caller.ask(Command.CANCEL, bet(1, 9_999)) == (0, 10.0)
    again = 41 if caller.revision is Revision.GUID else 0
    assert caller.ask(Command.CANCEL, bet()) == (again, 10.0)
    assert caller.ask(Command.STATUS, bet()) == (0, "CANCELED")
    assert caller.ask(Command.BET, bet()) == (41, 10.0)


def test_a_bet_that_its_cancel_overtook_is_refused(caller: Caller) -> None:
    unknown = 43 if caller.revision is Revision.GUID else 42
    assert caller.ask(Command.CANCEL, bet()) == (unknown, 10.0)
    assert caller.ask(Command.BET, bet()) == (41, 10.0)
    assert caller.ask(Command.CANCEL, bet()) == (unknown, 10.0)
    assert caller.ask(Command.STATUS, bet()) == (42, 10.0)


def test_a_cancelled_win_is_taken_back(caller: Caller) -> None:
    caller.ask(Command.WIN, bet())
    assert caller.ask(Command.CANCEL, bet()) == (0, 10.0)


def test_wins_and_bets_of_nothing_are_written_down(caller: Caller) -> None:
    assert caller.ask(Command.BET, bet(1, 0)) == (0, 10.0)
    assert caller.ask(Command.WIN, bet(2, 0)) == (0, 10.0)
    assert caller.ask(Command.STATUS, bet(2)) == (0, "OK")


def test_the_first_check_that_does_not_hold_is_the_answer(caller: Caller) -> None:
    assert caller.ask(Command.BET, bet(1, 9_999, "nobody")) == (21, 0.0)
    assert caller.ask(Command.BET, bet(2, 9_999, BLOCKED_ACCOUNT)) == (22, 10.0)
    assert caller.ask(Command.BET, bet(3, 1_000)) == (0, 0.0)
    assert caller.ask(Command.BET, bet(3, 1_000)) == (41, 0.0), "41 stands before 31"


def test_another_accounts_bet_cannot_be_cancelled(caller: Caller) -> None:
    caller.backend.open_account("Eve", 0)
    caller.ask(Command.BET, bet())
    unknown = 43 if caller.revision is Revision.GUID else 42
    assert caller.ask(Command.CANCEL, bet(1, 150, "Eve")) == (unknown, 0.0)
    assert caller.ask(Command.BALANCE) == (0, 8.5)


def test_a_wrong_token_is_100_and_nothing_is_read(caller: Caller) -> None:
    caller.token = TOKEN[:-1]
    members = caller.members(callback(Command.BET, bet(), caller.revision))
    assert members == {"result": 100, "status": "ERROR", "data": {}}
    assert not caller.backend.entries


@pytest.mark.parametrize(
    ("sent", "instead"),
    [
        (b'"amount":1.50', b'"amount":1.505'),
        (b'"amount":1.50', b'"amount":"1.50"'),
        (b'"amount":1.50', b'"amount":true'),
        (b'"amount":1.50', b'"note":1.50'),
        (b'"check":"21,22,41,31"', b'"check":"21,22,41,99"'),
        (b'"check":"21,22,41,31"', b'"check":"21,21"'),
        (b'"command":"bet"', b'"command":"pay"'),
        (b'"account":"', b'"account":7,"was":"'),
        (b'"data":{', b'"data":[],"was":{'),
        (b'{"command"', b'["command"'),
    ],
)
def test_what_cannot_be_read_is_99_and_books_nothing(
    caller: Caller, sent: bytes, instead: bytes
) -> None:
    body = callback(Command.BET, bet(), caller.revision)
    assert sent in body
    members = caller.members(body.replace(sent, instead, 1))
    assert members == {"result": 99, "status": "ERROR", "data": {}}
    assert not caller.backend.entries


@pytest.mark.parametrize("number", [b"0", b"-1", b"9007199254740992", b'"1"', b"true"])
def test_a_trans_id_is_a_positive_integer_of_53_bits(loop: VirtualLoop, number: bytes) -> None:
    caller = _caller(loop, Revision.ID)
    body = callback(Command.BET, bet(), Revision.ID)
    assert b'"trans_id":1,' in body
    members = caller.members(body.replace(b'"trans_id":1,', b'"trans_id":' + number + b",", 1))
    assert members["result"] == 99


def test_replies_have_the_shape_of_the_contract(caller: Caller) -> None:
    caller.ask(Command.AUTHENTICATE)
    caller.ask(Command.BET, bet())
    caller.ask(Command.STATUS, bet())
    account = f'"account":"{ACCOUNT}"'
    named = f'{account},"trans_guid":"{bet().guid}"'
    if caller.revision is Revision.ID:
        named = '"trans_id":1'
    assert [reply.body.decode() for reply in caller.told] == [
        f'{{"result":0,"status":"OK","data":{{{account},"balance":10.00}}}}',
        '{"result":0,"status":"OK","data":{"balance":8.50}}',
        f'{{"result":0,"status":"OK","data":{{{named},"trans_status":"OK"}}}}',
    ]
