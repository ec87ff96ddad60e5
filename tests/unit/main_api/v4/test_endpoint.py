"""The definitions of the endpoints, from which the API reference is made."""

from __future__ import annotations

from pydantic import TypeAdapter

from meganodes.main_api.v4.routes import ENDPOINTS


def test_endpoints_of_this_version_are_these() -> None:
    """Contract 1: nothing that would shape results is among them."""
    assert [endpoint.path for endpoint in ENDPOINTS] == [
        "/v4/agent/info",
        "/v4/agent/callback-test",
        "/v4/user/create",
        "/v4/user/info",
        "/v4/wallet/deposit",
        "/v4/wallet/withdraw",
        "/v4/wallet/withdraw-all",
        "/v4/game/providers",
        "/v4/game/games",
        "/v4/game/all",
        "/v4/game/game-url",
        "/v4/game/online-games",
        "/v4/game/transaction",
        "/v4/game/transaction-id",
        "/v4/game/round-details",
        "/v4/statistics/user",
        "/v4/statistics/game",
        "/v4/statistics/day",
    ]


def test_each_definition_gives_a_json_schema() -> None:
    for endpoint in ENDPOINTS:
        assert endpoint.body.model_json_schema()["type"] == "object"
        if endpoint.data is not None:
            schema = TypeAdapter(endpoint.data).json_schema(mode="serialization")
            assert schema["type"] in {"object", "array"}
        assert endpoint.summary.endswith(".")


def test_amounts_are_numbers_in_the_schema() -> None:
    info = next(each for each in ENDPOINTS if each.path == "/v4/user/info")
    assert TypeAdapter(info.data).json_schema()["properties"]["balance"]["type"] == "number"
