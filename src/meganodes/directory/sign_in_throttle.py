"""How often somebody may try to sign in: counted before a try is judged, known account or not (S6).

Every failure makes the next try wait longer; ten stop the account for half an hour. The count is in
the database, so it survives a restart and holds for all nodes.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import delete, select

from meganodes.directory.staff_tables import sign_in_failures
from meganodes.kit.database import WriteConnection

FAILURES_MAX: Final = 10
FAILURES_OF_ADDRESS_MAX: Final = 100
LOCKED_MS: Final = 30 * 60_000
_WAIT_FIRST_MS: Final = 500
_FREE_TRIES: Final = 3


def take_try(
    connection: WriteConnection, who_hash: bytes, now_ms: int, failures_max: int = FAILURES_MAX
) -> bool:
    """Count a try as a failure until `forgive` says otherwise; False when it may not be judged.

    The row is written before the password is looked at, so guesses sent at once count each, on
    whichever node they arrive.
    """
    connection.lock("sign-in-failures")
    one = sign_in_failures.c.who_hash == who_hash
    row = connection.select(select(sign_in_failures).where(one)).one_or_none()
    failures = 0
    if row is not None:
        if now_ms < row.locked_until_ms:
            return False
        failures = 0 if now_ms - row.last_at_ms >= LOCKED_MS else row.failures
        next_try_ms = row.last_at_ms + _wait_ms(failures, failures_max)
        if failures and now_ms < next_try_ms:
            return False
    failures += 1
    locked_until_ms = now_ms + LOCKED_MS if failures >= failures_max else 0
    connection.execute(delete(sign_in_failures).where(one))
    connection.execute(
        sign_in_failures.insert().values(
            who_hash=who_hash,
            failures=failures,
            last_at_ms=now_ms,
            locked_until_ms=locked_until_ms,
        )
    )
    return True


def forgive(connection: WriteConnection, who_hash: bytes) -> None:
    """Forget the failures of somebody who got in."""
    connection.execute(delete(sign_in_failures).where(sign_in_failures.c.who_hash == who_hash))


def forget_old(connection: WriteConnection, now_ms: int) -> None:
    """Forget failures that count no longer."""
    old = sign_in_failures.c.last_at_ms < now_ms - 2 * LOCKED_MS
    connection.execute(delete(sign_in_failures).where(old))


def _wait_ms(failures: int, failures_max: int) -> int:
    """Return how long after so many failures the next try may come: 0, then 0.5 s, 1 s, 2 s..."""
    if failures_max > FAILURES_MAX or failures < _FREE_TRIES:
        return 0
    return _WAIT_FIRST_MS << (failures - _FREE_TRIES)
