"""What PostgreSQL and its driver may answer instead of a result, sorted by what is to be done."""

from __future__ import annotations

from enum import Enum

import asyncpg

DRIVER_FAULTS = (
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    OSError,
    ValueError,
    OverflowError,
)
"""All that the driver raises. Values that it cannot send are ValueErrors; a connection that is lost
between two of its own steps shows as an InternalClientError."""


class LinkLost(Exception):
    """The connection went away, or is of no use any more; nothing of the transaction is written."""


class Fault(Enum):
    """What a failed statement means for its transaction, which has written nothing."""

    LOST = "the connection is of no use any more: do it again on another"
    AGAIN = "it met another transaction: do it again"
    BLOCKED = "somebody holds a row of it for too long"
    ROW = "a row of it can never be written"
    SERVER = "the server cannot do it now"


_BY_STATE = {
    "25006": Fault.LOST,  # read-only: the server is no primary any more
    "25P03": Fault.LOST,  # idle in a transaction for too long: this process was stopped
    "26000": Fault.LOST,  # a prepared statement is gone
    "0A000": Fault.LOST,  # a prepared statement is out of date: the tables were changed
    "55P03": Fault.BLOCKED,
    "57014": Fault.AGAIN,  # somebody cancelled the statement
}
_BY_CLASS = {
    "08": Fault.LOST,
    "57": Fault.LOST,
    "40": Fault.AGAIN,
    "22": Fault.ROW,
    "23": Fault.ROW,
    "P0": Fault.ROW,
}


def fault_of(error: BaseException) -> Fault:
    """Sort what a statement, not a COMMIT, has raised."""
    if isinstance(error, asyncpg.PostgresError):
        state = error.sqlstate or ""
        return _BY_STATE.get(state) or _BY_CLASS.get(state[:2], Fault.SERVER)
    if isinstance(error, ValueError | OverflowError) and not isinstance(error, OSError):
        return Fault.ROW
    return Fault.LOST


def sentence_of(error: BaseException) -> str:
    """Say what went wrong in one line; the values of a statement are never part of it."""
    text = str(error).splitlines()
    return text[0] if text else type(error).__name__
