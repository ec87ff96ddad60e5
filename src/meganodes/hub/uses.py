"""How often callers may use what costs the hub or somebody else something (reliability 3.10, S19).

Counted in this process, in bounded memory; with several processes each counts for itself. Tries to
sign in are counted in the database (directory/sign_in_throttle), because guesses must add up.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from meganodes.kit.rate_limit import Rate, RateLimit


class Use(StrEnum):
    """What is counted: a callback test for its agent, all else for the person who signed in."""

    SEARCH = "search"
    EXPORT = "export"
    REISSUE = "reissue"
    CALLBACK_TEST = "callback-test"

    @property
    def is_counted_by_agent(self) -> bool:
        """Say whether everybody who uses it for one agent is counted together."""
        return self is Use.CALLBACK_TEST


USUAL_RATES: Final[Mapping[Use, Rate]] = MappingProxyType(
    {
        Use.SEARCH: Rate(60, 60),
        Use.EXPORT: Rate(6, 60),
        Use.REISSUE: Rate(20, 3_600),
        Use.CALLBACK_TEST: Rate(5, 60),
    }
)


class Uses:
    """Counts every use against its rate."""

    def __init__(self, rates: Mapping[Use, Rate] = USUAL_RATES) -> None:
        """Begin with nothing used."""
        self._limits: dict[Use, RateLimit[int]] = {use: RateLimit(rates[use]) for use in Use}

    def take(self, use: Use, who: int, now: float) -> int:
        """Count one use: 0 when it may be, else the whole seconds until it may.

        ``who`` is an agent or a member of staff, ``now`` a moment of the monotonic clock.
        """
        return self._limits[use].take(who, now)
