"""Numbers of nodes, each lent to one process at a time by the database's own clock (ADR 17).

The row stays when its holder dies, survives a failover like every other row, and can be taken again
when its time is over.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sqlalchemy import BigInteger, Column, Integer, Table, Text, cast, delete, func, select, update

from meganodes.directory.tables import directory_metadata
from meganodes.kit.database import ReadConnection, WriteConnection
from meganodes.kit.identity import NODE_MAX

LENT_MS: Final = 8_000
"""How long a number belongs to its node without being renewed."""

node_numbers = Table(
    "node_numbers",
    directory_metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("holder", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("ends_at_ms", BigInteger, nullable=False),
)
_c: Final = node_numbers.c


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """A process that wants a number. ``key`` is its own alone; ``name`` is for people.

    Of several processes of one name each ``is_numbered``: leases and logs tell them apart.
    """

    key: str
    name: str
    is_numbered: bool = False

    def name_with(self, number: int) -> str:
        """Return the name of the node that has this number."""
        if not self.name:
            return f"node-{number}"
        return f"{self.name}-{number}" if self.is_numbered else self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """Why there is no number: the one that was wanted has a holder, or all have."""

    by: str | None
    free: tuple[int, ...]


def take_number(connection: WriteConnection, holder: Holder, wanted: int | None) -> int | Taken:
    """Lend a number, the lowest that is free unless one is wanted; a holder keeps its own."""
    connection.lock("node-numbers")
    lent = lent_numbers(connection, but=holder.key)
    free = tuple(number for number in range(NODE_MAX + 1) if number not in lent)
    if wanted in lent or not free:
        return Taken(by=None if wanted is None else lent[wanted], free=free)
    number = free[0] if wanted is None else wanted
    connection.execute(delete(node_numbers).where(_c.number == number))
    connection.execute(
        node_numbers.insert().values(
            number=number,
            holder=holder.key,
            name=holder.name_with(number),
            ends_at_ms=_now_ms(connection) + LENT_MS,
        )
    )
    return number


def renew_number(connection: WriteConnection, holder: Holder, number: int) -> bool:
    """Lend a number on; False when its time was over, whoever has it now."""
    now_ms = _now_ms(connection)
    mine = (_c.number == number, _c.holder == holder.key, _c.ends_at_ms > now_ms)
    renewal = update(node_numbers).where(*mine).values(ends_at_ms=now_ms + LENT_MS)
    return connection.execute(renewal).rowcount == 1


def give_number_back(connection: WriteConnection, holder: Holder) -> None:
    """Let somebody else have it at once."""
    connection.execute(delete(node_numbers).where(_c.holder == holder.key))


def lent_numbers(connection: ReadConnection, but: str = "") -> dict[int, str]:
    """Name who has which number at this moment, leaving one holder out."""
    lent = (_c.ends_at_ms > _now_ms(connection), _c.holder != but)
    rows = connection.select(select(_c.number, _c.name).where(*lent).order_by(_c.number))
    return {row.number: row.name for row in rows}


def _now_ms(connection: ReadConnection) -> int:
    seconds = func.extract("epoch", func.clock_timestamp())
    return int(connection.select(select(cast(seconds * 1000, BigInteger))).scalar_one())
