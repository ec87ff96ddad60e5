"""The shipped fake keeps the promises of the port that need no socket."""

from __future__ import annotations

import pytest

from meganodes.callbacks.egress import Target
from meganodes.callbacks.exchange import Exchange, Exchanged, Headers
from meganodes.callbacks.scripted import ScriptedTransport, answered, lost, not_sent
from meganodes.domain.outcome import Phase
from meganodes.kit.clock import ManualClock
from meganodes.protocol.replies import HttpReply

TARGET = Target(scheme="https", host="good.example", port=443, path_and_query="/")


def exchange(clock: ManualClock, *, seen: list[HttpReply] | None = None) -> Exchange:
    replies = [] if seen is None else seen

    def is_clean(reply: HttpReply) -> bool:
        replies.append(reply)
        return True

    return Exchange(
        agent_id=1,
        target=TARGET,
        headers=Headers.of((("Callback-Token", "mnc_canary"),)),
        body=b"{}",
        deadline=clock.monotonic() + 2.0,
        first_byte_before=clock.monotonic() + 1.5,
        is_clean=is_clean,
    )


async def answer(given: Exchange) -> Exchanged:
    return answered(given, b'{"result":0}')


async def test_script_answers_and_is_remembered() -> None:
    clock = ManualClock()
    transport = ScriptedTransport(answer, clock)
    seen: list[HttpReply] = []
    given = exchange(clock, seen=seen)
    exchanged = await transport.send(given)
    assert transport.exchanges == [given]
    assert exchanged.phase is Phase.COMPLETE
    assert exchanged.reply is not None
    assert exchanged.reply.body == b'{"result":0}'
    assert b"canary" not in exchanged.request_bytes
    assert seen == [exchanged.reply], "the reply is shown once, as a real transport does"


async def test_answer_may_have_any_status_and_headers() -> None:
    exchanged = answered(exchange(ManualClock()), b"gone", status=410, headers=((b"A", b"b"),))
    assert exchanged.reply == HttpReply(status=410, headers=((b"A", b"b"),), body=b"gone")
    assert exchanged.reply_bytes == b"HTTP/1.1 410\r\n\r\ngone"


async def test_lost_and_not_sent_have_no_reply() -> None:
    given = exchange(ManualClock())
    gone, held = lost(given), not_sent("open circuit", held_back=True)
    assert (gone.phase, gone.reply, held.phase, held.reply) == (
        Phase.SENT,
        None,
        Phase.BEFORE_SEND,
        None,
    )
    assert gone.request_bytes
    assert held.request_bytes == b""
    assert held.held_back
    assert not not_sent().held_back


@pytest.mark.rule("3.3-bet-first-byte")
@pytest.mark.parametrize("seconds", [1.5, 2.0, 100.0])
async def test_nothing_is_sent_after_its_moment(seconds: float) -> None:
    clock = ManualClock()
    transport = ScriptedTransport(answer, clock)
    given = exchange(clock)
    clock.advance(seconds)
    exchanged = await transport.send(given)
    assert exchanged.phase is Phase.BEFORE_SEND
    assert exchanged.held_back
    assert transport.exchanges == []


async def test_nothing_is_sent_after_closing() -> None:
    clock = ManualClock()
    transport = ScriptedTransport(answer, clock)
    await transport.close()
    assert (await transport.send(exchange(clock))).held_back
    assert transport.exchanges == []
