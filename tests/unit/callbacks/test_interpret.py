"""The table of contract 3.4, every command against every result."""

from __future__ import annotations

import pytest

from meganodes.callbacks.interpret import interpret
from meganodes.domain.outcome import Accepted, Duplicate, NotSeen, Outcome, Refused, Unknown
from meganodes.protocol.codes import ResultCode
from meganodes.protocol.commands import Command
from meganodes.protocol.replies import Reply

RESULTS = [*map(int, ResultCode), 1, 2, 30, 200, 1015, 2**31]

ACCEPTED = {command: {0} for command in Command}
REFUSED = {
    Command.AUTHENTICATE: {21, 22, 100},
    Command.BALANCE: {21, 22, 100},
    Command.BET: {21, 22, 31, 100},
    Command.WIN: {21, 22, 100},
    Command.CANCEL: {21, 22, 100},
    Command.STATUS: {21, 100},
}
DUPLICATE: dict[Command, set[int]] = {Command.WIN: {41}, Command.CANCEL: {41}}
NOT_SEEN: dict[Command, set[int]] = {Command.CANCEL: {42, 43}, Command.STATUS: {42}}


def reply(result: int, **changes: object) -> Reply:
    return Reply(result=result, balance_minor=1_050, trans_status="OK", **changes)  # type: ignore[arg-type]


def expected(command: Command, result: int) -> type[Outcome]:
    for kind, table in (
        (Accepted, ACCEPTED),
        (Refused, REFUSED),
        (Duplicate, DUPLICATE),
        (NotSeen, NOT_SEEN),
    ):
        if result in table.get(command, set()):
            return kind
    return Unknown


@pytest.mark.rule(
    "3.4-authenticate-meaning",
    "3.4-balance-meaning",
    "3.4-bet-meaning",
    "3.4-win-meaning",
    "3.4-cancel-meaning",
    "3.4-status-meaning",
)
@pytest.mark.parametrize("result", RESULTS)
@pytest.mark.parametrize("command", list(Command))
def test_every_result_of_every_command_means_what_the_table_says(
    command: Command, result: int
) -> None:
    outcome = interpret(command, reply(result))
    assert type(outcome) is expected(command, result)
    if isinstance(outcome, Refused | NotSeen):
        assert outcome.result == result
    if isinstance(outcome, Unknown):
        assert outcome.result == result
        assert str(result) in outcome.reason
    if isinstance(outcome, Accepted | Refused | Duplicate | NotSeen):
        assert outcome.balance_minor == 1_050


@pytest.mark.parametrize("result", [0, 21, 31, 41, 99, 100])
@pytest.mark.parametrize("command", list(Command))
def test_malformed_reply_is_unknown_whatever_it_says(command: Command, result: int) -> None:
    outcome = interpret(command, reply(result, malformed="status contradicts result"))
    assert outcome == Unknown(reason="status contradicts result", result=result)


def test_reply_that_cannot_be_read_has_no_result() -> None:
    outcome = interpret(Command.BET, Reply(result=-1, malformed="the body is empty"))
    assert outcome == Unknown(reason="the body is empty", result=None)


@pytest.mark.rule("3.3-data-fault-bet")
@pytest.mark.parametrize("command", [Command.AUTHENTICATE, Command.BALANCE, Command.BET])
def test_success_without_a_balance_is_unknown_where_money_depends_on_it(command: Command) -> None:
    outcome = interpret(command, Reply(result=0))
    assert outcome == Unknown(reason="result 0 came without a usable balance", result=0)


@pytest.mark.rule("3.3-data-fault-win-cancel")
@pytest.mark.parametrize("command", [Command.WIN, Command.CANCEL])
def test_success_of_what_is_owed_is_accepted_without_a_balance(command: Command) -> None:
    assert interpret(command, Reply(result=0)) == Accepted(balance_minor=None)


@pytest.mark.rule("3.3-data-fault-refusals-stay", "3.3-data-fault-41-42-43")
def test_refusals_and_duplicates_stay_without_a_balance() -> None:
    assert interpret(Command.BET, Reply(result=31)) == Refused(result=31)
    assert interpret(Command.WIN, Reply(result=41)) == Duplicate()
    assert interpret(Command.CANCEL, Reply(result=43)) == NotSeen(result=43)


@pytest.mark.parametrize("trans_status", ["OK", "CANCELED"])
def test_status_tells_what_became_of_the_transaction(trans_status: str) -> None:
    outcome = interpret(Command.STATUS, Reply(result=0, trans_status=trans_status))
    assert outcome == Accepted(trans_status=trans_status)


def test_status_without_its_word_is_unknown() -> None:
    outcome = interpret(Command.STATUS, Reply(result=0, balance_minor=5))
    assert outcome == Unknown(reason="result 0 came without a usable trans_status", result=0)


def test_a_result_that_says_nothing_about_the_command_is_named() -> None:
    why = "result 31 does not say what the backend did with this win"
    assert interpret(Command.WIN, Reply(result=31)) == Unknown(reason=why, result=31)
