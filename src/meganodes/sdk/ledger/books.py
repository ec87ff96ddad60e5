"""The ledger's statements, inside one open transaction. Nothing is judged here.

They are written once, in the SQL that SQLite and PostgreSQL share, with `%s` for a value.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, Protocol

from meganodes.protocol.money import AMOUNT_MAX_MINOR
from meganodes.sdk.errors import SdkError
from meganodes.sdk.ledger.judging import Writing
from meganodes.sdk.ledger.records import Account, Entry, EntryKind, EntryState, Posting

_COLUMNS: Final = "id, account, kind, round_id, amount_minor, state, result, original_id"
_ACCOUNT: Final = "SELECT name, balance_minor, active FROM wallet_accounts"
_READ: Final = f"SELECT {_COLUMNS}, position FROM wallet_entries"  # noqa: S608 - constant names


class IdTaken(SdkError):
    """Another transaction has booked the id since this one looked: judge again."""


class Cursor(Protocol):
    """What is used of a DB-API cursor."""

    @property
    def rowcount(self) -> int: ...

    def execute(self, statement: Any, values: Any = ..., /) -> Any: ...  # noqa: ANN401 - drivers differ

    def fetchone(self) -> Any: ...  # noqa: ANN401 - a row, or None

    def fetchall(self) -> Any: ...  # noqa: ANN401 - rows

    def close(self) -> Any: ...  # noqa: ANN401 - nothing


class Books:
    """The statements over one cursor. ``locking``: rows that are read to be changed are locked."""

    def __init__(
        self,
        cursor: Cursor,
        *,
        locking: bool,
        spelling: Callable[[str], str] = str,
    ) -> None:
        self._cursor = cursor
        self._for_update = " FOR UPDATE" if locking else ""
        self._spelling = spelling

    def account(self, name: str) -> Account | None:
        """Read an account that will not be changed."""
        return self._account(f"{_ACCOUNT} WHERE name = %s", name)

    def account_to_change(self, name: str) -> Account | None:
        """Read an account so that nobody else changes it before this transaction has ended."""
        return self._account(f"{_ACCOUNT} WHERE name = %s{self._for_update}", name)

    def _account(self, query: str, name: str) -> Account | None:
        for row in self._rows(query, name):
            return _account(row)
        return None

    def accounts(self) -> tuple[Account, ...]:
        return tuple(map(_account, self._rows(f"{_ACCOUNT} ORDER BY name")))

    def entry(self, entry_id: str) -> Entry | None:
        for row in self._rows(f"{_READ} WHERE id = %s", entry_id):
            return _entry(row)
        return None

    def entries(self, after: int, limit: int) -> tuple[Entry, ...]:
        """Read entries behind a position, oldest first."""
        rows = self._rows(f"{_READ} WHERE position > %s ORDER BY position LIMIT %s", after, limit)
        return tuple(map(_entry, rows))

    def newest_entries(self, account: str, limit: int) -> tuple[Entry, ...]:
        """Read an account's entries, newest first."""
        query = f"{_READ} WHERE account = %s ORDER BY position DESC LIMIT %s"
        return tuple(map(_entry, self._rows(query, account, limit)))

    def postings(self, position: int) -> tuple[Posting, ...]:
        """Read both sides of an entry, the player's account last."""
        query = (
            "SELECT position, account, amount_minor FROM wallet_postings "
            "WHERE position = %s ORDER BY account"
        )
        rows = self._rows(query, position)
        return tuple(
            Posting(position=int(where), account=account, amount_minor=int(amount_minor))
            for where, account, amount_minor in rows
        )

    def house_minor(self, account: str) -> int:
        """Add up what one of the casino's own accounts holds."""
        query = "SELECT COALESCE(SUM(amount_minor), 0) FROM wallet_postings WHERE account = %s"
        ((total,),) = self._rows(query, account)
        return int(total)

    def texts(self, query: str) -> tuple[str, ...]:
        """Read one column of text."""
        return tuple(str(row[0]) for row in self._rows(query))

    def open_account(self, name: str) -> None:
        """Make an account with nothing in it, unless it is there."""
        statement = (
            "INSERT INTO wallet_accounts (name, balance_minor) VALUES (%s, 0) "
            "ON CONFLICT (name) DO NOTHING"
        )
        self._change(statement, name)

    def set_active(self, name: str, *, active: bool) -> bool:
        """Lock or unlock an account; False when there is none."""
        statement = "UPDATE wallet_accounts SET active = %s WHERE name = %s"
        return self._change(statement, int(active), name) == 1

    def write(self, writing: Writing) -> None:
        """Write an entry with its two postings and the new balance. Raises IdTaken."""
        position = self._insert(writing.entry)
        if writing.other_side is None:
            return
        self._move(writing)
        name, change_minor = writing.entry.account, writing.change_minor
        self._change(
            "INSERT INTO wallet_postings (position, account, amount_minor) "
            "VALUES (%s, %s, %s), (%s, %s, %s)",
            *(position, name, change_minor),
            *(position, writing.other_side, -change_minor),
        )
        if writing.undone_id is not None:
            statement = (
                "UPDATE wallet_entries SET state = 'cancelled' WHERE id = %s AND state = 'booked'"
            )
            if self._change(statement, writing.undone_id) != 1:
                raise RuntimeError(f"{writing.undone_id} is not booked, so it cannot be cancelled")

    def _insert(self, entry: Entry) -> int:
        statement = (
            f"INSERT INTO wallet_entries ({_COLUMNS}) "  # noqa: S608 - constant names
            "VALUES (%s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT (id) DO NOTHING RETURNING position"
        )
        values = (
            *(entry.id, entry.account, entry.kind.value, entry.round_id, entry.amount_minor),
            *(entry.state.value, entry.result, entry.original_id),
        )
        for (position,) in self._rows(statement, *values):
            return int(position)
        raise IdTaken(entry.id)

    def _move(self, writing: Writing) -> None:
        # The guard repeats the check: whatever the hub asked to be checked, no bet overspends, and
        # no win makes a balance that no reply could tell. Undoing a win may leave a debt.
        takes = writing.change_minor < 0 and writing.undone_id is None
        least_minor = 0 if takes else -AMOUNT_MAX_MINOR
        statement = (
            "UPDATE wallet_accounts SET balance_minor = balance_minor + %s "
            "WHERE name = %s AND balance_minor + %s BETWEEN %s AND %s"
        )
        change_minor, name = writing.change_minor, writing.entry.account
        given = (change_minor, name, change_minor, least_minor, AMOUNT_MAX_MINOR)
        if self._change(statement, *given) != 1:
            raise RuntimeError(f"the account {name} cannot take a change of {change_minor}")

    def _rows(self, query: str, *values: object) -> Iterator[Sequence[Any]]:
        self._cursor.execute(self._spelling(query), values)
        return iter(self._cursor.fetchall())

    def _change(self, statement: str, *values: object) -> int:
        self._cursor.execute(self._spelling(statement), values)
        return self._cursor.rowcount


def _account(row: Sequence[Any]) -> Account:
    name, balance_minor, active = row
    return Account(name=name, balance_minor=int(balance_minor), active=bool(active))


def _entry(row: Sequence[Any]) -> Entry:
    entry_id, account, kind, round_id, amount_minor, state, result, original_id, position = row
    return Entry(
        id=entry_id,
        account=account,
        kind=EntryKind(kind),
        round_id=round_id,
        amount_minor=int(amount_minor),
        state=EntryState(state),
        result=int(result),
        original_id=original_id,
        position=int(position),
    )
