"""An operator that keeps its own ledger and answers each call in one of the ways of 2.5.

What it says may be anything; what it says definitely is true, as far as the contract asks that of
operators. With its ledger and what it saw on the wire it judges the hub.
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Awaitable, Callable

from meganodes.callbacks.gateway import AgentView, Attempt, Call
from meganodes.domain.outcome import (
    Accepted,
    Duplicate,
    NotSeen,
    NotSent,
    Outcome,
    Refused,
    Unknown,
)
from meganodes.protocol.commands import Command
from meganodes.protocol.wire import load_json
from tests.support.hub_world import TIME_OUT, Line

TIME_OUT_SECONDS = {Command.BET: 2.0, Command.BALANCE: 2.0}
LATE_SECONDS = (3.0, 30.0, 600.0)
"""So long after its time-out a call may still be executed: less than the window of 15 minutes."""

ANYTHING = (
    "honest", "honest", "honest", "lost", "reply lost", "late 0", "late 1", "late 2", "99",
    "garbage", "garbage, executed", "not sent", "held back", "21", "22", "100",
)  # fmt: skip
WAYS: dict[Command, tuple[str, ...]] = {
    Command.BET: (*ANYTHING, "41, executed", "no balance"),
    Command.WIN: (*ANYTHING, "41, executed", "no balance"),
    Command.CANCEL: (*ANYTHING, "41, executed", "no balance"),
    Command.STATUS: ("honest", "honest", "lost", "99", "garbage", "not sent", "21", "100"),
    Command.BALANCE: ("honest", "lost", "99"),
}
"""How the calls of a command may go; refusals are never executed."""

Recorded = Callable[[Call], Awaitable[None]]


class Operator(Line):
    """A wallet with a ledger. ``tombstones``: it remembers cancels of bets it has not seen."""

    def __init__(self, is_recorded: Recorded, *, tombstones: bool) -> None:
        super().__init__()
        self.plan: dict[Command, deque[str]] = {command: deque() for command in WAYS}
        self.debits: Counter[str] = Counter()
        self.refunds: Counter[str] = Counter()
        self.credits: Counter[str] = Counter()
        self.bets_on_the_wire: Counter[str] = Counter()
        self.cancel_ids: dict[str, str] = {}
        self.seen: Counter[str] = Counter()
        self.balances["Bob"] = 100_000
        self._is_recorded = is_recorded
        self._tombstones = tombstones

    async def send(self, agent: AgentView, call: Call) -> Attempt:
        """Answer in the way that is planned next, honestly when none is."""
        if agent.agent_id in self.open and not call.ignore_circuit and call.lane != "delivery":
            return self._attempt(call, NotSent(reason="the circuit is open", counted=False))
        planned = self.plan.get(call.command)
        way = planned.popleft() if planned else "honest"
        self.seen[f"{call.command} {way}"] += 1
        if way in {"not sent", "held back"}:
            return self._attempt(call, NotSent(reason=way, counted=way == "not sent"))
        await self._on_the_wire(call)
        return self._attempt(call, await self._answered(call, way))

    async def _on_the_wire(self, call: Call) -> None:
        """Hold every request against I10: what is sent was durable before."""
        self.sent.append(call)
        if call.command not in {Command.BET, Command.WIN, Command.CANCEL}:
            return
        await self._is_recorded(call)
        data = load_json(call.data)
        assert isinstance(data, dict)
        if call.command is Command.BET:
            self.bets_on_the_wire[data["trans_guid"]] += 1
        elif call.command is Command.CANCEL:
            before = self.cancel_ids.setdefault(data["cancel_trans_guid"], data["trans_guid"])
            assert before == data["trans_guid"], "a cancel has one id for ever"

    async def _answered(self, call: Call, way: str) -> Outcome:
        match way.split():
            case ["honest"]:
                return self.execute(call)
            case ["no", "balance"]:
                return _without_balance(call, self.execute(call))
            case ["41,", "executed"]:
                outcome = self.execute(call)  # twice, as behind a proxy that repeats
                return Duplicate() if isinstance(outcome, Accepted) else outcome
            case [("21" | "22" | "100") as result]:
                return Refused(result=int(result))
            case _:
                return await self._not_answered(call, way)

    async def _not_answered(self, call: Call, way: str) -> Outcome:
        match way.split():
            case ["99"]:
                return Unknown(reason="99", result=99)
            case ["garbage"]:
                return Unknown(reason="no JSON")
            case ["garbage,", "executed"]:
                self.execute(call)
                return Unknown(reason="no JSON")
            case ["reply", "lost"]:
                self.execute(call)
            case ["late", number]:
                seconds = TIME_OUT_SECONDS.get(call.command, 4.0) + LATE_SECONDS[int(number)]
                asyncio.get_running_loop().call_later(seconds, self.execute, call)
            case _:
                assert way == "lost", way
        await asyncio.sleep(TIME_OUT_SECONDS.get(call.command, 4.0))
        return TIME_OUT

    def _book(self, account: str, guid: str, delta: int) -> Outcome:
        (self.debits if delta < 0 else self.credits)[guid] += 1
        return super()._book(account, guid, delta)

    def _cancel(self, account: str, guid: str) -> Outcome:
        outcome = super()._cancel(account, guid)
        if isinstance(outcome, Accepted):
            self.refunds[guid] += 1
        elif isinstance(outcome, NotSeen) and self._tombstones:
            self.cancelled.add(guid)
        return outcome


def _without_balance(call: Call, outcome: Outcome) -> Outcome:
    if call.command is Command.BET and isinstance(outcome, Accepted):
        return Unknown(reason="result 0 came without a usable balance", result=0)
    return Accepted() if isinstance(outcome, Accepted) else outcome
