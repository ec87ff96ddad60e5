"""A certification goes over the hub's own client: what is sent, and what is made of what comes."""

from __future__ import annotations

import pytest

from meganodes.callbacks.certification_line import CertificationLine
from meganodes.callbacks.egress import Target
from meganodes.callbacks.exchange import Exchange, Exchanged
from meganodes.certification.transport import Answer, NoAnswer, Request
from meganodes.domain.outcome import Phase
from meganodes.kit.clock import ManualClock
from meganodes.protocol.replies import HttpReply

TARGET = Target(scheme="https", host="casino.example", port=443, path_and_query="/callback")
REPLY = HttpReply(status=200, headers=((b"Server", b"x"),), body=b"{}")


class Recorded:
    """A transport that keeps what it was given and answers with what it was told."""

    def __init__(self, exchanged: Exchanged) -> None:
        self.exchanged = exchanged
        self.seen: list[Exchange] = []
        self.is_closed = False

    async def send(self, exchange: Exchange) -> Exchanged:
        self.seen.append(exchange)
        return self.exchanged

    async def close(self) -> None:
        self.is_closed = True


def asked(*, new_connection: bool = False) -> Request:
    return Request(
        headers=(("Callback-Token", "t"), ("webhook-id", "msg_1")),
        body=b"{}",
        timeout_seconds=7.0,
        new_connection=new_connection,
    )


async def sent(exchanged: Exchanged) -> Answer | NoAnswer:
    return await CertificationLine(Recorded(exchanged), TARGET, ManualClock()).send(asked())


async def test_a_request_goes_out_as_it_is_with_its_own_deadline() -> None:
    clock = ManualClock()
    recorded = Recorded(Exchanged(phase=Phase.COMPLETE, reply=REPLY))
    await CertificationLine(recorded, TARGET, clock).send(asked())
    (exchange,) = recorded.seen
    assert list(exchange.headers) == [("Callback-Token", "t"), ("webhook-id", "msg_1")]
    assert (exchange.target, exchange.body) == (TARGET, b"{}")
    assert exchange.deadline == clock.monotonic() + 7.0
    assert exchange.first_byte_before is None


async def test_new_connections_have_keys_of_their_own_and_the_kept_ones_share_theirs() -> None:
    recorded = Recorded(Exchanged(phase=Phase.COMPLETE, reply=REPLY))
    line = CertificationLine(recorded, TARGET, ManualClock())
    for is_new in (False, True, False, True):
        await line.send(asked(new_connection=is_new))
    keys = [exchange.agent_id for exchange in recorded.seen]
    assert keys[0] == keys[2]
    assert len(set(keys)) == 3


async def test_a_complete_reply_is_an_answer_whatever_its_status_is() -> None:
    reply = HttpReply(status=503, headers=(), body=b"<html>")
    answer = await sent(Exchanged(phase=Phase.COMPLETE, reply=reply))
    assert answer == Answer(status=503, headers=(), body=b"<html>", duration_seconds=0.0)


@pytest.mark.parametrize(("phase", "was_sent"), [(Phase.SENT, True), (Phase.BEFORE_SEND, False)])
async def test_no_reply_says_why_and_whether_anything_was_sent(
    phase: Phase, *, was_sent: bool
) -> None:
    answer = await sent(Exchanged(phase=phase, fault="no byte of a reply had come"))
    assert answer == NoAnswer(
        sentence="No byte of a reply had come.", duration_seconds=0.0, sent=was_sent
    )


async def test_its_connections_end_with_it() -> None:
    recorded = Recorded(Exchanged(phase=Phase.COMPLETE, reply=REPLY))
    async with CertificationLine(recorded, TARGET, ManualClock()):
        assert not recorded.is_closed
    assert recorded.is_closed
