"""Where a call comes from, and the allow list."""

from ipaddress import ip_address, ip_network

import pytest

from meganodes.main_api.v4.caller import caller_address, is_allowed

PROXIES = (ip_network("10.0.0.0/8"), ip_network("2001:db8:ffff::/48"))
PEER = "10.0.0.1"


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


@pytest.mark.parametrize("hop", ["", "unknown", "_hidden", "198.51.100.1, ", "1.2.3", "0x7f.1"])
def test_unreadable_hop_leaves_the_address_unknown(hop: str) -> None:
    assert caller_address(PEER, [hop], PROXIES) is None


@pytest.mark.parametrize("peer", [None, "", "testclient"])
def test_peer_without_an_address_is_unknown(peer: str | None) -> None:
    assert caller_address(peer, ["198.51.100.1"], PROXIES) is None


@pytest.mark.parametrize(
    ("allow_list", "address", "expected"),
    [
        ((), "203.0.113.9", True),
        (("203.0.113.9",), "203.0.113.9", True),
        (("203.0.113.8",), "203.0.113.9", False),
        (("203.0.113.0/24",), "203.0.113.9", True),
        (("198.51.100.0/24", "203.0.113.0/24"), "203.0.113.9", True),
        (("2001:db8::/32",), "2001:db8::1", True),
        (("2001:db8::/32",), "203.0.113.9", False),
        (("0.0.0.0/0",), "2001:db8::1", False),
    ],
)
def test_allow_list_holds_addresses_and_ranges(
    allow_list: tuple[str, ...], address: str, *, expected: bool
) -> None:
    """Contract 2.1: blank is no restriction; IPv4 and IPv6, addresses and CIDR ranges."""
    assert is_allowed(allow_list, ip_address(address)) is expected


def test_unknown_address_is_not_on_any_list() -> None:
    assert is_allowed((), None)
    assert not is_allowed(("0.0.0.0/0", "::/0"), None)


def test_entry_that_is_no_network_lets_nobody_in() -> None:
    assert not is_allowed(("nonsense",), ip_address("203.0.113.9"))
    assert is_allowed(("nonsense", "203.0.113.9"), ip_address("203.0.113.9"))
