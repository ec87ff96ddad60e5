"""The hub's own table of addresses a callback may go to (reliability 3.9).

Written out because the standard library calls at least eleven kinds of dangerous address global
(finding 6 of reliability.md): nothing here asks `is_global` or `is_private`.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final

REFUSED_V4: Final = tuple(
    IPv4Network(text)
    for text in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.31.196.0/24",
        "192.52.193.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "192.175.48.0/24",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
    )
)
"""Every IPv4 network that is refused; all else is public."""

ACCEPTED_V6: Final = IPv6Network("2000::/3")
"""The only IPv6 network that is accepted, less `REFUSED_V6`.

Everything outside falls with it: v4-mapped, v4-compatible, NAT64, unique local, link-local,
site-local, multicast, discard-only and SRv6 addresses.
"""

REFUSED_V6: Final = tuple(
    IPv6Network(text) for text in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")
)

_LOCAL_V4: Final = tuple(
    IPv4Network(text) for text in ("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")
)
_LOCAL_V6: Final = (IPv6Network("::1/128"), IPv6Network("fc00::/7"))
_METADATA_V6: Final = IPv6Address("fd00:ec2::254")


def is_public(address: str) -> bool:
    """Tell whether a callback may go to this address; text that is no address is not public."""
    parsed = parse_address(address)
    if isinstance(parsed, IPv4Address):
        return not any(parsed in network for network in REFUSED_V4)
    if isinstance(parsed, IPv6Address):
        return parsed in ACCEPTED_V6 and not any(parsed in network for network in REFUSED_V6)
    return False


def is_local(address: str) -> bool:
    """Tell whether `allow_private_targets` opens this address: loopback and private networks.

    Link-local and metadata addresses, multicast and everything else stay refused.
    """
    parsed = parse_address(address)
    if isinstance(parsed, IPv4Address):
        return any(parsed in network for network in _LOCAL_V4)
    if isinstance(parsed, IPv6Address):
        return parsed != _METADATA_V6 and any(parsed in network for network in _LOCAL_V6)
    return False


def is_loopback(address: str) -> bool:
    """Tell whether this address is this machine by itself."""
    parsed = parse_address(address)
    return parsed is not None and (
        parsed in _LOCAL_V4[0] if isinstance(parsed, IPv4Address) else parsed in _LOCAL_V6[0]
    )


def parse_address(text: str) -> IPv4Address | IPv6Address | None:
    """Read the one plain spelling of an address; a zone id makes it none."""
    if "%" in text:
        return None
    try:
        return ip_address(text)
    except ValueError:
        return None
