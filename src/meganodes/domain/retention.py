"""How long what is kept for: the rules by which old bytes of attempts are packed, and go.

Pure. Money (transactions, events, rounds, lists) and what is known about an attempt never go by
these rules; only the bytes that were sent and came back do, and their digest stays.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

DAY_MS: Final = 86_400_000


class Age(StrEnum):
    """What becomes of an attempt's bytes at its age."""

    FULL = "full"
    PACKED = "packed"
    RETIRED = "retired"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bytes of attempts made before ``pack_before_ms`` are packed, before the other they go."""

    pack_before_ms: int
    retire_before_ms: int

    def age_at(self, at_ms: int) -> Age:
        """Say what is due for the bytes of an attempt that was made at a moment."""
        if at_ms < self.retire_before_ms:
            return Age.RETIRED
        return Age.PACKED if at_ms < self.pack_before_ms else Age.FULL


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionPolicy:
    """Days after which bytes are packed, without any loss, and after which they go."""

    pack_days: int = 7
    bodies_days: int = 90

    def __post_init__(self) -> None:
        if not 1 <= self.pack_days <= self.bodies_days:
            raise ValueError(
                "bytes are packed a day after they were made at the earliest, and kept longer"
            )

    def limits(self, now_ms: int, until_ms: int | None = None) -> Limits:
        """Give the limits of a moment; with ``until_ms`` nothing made from then on is touched."""
        furthest = now_ms if until_ms is None else min(now_ms, until_ms)
        return Limits(
            pack_before_ms=min(furthest, now_ms - self.pack_days * DAY_MS),
            retire_before_ms=min(furthest, now_ms - self.bodies_days * DAY_MS),
        )

    def kept_until_ms(self, made_at_ms: int) -> int:
        """Give the moment up to which the bytes of an attempt are kept at least."""
        return made_at_ms + self.bodies_days * DAY_MS


def is_run_due(now_ms: int, last_ms: int | None, hour: int) -> bool:
    """Say whether the daily run is due: none was made since the last time it was that hour (UTC).

    A process that was down at that hour makes up for it.
    """
    last_hour_ms = (now_ms - hour * 3_600_000) // DAY_MS * DAY_MS + hour * 3_600_000
    return last_ms is None or last_ms < last_hour_ms
