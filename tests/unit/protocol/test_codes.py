"""Every code has a number for ever, a sentence, and its row on the page."""

from pathlib import Path

import pytest

from meganodes.protocol.codes import ApiCode, ResultCode
from meganodes.protocol.commands import Command, Revision
from meganodes.protocol.replies import results

PAGES = Path(__file__).parents[3] / "docs" / "protocol"

API_CODES = """
0 OK · 1 UNDER_MAINTENANCE · 1001 INTERNAL_SERVER_ERROR · 1002 VALIDATION_ERROR ·
1003 SERVICE_EXCEPTION · 1005 RESOURCE_NOT_FOUND · 1007 TOKEN_NOT_FOUND · 1009 TOKEN_INVALID ·
1010 PERMISSION_ERROR · 1011 PROVIDER_ERROR · 1012 PARAMETERS_INVALID · 1015 CALLBACK_ERROR ·
1018 SERVER_IS_BUSY · 1020 IP_NOT_ALLOWED · 2001 AGENT_NOT_FOUND · 2002 USER_NOT_FOUND ·
2003 GAME_NOT_FOUND · 2005 POINT_NOT_ENOUGH · 2006 BALANCE_NOT_ENOUGH · 2007 PROVIDER_NOT_FOUND ·
2013 ROUND_NOT_FOUND · 2014 CURRENCY_NOT_SUPPORTED · 3001 TRANSACTION_CONFLICT ·
3002 SESSION_INVALID · 3003 OUTCOME_UNKNOWN · 3004 AGENT_UNAVAILABLE ·
3005 TRANSACTION_CANCELLED · 3006 LIMIT_EXCEEDED · 3007 PLAYER_BLOCKED · 3008 ROUND_CLOSED ·
3009 TRY_AGAIN · 3010 NOT_CANCELLABLE
"""
UNUSED_FOR_EVER = (2011, 2012, 2020)


def rows_of(page: str) -> list[list[str]]:
    lines = (PAGES / page).read_text(encoding="utf-8").splitlines()
    cells = [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines if "|" in line]
    return [row for row in cells if row[0].isdigit()]


@pytest.mark.rule("4-codes", "2.3-codes")
def test_api_codes_have_the_numbers_and_names_of_the_contract() -> None:
    told = [entry.split() for entry in API_CODES.split("·")]
    assert [(str(code.value), code.name) for code in ApiCode] == [tuple(pair) for pair in told]


@pytest.mark.rule("3.2-result-99-100")
def test_results_have_the_numbers_of_the_contract_in_the_order_of_the_checks() -> None:
    assert [(code.name, code.value) for code in ResultCode] == [
        ("OK", 0),
        ("ACCOUNT_UNKNOWN", 21),
        ("PLAYER_INACTIVE", 22),
        ("DUPLICATE", 41),
        ("BALANCE_TOO_LOW", 31),
        ("TRANSACTION_UNKNOWN", 42),
        ("ORIGINAL_UNKNOWN", 43),
        ("INTERNAL_FAILURE", 99),
        ("TOKEN_WRONG", 100),
    ]


@pytest.mark.rule("2.3-unused")
def test_numbers_that_stay_unused_are_unused() -> None:
    assert not set(UNUSED_FOR_EVER) & {code.value for code in ApiCode}


@pytest.mark.parametrize("code", [*ApiCode, *ResultCode], ids=lambda code: code.name)
def test_every_code_has_a_sentence(code: ApiCode | ResultCode) -> None:
    assert code.sentence[0].isupper()
    assert code.sentence.endswith(".")


def test_the_page_of_api_codes_tells_exactly_the_codes_there_are() -> None:
    expected = [[str(code.value), f"`{code.name}`", code.sentence] for code in ApiCode]
    assert rows_of("api-codes.md") == expected


def test_the_page_of_results_tells_exactly_the_results_there_are() -> None:
    expected = [
        [str(code.value), f"`{code.name}`", code.sentence, commands_that_answer(code)]
        for code in ResultCode
    ]
    assert rows_of("result-codes.md") == expected


def commands_that_answer(code: ResultCode) -> str:
    words = [word for command in Command if (word := answered(code, command)) is not None]
    return "every command" if words == [command.value for command in Command] else ", ".join(words)


def answered(code: ResultCode, command: Command) -> str | None:
    revisions = [revision for revision in Revision if code in results(command, revision)]
    if not revisions:
        return None
    if len(revisions) == len(Revision):
        return command.value
    return f"{command.value} (revision `{revisions[0].value}`)"
