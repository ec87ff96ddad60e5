"""Who is calling, and whether a list of addresses and ranges has them: one judgement for all doors.

Lists are checked when they are saved; an entry that is neither an address nor a range lets nobody
in here. An IPv4 address mapped into IPv6, as a socket for both families shows it, is the IPv4 one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_WITH_PORT: Final = re.compile(
    r"(?P<v4>[0-9.]+):[0-9]{1,5}|\[(?P<v6>[^\]]+)\](?::[0-9]{1,5})?", re.ASCII
)
_MAPPED: Final = IPv6Network("::ffff:0:0/96")
_CHARACTERS_MAX: Final = 100


def read_address(text: str) -> Address | None:
    """Read an address, also with a port or a zone (`[fe80::1%eth0]:80`); None when it is none."""
    return _read_address(text) if len(text) <= _CHARACTERS_MAX else None


@lru_cache(maxsize=10_000)
def _read_address(text: str) -> Address | None:
    found = _WITH_PORT.fullmatch(text)
    bare = (found["v4"] or found["v6"]) if found else text
    try:
        address = ip_address(bare.partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


@lru_cache(maxsize=1_000)
def read_networks(entries: tuple[str, ...]) -> tuple[Network, ...]:
    """Read addresses and ranges, those among the entries that are any."""
    networks = (_network(entry.strip()) for entry in entries)
    return tuple(network for network in networks if network is not None)


def is_among(networks: Sequence[Network], address: Address) -> bool:
    """Tell whether one of the networks has the address; the two versions never match."""
    return any(address in network for network in networks)


def is_allowed(allow_list: tuple[str, ...], caller: Address | None) -> bool:
    """Judge a caller by an allow list (contract 2.1, 4).

    An empty list lets everybody in, also a caller whose address cannot be known.
    """
    if not allow_list:
        return True
    return caller is not None and is_among(read_networks(allow_list), caller)


def caller_address(
    peer: str | None, forwarded_for: Iterable[str], trusted: Sequence[Network]
) -> Address | None:
    """Find the caller's address; None when it cannot be known.

    X-Forwarded-For counts only when the peer is a trusted proxy, and is judged from the right: each
    proxy appends who called it, and what stands left of the first stranger is only what that
    stranger claims (contract 2.1; reliability 3.10, S20).
    """
    address = read_address(peer or "")
    if address is None or not is_among(trusted, address):
        return address
    hops = [hop.strip() for line in forwarded_for for hop in line.split(",")]
    while hops and address is not None and is_among(trusted, address):
        address = read_address(hops.pop())
    return address


def _network(entry: str) -> Network | None:
    try:
        network = ip_network(entry, strict=False)
    except ValueError:
        return None
    if isinstance(network, IPv6Network) and network.subnet_of(_MAPPED):
        mapped = network.network_address.ipv4_mapped
        return IPv4Network((int(mapped or 0), network.prefixlen - _MAPPED.prefixlen))
    return network
