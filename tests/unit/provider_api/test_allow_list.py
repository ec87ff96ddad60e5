"""IP allow lists."""

from __future__ import annotations

import pytest

from meganodes.provider_api.allow_list import is_allowed

LIST = ("192.0.2.7", "198.51.100.0/24", "2001:db8::/32", "2001:db9::1")


@pytest.mark.rule("4-provider-allow-list")
@pytest.mark.parametrize(
    "address",
    [
        *("192.0.2.7", "198.51.100.0", "198.51.100.255", "2001:db8::5", "2001:DB9:0::1"),
        # The same IPv4 callers as a socket for both families shows them.
        *("::ffff:192.0.2.7", "::ffff:198.51.100.9", "2001:db9::1%eth0"),
    ],
)
def test_listed_addresses_and_ranges_are_let_in(address: str) -> None:
    assert is_allowed(LIST, address)


@pytest.mark.rule("4-provider-allow-list")
@pytest.mark.parametrize(
    "address", ["192.0.2.8", "198.51.101.1", "2001:dba::1", "", "unknown", "192.0.2.7 ", "::"]
)
def test_all_others_are_not(address: str) -> None:
    assert not is_allowed(LIST, address)


@pytest.mark.parametrize("address", ["192.0.2.8", "", "unknown"])
def test_an_empty_list_restricts_nobody(address: str) -> None:
    assert is_allowed((), address)


def test_an_unreadable_entry_matches_nobody() -> None:
    assert not is_allowed(("everybody", "300.1.1.1"), "192.0.2.7")
    assert is_allowed(("everybody", " 192.0.2.7 "), "192.0.2.7")


def test_a_range_may_be_written_with_host_bits() -> None:
    assert is_allowed(("192.0.2.77/24",), "192.0.2.1")
