"""Answers of the house protocol: the envelope and the data of each command (contract 4).

The bytes are put together as text, because this runs for every bet; everything that is not a number
or a constant passes JSON's own escaping.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from json.encoder import encode_basestring_ascii as _quoted
from typing import Final

from meganodes.domain.asked import Answer, ItemAnswer, RoundItem
from meganodes.protocol.codes import ApiCode
from meganodes.protocol.money import format_amount
from meganodes.protocol.replies import Permissions

_HEADS: Final[Mapping[ApiCode, str]] = {
    code: f'{{"code":{code.value},"message":"{code.name}"' for code in ApiCode
}


def render(command: str, answer: Answer) -> bytes:
    """Write the envelope; `data` is left out of refusals but where the contract states it."""
    members = _members(command, answer)
    if answer.replay:
        members = f'{members},"replay":true' if members else '"replay":true'
    head = _HEADS[answer.code]
    if members:
        return f'{head},"data":{{{members}}}}}'.encode()
    if answer.faults:
        return f'{head},"data":[{_faults(answer)}]}}'.encode()
    return f"{head}}}".encode()


def _members(command: str, answer: Answer) -> str:
    if answer.code is ApiCode.OK:
        return _DATA[command](answer)
    if answer.code is ApiCode.BALANCE_NOT_ENOUGH:
        return f'"balance":{_amount(answer.balance_minor, answer.exponent)}'
    return ""


def _faults(answer: Answer) -> str:
    return ",".join(
        f'{{"field":{_quoted(each.field)},"message":{_quoted(each.message)}}}'
        for each in answer.faults
    )


def _authenticate(answer: Answer) -> str:
    user = answer.user
    assert user is not None, "a successful authenticate knows the user"
    return (
        f'"account":{_quoted(user.account)},"game_code":{_quoted(user.game_code)},'
        f'"currency":{_quoted(user.currency)},"language":{_text(user.language)},'
        f'"country":{_text(user.country)},'
        f'"balance":{_amount(answer.balance_minor, answer.exponent)},'
        f'"permissions":{_permissions(user.permissions or Permissions(), answer.exponent)}'
    )


def _permissions(said: Permissions, exponent: int) -> str:
    """Write what the backend said and nothing else; an empty object restricts nothing."""
    members = []
    if said.play is not None:
        members.append(f'"play":{_flag(said.play)}')
    if said.max_bet_minor is not None:
        members.append(f'"max_bet":{_amount(said.max_bet_minor, exponent)}')
    if said.session_minutes is not None:
        members.append(f'"session_minutes":{said.session_minutes}')
    if said.reality_check_minutes is not None:
        members.append(f'"reality_check_minutes":{said.reality_check_minutes}')
    return "{" + ",".join(members) + "}"


def _balance(answer: Answer) -> str:
    return f'"balance":{_amount(answer.balance_minor, answer.exponent)}'


def _bet(answer: Answer) -> str:
    return f'"transaction_guid":{_guid(answer.guid)},{_balance(answer)}'


def _delivery(answer: Answer) -> str:
    """Of a win and of a cancel."""
    return f'{_bet(answer)},"delivered":{_flag(answer.delivered)}'


def _betwin(answer: Answer) -> str:
    assert answer.bet is not None, "a successful betwin has its bet"
    bet = answer.bet
    wins = ",".join(map(_won, answer.wins))
    return (
        f'"bet":{{"transaction_guid":{_guid(bet.guid)},'
        f'"balance":{_amount(bet.balance_minor, answer.exponent)}}},'
        f'"wins":[{wins}],{_balance(answer)}'
    )


def _won(win: ItemAnswer) -> str:
    return f'{{"transaction_guid":{_guid(win.guid)},"delivered":{_flag(win.delivered)}}}'


def _round(answer: Answer) -> str:
    listed = ",".join(_listed(each, answer.exponent) for each in answer.transactions)
    return f'"transactions":[{listed}],"closed":{_flag(answer.closed)}'


def _listed(item: RoundItem, exponent: int) -> str:
    return (
        f'{{"transaction_id":{_quoted(item.transaction_id)},"kind":"{item.kind.value}",'
        f'"amount":{_amount(item.amount_minor, exponent)},"transaction_guid":{_guid(item.guid)},'
        f'"state":"{item.state.value}","delivered":{_flag(item.delivered)}}}'
    )


def _amount(amount_minor: int | None, exponent: int) -> str:
    return "null" if amount_minor is None else f'"{format_amount(amount_minor, exponent)}"'


def _text(text: str | None) -> str:
    return "null" if text is None else _quoted(text)


def _guid(guid: str | None) -> str:
    assert guid is not None, "what was recorded has a guid"
    return _quoted(guid)


def _flag(value: bool | None) -> str:  # noqa: FBT001 - a JSON boolean is the value itself
    assert value is not None, "the answer to this command has the flag set"
    return "true" if value else "false"


_DATA: Final[Mapping[str, Callable[[Answer], str]]] = {
    "authenticate": _authenticate,
    "balance": _balance,
    "bet": _bet,
    "win": _delivery,
    "betwin": _betwin,
    "cancel": _delivery,
    "round": _round,
}
