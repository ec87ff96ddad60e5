"""Time as an argument: a run of the certification is repeated with the same seed and clock."""

from typing import Protocol


class Clock(Protocol):
    """What time it is, and waiting."""

    def now_ms(self) -> int:
        """Return the wall clock: milliseconds since 1970, UTC."""

    def monotonic(self) -> float:
        """Return seconds since an arbitrary moment. It never goes back."""

    async def sleep(self, seconds: float) -> None:
        """Wait."""
