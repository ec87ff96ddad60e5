"""What every test of the whole Main API needs: a good body for each endpoint, and a strict eye."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

import httpx2

from meganodes.main_api.v4.endpoint import Endpoint
from meganodes.main_api.v4.routes import ENDPOINTS
from meganodes.protocol.codes import ApiCode

PATHS: Final = tuple(endpoint.path for endpoint in ENDPOINTS)

_PERIOD: Final = {"start_time": "2026-09-21T00:00:00Z", "end_time": "2026-09-22T00:00:00Z"}
_PAGE: Final = {"offset": 0, "limit": 10}

GOOD_BODIES: Final[Mapping[str, Mapping[str, object]]] = {
    "/v4/agent/info": {},
    "/v4/agent/callback-test": {},
    "/v4/user/create": {"name": "alice"},
    "/v4/user/info": {"user_code": 400_000_001},
    "/v4/wallet/deposit": {},
    "/v4/wallet/withdraw": {},
    "/v4/wallet/withdraw-all": {},
    "/v4/game/providers": {"lang": 1},
    "/v4/game/games": {"provider_id": 7, "lang": 1},
    "/v4/game/all": {"lang": 1},
    "/v4/game/game-url": {
        "user_code": 400_000_001,
        "provider_id": 7,
        "game_symbol": "fruits",
        "lang": 1,
        "return_url": "https://casino.example/lobby",
    },
    "/v4/game/online-games": {},
    "/v4/game/transaction": {**_PERIOD, **_PAGE},
    "/v4/game/transaction-id": {"last_id": 0, "limit": 10},
    "/v4/game/round-details": {
        "user_code": 400_000_001,
        "round_id": "r-1",
        "provider_id": 7,
        "game_code": "fruits",
    },
    "/v4/statistics/user": {**_PERIOD, **_PAGE},
    "/v4/statistics/game": {**_PERIOD, **_PAGE},
    "/v4/statistics/day": {**_PERIOD, **_PAGE},
}
"""Every field of every endpoint of contract 2.2 with a good value."""

_NAMES: Final = {code.value: code.name for code in ApiCode}


def fields_of(endpoint: Endpoint[Any]) -> list[str]:
    """Name an endpoint's fields, in the order of its definition."""
    return list(endpoint.body.model_fields)


def required_of(endpoint: Endpoint[Any]) -> list[str]:
    """Name the fields an endpoint cannot do without."""
    return [name for name, field in endpoint.body.model_fields.items() if field.is_required()]


def seen(answer: httpx2.Response) -> tuple[int, int]:
    """Give status and code of an answer, which must have the form of every answer (2.1)."""
    envelope = json.loads(answer.content)
    assert list(envelope)[:2] == ["code", "message"], envelope
    assert set(envelope) <= {"code", "message", "data"}, envelope
    assert type(envelope["code"]) is int
    assert envelope["message"] == _NAMES[envelope["code"]]
    assert answer.headers["content-type"] == "application/json"
    assert 1 <= len(answer.headers["x-request-id"]) <= 64
    return answer.status_code, envelope["code"]


def bad_fields(answer: httpx2.Response) -> list[str]:
    """Give the fields that a validation failure names; each has a sentence of its own (2.1)."""
    assert seen(answer)[1] == ApiCode.VALIDATION_ERROR, answer.content
    faults = json.loads(answer.content)["data"]
    for fault in faults:
        assert list(fault) == ["field", "message"]
        assert fault["message"].endswith(".")
        assert fault["field"] in fault["message"]
    return [fault["field"] for fault in faults]
