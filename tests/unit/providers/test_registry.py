"""The one list of adapters."""

from __future__ import annotations

import pytest

from meganodes.providers.registry import ADAPTERS, adapter


def test_the_house_protocol_comes_first() -> None:
    assert ADAPTERS[0].name == "house"


def test_names_and_descriptions_are_there_and_names_differ() -> None:
    assert len({each.name for each in ADAPTERS}) == len(ADAPTERS)
    assert all(each.description.endswith(".") for each in ADAPTERS)


def test_an_adapter_is_found_by_its_name() -> None:
    assert adapter("house") is ADAPTERS[0]


def test_an_unknown_name_says_which_there_are() -> None:
    with pytest.raises(LookupError, match="there is no adapter 'acme'; there are: house"):
        adapter("acme")
