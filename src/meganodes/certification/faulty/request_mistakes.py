"""Mistakes in taking a request: the other revision, hostile bytes, and the way the reply goes."""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from meganodes.certification.faulty.honest import HonestBackend
from meganodes.certification.faulty.records import Asked, Callback, Decision, Mistake
from meganodes.protocol.codes import ResultCode
from meganodes.protocol.commands import Command, Revision
from meganodes.protocol.reply_records import HttpReply
from meganodes.protocol.wire import Number


class SpeaksTheOtherRevision(HonestBackend):
    """The agent was set up for `id`, and the backend looks for `trans_guid`."""

    mistake = Mistake(
        id="other-revision",
        fails=frozenset(
            {
                "bet-01-taken",
                "bet-03-zero",
                "bet-07-unknown",
                "cancel-03-unknown",
                "status-01-unknown",
                "status-06-unknown-account",
                "win-07-unknown",
            }
        ),
        says="trans_id",
        revision=Revision.ID,
    )

    def transaction_id(self, command: Command, data: Mapping[str, object]) -> str:
        has_none = command in {Command.AUTHENTICATE, Command.BALANCE}
        return "" if has_none else self.text(data, "trans_guid")


class SaysOkToUnknownCommands(HonestBackend):
    """A command that nobody knows ends in the last branch, which answers 0."""

    mistake = Mistake(
        id="unknown-command-answered-0",
        fails=frozenset({"hostile-07-unknown-command"}),
        says="command",
    )

    def command(self, envelope: Mapping[str, object]) -> Command:
        if self.text(envelope, "command") not in set(Command):
            return Command.BALANCE
        return super().command(envelope)


class TakesNegativeAmounts(HonestBackend):
    """The sign of an amount is not looked at: a bet of -5.00 pays 5.00."""

    mistake = Mistake(
        id="negative-amount-booked",
        fails=frozenset({"hostile-01-negative-bet", "hostile-02-negative-win"}),
        says="negative",
    )

    def amount_minor(self, value: object) -> int:
        written = value.text if isinstance(value, Number) else str(value)
        if not written.startswith("-"):
            return super().amount_minor(value)
        return -super().amount_minor(Number(written.removeprefix("-")))


class HangsUpOnStrangers(HonestBackend):
    """An unknown account kills the worker, which closes the connection without an answer."""

    mistake = Mistake(
        id="hangs-up-on-strangers",
        fails=frozenset(
            {
                "authenticate-02-unknown",
                "authenticate-07-test-account",
                "balance-02-unknown",
                "cancel-06-unknown-account",
            }
        ),
        says="closed",
    )

    def rendered(self, callback: Callback, decision: Decision) -> HttpReply:
        if decision.result is ResultCode.ACCOUNT_UNKNOWN:
            raise ConnectionResetError("the worker has died")
        return super().rendered(callback, decision)


class SaysDoneToNonsense(HonestBackend):
    """What cannot be read is answered 0, so that the caller does not repeat it."""

    mistake = Mistake(
        id="nonsense-answered-0",
        fails=frozenset(
            {
                "hostile-01-negative-bet",
                "hostile-02-negative-win",
                "hostile-03-huge",
                "hostile-04-finer",
                "hostile-05-no-amount",
                "hostile-06-broken-json",
                "hostile-07-unknown-command",
                "hostile-10-account-type",
                "hostile-11-long-account",
            }
        ),
        says="99",
    )

    def unreadable(self) -> HttpReply:
        return self.sent(ResultCode.OK, {"balance": self.told(0)})


class Redirects(HonestBackend):
    """The callback URL lacks its last slash, and the framework redirects to the one that has it."""

    mistake = Mistake(id="redirect", fails=frozenset({"transport-01-answers"}), says="redirect")

    async def answer(self, asked: Asked) -> HttpReply:
        del asked
        headers = ((b"Location", b"/callback/"), (b"Content-Length", b"0"))
        return HttpReply(status=301, headers=headers, body=b"")


class Compresses(HonestBackend):
    """The server compresses every reply, although the request asks for `identity`."""

    mistake = Mistake(
        id="compressed", fails=frozenset({"transport-02-readable"}), says="Content-Encoding"
    )

    def http(self, body: bytes) -> HttpReply:
        packed = gzip.compress(body, mtime=0)
        reply = super().http(packed)
        return replace(reply, headers=(*reply.headers, (b"Content-Encoding", b"gzip")))


BACKENDS: Final[tuple[type[HonestBackend], ...]] = (
    SpeaksTheOtherRevision,
    SaysOkToUnknownCommands,
    TakesNegativeAmounts,
    HangsUpOnStrangers,
    SaysDoneToNonsense,
    Redirects,
    Compresses,
)
