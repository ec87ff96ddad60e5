"""Values that mean something in the town, put into what a fuzzer made up, so that calls get far.

What is put where follows from the body itself: the same example is always the same call.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from tests.support.town import FAILING_CENTS, Town

KEPT: Final = object()
"""Stands for the made-up value itself."""

_IDS: Final = tuple(f"t-{number}" for number in range(60))
_AMOUNTS: Final = (
    *("1.00", "0", "2.5", "7", "0.01", "1.00", "10.10", "1.000"),
    *("3.50", "4.60", *(f"1{cents}" for cents in FAILING_CENTS)),
)


def main_api_values(town: Town) -> Mapping[str, Sequence[object]]:
    """Values of the Main API's fields."""
    own, rival = town.acme, town.rival
    now = datetime.fromtimestamp(town.hub.clock.now_ms() / 1000, UTC)
    times = [
        (now + timedelta(days=days)).strftime("%Y-%m-%d %H:%M:%S") for days in (-40, -30, -1, 1)
    ]
    return {
        "name": ("alice", "Alice", KEPT, KEPT),
        "user_code": (own.user.user_code, str(own.user.user_code), rival.user.user_code, KEPT),
        "provider_id": (7, "7", 8, KEPT),
        "game_symbol": ("fruits", "roulette", "nothing", KEPT),
        "game_code": ("fruits", KEPT),
        "round_id": (own.round_id, rival.round_id, KEPT),
        "last_id": (0, 1, KEPT),
        "start_time": (*times, KEPT),
        "end_time": (*times, KEPT),
    }


def provider_api_values(town: Town) -> Mapping[str, Sequence[object]]:
    """Values of the Provider API's fields."""
    own = town.acme
    return {
        "session": (own.session,) * 7 + (KEPT,),
        "transaction_id": (*_IDS, KEPT),
        "cancel_transaction_id": (*_IDS, f"bet-{own.round_id}", f"bet-{town.rival.round_id}", KEPT),
        "bet_transaction_id": (*_IDS, KEPT),
        "round_id": ("r-1", "r-2", *(own.round_id,) * 6, KEPT),
        "amount": (*_AMOUNTS, KEPT),
        "game_code": ("fruits", "fruits", "roulette", KEPT),
    }


def lived_in(body: object, values: Mapping[str, Sequence[object]]) -> Any:  # noqa: ANN401 - JSON
    """Give a body with meaningful values in the place of many made-up ones."""
    digest = zlib.crc32(json.dumps(body, sort_keys=True, default=str).encode())
    return _filled(body, values, digest)


def _filled(body: object, values: Mapping[str, Sequence[object]], digest: int) -> object:
    if isinstance(body, list):
        return [_filled(each, values, digest + place) for place, each in enumerate(body, 1)]
    if not isinstance(body, dict):
        return body
    filled: dict[str, Any] = {}
    for place, (name, value) in enumerate(body.items()):
        choices = values.get(name)
        number = zlib.crc32(b"%d" % (digest + place))
        chosen = choices[number % len(choices)] if choices and value is not None else KEPT
        filled[name] = _filled(value, values, number) if chosen is KEPT else chosen
    return filled
