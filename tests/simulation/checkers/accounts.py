"""One transaction at its operator: what was booked, and which way of the operator explains it."""

from __future__ import annotations

from dataclasses import dataclass

from meganodes.domain.transaction import Transaction
from tests.simulation.checkers.evidence import Evidence
from tests.simulation.history import Executed

REFUSALS = frozenset({21, 22, 31, 100})
DEAD = frozenset({"refused", "cancelled", "void", "tombstone"})
"""States of a bet that took nothing from its player."""
_SWALLOWING = frozenset({"unknown cancel ok", "unknown cancel credited"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What an operator booked for one row; ``net_minor`` is what the player gained by it."""

    debits: int
    credits: int
    refunds: int
    net_minor: int


def account_of(run: Evidence, row: Transaction) -> Account:
    """Add up an operator's entries about one row."""
    entries = run.entries.get(run.reference(row), [])
    kinds = [entry.kind for entry in entries]
    return Account(
        debits=kinds.count("bet"),
        credits=kinds.count("win"),
        refunds=kinds.count("cancel"),
        net_minor=sum(entry.moved_minor for entry in entries),
    )


def excuse_of(run: Evidence, row: Transaction) -> str:
    """Name the way of the operator that explains a difference in this row's money; empty: none.

    The order of what was executed decides, not the flag alone: a flag whose circumstances did not
    come about excuses nothing.
    """
    executed = run.executions.get(run.reference(row), [])
    for excuse in (_forgot, _paid_an_unknown_cancel, _took_a_refused_one, _took_a_late_one):
        name = excuse(run, row, executed)
        if name:
            return name
    return ""


def unwilling_excuse(run: Evidence, row: Transaction) -> str:
    """Name the way by which an operator never accepts what it has taken once; empty: none."""
    flags = run.agents[row.agent_id].flags
    if "duplicates fail" not in flags:
        return ""
    executed = run.executions.get(run.reference(row), [])
    swallowed = bool(flags & _SWALLOWING) and _has_unknown_cancel(executed)
    return "duplicates fail" if swallowed or any(each.booked for each in executed) else ""


def parked_excuse(run: Evidence, row: Transaction) -> str:
    """Name the way of the operator by which a row may stay parked (contract 3.4); empty: none."""
    flags = run.agents[row.agent_id].flags
    executed = run.executions.get(run.reference(row), [])
    unwilling = unwilling_excuse(run, row)
    if unwilling:
        return unwilling
    unsure = flags & {"status always ok", "status always unknown"}
    if unsure and any(each.command == "status" for each in executed):
        return min(unsure)
    swallowed = flags & _SWALLOWING
    if swallowed and row.kind == "bet" and _has_unknown_cancel(executed):
        return min(swallowed)
    return _forgot(run, row, executed)


def _forgot(run: Evidence, row: Transaction, executed: list[Executed]) -> str:
    """Two bookings of one id, or a booking after its cancel, with a restart in between."""
    if "forgets over restarts" not in run.agents[row.agent_id].flags:
        return ""
    restarts = run.restarts.get(row.agent_id, [])
    marks = [each.at for each in executed if each.command != "status"]
    late = [each.at for each in executed if each.booked]
    split = any(marks[0] <= moment <= late[-1] for moment in restarts) if late else False
    return "forgets over restarts" if split and len(marks) > 1 else ""


def _paid_an_unknown_cancel(run: Evidence, row: Transaction, executed: list[Executed]) -> str:
    if "unknown cancel credited" not in run.agents[row.agent_id].flags:
        return ""
    return "unknown cancel credited" if _has_unknown_cancel(executed) else ""


def _has_unknown_cancel(executed: list[Executed]) -> bool:
    """Tell whether a cancel was executed before its bet was booked, if it ever was."""
    for each in executed:
        if each.command == "bet" and each.booked:
            return False
        if each.command == "cancel" and each.result != 100:
            return True
    return False


def _took_a_refused_one(run: Evidence, row: Transaction, executed: list[Executed]) -> str:
    """Refused first, executed on the network's own duplicate (reliability 2.6), or the reverse."""
    bets = [each for each in executed if each.command == "bet"]
    if row.state != "refused" or len(bets) < 2:
        return ""
    if bets[0].booked and any(each.result == 22 for each in bets):
        # The checks stand in this order on the wire: 22 is said before 41.
        return "its player was locked between two copies"
    if bets[0].result not in REFUSALS:
        return ""
    if bets[0].result == 100:
        return "its Callback-Token changed between two copies"
    forgets = "forgets refused" in run.agents[row.agent_id].flags
    return "forgets refused" if forgets and bets[-1].booked else ""


def _took_a_late_one(run: Evidence, row: Transaction, executed: list[Executed]) -> str:
    """A bet without a tombstone that came when nobody looked any more, or that status hid."""
    flags = run.agents[row.agent_id].flags
    booked = [each.at for each in executed if each.command == "bet" and each.booked]
    if "no tombstones" not in flags or row.state not in DEAD or not booked:
        return ""
    cancelled = [each.at for each in executed if each.command == "cancel"]
    if not cancelled or booked[-1] < cancelled[0]:
        return ""
    if "status always unknown" in flags:
        return "no tombstones, status always unknown"
    closed = [
        step.at
        for step in run.steps[row.agent_id, row.trans_id]
        if step.to_state in DEAD and step.from_state != step.to_state
    ]
    # A second's margin: between what the last probe was answered and what was then recorded.
    looked_until = closed[-1] + run.agents[row.agent_id].probed_seconds - 1.0
    return "no tombstones, later than the last probe" if booked[-1] > looked_until else ""
