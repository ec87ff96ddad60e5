"""What a browser is told of a round: nothing before it is settled, everything afterwards."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from meganodes.demo.odds import Stops, paid_lines, window
from meganodes.demo.studio_items import Call, Item, ItemOutcome, Round
from meganodes.demo.studio_record import StudioRecord
from meganodes.protocol.codes import ApiCode
from meganodes.protocol.money import format_amount


class RoundState(StrEnum):
    """OPEN: conclude nothing. REFUSED: nothing was taken. CANCELLED: what was taken comes back."""

    OPEN = "open"
    PLAYED = "played"
    REFUSED = "refused"
    CANCELLED = "cancelled"


_UNDONE = frozenset({ApiCode.OUTCOME_UNKNOWN, ApiCode.TRANSACTION_CANCELLED})


def round_view(record: StudioRecord, game_round: Round, exponent: int) -> dict[str, object]:
    """Return a round as the browser sees it; amounts are decimal text in main units."""
    current = record.round(game_round.round_id)
    carried = [
        (call, item)
        for call in record.calls(current.round_id)
        for item in record.items(call.call_id)
    ]
    state = _state(current, carried)
    view: dict[str, object] = {
        "round_id": current.round_id,
        "click": current.click,
        "state": state.value,
        "stake": format_amount(current.stake_minor, exponent),
        "code": carried[0][0].code,
    }
    if state is RoundState.PLAYED:
        view |= _result(current.stops, current.stake_minor, exponent)
        view |= _balances([item for _, item in carried])
    return view


def window_view(stops: Stops) -> list[list[str]]:
    """Return what a result shows, reel by reel."""
    return [[symbol.value for symbol in reel] for reel in window(stops)]


def _state(game_round: Round, carried: Sequence[tuple[Call, Item]]) -> RoundState:
    if game_round.is_open:
        return RoundState.OPEN
    bet_call, bet = carried[0]
    if bet.outcome is ItemOutcome.ACCEPTED:
        is_won = any(call.code == ApiCode.OK for call, item in carried if item.kind == "win")
        return RoundState.PLAYED if is_won else RoundState.CANCELLED
    was_undone = bet.outcome is ItemOutcome.CANCELLED or bet_call.code in _UNDONE
    return RoundState.CANCELLED if was_undone else RoundState.REFUSED


def _result(stops: Stops, stake_minor: int, exponent: int) -> dict[str, object]:
    lines = paid_lines(stops)
    return {
        "stops": list(stops),
        "window": window_view(stops),
        "lines": [
            {
                "line": paid.line,
                "symbol": paid.symbol.value,
                "pays": paid.pays,
                "amount": format_amount(stake_minor * paid.pays, exponent),
            }
            for paid in lines
        ],
        "pays": sum(paid.pays for paid in lines),
        "win": format_amount(stake_minor * sum(paid.pays for paid in lines), exponent),
    }


def _balances(items: Sequence[Item]) -> dict[str, object]:
    """Tell the balance after the stake and after the win; None where the hub did not say."""
    bet, win = items[0], next(item for item in items if item.kind == "win")
    return {
        "balance_after_stake": bet.balance,
        "balance": win.balance,
        "delivered": win.delivered is not False,
    }
