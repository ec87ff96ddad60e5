"""Where a call comes from, and the lists of addresses it is judged by."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from meganodes.kit.addresses import (
    caller_address,
    is_allowed,
    is_among,
    read_address,
    read_networks,
)

PROXIES = read_networks(("10.0.0.0/8", "2001:db8:ffff::/48"))
PEER = "10.0.0.1"
LIST = ("192.0.2.7", "198.51.100.0/24", "2001:db8::/32", "2001:db9::1")


@pytest.mark.rule("2.1-trusted-proxies")
@pytest.mark.parametrize(
    ("peer", "forwarded_for", "expected"),
    [
        pytest.param("203.0.113.9", [], "203.0.113.9", id="no proxy"),
        pytest.param("203.0.113.9", ["198.51.100.1"], "203.0.113.9", id="a stranger's claim"),
        pytest.param(PEER, [], PEER, id="the proxy itself"),
        pytest.param(PEER, ["198.51.100.1"], "198.51.100.1", id="one proxy"),
        pytest.param(PEER, ["6.6.6.6, 198.51.100.1"], "198.51.100.1", id="a forged first entry"),
        pytest.param(PEER, ["198.51.100.1, 10.2.3.4"], "198.51.100.1", id="two proxies"),
        pytest.param(PEER, ["198.51.100.1", "10.2.3.4"], "198.51.100.1", id="two header lines"),
        pytest.param(PEER, ["10.9.9.9"], "10.9.9.9", id="only proxies"),
        pytest.param(PEER, ["198.51.100.1:4711"], "198.51.100.1", id="with a port"),
        pytest.param(PEER, ["[2001:db8::7]:4711"], "2001:db8::7", id="IPv6 with a port"),
        pytest.param(PEER, ["[2001:db8::7]"], "2001:db8::7", id="IPv6 in brackets"),
        pytest.param(PEER, ["::ffff:198.51.100.1"], "198.51.100.1", id="mapped hop"),
        pytest.param(PEER, ["198.51.100.1, ::ffff:10.2.3.4"], "198.51.100.1", id="mapped proxies"),
        pytest.param("2001:db8:ffff::1", ["198.51.100.1"], "198.51.100.1", id="IPv6 proxy"),
        pytest.param("::ffff:10.0.0.1", ["198.51.100.1"], "198.51.100.1", id="mapped proxy"),
        pytest.param("::ffff:203.0.113.9", [], "203.0.113.9", id="mapped caller"),
        pytest.param("fe80::1%eth0", [], "fe80::1", id="with an interface"),
    ],
)
def test_address_is_found_from_the_right(
    peer: str, forwarded_for: list[str], expected: str
) -> None:
    """Contract 2.1: the forwarding header counts only from a trusted proxy."""
    assert caller_address(peer, forwarded_for, PROXIES) == ip_address(expected)


@pytest.mark.rule("2.1-trusted-proxies")
@pytest.mark.parametrize(
    "hop",
    [
        *("", "unknown", "_hidden", "198.51.100.1, ", "1.2.3", "0x7f.1", "\xff"),
        *("192.0.2.300", "192.0.2.1 10.0.0.1", "192.0.2.1:", "[2001:db8::7", "1" * 1_000),
    ],
)
def test_unreadable_hop_leaves_the_address_unknown(hop: str) -> None:
    assert caller_address(PEER, [hop], PROXIES) is None


@pytest.mark.parametrize("peer", [None, "", "testclient"])
def test_peer_without_an_address_is_unknown(peer: str | None) -> None:
    assert caller_address(peer, ["198.51.100.1"], PROXIES) is None


@pytest.mark.rule("2.1-trusted-proxies")
@pytest.mark.parametrize("peer", [PEER, "127.0.0.1", "203.0.113.9"])
def test_without_trusted_proxies_the_header_never_counts(peer: str) -> None:
    assert caller_address(peer, ["198.51.100.1"], ()) == ip_address(peer)


@pytest.mark.rule("4-provider-allow-list", "2.1-allow-list")
@pytest.mark.parametrize(
    "address",
    [
        *("192.0.2.7", "198.51.100.0", "198.51.100.255", "2001:db8::5", "2001:DB9:0::1"),
        # The same IPv4 callers as a socket for both families shows them.
        *("::ffff:192.0.2.7", "::ffff:198.51.100.9", "2001:db9::1%eth0"),
        *("192.0.2.7:4711", "[2001:db8::5]:4711"),
    ],
)
def test_listed_addresses_and_ranges_are_let_in(address: str) -> None:
    assert is_allowed(LIST, read_address(address))


@pytest.mark.rule("4-provider-allow-list", "2.1-allow-list")
@pytest.mark.parametrize(
    "address", ["192.0.2.8", "198.51.101.1", "2001:dba::1", "", "unknown", "192.0.2.7 ", "::"]
)
def test_all_others_are_not(address: str) -> None:
    assert not is_allowed(LIST, read_address(address))


@pytest.mark.rule("2.1-allow-list")
@pytest.mark.parametrize("address", ["192.0.2.8", "", "unknown"])
def test_an_empty_list_restricts_nobody(address: str) -> None:
    assert is_allowed((), read_address(address))


def test_unknown_address_is_not_on_any_list() -> None:
    assert not is_allowed(("0.0.0.0/0", "::/0"), None)


def test_the_two_versions_never_match() -> None:
    assert not is_allowed(("0.0.0.0/0",), ip_address("2001:db8::1"))
    assert not is_allowed(("::/0",), ip_address("203.0.113.9"))
    assert not is_among(PROXIES, ip_address("::10.0.0.1"))


def test_an_unreadable_entry_matches_nobody() -> None:
    assert not is_allowed(("everybody", "300.1.1.1"), ip_address("192.0.2.7"))
    assert is_allowed(("everybody", " 192.0.2.7 "), ip_address("192.0.2.7"))


def test_a_range_may_be_written_with_host_bits() -> None:
    assert is_allowed(("192.0.2.77/24",), ip_address("192.0.2.1"))


@pytest.mark.parametrize("entry", ["::ffff:192.0.2.0/120", "::ffff:192.0.2.1"])
def test_a_mapped_entry_is_the_range_of_ipv4_that_it_means(entry: str) -> None:
    assert is_allowed((entry,), read_address("192.0.2.1"))
    assert not is_allowed((entry,), read_address("192.0.3.1"))
