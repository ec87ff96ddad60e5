"""Reconciliation: what the hub holds of an agent against its operator and its provider.

Nothing is decided about money here and nothing is changed: rows, files and answers to `status` are
put side by side, and every id gets a verdict (domain.reconciliation).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from meganodes.callbacks.gateway import Call, Lane
from meganodes.domain.outcome import Accepted, NotSeen
from meganodes.domain.reconciliation import (
    Entry,
    Ours,
    Side,
    Sums,
    Told,
    Verdict,
    judge,
    ours,
    sums_here,
    sums_there,
)
from meganodes.domain.retry import DAY_MS
from meganodes.domain.round import OpenRound
from meganodes.domain.transaction import State, Step, Transaction
from meganodes.hub.calls import agent_view, attempt_record
from meganodes.hub.reconciliation_lines import entry_line, merged, our_line, ours_of
from meganodes.hub.transaction_search import every_transaction, named
from meganodes.journal.search import Sought
from meganodes.kit.identity import first_trans_id
from meganodes.kit.line_sorter import LineSorter
from meganodes.protocol.commands import Command, Revision, status_data

if TYPE_CHECKING:
    from meganodes.directory.records import Agent
    from meganodes.hub.core import Hub
    from meganodes.journal.turnover import Window

STATUSES_PER_SECOND: Final = 5
"""A backend that is asked about everything must not notice it."""

FINDINGS_MAX: Final = 100_000
"""So many findings are kept for a report; all of them go to whoever listens."""

PENDING_TOO_LONG_MS: Final = 30_000
_ROWS_AT_ONCE: Final = 5_000
_ROUNDS_MAX: Final = 10_000
_ALL_ROWS: Final = 2**53
_TELL_EVERY: Final = 20_000
_WAITING: Final = {State.CANCELLING, State.NOT_SEEN_WAIT, State.OWED, State.PARKED}

Tell = Callable[[str, int, int], None]
"""Hears what is being done, how much of it is done, and how much there is (0: unknown)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One id that is not equal on both sides."""

    side: Side
    key: str
    verdict: Verdict
    why: str
    mine: Ours | None
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenPoint:
    """A transaction that is not done. ``due_at_ms`` is its next try, None when there is none."""

    trans_id: int
    guid: str
    state: State
    amount_minor: int
    since_ms: int
    due_at_ms: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is to be compared. ``folder`` is thrown away afterwards by who made it.

    ``entries`` are sorters that hold the other sides' lines; a backend without them is asked.
    """

    agent: Agent
    window: Window
    folder: Path
    entries: dict[Side, LineSorter]
    asks_backend: bool = False


@dataclass(slots=True, kw_only=True)
class Report:
    """What came of it. ``sums``: by side and verdict, here and there; ``digest`` covers findings.

    ``outside`` counts ids of files that the hub knows from outside the window, ``unanswered``
    those that `status` brought nothing about.
    """

    rows: int = 0
    outside: int = 0
    unanswered: int = 0
    findings: list[Finding] = field(default_factory=list)
    differences: int = 0
    sums: dict[tuple[Side, Verdict], tuple[Sums, Sums]] = field(default_factory=dict)
    open_points: list[OpenPoint] = field(default_factory=list)
    open_rounds: tuple[OpenRound, ...] = ()
    digest: str = ""

    @property
    def is_clean(self) -> bool:
        """Say whether everything was compared and nothing differs."""
        return not self.differences and not self.unanswered


def key_of(row: Transaction, side: Side) -> str:
    """Give the id by which a side knows a row; backends of revision `id` know the hub's number."""
    by_number = side is Side.BACKEND and row.revision is Revision.ID
    return str(row.trans_id) if by_number else row.guid


async def reconcile(
    hub: Hub, order: Order, tell: Tell, heard: Callable[[Finding], None] = lambda _: None
) -> Report:
    """Compare; ``heard`` is given each finding as it is made, in the order of sides and ids."""
    sides = [side for side in Side if side in order.entries]
    if order.asks_backend:
        sides.insert(0, Side.BACKEND)
    run = _Run(hub=hub, order=order, tell=tell, heard=heard)
    await run.read_rows(sides)
    for side in sides:
        theirs = order.entries.get(side)
        await run.compare(side, await run.asked() if theirs is None else theirs)
    report = run.report
    report.open_rounds = await _open_rounds(hub, order)
    report.digest = run.digest.hexdigest()
    return report


class _Run:
    """One reconciliation under way."""

    def __init__(
        self, *, hub: Hub, order: Order, tell: Tell, heard: Callable[[Finding], None]
    ) -> None:
        self.report = Report()
        self.digest = hashlib.sha256()
        self._hub = hub
        self._order = order
        self._tell = tell
        self._heard = heard
        self._rows: dict[Side, LineSorter] = {}

    async def read_rows(self, sides: list[Side]) -> None:
        """Read what the hub has in the window, for each side by the ids that it knows."""
        order = self._order
        self._rows = {side: LineSorter(order.folder, f"hub-{side}") for side in sides}
        sought = Sought(
            agent_id=order.agent.agent_id,
            first=first_trans_id(order.window.start_ms),
            past=first_trans_id(order.window.end_ms),
        )
        every = every_transaction(self._hub, sought, limit=_ALL_ROWS, at_once=_ROWS_AT_ONCE)
        async for stretch in every:
            for row in stretch:
                for side in sides:
                    self._rows[side].add(our_line(key_of(row, side), ours(row, side)))
                _note_open(self._hub, self.report, row)
            self.report.rows += len(stretch)
            self._tell("Reading the journal", self.report.rows, 0)

    async def compare(self, side: Side, theirs: LineSorter) -> None:
        """Walk through both sides by id."""
        lines = merged(self._rows[side].sorted(), theirs.sorted())
        for number, (key, mine, entries) in enumerate(lines):
            if number % _TELL_EVERY == 0:
                self._tell(f"Comparing with the {side}", number, self.report.rows)
            if mine is None and await _is_outside(self._hub, self._order, key):
                self.report.outside += 1
                continue
            judgement = judge(mine, entries, side)
            self._add(side, judgement.verdict, mine, entries)
            if judgement.verdict is not Verdict.EQUAL:
                self._note(
                    Finding(
                        side=side,
                        key=key,
                        verdict=judgement.verdict,
                        why=judgement.why,
                        mine=mine,
                        entries=tuple(entries),
                    )
                )

    def _add(self, side: Side, verdict: Verdict, mine: Ours | None, entries: list[Entry]) -> None:
        here, there = self.report.sums.get((side, verdict), (Sums(), Sums()))
        here = here + sums_here(mine) if mine else here
        self.report.sums[side, verdict] = (here, there + sums_there(entries))

    def _note(self, finding: Finding) -> None:
        self.report.differences += finding.verdict.is_difference
        if len(self.report.findings) < FINDINGS_MAX:
            self.report.findings.append(finding)
        self.digest.update(f"{finding.side}\t{finding.key}\t{finding.verdict}\n".encode())
        self._heard(finding)

    async def asked(self) -> LineSorter:
        """Ask the backend about each row of the window, one after the other."""
        hub, agent = self._hub, self._order.agent
        theirs = LineSorter(self._order.folder, "asked")
        for number, line in enumerate(self._rows[Side.BACKEND].sorted()):
            self._tell("Asking the backend for status", number, self.report.rows)
            key, mine = ours_of(line)
            row = await hub.journal.fetch(agent.agent_id, mine.trans_id)
            assert row is not None, "rows of the journal stay"
            began = hub.clock.monotonic()
            told = await _status(hub, agent, row)
            if told is not None:
                entry = Entry(kind=mine.kind, amount_minor=mine.amount_minor, told=told)
                theirs.add(entry_line(key, entry))
                self.report.unanswered += told is Told.OPEN
            await hub.clock.sleep(began + 1 / STATUSES_PER_SECOND - hub.clock.monotonic())
        return theirs


async def _is_outside(hub: Hub, order: Order, key: str) -> bool:
    """Say whether the hub knows an id of a file after all, from before or after the window."""
    agent_id = order.agent.agent_id
    if order.agent.revision is Revision.ID and key.isdecimal() and len(key) < len(str(_ALL_ROWS)):
        row = await hub.journal.fetch(agent_id, int(key))
        if row is not None:
            return not _is_inside(order, row)
    found = await named(hub, key, [agent_id])
    return any(row.guid == key and not _is_inside(order, row) for row in found.transactions)


def _is_inside(order: Order, row: Transaction) -> bool:
    window = order.window
    return first_trans_id(window.start_ms) <= row.trans_id < first_trans_id(window.end_ms)


async def _status(hub: Hub, agent: Agent, row: Transaction) -> Told | None:
    """Ask once; None means that the backend does not know it, OPEN that nobody can tell."""
    attempt_id = hub.identity.trans_id()
    call = Call(
        command=Command.STATUS,
        data=status_data(row.revision, row.account, row.guid, row.trans_id),
        account=row.account,
        webhook_id=f"mn-ask-{attempt_id}",
        attempt=1,
        lane=Lane.DELIVERY,
        revision=row.revision,
    )
    attempt = await hub.gateway.send(agent_view(agent), call)
    hub.journal.log(attempt_record(attempt, attempt_id, agent.agent_id, row.account, row.trans_id))
    match attempt.outcome:
        case Accepted(trans_status="OK"):
            return Told.BOOKED
        case Accepted(trans_status="CANCELED"):
            return Told.CANCELLED
        case NotSeen():
            return None
        case _:
            return Told.OPEN


# --- what is not done -----------------------------------------------------------------------------


def _note_open(hub: Hub, report: Report, row: Transaction) -> None:
    now_ms = hub.clock.now_ms()
    pending = row.state is State.PENDING and now_ms - row.created_at_ms > PENDING_TOO_LONG_MS
    probed = row.state is State.VOID and row.step is Step.PROBE
    is_open = pending or probed or row.state in _WAITING
    if is_open and len(report.open_points) < FINDINGS_MAX:
        report.open_points.append(
            OpenPoint(
                trans_id=row.trans_id,
                guid=row.guid,
                state=row.state,
                amount_minor=row.amount_minor,
                since_ms=row.owed_since_ms or row.created_at_ms,
                due_at_ms=row.due_at_ms,
            )
        )


async def _open_rounds(hub: Hub, order: Order) -> tuple[OpenRound, ...]:
    """Give rounds of the window with an accepted bet that had no end a day later."""
    before_ms = min(order.window.end_ms, hub.clock.now_ms() - DAY_MS)
    found = await hub.reads.open_rounds(opened_before_ms=before_ms, limit=_ROUNDS_MAX)
    return tuple(
        each
        for each in found
        if each.key.agent_id == order.agent.agent_id and each.opened_at_ms >= order.window.start_ms
    )
