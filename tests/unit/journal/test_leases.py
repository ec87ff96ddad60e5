"""The clock of leases goes on with the monotonic clock."""

from __future__ import annotations

from meganodes.journal.leases import LeaseClock
from meganodes.kit.clock import ManualClock


def test_lease_clock_begins_with_the_wall_clock_and_goes_on_with_time() -> None:
    clock = ManualClock(now_ms=1_000_000)
    leases = LeaseClock(clock)
    assert leases.now_ms() == 1_000_000
    clock.advance(1.5)
    assert leases.now_ms() == 1_001_500


def test_lease_clock_does_not_jump_with_the_wall_clock() -> None:
    clock = ManualClock(now_ms=1_000_000)
    leases = LeaseClock(clock)
    clock.jump_wall(86_400)
    assert leases.now_ms() == 1_000_000
    clock.jump_wall(-2 * 86_400)
    assert leases.now_ms() == 1_000_000
