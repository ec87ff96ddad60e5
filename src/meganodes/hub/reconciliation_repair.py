"""What a reconciliation may mend, always by the path that everything owed takes (reliability 4).

A parked win or cancel is sent again under its own id; a closed bet that stands at the backend is
asked about by `status`, and cancelled with its one cancel guid if it really does. A file alone
never moves money. All else is for people, and the report says what they have to do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from meganodes.domain.by_hand import Repair, looked_at_again, resumed
from meganodes.domain.reconciliation import Side, Told, Verdict
from meganodes.domain.transaction import Kind, State, Transaction
from meganodes.hub.parked import NotDone
from meganodes.journal.store import Change, Committed

if TYPE_CHECKING:
    from meganodes.directory.reconciliations import Reconciliations
    from meganodes.directory.records import Actor, Agent
    from meganodes.hub.core import Hub
    from meganodes.hub.reconciliation import Finding

_REOPENABLE: Final = {State.VOID, State.CANCELLED}

_BY_PEOPLE: Final = {
    Verdict.MISSING_AT_BACKEND: (
        "show the operator the accepted attempt (Back Office, the transaction): the backend said "
        "yes and has to book it under this id; a new one would be a second movement"
    ),
    Verdict.MISSING_AT_PROVIDER: (
        "ask the provider what became of it: it repeats or cancels it under its own id"
    ),
    Verdict.MISSING_AT_HUB: (
        "the hub never asked for it, or lost it by a restore: the other side takes it back, or the "
        "provider sends it again under its own id"
    ),
    Verdict.AMOUNT_DIFFERS: (
        "compare the bytes that were sent (API log) with what was booked; who is wrong corrects"
    ),
    Verdict.DOUBLE: "the other side takes one of the two back: the hub asked for one",
}
_STATES_BY_PEOPLE: Final = {
    Side.BACKEND: (
        "the hub has no step from here: the backend has to book what the hub's row says, or both "
        "sides agree in writing and correct outside the hub"
    ),
    Side.PROVIDER: (
        "the provider was told something else: show it the recorded answer; a bet it wants undone "
        "it cancels under its own id"
    ),
}


def what_is_mended(finding: Finding) -> str | None:
    """Say what a repair would do about a finding, None when it is for people."""
    mine = finding.mine
    if mine is None or finding.side is Side.PROVIDER:
        return None
    if finding.verdict is Verdict.OPEN and mine.state is State.PARKED:
        return "send it again under its own id"
    booked = any(each.told is Told.BOOKED and each.kind is Kind.BET for each in finding.entries)
    is_reopened = mine.kind is Kind.BET and mine.state in _REOPENABLE and booked
    if finding.verdict is Verdict.STATE_DIFFERS and is_reopened:
        return "ask for its status, and cancel it again with its one cancel guid if it stands"
    return None


def what_people_do(finding: Finding) -> str:
    """Say what a person has to do about a finding that no repair mends; "" for what goes on."""
    if finding.verdict is Verdict.STATE_DIFFERS:
        return _STATES_BY_PEOPLE[finding.side]
    return _BY_PEOPLE.get(finding.verdict, "")


async def mend(
    hub: Hub,
    reconciliations: Reconciliations,
    finding: Finding,
    repair: Repair,
    by: tuple[Agent, Actor],
) -> Transaction | NotDone:
    """Mend one finding, audited first; NotDone when the row has gone on meanwhile.

    Raises DirectoryFault while somebody says that it was settled by hand.
    """
    agent, actor = by
    assert finding.mine is not None
    assert repair.fault() is None
    row = await hub.journal.fetch(agent.agent_id, finding.mine.trans_id)
    if row is None or row.state is not finding.mine.state:
        return NotDone("it has gone on since it was compared: compare again")
    mended: dict[str, object] = {
        "trans_id": row.trans_id,
        "found": f"{finding.verdict} ({finding.side})",
        "does": what_is_mended(finding),
        "by": repair.by,
        "confirmed_by": repair.confirmed_by,
    }
    await reconciliations.note_repair(agent.agent_id, actor, mended, repair.reason)
    moment = hub.moment(agent)
    if row.state is State.PARKED:
        again = resumed(row, moment, f"{repair.by}, confirmed by {repair.confirmed_by}")
    else:
        again = looked_at_again(row, moment, repair)
    result = await hub.journal.commit(Change(at_ms=moment.now_ms, moves=(again,)))
    hub.wake_worker()
    if isinstance(result, Committed):
        return result.rows[0]
    return NotDone("somebody else changed it in this very moment: compare again")
