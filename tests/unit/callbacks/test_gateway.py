"""One call through the gateway over a scripted transport: times, lanes, circuit, meaning."""

from __future__ import annotations

import asyncio
import json

import msgspec
import pytest

from meganodes.callbacks.bulkhead import BURST
from meganodes.callbacks.egress import Egress, EgressRules
from meganodes.callbacks.exchange import Exchange, Exchanged
from meganodes.callbacks.gateway import Call, CircuitChange, CircuitState, HttpGateway, Lane
from meganodes.callbacks.reader import TOLD_BY_CLOSING
from meganodes.callbacks.scripted import Script, ScriptedTransport, answered, lost, not_sent
from meganodes.callbacks.settings import CallbackSettings
from meganodes.domain.outcome import Accepted, Duplicate, NotSent, Phase, Refused, Unknown
from meganodes.kit.clock import ManualClock
from meganodes.kit.identity import SeededIdentity
from meganodes.kit.secrets import Secret
from meganodes.protocol.commands import Command, Revision
from meganodes.protocol.currency import currency
from tests.support.callback_urls import NameService
from tests.support.calls import ACCOUNT, TOKEN, a_call, a_view

OK = b'{"result":0,"status":"OK","data":{"account":"player_1","balance":100.00}}'
TOO_LOW = b'{"result":31,"status":"ERROR","data":{"balance":0.50}}'
AGENT = a_view()


def says(body: bytes, *, status: int = 200) -> Script:
    async def script(exchange: Exchange) -> Exchanged:
        return answered(exchange, body, status=status)

    return script


async def loses(exchange: Exchange) -> Exchanged:
    return lost(exchange, "nothing complete at the deadline; no byte of a reply had come")


async def refuses(exchange: Exchange) -> Exchanged:
    del exchange
    return not_sent("no connection to good.example port 443: Connection refused")


class Setup:
    """A gateway, its clock, and what went through it."""

    def __init__(self, script: Script) -> None:
        self.clock = ManualClock()
        self.script = script
        self.changes: list[CircuitChange] = []
        self.transport = ScriptedTransport(self._play, self.clock)
        egress = Egress(EgressRules(), NameService())
        self.gateway = HttpGateway(
            self.transport, egress, self.clock, SeededIdentity(1), CallbackSettings()
        )
        self.gateway.on_circuit_change = self.changes.append

    async def _play(self, exchange: Exchange) -> Exchanged:
        return await self.script(exchange)

    @property
    def last(self) -> Exchange:
        return self.transport.exchanges[-1]

    async def send_many(self, call: Call, count: int) -> None:
        for _ in range(count):
            await self.gateway.send(AGENT, call)


async def test_accepted_bet_comes_back_with_everything_the_log_keeps() -> None:
    setup = Setup(says(OK))
    attempt = await setup.gateway.send(AGENT, a_call(Command.BET, attempt=1))
    assert attempt.outcome == Accepted(balance_minor=10_000)
    assert (attempt.command, attempt.attempt, attempt.phase) == (Command.BET, 1, Phase.COMPLETE)
    assert (attempt.result, attempt.http_status) == (0, 200)
    assert attempt.started_at_ms == setup.clock.now_ms()
    assert attempt.request_bytes.startswith(b"POST /callback HTTP/1.1\r\nHost: good.example\r\n")
    assert attempt.reply_bytes.endswith(OK)
    assert attempt.peer_address == "192.0.2.1"
    assert attempt.faults == ()
    assert attempt.reply is not None


@pytest.mark.rule("3.5-secrets-masked")
async def test_no_attempt_holds_a_secret() -> None:
    echo = b'{"result":99,"status":"ERROR","data":{"token":"' + TOKEN.encode() + b'"}}'
    for script in (says(OK), says(echo), loses, refuses):
        attempt = await Setup(script).gateway.send(AGENT, a_call(Command.WIN))
        kept = attempt.request_bytes + attempt.reply_bytes
        assert TOKEN.encode() not in kept
        assert b"v1," not in kept


async def test_refusal_is_final_and_carries_the_balance() -> None:
    attempt = await Setup(says(TOO_LOW)).gateway.send(AGENT, a_call(Command.BET))
    assert attempt.outcome == Refused(result=31, balance_minor=50)
    assert attempt.result == 31


async def test_lost_request_is_unknown_and_has_no_result() -> None:
    attempt = await Setup(loses).gateway.send(AGENT, a_call(Command.BET))
    assert attempt.outcome == Unknown(
        reason="nothing complete at the deadline; no byte of a reply had come"
    )
    assert (attempt.result, attempt.http_status, attempt.reply) == (None, None, None)
    assert attempt.phase is Phase.SENT
    assert attempt.request_bytes


@pytest.mark.rule("3.3-not-sent")
async def test_request_that_never_left_is_not_sent_and_counts() -> None:
    attempt = await Setup(refuses).gateway.send(AGENT, a_call(Command.WIN))
    assert isinstance(attempt.outcome, NotSent)
    assert attempt.outcome.counted
    assert attempt.phase is Phase.BEFORE_SEND
    assert attempt.request_bytes == b""


@pytest.mark.rule("3.5-error-log")
async def test_reply_that_cannot_be_read_has_result_minus_one() -> None:
    attempt = await Setup(says(b"<html>")).gateway.send(AGENT, a_call(Command.BET))
    assert isinstance(attempt.outcome, Unknown)
    assert attempt.outcome.result is None
    assert (attempt.result, attempt.http_status) == (-1, 200)


@pytest.mark.rule("3.3-status-not-200")
async def test_good_body_with_another_status_is_unknown() -> None:
    attempt = await Setup(says(OK, status=500)).gateway.send(AGENT, a_call(Command.BET))
    assert isinstance(attempt.outcome, Unknown)
    assert attempt.http_status == 500


@pytest.mark.rule("3.5-every-attempt-kept")
async def test_notes_and_faults_of_the_reading_are_handed_on() -> None:
    sloppy = b'{"result":"0","data":{"balance":"abc"}}'
    attempt = await Setup(says(sloppy)).gateway.send(AGENT, a_call(Command.WIN))
    assert attempt.outcome == Accepted(balance_minor=None)
    assert attempt.notes
    assert attempt.faults


async def test_reading_knows_currency_overdraft_and_account() -> None:
    negative = b'{"result":0,"status":"OK","data":{"balance":-5}}'
    setup = Setup(says(negative))
    yen = a_view(currency=currency("JPY"), overdraft_allowed=True)
    attempt = await setup.gateway.send(yen, a_call(Command.BALANCE))
    assert attempt.outcome == Accepted(balance_minor=-5)
    strict = await setup.gateway.send(AGENT, a_call(Command.BALANCE))
    assert isinstance(strict.outcome, Unknown)
    stranger = await Setup(says(OK.replace(b"player_1", b"player_2"))).gateway.send(
        AGENT, a_call(Command.AUTHENTICATE)
    )
    assert isinstance(stranger.outcome, Unknown)


@pytest.mark.rule("3.4-41-first-attempt")
async def test_duplicate_is_told_to_the_domain() -> None:
    body = b'{"result":41,"status":"ERROR","data":{"balance":7.00}}'
    attempt = await Setup(says(body)).gateway.send(AGENT, a_call(Command.WIN))
    assert attempt.outcome == Duplicate(balance_minor=700)


@pytest.mark.rule("3.3-deadline-total")
@pytest.mark.parametrize(
    ("command", "seconds"),
    [
        (Command.AUTHENTICATE, 4),
        (Command.BALANCE, 2),
        (Command.BET, 2),
        (Command.WIN, 4),
        (Command.CANCEL, 4),
        (Command.STATUS, 4),
    ],
)
async def test_each_command_has_its_total_deadline(command: Command, seconds: int) -> None:
    setup = Setup(says(OK))
    await setup.gateway.send(AGENT, a_call(command))
    assert setup.last.deadline == setup.clock.monotonic() + seconds
    headers = dict(setup.last.headers)
    assert headers["MegaNodes-Deadline"] == str(setup.clock.now_ms() + seconds * 1_000)
    assert headers["webhook-timestamp"] == str(setup.clock.now_ms() // 1_000)


@pytest.mark.rule("3.3-bet-deadline-from-commit", "3.3-bet-first-byte")
async def test_time_of_a_bet_counts_from_the_commit_of_its_intent() -> None:
    setup = Setup(says(OK))
    committed_at = setup.clock.monotonic()
    setup.clock.advance(0.7)
    await setup.gateway.send(AGENT, a_call(Command.BET, started_at=committed_at))
    assert setup.last.deadline == committed_at + 2.0
    assert setup.last.first_byte_before == committed_at + 1.5
    left_ms = int(dict(setup.last.headers)["MegaNodes-Deadline"]) - setup.clock.now_ms()
    assert left_ms == 1_300


@pytest.mark.reliability("2.6-bet-paused-before-send")
@pytest.mark.rule("3.3-bet-first-byte")
@pytest.mark.parametrize(("waited", "leaves"), [(1.499, True), (1.5, False), (30.0, False)])
async def test_no_first_byte_of_a_bet_leaves_after_a_second_and_a_half(
    waited: float, *, leaves: bool
) -> None:
    setup = Setup(says(OK))
    committed_at = setup.clock.monotonic()
    setup.clock.advance(waited)
    attempt = await setup.gateway.send(AGENT, a_call(Command.BET, started_at=committed_at))
    assert bool(setup.transport.exchanges) is leaves
    if not leaves:
        assert attempt.outcome == NotSent(
            reason="it was too late for the first byte", counted=False
        )


async def test_other_commands_have_no_moment_for_the_first_byte_unless_told() -> None:
    setup = Setup(says(OK))
    await setup.gateway.send(AGENT, a_call(Command.WIN))
    assert setup.last.first_byte_before is None
    await setup.gateway.send(AGENT, a_call(Command.WIN, first_byte_within=0.5))
    assert setup.last.first_byte_before == setup.clock.monotonic() + 0.5


@pytest.mark.rule("3.1-retry-bytes", "3.1-retry-fresh-timestamp", "3.1-header-webhook-id-stable")
async def test_retry_repeats_the_content_and_renews_time_and_signature() -> None:
    setup = Setup(loses)
    call = a_call(Command.WIN)
    await setup.gateway.send(AGENT, call)
    setup.clock.advance(3)
    await setup.gateway.send(AGENT, a_call(Command.WIN, attempt=2))
    first, second = setup.transport.exchanges
    one, two = json.loads(first.body), json.loads(second.body)
    assert call.data in first.body
    assert call.data in second.body
    assert [one[key] == two[key] for key in ("command", "data", "check")] == [True] * 3
    assert int(two["timestamp"]) - int(one["timestamp"]) == 3
    earlier, later = dict(first.headers), dict(second.headers)
    assert earlier["webhook-id"] == later["webhook-id"]
    assert earlier["webhook-signature"] != later["webhook-signature"]
    assert (earlier["MegaNodes-Attempt"], later["MegaNodes-Attempt"]) == ("1", "2")


@pytest.mark.reliability("2.6-cancel-settings-changed")
@pytest.mark.rule("3.1-url-token-current", "3.1-data-fixed-with-intent")
async def test_settings_of_the_attempt_and_data_of_the_intent() -> None:
    setup = Setup(loses)
    call = a_call(Command.CANCEL, revision=Revision.ID)
    await setup.gateway.send(a_view(revision=Revision.ID), call)
    moved = a_view(
        callback_url="https://both.example/new",
        callback_token=Secret("mnc_new"),
        revision=Revision.GUID,
    )
    await setup.gateway.send(moved, call)
    first, second = setup.transport.exchanges
    assert first.body.split(b'"timestamp"')[0] == second.body.split(b'"timestamp"')[0]
    assert b'"check":"21,22,42"' in second.body
    assert (second.target.host, second.target.path_and_query) == ("both.example", "/new")
    assert dict(second.headers)["Callback-Token"] == "mnc_new"


@pytest.mark.rule("3.3-not-sent")
async def test_address_that_may_not_be_called_is_held_back_every_time() -> None:
    setup = Setup(says(OK))
    bad = a_view(callback_url="https://169.254.169.254/")
    for _ in range(20):
        attempt = await setup.gateway.send(bad, a_call(Command.BET))
        assert isinstance(attempt.outcome, NotSent)
        assert not attempt.outcome.counted
    assert setup.transport.exchanges == []
    assert not setup.gateway.is_open(bad.agent_id)


@pytest.mark.rule("3.4-circuit-refuses-bets", "3.4-circuit-time", "3.3-not-sent")
async def test_open_circuit_refuses_bets_at_once_without_counting() -> None:
    setup = Setup(loses)
    await setup.send_many(a_call(Command.BET), 10)
    assert setup.gateway.is_open(1)
    assert setup.gateway.circuit_state(1) is CircuitState.OPEN
    assert [change.state for change in setup.changes] == [CircuitState.OPEN]
    for command in (Command.BET, Command.AUTHENTICATE, Command.BALANCE):
        attempt = await setup.gateway.send(AGENT, a_call(command))
        assert isinstance(attempt.outcome, NotSent)
        assert not attempt.outcome.counted
        assert "circuit is open" in attempt.outcome.reason
    assert len(setup.transport.exchanges) == 10


@pytest.mark.rule("3.4-circuit-isolated")
async def test_circuit_of_one_agent_is_not_that_of_another() -> None:
    setup = Setup(loses)
    await setup.send_many(a_call(Command.BET), 10)
    setup.script = says(OK)
    attempt = await setup.gateway.send(a_view(agent_id=2), a_call(Command.BET))
    assert isinstance(attempt.outcome, Accepted)
    assert not setup.gateway.is_open(2)


@pytest.mark.rule("3.4-half-open-probe", "3.4-circuit-refuses-bets")
async def test_healed_backend_is_found_by_probes_and_takes_bets_again() -> None:
    setup = Setup(loses)
    owed = a_call(Command.WIN, lane=Lane.DELIVERY)
    await setup.send_many(a_call(Command.BET), 10)
    setup.script = says(OK)
    assert not setup.gateway.probe_wanted(1)
    assert not setup.gateway.may_deliver(1)
    for _ in range(5):
        setup.clock.advance(4)
        assert setup.gateway.probe_wanted(1)
        assert setup.gateway.circuit_state(1) is CircuitState.HALF_OPEN
        assert setup.gateway.delivery_room(1) == 1
        refused = await setup.gateway.send(AGENT, a_call(Command.BET))
        assert isinstance(refused.outcome, NotSent)
        assert isinstance((await setup.gateway.send(AGENT, owed)).outcome, Accepted)
        again = await setup.gateway.send(AGENT, owed)
        assert isinstance(again.outcome, NotSent) or not setup.gateway.is_open(1)
    assert not setup.gateway.is_open(1)
    assert [change.state for change in setup.changes] == [CircuitState.OPEN, CircuitState.CLOSED]
    assert isinstance((await setup.gateway.send(AGENT, a_call(Command.BET))).outcome, Accepted)


async def test_probe_is_wanted_at_a_given_moment() -> None:
    setup = Setup(loses)
    await setup.send_many(a_call(Command.BET), 10)
    now = setup.clock.monotonic()
    assert not setup.gateway.probe_wanted(1, now)
    assert setup.gateway.probe_wanted(1, now + 4)
    assert not setup.gateway.probe_wanted(2, now + 4)


@pytest.mark.rule("3.4-half-open-probe")
async def test_agents_whose_circuit_waits_for_a_probe_are_named() -> None:
    setup = Setup(loses)
    setup.gateway.on_circuit_change = None
    await setup.gateway.send(a_view(agent_id=2), a_call(Command.BET))
    await setup.send_many(a_call(Command.BET), 10)
    assert setup.gateway.probes_wanted() == ()
    setup.clock.advance(4)
    assert setup.gateway.probes_wanted() == (1,)
    setup.script = says(OK)
    for _ in range(5):
        await setup.gateway.send(AGENT, a_call(Command.WIN, lane=Lane.DELIVERY))
        assert setup.gateway.probes_wanted() == ()
        setup.clock.advance(2)
    assert setup.gateway.probes_wanted() == ()
    assert not setup.gateway.is_open(1)


@pytest.mark.rule("3.4-half-open-probe", "3.4-probe-alive")
async def test_authenticate_for_callback_test_may_be_the_probe() -> None:
    setup = Setup(loses)
    await setup.send_many(a_call(Command.BET), 10)
    setup.script = says(b'{"result":21,"status":"ERROR"}')
    setup.clock.advance(4)
    probe = a_call(Command.AUTHENTICATE, lane=Lane.DELIVERY, account="callback_test")
    attempt = await setup.gateway.send(AGENT, probe)
    assert attempt.outcome == Refused(result=21)
    assert setup.gateway.circuit_state(1) is CircuitState.HALF_OPEN


async def test_wrong_token_opens_the_circuit_with_an_alarm() -> None:
    setup = Setup(says(b'{"result":100,"status":"ERROR"}'))
    attempt = await setup.gateway.send(AGENT, a_call(Command.BET))
    assert attempt.outcome == Refused(result=100)
    assert setup.gateway.is_open(1)
    assert setup.changes[0].is_alarming


@pytest.mark.rule("3.4-tests-do-not-count")
async def test_tests_of_the_backend_never_count_and_may_use_a_wrong_token() -> None:
    setup = Setup(says(b'{"result":100,"status":"ERROR"}'))
    test = a_call(Command.AUTHENTICATE, lane=Lane.TEST, token_override=Secret("mnc_wrong"))
    await setup.send_many(test, 20)
    assert dict(setup.last.headers)["Callback-Token"] == "mnc_wrong"
    setup.script = loses
    await setup.send_many(test, 20)
    assert not setup.gateway.is_open(1)
    assert setup.changes == []


async def test_callers_beyond_the_agent_s_limit_are_refused_at_once() -> None:
    release = asyncio.Event()

    async def slow(exchange: Exchange) -> Exchanged:
        await release.wait()
        return answered(exchange, OK)

    setup = Setup(slow)
    small = a_view(in_flight_max=2)
    waiting = [
        asyncio.ensure_future(setup.gateway.send(small, a_call(Command.BET))) for _ in range(2)
    ]
    await asyncio.sleep(0)
    third = await setup.gateway.send(small, a_call(Command.BET))
    assert third.outcome == NotSent(
        reason="too many callbacks of the play lane are under way", counted=False
    )
    release.set()
    for attempt in await asyncio.gather(*waiting):
        assert isinstance(attempt.outcome, Accepted)
    assert isinstance((await setup.gateway.send(small, a_call(Command.BET))).outcome, Accepted)


async def test_cancelled_call_gives_its_place_back() -> None:
    async def hangs(exchange: Exchange) -> Exchanged:
        await asyncio.sleep(30)
        return lost(exchange)

    setup = Setup(hangs)
    small = a_view(in_flight_max=1)
    sending = asyncio.ensure_future(setup.gateway.send(small, a_call(Command.BET)))
    await asyncio.sleep(0)
    sending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sending
    setup.script = says(OK)
    assert isinstance((await setup.gateway.send(small, a_call(Command.BET))).outcome, Accepted)
    assert not setup.gateway.is_open(1)


async def test_room_for_deliveries_is_that_of_the_agent() -> None:
    setup = Setup(says(OK))
    assert setup.gateway.delivery_room(1) == BURST
    assert setup.gateway.may_deliver(1)
    await setup.send_many(a_call(Command.WIN, lane=Lane.DELIVERY), BURST)
    assert setup.gateway.delivery_room(1) == 0
    attempt = await setup.gateway.send(AGENT, a_call(Command.WIN, lane=Lane.DELIVERY))
    assert isinstance(attempt.outcome, NotSent)
    assert not attempt.outcome.counted


@pytest.mark.parametrize("every_ms", [50, 100])
async def test_owed_wins_flow_at_the_rate_however_often_room_is_asked_for(every_ms: int) -> None:
    """I12: 10,000 due items within 120 s of healing are 84 a second."""
    setup = Setup(says(OK))
    seconds = 20
    for _ in range(seconds * 1_000 // every_ms):
        setup.clock.advance(every_ms / 1_000)
        call = a_call(Command.WIN, lane=Lane.DELIVERY)
        ends = await asyncio.gather(
            *[setup.gateway.send(AGENT, call) for _ in range(setup.gateway.delivery_room(1))]
        )
        assert all(isinstance(end.outcome, Accepted) for end in ends)
    assert 84 * seconds <= len(setup.transport.exchanges) <= 96 * seconds + BURST


async def test_what_the_transport_tolerated_is_noted() -> None:
    async def script(exchange: Exchange) -> Exchanged:
        return msgspec.structs.replace(answered(exchange, OK), notes=(TOLD_BY_CLOSING,))

    attempt = await Setup(script).gateway.send(AGENT, a_call(Command.BET))
    assert attempt.outcome == Accepted(balance_minor=10_000)
    assert attempt.notes == (TOLD_BY_CLOSING, 'data has extra keys, ignored: "account"')


async def test_nothing_is_sent_after_closing() -> None:
    setup = Setup(says(OK))
    await setup.gateway.close()
    attempt = await setup.gateway.send(AGENT, a_call(Command.WIN))
    assert attempt.outcome == NotSent(reason="the hub is closing down", counted=False)


@pytest.mark.rule("3.3-close-after-irregularity")
@pytest.mark.parametrize(
    ("body", "clean"),
    [
        (OK, True),
        (TOO_LOW, True),
        (b'{"result":0}', False),
        (b'{"result":99,"status":"ERROR","data":{}}', False),
        (b"not JSON", False),
        (OK.replace(b"100.00", b"null"), False),
        (b'{"code":0,"message":"OK"}', False),
    ],
)
async def test_connection_is_good_only_after_a_clean_definite_reply(
    body: bytes, *, clean: bool
) -> None:
    setup = Setup(says(body))
    await setup.gateway.send(AGENT, a_call(Command.BET))
    reply = answered(setup.last, body).reply
    assert reply is not None
    assert setup.last.is_clean(reply) is clean


async def test_account_of_the_call_is_the_one_that_is_compared() -> None:
    setup = Setup(says(OK))
    attempt = await setup.gateway.send(AGENT, a_call(Command.AUTHENTICATE, account=ACCOUNT))
    assert attempt.outcome == Accepted(balance_minor=10_000)
