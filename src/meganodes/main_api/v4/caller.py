"""Where a call comes from, behind proxies or not, and whether the agent's allow list has it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_WITH_PORT = re.compile(r"(?P<v4>[0-9.]+):[0-9]{1,5}|\[(?P<v6>[^\]]+)\](?::[0-9]{1,5})?", re.ASCII)


def caller_address(
    peer: str | None, forwarded_for: Sequence[str], trusted: Sequence[Network]
) -> Address | None:
    """Find the caller's address; None when it cannot be known.

    X-Forwarded-For counts only when the peer is a trusted proxy, and is judged from the right: each
    proxy appends who called it, and what stands left of the first stranger is only what that
    stranger claims (contract 2.1).
    """
    address = _parsed(peer or "")
    hops = [hop.strip() for line in forwarded_for for hop in line.split(",")]
    while hops and address is not None and contains(trusted, address):
        address = _parsed(hops.pop())
    return address


def is_allowed(allow_list: tuple[str, ...], address: Address | None) -> bool:
    """Judge an address by an allow list; an empty list allows all (contract 2.1)."""
    if not allow_list:
        return True
    return address is not None and contains(_networks(allow_list), address)


def contains(networks: Sequence[Network], address: Address) -> bool:
    """Say whether one of the networks has the address; the two versions never match."""
    return any(address in network for network in networks)


@lru_cache(maxsize=1024)
def _networks(allow_list: tuple[str, ...]) -> tuple[Network, ...]:
    return tuple(network for entry in allow_list if (network := _network(entry)) is not None)


def _network(entry: str) -> Network | None:
    # Lists are checked when they are saved; an entry that is no network lets nobody in.
    try:
        return ip_network(entry, strict=False)
    except ValueError:
        return None


def _parsed(text: str) -> Address | None:
    """Read an address, also with a port; one of IPv4 mapped into IPv6 is the IPv4 one."""
    found = _WITH_PORT.fullmatch(text)
    bare = (found["v4"] or found["v6"]) if found else text
    try:
        address = ip_address(bare.partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address
