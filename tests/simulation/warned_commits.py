"""Commits with a warning, and a failover: the real writer on a scripted server.

`MemoryJournal` has no COMMIT, so this fault lies beneath what the simulation runs. Here the real
`PostgresWriter` and `Link` speak to a scripted server. When the wait for the standby is cancelled,
a real one answers COMMIT all the same, with a warning of class 01; the standby, which takes over in
the end, has never heard of it (reliability 2.6).
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, cast

import asyncpg

from meganodes.domain.transaction import State, Step, Transaction
from meganodes.journal.postgres_batch import Leases, Ways
from meganodes.journal.postgres_link import DECISIONS, Link, PostgresSettings, Session
from meganodes.journal.postgres_writer import PostgresWriter
from meganodes.journal.store import Change, Committed, CommitUnknown, Insert
from meganodes.kit.clock import SystemClock
from meganodes.kit.database import parse_database_url
from meganodes.kit.metrics import CommitMeters
from tests.simulation.checkers import CHECKERS
from tests.simulation.checkers.evidence import AgentFacts, Entry, Evidence, ProviderFacts, Word
from tests.simulation.history import History
from tests.support.transactions import bet, win

WARNED = 0.25
"""The share of commits whose wait for the standby is cancelled."""

_NAMES = {statement.text: name for name, statement in DECISIONS.items()}
_WARNING = {
    "severity_en": "WARNING",
    "sqlstate": "01000",
    "message": "canceling wait for synchronous replication due to user request",
}
Place = tuple[int, int]


class _Message:
    def as_dict(self) -> dict[str, str]:
        return dict(_WARNING)


@dataclass
class Server:
    """A primary and its standby: which rows each has, by agent and number."""

    rng: random.Random
    primary: set[Place] = field(default_factory=set)
    standby: set[Place] = field(default_factory=set)

    def commit(self, rows: set[Place]) -> bool:
        """Keep rows; False when only the primary has them."""
        self.primary |= rows
        confirmed = self.rng.random() >= WARNED
        if confirmed:
            self.standby |= rows
        return confirmed


class Connection:
    """As much of the driver's connection as the writer uses."""

    def __init__(self, server: Server) -> None:
        """Connect."""
        self._server = server
        self._listener: Callable[[object, _Message], None] | None = None
        self._written: set[Place] = set()
        self._is_closed = False

    def add_log_listener(self, listener: Callable[[object, _Message], None]) -> None:
        """Tell the listener of warnings."""
        self._listener = listener

    async def execute(self, command: str) -> str:
        """Begin, commit or undo."""
        await asyncio.sleep(0)
        if command == "COMMIT" and not self._server.commit(self._written):
            assert self._listener is not None
            self._listener(self, _Message())
        self._written = set()
        return command.partition(" ")[0]

    async def prepare(self, text: str) -> Statement:
        """Prepare one of the journal's statements."""
        return Statement(_NAMES[text], self)

    def write(self, places: set[Place]) -> None:
        """Write rows inside the transaction."""
        self._written |= places

    def is_closed(self) -> bool:
        """Tell whether somebody hung up."""
        return self._is_closed

    def terminate(self) -> None:
        """Hang up."""
        self._is_closed = True

    async def close(self) -> None:
        """Take leave."""
        self._is_closed = True


@dataclass(frozen=True, slots=True)
class Statement:
    """One prepared statement."""

    name: str
    connection: Connection

    async def fetch(self, *values: Any) -> list[Place]:  # noqa: ANN401 - columns of any type
        """Run it: rows are written, everything else brings nothing."""
        await asyncio.sleep(0)
        if self.name != "insert_transactions":
            return []
        places = list(zip(values[0], values[1], strict=True))
        self.connection.write(set(places))
        return places


class ScriptedLink(Link):
    """A link of the writer that leads to the scripted server."""

    server: Server

    async def _open(self, place: str, seconds: float) -> Session:
        del place, seconds
        return Session(cast("asyncpg.Connection", Connection(self.server)))


def played(seed: int, rounds: int, judge: str) -> list[str]:
    """Pay wins through the writer, let the standby take over, and ask a judge what it sees."""
    rng = random.Random(f"{seed}/commits")  # noqa: S311 - replay is the point
    spoken = CHECKERS[judge](asyncio.run(_run(rng, rounds)))
    return [f"{each.subject}: {each.sentence}" for each in spoken]


async def _run(rng: random.Random, rounds: int) -> Evidence:
    server, clock, meters = Server(rng), SystemClock(), CommitMeters()
    settings = PostgresSettings(batch_max=4)
    url = parse_database_url("postgresql://hub@database.example.com/hub")
    links = [
        ScriptedLink(url, settings, name=f"writer {n}", clock=clock, meters=meters)
        for n in range(settings.writers)
    ]
    for link in links:
        link.server = server
    ways = Ways(settings=settings, leases=Leases("node", clock), clock=clock, meters=meters)
    writer = PostgresWriter(links, ways)
    writer.start()
    stake = replace(bet(), state=State.ACCEPTED)
    wins = [win(amount_minor=rng.randint(1, 500)) for _ in range(rounds)]
    told = await asyncio.gather(*(_told(writer, each) for each in wins))
    await writer.close()
    kept = [each for each in wins if (each.agent_id, each.trans_id) in server.standby]
    return _evidence(stake, kept, [each for each, ok in zip(wins, told, strict=True) if ok])


async def _told(writer: PostgresWriter, row: Transaction) -> bool:
    """Record a win as the hub does; its provider hears OK only for what is surely durable."""
    try:
        owed = Change(at_ms=row.created_at_ms, inserts=(Insert(row=row, cause="owed"),))
        return isinstance(await writer.submit(owed), Committed)
    except CommitUnknown:
        return False


def _evidence(stake: Transaction, kept: list[Transaction], told: list[Transaction]) -> Evidence:
    """After the failover the new primary delivers what it has; providers say what they know."""
    done = [replace(each, state=State.CREDITED, step=Step.NONE, due_at_ms=None) for each in kept]
    return Evidence(
        history=History(lambda: 0.0),
        rows=(stake, *done),
        events={},
        attempts=(),
        listed={},
        open_rounds=(),
        ledgers={1: tuple(_paid(each) for each in done)},
        words=tuple(_ok(each) for each in told),
        agents={
            1: AgentFacts(
                agent_id=1,
                revision="guid",
                exponent=2,
                accounts=frozenset({"alice"}),
                secrets=(),
                flags=frozenset(),
            )
        },
        providers={7: ProviderFacts(provider_id=7)},
    )


def _paid(row: Transaction) -> Entry:
    return Entry(
        account=row.account,
        kind="win",
        reference=row.guid,
        original=None,
        moved_minor=row.amount_minor,
    )


def _ok(row: Transaction) -> Word:
    return Word(
        provider_id=row.provider_id,
        agent_id=row.agent_id,
        transaction_id=row.transaction_id,
        kind="win",
        round_id=row.round_id,
        amount_minor=row.amount_minor,
        original=None,
        last="ok",
        said=(0,),
    )
