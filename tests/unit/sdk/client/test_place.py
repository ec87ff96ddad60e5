"""The address of a hub, as people write it."""

from __future__ import annotations

import pytest

from meganodes.sdk.client.place import HubPlace, read_place


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("https://hub.example", HubPlace("https", "hub.example", 443, "")),
        ("https://hub.example/", HubPlace("https", "hub.example", 443, "")),
        ("https://hub.example/v4", HubPlace("https", "hub.example", 443, "")),
        ("https://hub.example/v4/", HubPlace("https", "hub.example", 443, "")),
        ("http://127.0.0.1:8700", HubPlace("http", "127.0.0.1", 8700, "")),
        ("https://casino.example/hub", HubPlace("https", "casino.example", 443, "/hub")),
        ("http://[::1]:8700", HubPlace("http", "::1", 8700, "")),
    ],
)
def test_an_address_is_read(url: str, place: HubPlace) -> None:
    assert read_place(url) == place
    assert read_place(place.url) == place


@pytest.mark.parametrize(
    "url",
    ["", "hub.example", "ftp://hub.example", "https://", "https://a:b@hub.example", "http://h?x=1"],
)
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="hub"):
        read_place(url)
