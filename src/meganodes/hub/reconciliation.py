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
    sums_here,
    sums_there,
)
from meganodes.domain.retry import DAY_MS
from meganodes.domain.round import OpenRound
from meganodes.domain.transaction import State, Step, Transaction
from meganodes.hub.calls import agent_view, attempt_record
from meganodes.hub.reconciliation_lines import Merge, Sample, entry_line, our_lines, ours_of
from meganodes.hub.transaction_search import named
from meganodes.journal.search import ComparedRow
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
_ROWS_BESIDE_BETS: Final = 500
_SILENT_MAX: Final = 50
_ROUNDS_MAX: Final = 10_000
_ALL_ROWS: Final = 2**53
_OPEN: Final = {
    State.PENDING,
    State.CANCELLING,
    State.NOT_SEEN_WAIT,
    State.OWED,
    State.PARKED,
    State.VOID,
}
_DONE: Final = {state.value for state in State if state not in _OPEN}

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

    ``entries`` are sorters that hold the other sides' lines; a backend without them is asked, about
    ``statuses_max`` transactions at most. With such a bound nothing else is looked at, and a
    backend that keeps silent is left alone. Of findings and of open points at most
    ``findings_max`` are kept; all of them count, and all findings are heard.
    """

    agent: Agent
    window: Window
    folder: Path
    entries: dict[Side, LineSorter]
    asks_backend: bool = False
    statuses_max: int | None = None
    findings_max: int = FINDINGS_MAX


@dataclass(slots=True, kw_only=True)
class Report:
    """What came of it. ``sums``: by side and verdict, here and there; ``digest`` covers findings.

    ``outside`` counts ids of files that the hub knows from outside the window, ``unanswered``
    those that `status` brought nothing about, ``left_out`` those that nobody was asked about.
    """

    rows: int = 0
    outside: int = 0
    unanswered: int = 0
    left_out: int = 0
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
    if order.statuses_max is None:
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
        self._rows: dict[Side, LineSorter | Sample] = {}

    async def read_rows(self, sides: list[Side]) -> None:
        """Read what the hub has in the window, for each side by the ids that it knows."""
        order = self._order
        most = order.statuses_max
        at_once = _ROWS_AT_ONCE if most is None else _ROWS_BESIDE_BETS
        self._rows = {side: LineSorter(order.folder, f"hub-{side}") for side in sides}
        if most is not None:
            self._rows[Side.BACKEND] = Sample(most)
        first = first_trans_id(order.window.start_ms)
        past = first_trans_id(order.window.end_ms)
        agent_id, now_ms = order.agent.agent_id, self._hub.clock.now_ms()
        while True:
            rows = await self._hub.reads.compared_rows(agent_id, first, past, at_once)
            for side, sorter in self._rows.items():
                sorter.extend(our_lines(rows, side))
            for row in rows:
                if row.state not in _DONE and len(self.report.open_points) < order.findings_max:
                    _note_open(self.report, row, now_ms)
            self.report.rows += len(rows)
            self._tell("Reading the journal", self.report.rows, 0)
            if len(rows) < at_once:
                break
            first = rows[-1].trans_id + 1

    async def compare(self, side: Side, theirs: LineSorter) -> None:
        """Walk through both sides by id."""
        walk = Merge(self._rows[side].blocks(), theirs.blocks())
        for key, mine, entries in walk.rest():
            self._tell(f"Comparing with the {side}", walk.walked, self.report.rows)
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
        self._sum(side, Verdict.EQUAL, walk.equal, walk.equal)

    def _add(self, side: Side, verdict: Verdict, mine: Ours | None, entries: list[Entry]) -> None:
        self._sum(side, verdict, sums_here(mine) if mine else Sums(), sums_there(entries))

    def _sum(self, side: Side, verdict: Verdict, here: Sums, there: Sums) -> None:
        ours_before, theirs_before = self.report.sums.get((side, verdict), (Sums(), Sums()))
        self.report.sums[side, verdict] = (ours_before + here, theirs_before + there)

    def _note(self, finding: Finding) -> None:
        self.report.differences += finding.verdict.is_difference
        if len(self.report.findings) < self._order.findings_max:
            self.report.findings.append(finding)
        self.digest.update(f"{finding.side}\t{finding.key}\t{finding.verdict}\n".encode())
        self._heard(finding)

    async def asked(self) -> LineSorter:
        """Ask the backend about each row of the window, one after the other."""
        hub, agent = self._hub, self._order.agent
        theirs = LineSorter(self._order.folder, "asked")
        ours, silent = self._rows[Side.BACKEND], 0
        for number, line in enumerate(ours.sorted()):
            self._tell("Asking the backend for status", number, self.report.rows)
            key, mine = ours_of(line)
            row = await hub.journal.fetch(agent.agent_id, mine.trans_id)
            assert row is not None, "rows of the journal stay"
            if silent >= _SILENT_MAX and isinstance(ours, Sample):
                theirs.extend([entry_line(key, _entry(mine, Told.OPEN))])
                self.report.unanswered += 1
                continue
            began = hub.clock.monotonic()
            told = await _status(hub, agent, row)
            silent = silent + 1 if told is Told.OPEN else 0
            if told is not None:
                theirs.extend([entry_line(key, _entry(mine, told))])
                self.report.unanswered += told is Told.OPEN
            await hub.clock.sleep(began + 1 / STATUSES_PER_SECOND - hub.clock.monotonic())
        self.report.left_out = ours.left_out if isinstance(ours, Sample) else 0
        return theirs


def _entry(mine: Ours, told: Told) -> Entry:
    return Entry(kind=mine.kind, amount_minor=mine.amount_minor, told=told)


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


def _note_open(report: Report, row: ComparedRow, now_ms: int) -> None:
    is_young = row.state == State.PENDING and now_ms - row.created_at_ms <= PENDING_TOO_LONG_MS
    is_given_up = row.state == State.VOID and row.step != Step.PROBE
    if is_young or is_given_up:
        return
    report.open_points.append(
        OpenPoint(
            trans_id=row.trans_id,
            guid=row.guid,
            state=State(row.state),
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
