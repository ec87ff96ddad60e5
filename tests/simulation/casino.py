"""An operator's backend: one account book, one request at a time, and ways of its own.

`execute` is atomic and happens when it is called; when, how often and what becomes of the reply is
the network's affair. The ledger is append-only and is what the judges believe.
"""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from math import inf

from tests.simulation.checkers.evidence import Entry
from tests.simulation.history import Executed, History
from tests.simulation.personality import Personality
from tests.simulation.wire import Callback, amount_text, minor_of, read_callback

_TOKEN = b"Callback-Token"
_LOCKED_AFTER_SECONDS = 0.1
_LOCKED_SECONDS = (1.0, 90.0)
_MOVES = frozenset({"bet", "win", "cancel"})


@dataclass(frozen=True, slots=True)
class Replied:
    """What goes back over the wire."""

    status: int
    body: bytes


@dataclass(frozen=True, slots=True)
class _Answer:
    """A result and what comes with it; ``booked`` when the ledger got an entry."""

    result: int
    data: tuple[tuple[str, object], ...] = ()
    booked: Entry | None = None


@dataclass
class _Memory:
    """What a restart may lose: ids that were booked or refused, and tombstones."""

    booked: set[tuple[str, str]] = field(default_factory=set)
    refused: dict[str, int] = field(default_factory=dict)
    tombstones: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True, kw_only=True)
class Operator:
    """Whose backend it is: the agent's number, wire and decimals, its ways and its players."""

    agent_id: int
    personality: Personality
    exponent: int
    accounts: tuple[str, ...]
    revision: str = "guid"


class Casino:
    """One operator. ``tokens`` are the Callback-Tokens it takes; a reissue adds one."""

    def __init__(self, operator: Operator, history: History, rng: random.Random) -> None:
        """Open the accounts: plenty in each, or what a few stakes use up."""
        personality = operator.personality
        purse = 20 if personality.short_of_money else 1_000_000
        self.agent_id = operator.agent_id
        self.personality = personality
        self.exponent = operator.exponent
        self.revision = operator.revision
        self.tokens: set[bytes] = set()
        self.ledger: list[Entry] = []
        self.balances = dict.fromkeys(operator.accounts, purse * 10**operator.exponent)
        self.locked: dict[str, tuple[float, float]] = {}
        self._history = history
        self._rng = rng
        self._failing = personality.failing
        self._memory = _Memory()
        self._moved: dict[str, int] = {}
        self._cancelled: set[str] = set()

    def heal(self) -> None:
        """Fail no more and let everybody play again."""
        self._failing = 0.0
        self.personality = replace(self.personality, locking=0.0)
        self.locked.clear()

    def restart(self) -> None:
        """Start again; who keeps ids in memory only has forgotten them. The books stay."""
        self._history.fault("operator-restarted", agent_id=self.agent_id)
        if not self.personality.survives_restarts:
            self._memory = _Memory()

    def lock(self, account: str, seconds: float = inf, *, after: float = 0.0) -> None:
        """Lock a player out for so long, from now on or later: bets are refused by 22."""
        begin = self._history.now() + after
        self.locked[account] = (begin, begin + seconds)
        self._history.fault("player-locked", agent_id=self.agent_id, detail=account)

    def unlock(self, account: str) -> None:
        """Let a player play again."""
        self.locked.pop(account, None)

    def execute(self, headers: Mapping[bytes, bytes], body: bytes) -> Replied:
        """Carry out one request, now and as a whole."""
        asked = read_callback(body)
        if headers.get(_TOKEN) not in self.tokens:
            return self._told(asked, body, _Answer(100), fails_as=None)
        fails_as = None
        if self._rng.random() < self._failing:
            fails_as = self._rng.choice((99, 500, 503))
            if self._rng.random() < 0.5:
                return self._told(asked, body, _Answer(99), fails_as=fails_as)
        return self._told(asked, body, self._answer(asked), fails_as=fails_as)

    # --- what a command brings --------------------------------------------------------------------

    def _answer(self, asked: Callback) -> _Answer:
        if asked.command == "status":
            return self._status(asked)
        for check in asked.checks:
            refused = self._checked(check, asked)
            if refused is not None:
                if asked.command == "bet" and refused.result in {21, 22, 31}:
                    self._memory.refused[asked.reference] = refused.result
                return refused
        if asked.command not in _MOVES:
            account = (("account", asked.account),) if asked.command == "authenticate" else ()
            return _Answer(0, (*account, self._balance(asked.account)))
        if asked.command == "cancel":
            return self._cancel(asked)
        return self._book(asked)

    def _checked(self, check: int, asked: Callback) -> _Answer | None:
        """Evaluate one check of the wire; None when it passes."""
        account = asked.account
        if check == 21 and account not in self.balances:
            return _Answer(21)
        if check == 22 and self._is_locked(account):
            owed = asked.command in {"win", "cancel"} and self.personality.pays_locked
            return None if owed else _Answer(22)
        if check == 41:
            return self._known(asked)
        if check == 31 and asked.amount is not None:
            amount = minor_of(asked.amount, self.exponent)
            if self.balances[account] < amount:
                return _Answer(31, (self._balance(account),))
        return None

    def _is_locked(self, account: str) -> bool:
        begin, end = self.locked.get(account, (inf, inf))
        return begin <= self._history.now() < end

    def _known(self, asked: Callback) -> _Answer | None:
        """Answer an id that was used before; None for a new one."""
        memory = self._memory
        if (asked.command, asked.reference) in memory.booked:
            return self._duplicate(asked)
        if asked.command != "bet":
            return None
        if asked.reference in memory.tombstones:
            return _Answer(41, (self._balance(asked.account),))
        if self.personality.remembers_refused and asked.reference in memory.refused:
            return _Answer(memory.refused[asked.reference], (self._balance(asked.account),))
        return None

    def _duplicate(self, asked: Callback) -> _Answer:
        result = self.personality.duplicates
        return _Answer(result, () if result == 99 else (self._balance(asked.account),))

    def _book(self, asked: Callback) -> _Answer:
        assert asked.amount is not None
        amount = minor_of(asked.amount, self.exponent)
        moved = -amount if asked.command == "bet" else amount
        self._memory.booked.add((asked.command, asked.reference))
        self._moved[asked.reference] = moved
        if asked.command == "bet" and self._rng.random() < self.personality.locking:
            # In the middle of a round: its win, or its cancel, meets a locked player.
            seconds = self._rng.uniform(*_LOCKED_SECONDS)
            self.lock(asked.account, seconds, after=self._rng.random() * _LOCKED_AFTER_SECONDS)
        return self._moving(asked, moved)

    def _moving(self, asked: Callback, moved: int) -> _Answer:
        entry = Entry(
            account=asked.account,
            kind=asked.command,
            reference=asked.reference,
            original=asked.original,
            moved_minor=moved,
        )
        self.ledger.append(entry)
        self.balances[asked.account] += moved
        return _Answer(0, (self._balance(asked.account),), booked=entry)

    def _cancel(self, asked: Callback) -> _Answer:
        original = asked.original
        assert original is not None
        if original in self._cancelled:
            return self._duplicate(asked)
        if original in self._moved and self._moved[original] <= 0:
            self._cancelled.add(original)
            if self.revision == "guid":
                self._memory.booked.add(("cancel", asked.reference))
            return self._moving(asked, -self._moved[original])
        return self._unknown_cancel(asked, original)

    def _unknown_cancel(self, asked: Callback, original: str) -> _Answer:
        if self.personality.tombstones:
            self._memory.tombstones.add(original)
        way = self.personality.unknown_cancel
        if way == "not seen":
            return _Answer(43 if 43 in asked.checks else 42, (self._balance(asked.account),))
        if self.revision == "guid":
            self._memory.booked.add(("cancel", asked.reference))
        if way == "credited" and asked.amount is not None:
            return self._moving(asked, minor_of(asked.amount, self.exponent))
        return _Answer(0, (self._balance(asked.account),))

    def _status(self, asked: Callback) -> _Answer:
        if asked.account not in self.balances:
            return _Answer(21)
        truth = self.personality.status
        known = asked.reference in self._moved
        if truth == "always unknown" or (truth == "truthful" and not known):
            return _Answer(42, (self._balance(asked.account),))
        cancelled = truth == "truthful" and asked.reference in self._cancelled
        name = "trans_id" if self.revision == "id" else "trans_guid"
        reference = int(asked.reference) if self.revision == "id" else asked.reference
        account = () if self.revision == "id" else (("account", asked.account),)
        status = "CANCELED" if cancelled else "OK"
        return _Answer(0, (*account, (name, reference), ("trans_status", status)))

    # --- how it is told ---------------------------------------------------------------------------

    def _balance(self, account: str) -> tuple[str, object]:
        return ("balance", _Number(amount_text(self.balances[account], self.exponent)))

    def _told(
        self, asked: Callback, body: bytes, answer: _Answer, *, fails_as: int | None
    ) -> Replied:
        """Note what was executed, and write the reply: the true one, or a failure after it."""
        status = 200 if fails_as in {None, 99} else fails_as
        if fails_as is not None:
            answer = _Answer(99, booked=answer.booked)
        assert status is not None
        reply = _written(answer)
        self._history.append(
            Executed(
                at=self._history.now(),
                agent_id=self.agent_id,
                command=asked.command,
                account=asked.account,
                reference=asked.reference,
                original=asked.original,
                result=answer.result if status == 200 else None,
                booked=answer.booked is not None,
                moved_minor=answer.booked.moved_minor if answer.booked else 0,
                body=body,
                reply=reply,
            )
        )
        return Replied(status, reply)


class _Number:
    """A number that is written as it stands."""

    def __init__(self, text: str) -> None:
        self.text = text


def _written(answer: _Answer) -> bytes:
    members = (
        f'"{name}":{value.text if isinstance(value, _Number) else json.dumps(value)}'
        for name, value in answer.data
    )
    status = "OK" if answer.result == 0 else "ERROR"
    return (
        f'{{"result":{answer.result},"status":"{status}","data":{{{",".join(members)}}}}}'
    ).encode()
