"""IP allow lists: entries are addresses or CIDR ranges, IPv4 and IPv6 (contract 2.1).

Lists are checked when they are saved; an entry that is none of these matches nobody here.
"""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

_Address = IPv4Address | IPv6Address
_Network = IPv4Network | IPv6Network


@lru_cache(maxsize=10_000)
def is_allowed(allow_list: tuple[str, ...], address: str) -> bool:
    """Tell whether the list lets the address in; an empty list lets everybody in."""
    if not allow_list:
        return True
    caller = _address(address)
    return caller is not None and any(caller in each for each in _networks(allow_list))


def _address(text: str) -> _Address | None:
    """Read an address; a mapped one (`::ffff:192.0.2.1`) is the IPv4 address it stands for."""
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


@lru_cache(maxsize=1_000)
def _networks(allow_list: tuple[str, ...]) -> tuple[_Network, ...]:
    networks: list[_Network] = []
    for entry in allow_list:
        try:
            networks.append(ip_network(entry.strip(), strict=False))
        except ValueError:
            continue
    return tuple(networks)
