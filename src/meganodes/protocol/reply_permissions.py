"""Permissions of a user as a backend states them: a wrong type fails closed (contract 3.2)."""

from collections.abc import Mapping
from typing import Final

from meganodes.protocol.money import AMOUNT_MAX_MINOR, cut_amount, format_amount
from meganodes.protocol.reply_records import Permissions
from meganodes.protocol.reply_words import note_extra_keys, shown
from meganodes.protocol.wire import Number

_MINUTES_MAX: Final = 10_000_000
_KEYS: Final = frozenset({"play", "max_bet", "session_minutes", "reality_check_minutes"})
_WHERE: Final = "data.permissions"


def read_permissions(given: object, exponent: int, notes: list[str]) -> Permissions | str:
    """Read `data.permissions`, or give the sentence that makes the reply malformed."""
    if not isinstance(given, dict):
        return f"{_WHERE} is {shown(given)}; send an object or leave it out"
    note_extra_keys(notes, given, _KEYS, _WHERE)
    play = given.get("play")
    if "play" in given and not isinstance(play, bool):
        return f"{_WHERE}.play is {shown(play)}; send true or false or leave it out"
    max_bet_minor = _max_bet(given, exponent, notes)
    if isinstance(max_bet_minor, str):
        return max_bet_minor
    session_minutes = _minutes(given, "session_minutes")
    if isinstance(session_minutes, str):
        return session_minutes
    reality_check_minutes = _minutes(given, "reality_check_minutes")
    if isinstance(reality_check_minutes, str):
        return reality_check_minutes
    return Permissions(
        play=play,
        max_bet_minor=max_bet_minor,
        session_minutes=session_minutes,
        reality_check_minutes=reality_check_minutes,
    )


def _max_bet(given: Mapping[str, object], exponent: int, notes: list[str]) -> int | str | None:
    """Read the limit as exact minor units; decimals beyond the currency's make it smaller."""
    if "max_bet" not in given:
        return None
    limit = given["max_bet"]
    text = limit.text if isinstance(limit, Number) else str(limit) if type(limit) is int else ""
    cut = cut_amount(text, exponent)
    if cut is None or not 0 <= cut.amount_minor <= AMOUNT_MAX_MINOR:
        most = format_amount(AMOUNT_MAX_MINOR, exponent)
        return f"{_WHERE}.max_bet is {shown(limit)}; send a number from 0 to {most} or leave it out"
    if cut.decimals > exponent:
        notes.append(f"{_WHERE}.max_bet has {cut.decimals} decimals, more than {exponent} were cut")
    return cut.amount_minor


def _minutes(given: Mapping[str, object], key: str) -> int | str | None:
    if key not in given:
        return None
    minutes = given[key]
    if type(minutes) is int and 0 <= minutes <= _MINUTES_MAX:
        return minutes
    return f"{_WHERE}.{key} is {shown(minutes)}; send a JSON integer of 0 or more or leave it out"
