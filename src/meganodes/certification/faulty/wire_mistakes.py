"""Mistakes in how a reply is written: the wallet is right, and nobody can read what it says."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from meganodes.certification.faulty.honest import HonestBackend
from meganodes.certification.faulty.records import Callback, Decision, Entry, Mistake, Standing
from meganodes.protocol.codes import ResultCode
from meganodes.protocol.reply_records import HttpReply
from meganodes.protocol.wire import dump_json

_CASES_OF_REFUSALS: Final = frozenset(
    {
        "authenticate-02-unknown",
        "authenticate-07-test-account",
        "balance-02-unknown",
        "balance-03-blocked",
        "bet-04-too-high",
        "bet-08-blocked",
        "cancel-03-unknown",
        "cancel-06-unknown-account",
        "duplicates-01-bet",
        "duplicates-02-win",
        "duplicates-03-cancel",
        "status-01-unknown",
        "token-01-wrong",
        "token-02-missing",
        "token-05-bet",
        "token-06-win",
        "token-07-cancel",
        "token-08-questions",
        "win-08-blocked",
    }
)
"""Whatever is wrong with every refusal fails all of these."""


class AnswersLikeTheMainApi(HonestBackend):
    """Replies have `code` and `message`, as the Main API answers, instead of result and status."""

    mistake = Mistake(
        id="main-api-shape", fails=frozenset({"transport-02-readable"}), says="Main API"
    )

    def sent(self, result: ResultCode, members: Mapping[str, object]) -> HttpReply:
        return self.http(dump_json({"code": int(result), "message": result.name, "data": members}))


class TellsCents(HonestBackend):
    """Balances are told in minor units: 10000 for 100.00."""

    mistake = Mistake(
        id="cents-for-units", fails=frozenset({"bet-01-taken"}), says="Cents for units"
    )

    def told(self, balance_minor: int) -> object:
        return balance_minor


class TellsWholeUnits(HonestBackend):
    """Balances lose their decimals on the way out: 99 for 99.50."""

    mistake = Mistake(id="decimals-truncated", fails=frozenset({"bet-01-taken"}), says="truncated")

    def told(self, balance_minor: int) -> object:
        return balance_minor // 10**self.agreed.exponent


class TellsFloats(HonestBackend):
    """Balances are computed in binary floats and printed with all their noise."""

    mistake = Mistake(
        id="balance-in-floats", fails=frozenset({"amounts-01-decimals"}), says="float"
    )

    def sent(self, result: ResultCode, members: Mapping[str, object]) -> HttpReply:
        reply = super().sent(result, members)
        told = json.loads(reply.body)
        if "balance" in told["data"]:
            told["data"]["balance"] *= 1.0000000000000002
        return self.http(json.dumps(told).encode())


class LeavesBalanceOutOfRefusals(HonestBackend):
    """A refusal with result 31 has no balance, so that the game cannot show one."""

    mistake = Mistake(
        id="balance-missing-in-31",
        fails=frozenset({"bet-05-refusal-tells-balance"}),
        says="data.balance is missing",
    )

    def reply_members(self, callback: Callback, decision: Decision) -> dict[str, object]:
        if decision.result is ResultCode.BALANCE_TOO_LOW:
            return {}
        return super().reply_members(callback, decision)


class TellsTheBalanceBefore(HonestBackend):
    """The balance told is the one before the movement."""

    mistake = Mistake(
        id="balance-before-the-movement",
        fails=frozenset(
            {"bet-02-tells-balance", "cancel-02-tells-balance", "win-02-tells-balance"}
        ),
        says="before",
    )

    def booked(self, callback: Callback, change_minor: int) -> Decision:
        before = self.accepted(callback)
        super().booked(callback, change_minor)
        return before

    def undone(self, callback: Callback) -> Decision:
        before = self.accepted(callback)
        decision = super().undone(callback)
        return replace(decision, balance_minor=before.balance_minor)


class SaysNoByHttpStatus(HonestBackend):
    """Refusals are answered with HTTP status 400, as web frameworks like it."""

    mistake = Mistake(
        id="http-400-for-refusals",
        fails=_CASES_OF_REFUSALS,
        says="HTTP status is 400",
    )

    def sent(self, result: ResultCode, members: Mapping[str, object]) -> HttpReply:
        reply = super().sent(result, members)
        return reply if result is ResultCode.OK else replace(reply, status=400)


class AnswersAWrongTokenWith401(HonestBackend):
    """A wrong Callback-Token is answered with HTTP status 401."""

    mistake = Mistake(
        id="http-401-for-a-wrong-token",
        fails=frozenset(
            {
                "token-01-wrong",
                "token-02-missing",
                "token-05-bet",
                "token-06-win",
                "token-07-cancel",
                "token-08-questions",
            }
        ),
        says="HTTP status is 401",
    )

    def failed(self, result: ResultCode) -> HttpReply:
        reply = super().failed(result)
        return replace(reply, status=401) if result is ResultCode.TOKEN_WRONG else reply


class ShowsAnErrorPage(HonestBackend):
    """An unknown account raises, and the framework shows its error page: status 500 and HTML."""

    mistake = Mistake(
        id="html-error-page",
        fails=frozenset(
            {
                "authenticate-02-unknown",
                "authenticate-07-test-account",
                "balance-02-unknown",
                "cancel-06-unknown-account",
            }
        ),
        says="HTTP status is 500",
    )

    def rendered(self, callback: Callback, decision: Decision) -> HttpReply:
        if decision.result is not ResultCode.ACCOUNT_UNKNOWN:
            return super().rendered(callback, decision)
        page = b"<!DOCTYPE html><html><body><h1>Server Error (500)</h1></body></html>"
        headers = (
            (b"Content-Type", b"text/html; charset=utf-8"),
            (b"Content-Length", str(len(page)).encode()),
        )
        return HttpReply(status=500, headers=headers, body=page)


class SaysResultByTruth(HonestBackend):
    """Success is `"result": false`, because the code asks whether there was an error."""

    mistake = Mistake(
        id="result-as-bool", fails=frozenset({"transport-02-readable"}), says="result is false"
    )

    def sent(self, result: ResultCode, members: Mapping[str, object]) -> HttpReply:
        if result is not ResultCode.OK:
            return super().sent(result, members)
        return self.http(dump_json({"result": False, "status": "OK", "data": members}))


class AlwaysSaysStatusOk(HonestBackend):
    """Every reply has the status OK, refusals too."""

    mistake = Mistake(
        id="status-always-ok",
        fails=_CASES_OF_REFUSALS,
        says="contradicts",
    )

    def sent(self, result: ResultCode, members: Mapping[str, object]) -> HttpReply:
        return self.http(dump_json({"result": int(result), "status": "OK", "data": members}))


class PrintsAfterTheReply(HonestBackend):
    """A profiler prints how long the page took, after the JSON."""

    mistake = Mistake(
        id="text-after-the-json", fails=frozenset({"transport-02-readable"}), says="after the JSON"
    )

    def http(self, body: bytes) -> HttpReply:
        return super().http(body + b"\n<!-- page made in 3 ms -->")


class QuotesItsNumbers(HonestBackend):
    """result is written as text: "0" for 0."""

    mistake = Mistake(id="result-as-text", fails=frozenset({"transport-03-clean"}), says="quotes")

    def sent(self, result: ResultCode, members: Mapping[str, object]) -> HttpReply:
        word = "OK" if result is ResultCode.OK else "ERROR"
        told = {"result": str(int(result)), "status": word, "data": members}
        return self.http(dump_json(told))


class SendsNoLength(HonestBackend):
    """Replies have no Content-Length: only closing the connection tells where they end."""

    mistake = Mistake(
        id="no-content-length", fails=frozenset({"transport-04-length"}), says="Content-Length"
    )

    def http(self, body: bytes) -> HttpReply:
        headers = ((b"Content-Type", b"application/json"),)
        return replace(super().http(body), headers=headers)


class SpellsCancelledTwice(HonestBackend):
    """`status` says CANCELLED, with two L."""

    mistake = Mistake(
        id="cancelled-with-two-l", fails=frozenset({"status-04-cancelled"}), says="CANCELED"
    )

    def trans_status(self, entry: Entry) -> str:
        return "CANCELLED" if entry.standing is Standing.CANCELLED else "OK"


class TellsAnotherAccount(HonestBackend):
    """The account is repeated in capitals, as the casino's own table has it."""

    mistake = Mistake(
        id="account-in-capitals", fails=frozenset({"transport-02-readable"}), says="account"
    )

    def reply_members(self, callback: Callback, decision: Decision) -> dict[str, object]:
        members = super().reply_members(callback, decision)
        if "account" in members:
            members["account"] = callback.account.upper()
        return members


BACKENDS: Final[tuple[type[HonestBackend], ...]] = (
    AnswersLikeTheMainApi,
    TellsCents,
    TellsWholeUnits,
    TellsFloats,
    LeavesBalanceOutOfRefusals,
    TellsTheBalanceBefore,
    SaysNoByHttpStatus,
    AnswersAWrongTokenWith401,
    ShowsAnErrorPage,
    SaysResultByTruth,
    AlwaysSaysStatusOk,
    PrintsAfterTheReply,
    QuotesItsNumbers,
    SendsNoLength,
    SpellsCancelledTwice,
    TellsAnotherAccount,
)
