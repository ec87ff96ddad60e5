"""What all pages of the Back Office work with."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from meganodes.backoffice.streams import Streams

if TYPE_CHECKING:
    from meganodes.directory.staff import Staff
    from meganodes.directory.staff_sign_in import SignIn
    from meganodes.hub.core import Hub
    from meganodes.kit.addresses import Network

OFFICE_PATH = "/office"


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficeSettings:
    """How the Back Office behaves.

    ``fresh_minutes``: for how long after the password was given settings that could divert money
    may be changed (S11). ``trusted_proxies`` as at the other doors.
    """

    fresh_minutes: int = 10
    body_bytes_max: int = 65_536
    trusted_proxies: tuple[Network, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """The hub, its people, and how this door behaves.

    ``ending`` is set when the process ends: live streams stop by themselves.
    """

    hub: Hub
    staff: Staff
    sign_in: SignIn
    settings: OfficeSettings = field(default_factory=OfficeSettings)
    ending: asyncio.Event = field(default_factory=asyncio.Event)
    streams: Streams = field(default_factory=Streams)
