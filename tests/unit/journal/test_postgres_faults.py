"""What the driver raises is sorted by what is to be done about it."""

from __future__ import annotations

import asyncpg
import pytest

from meganodes.journal.postgres_faults import DRIVER_FAULTS, Fault, fault_of, sentence_of


@pytest.mark.reliability("2.6-database-conflict")
@pytest.mark.parametrize(
    ("error", "fault"),
    [
        (asyncpg.DeadlockDetectedError("x"), Fault.AGAIN),
        (asyncpg.SerializationError("x"), Fault.AGAIN),
        (asyncpg.QueryCanceledError("x"), Fault.AGAIN),
        (asyncpg.LockNotAvailableError("x"), Fault.BLOCKED),
        (asyncpg.AdminShutdownError("x"), Fault.LOST),
        (asyncpg.CannotConnectNowError("x"), Fault.LOST),
        (asyncpg.ConnectionDoesNotExistError("x"), Fault.LOST),
        (asyncpg.ReadOnlySQLTransactionError("x"), Fault.LOST),
        (asyncpg.IdleInTransactionSessionTimeoutError("x"), Fault.LOST),
        (asyncpg.InternalClientError("x"), Fault.LOST),
        (asyncpg.InterfaceError("connection is closed"), Fault.LOST),
        (ConnectionResetError("x"), Fault.LOST),
        (TimeoutError("x"), Fault.LOST),
        (asyncpg.UniqueViolationError("x"), Fault.ROW),
        (asyncpg.CheckViolationError("x"), Fault.ROW),
        (asyncpg.CharacterNotInRepertoireError("x"), Fault.ROW),
        (asyncpg.RaiseError("x"), Fault.ROW),
        (ValueError("x"), Fault.ROW),
        (OverflowError("x"), Fault.ROW),
        (asyncpg.DiskFullError("x"), Fault.SERVER),
        (asyncpg.UndefinedTableError("x"), Fault.SERVER),
    ],
    ids=lambda each: type(each).__name__ if isinstance(each, Exception) else each.name,
)
def test_each_error_has_its_remedy(error: Exception, fault: Fault) -> None:
    assert isinstance(error, DRIVER_FAULTS)
    assert fault_of(error) is fault


def test_sentence_is_one_line() -> None:
    assert sentence_of(OSError("first\nsecond")) == "first"
    assert sentence_of(TimeoutError()) == "TimeoutError"
