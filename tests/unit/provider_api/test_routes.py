"""Paths of the providers' door."""

from __future__ import annotations

import pytest

from meganodes.provider_api.routes import route_table
from meganodes.providers.registry import ADAPTERS


@pytest.mark.rule("4-path-and-bearer")
def test_each_command_of_the_house_protocol_has_its_path() -> None:
    assert sorted(route_table(ADAPTERS[:1])) == [
        "/provider/v1/authenticate",
        "/provider/v1/balance",
        "/provider/v1/bet",
        "/provider/v1/betwin",
        "/provider/v1/cancel",
        "/provider/v1/round",
        "/provider/v1/win",
    ]


def test_only_what_is_owed_already_may_enter_a_crowded_door() -> None:
    table = route_table(ADAPTERS)
    assert {route.command for route in table.values() if route.is_owed} == {
        "win",
        "cancel",
        "round",
    }


def test_two_adapters_on_one_path_are_a_defect() -> None:
    with pytest.raises(AssertionError, match="/provider/v1/"):
        route_table([*ADAPTERS, *ADAPTERS])
