"""How often somebody may try to sign in: counted before a try is judged, known account or not (S6).

Every failure makes the next try wait longer; ten stop the account for half an hour. The count is in
the database, so it survives a restart and holds for all nodes. Who has to wait is told so by a read
alone, and for a second from memory: a flood of guesses takes neither a hash nor the bets' lock.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import delete, select

from meganodes.directory.staff_tables import sign_in_failures
from meganodes.kit.database import ReadConnection, WriteConnection

FAILURES_MAX: Final = 10
FAILURES_OF_ADDRESS_MAX: Final = 100
LOCKED_MS: Final = 30 * 60_000
_WAIT_FIRST_MS: Final = 500
_FREE_TRIES: Final = 3
_TOLD_SECONDS: Final = 1.0
_TOLD_MAX: Final = 10_000


class Told:
    """Who was told within the last second that they have to wait; moments are monotonic seconds."""

    def __init__(self) -> None:
        """Nobody was told anything."""
        self._at: dict[bytes, float] = {}

    def note(self, who_hash: bytes, now: float) -> None:
        """Remember somebody; of too many the one that was told first is forgotten."""
        self._at.pop(who_hash, None)
        self._at[who_hash] = now
        if len(self._at) > _TOLD_MAX:
            del self._at[next(iter(self._at))]

    def was(self, who_hash: bytes, now: float) -> bool:
        """Say whether they were told a moment ago."""
        at = self._at.get(who_hash)
        return at is not None and now - at < _TOLD_SECONDS


def take_try(
    connection: WriteConnection, who_hash: bytes, now_ms: int, failures_max: int = FAILURES_MAX
) -> bool:
    """Count a try as a failure until `forgive` says otherwise; False when it may not be judged.

    The row is written before the password is looked at, so guesses sent at once count each, on
    whichever node they arrive.
    """
    connection.lock("sign-in-failures")
    before = _failures(connection, who_hash, now_ms, failures_max)
    if before is None:
        return False
    failures = before + 1
    locked_until_ms = now_ms + LOCKED_MS if failures >= failures_max else 0
    connection.execute(delete(sign_in_failures).where(sign_in_failures.c.who_hash == who_hash))
    connection.execute(
        sign_in_failures.insert().values(
            who_hash=who_hash,
            failures=failures,
            last_at_ms=now_ms,
            locked_until_ms=locked_until_ms,
        )
    )
    return True


def may_try(
    connection: ReadConnection, who_hash: bytes, now_ms: int, failures_max: int = FAILURES_MAX
) -> bool:
    """Look whether a try would be judged; only `take_try` counts it, and decides."""
    return _failures(connection, who_hash, now_ms, failures_max) is not None


def forgive(connection: WriteConnection, who_hash: bytes) -> None:
    """Forget the failures of somebody who got in."""
    connection.execute(delete(sign_in_failures).where(sign_in_failures.c.who_hash == who_hash))


def forget_old(connection: WriteConnection, now_ms: int) -> None:
    """Forget failures that count no longer."""
    old = sign_in_failures.c.last_at_ms < now_ms - 2 * LOCKED_MS
    connection.execute(delete(sign_in_failures).where(old))


def _failures(
    connection: ReadConnection, who_hash: bytes, now_ms: int, failures_max: int
) -> int | None:
    """Return how many failures count against a try now, None when it may not be judged."""
    one = sign_in_failures.c.who_hash == who_hash
    row = connection.select(select(sign_in_failures).where(one)).one_or_none()
    if row is None:
        return 0
    if now_ms < row.locked_until_ms:
        return None
    failures: int = 0 if now_ms - row.last_at_ms >= LOCKED_MS else row.failures
    if failures and now_ms < row.last_at_ms + _wait_ms(failures, failures_max):
        return None
    return failures


def _wait_ms(failures: int, failures_max: int) -> int:
    """Return how long after so many failures the next try may come: 0, then 0.5 s, 1 s, 2 s..."""
    if failures_max > FAILURES_MAX or failures < _FREE_TRIES:
        return 0
    return _WAIT_FIRST_MS << (failures - _FREE_TRIES)
