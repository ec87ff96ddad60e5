"""The settings of the Main API's door."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network


@dataclass(frozen=True, slots=True, kw_only=True)
class MainApiSettings:
    """Limits of the door.

    ``in_flight_max``: requests of one agent at once in this process; with N worker processes give
    each ceil(50 / N) (contract 2.1). ``retry_after_seconds`` goes with the 429.
    ``trusted_proxies``: peers whose X-Forwarded-For is believed, none by default.
    """

    in_flight_max: int = 50
    body_bytes_max: int = 262_144
    retry_after_seconds: int = 1
    trusted_proxies: tuple[IPv4Network | IPv6Network, ...] = ()
