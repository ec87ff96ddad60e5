"""The table of addresses, network by network, at both ends of each."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

import pytest

from meganodes.callbacks.addresses import is_local, is_loopback, is_public, parse_address

REFUSED = [
    "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16",
    "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24",
    "192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24", "198.18.0.0/15", "198.51.100.0/24",
    "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4", "::/128", "::1/128", "::/96",
    "::ffff:0:0/96", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32",
    "2002::/16", "3fff::/20", "5f00::/16", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8",
]  # fmt: skip
PUBLIC = [
    "1.1.1.1", "8.8.8.8", "93.184.216.34", "9.255.255.255", "11.0.0.0", "100.63.255.255",
    "100.128.0.0", "126.255.255.255", "128.0.0.0", "169.253.255.255", "169.255.0.0",
    "172.15.255.255", "172.32.0.0", "192.0.1.0", "192.0.3.0", "192.167.255.255", "192.169.0.0",
    "198.17.255.255", "198.20.0.0", "223.255.255.255", "2000::1", "2001:200::1",
    "2001:4860:4860::8888", "2003::1", "2606:4700:4700::1111", "2a00:1450::1", "3ffe::1",
    "3fff:1000::1",
]  # fmt: skip


@pytest.mark.parametrize("network", REFUSED)
def test_both_ends_of_a_refused_network_are_not_public(network: str) -> None:
    ends = ip_network(network)
    assert not is_public(str(ends[0]))
    assert not is_public(str(ends[-1]))


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_next_to_refused_ones_are_public(address: str) -> None:
    assert is_public(address)
    assert not is_local(address)


@pytest.mark.parametrize(
    "text", ["", "localhost", "127.1", "0177.0.0.1", "1.1.1.1%eth0", "2a00::1%1", "1.1.1.1 ", "½"]
)
def test_text_that_is_no_plain_address_is_neither(text: str) -> None:
    assert parse_address(text) is None
    assert not is_public(text)
    assert not is_local(text)
    assert not is_loopback(text)


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "127.255.255.255", "::1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "fd00::1"],
)
def test_private_targets_are_loopback_and_private_networks(address: str) -> None:
    assert is_local(address)
    assert not is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        "169.254.169.254",
        "fd00:ec2::254",
        "100.100.100.200",
        "192.0.0.192",
        "0.0.0.1",
        "::",
        "224.0.0.1",
        "fe80::1",
        "::ffff:127.0.0.1",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
    ],
)
def test_metadata_and_special_addresses_are_not_even_private_targets(address: str) -> None:
    assert not is_local(address)


@pytest.mark.parametrize(
    ("address", "expected"),
    [("127.0.0.1", True), ("127.9.9.9", True), ("::1", True), ("10.0.0.1", False), ("::2", False)],
)
def test_loopback_is_this_machine_only(address: str, *, expected: bool) -> None:
    assert is_loopback(address) is expected


def test_table_is_stricter_than_the_standard_library_where_it_is_wrong() -> None:
    wrongly_global = ["64:ff9b::7f00:1", "2002:7f00:1::", "ff02::1", "::127.0.0.1", "192.88.99.1"]
    assert not any(is_public(address) for address in wrongly_global)
    assert all(ip_address(address) for address in wrongly_global)
