"""A hub in memory, as a provider sees it, that loses answers on demand (contract section 4)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from meganodes.demo.studio_rules import Answer

LOST_BEFORE = "lost before the hub saw it"
LOST_AFTER = "done, and the answer lost"


@dataclass
class FakeHubRow:
    kind: str
    round_id: str
    amount: str
    state: str = "accepted"
    delivered: bool = True


@dataclass
class FakeHub:
    """Takes every bet it is asked for. `script` holds what happens to the next requests.

    An entry is LOST_BEFORE, LOST_AFTER, a code to answer without doing anything, or None.
    """

    script: list[str | int | None] = field(default_factory=list)
    rows: dict[str, FakeHubRow] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)
    wins_are_late: bool = False

    async def ask(self, command: str, body: str) -> Answer | None:
        self.asked.append((command, body))
        step = self.script.pop(0) if self.script else None
        if step == LOST_BEFORE:
            return None
        if isinstance(step, int):
            return Answer(status=200, code=step)
        answer = self._answer(command, json.loads(body))
        return None if step == LOST_AFTER else answer

    def commands(self) -> list[str]:
        return [command for command, _ in self.asked]

    def _answer(self, command: str, asked: dict[str, Any]) -> Answer:
        match command:
            case "bet":
                return self._bet(asked["transaction_id"], asked["round_id"], asked["amount"])
            case "win":
                return self._win(asked["transaction_id"], asked["round_id"], asked["amount"])
            case "betwin":
                return self._betwin(asked)
            case "cancel":
                return self._cancel(asked["transaction_id"], asked["cancel_transaction_id"])
            case "round":
                return self._round(asked["round_id"])
            case _:
                return _ok(account="400000001", currency="EUR", balance="100.00")

    def _bet(self, transaction_id: str, round_id: str, amount: str) -> Answer:
        row = self.rows.setdefault(transaction_id, FakeHubRow("bet", round_id, amount))
        if row.state != "accepted":
            return Answer(status=200, code=3005)
        return _ok(transaction_guid=f"g-{transaction_id}", balance="1.00")

    def _win(self, transaction_id: str, round_id: str, amount: str) -> Answer:
        late = self.wins_are_late
        fresh = FakeHubRow("win", round_id, amount, "owed" if late else "accepted", not late)
        row = self.rows.setdefault(transaction_id, fresh)
        return _ok(transaction_guid=f"g-{transaction_id}", balance=None, delivered=row.delivered)

    def _betwin(self, asked: dict[str, Any]) -> Answer:
        bet = self._bet(asked["bet"]["transaction_id"], asked["round_id"], asked["bet"]["amount"])
        if bet.code:
            return bet
        wins = [
            self._win(win["transaction_id"], asked["round_id"], win["amount"]).data
            for win in asked["wins"]
        ]
        return _ok(bet=bet.data, wins=wins, balance="1.00")

    def _cancel(self, transaction_id: str, bet_id: str) -> Answer:
        bet = self.rows.setdefault(bet_id, FakeHubRow("bet", "", "0", "void"))
        rounds = [row.round_id for row in self.rows.values() if row.kind == "win"]
        if bet.round_id in rounds:
            return Answer(status=200, code=3010)
        bet.state = "cancelled"
        self.rows[transaction_id] = FakeHubRow("cancel", bet.round_id, bet.amount)
        return _ok(transaction_guid=f"g-{bet_id}-c", balance=None, delivered=True)

    def _round(self, round_id: str) -> Answer:
        listed = [
            {
                "transaction_id": transaction_id,
                "kind": row.kind,
                "amount": row.amount,
                "transaction_guid": f"g-{transaction_id}",
                "state": row.state,
                "delivered": row.delivered,
            }
            for transaction_id, row in self.rows.items()
            if row.round_id == round_id
        ]
        return _ok(transactions=listed, closed=True) if listed else Answer(status=200, code=2013)


def _ok(**data: object) -> Answer:
    shown: Mapping[str, object] = data
    return Answer(status=200, code=0, data=shown)
