"""A small run told by hand, for tests of the judges: everything in it is in order until changed.

Agent 1 plays in euros, agent 2 has nothing to do with it. `a_story` has an accepted bet, the win of
its round, and a bet of unknown outcome that was cancelled.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace

from meganodes.domain.round import OpenRound
from meganodes.domain.transaction import RoundKey, State, Step, Transaction
from meganodes.journal.store import AttemptRecord, Event, ListedTransaction
from meganodes.protocol.commands import TransType
from tests.simulation.checkers import CHECKERS, judge
from tests.simulation.checkers.evidence import (
    AgentFacts,
    Entry,
    Evidence,
    ProviderFacts,
    Word,
)
from tests.simulation.history import (
    Answered,
    Asked,
    Executed,
    History,
    Journaled,
    Record,
    Sent,
)
from tests.simulation.wire import amount_text
from tests.support.transactions import bet, win

TOKEN = b"mnc_alices-casino"
STRANGER = b"mnc_another-casino"


@dataclass(frozen=True, slots=True)
class Cast:
    """The rows of `a_story`, as they were born."""

    bet: Transaction
    win: Transaction
    undone: Transaction


def _usual_cast() -> Cast:
    return Cast(
        bet(round_id="r-1"),
        win(round_id="r-1", amount_minor=200),
        bet(round_id="r-2", outcome_unknown=True),
    )


@dataclass
class Story:
    """What happened, in order, and what is left. Lists may be changed before `evidence`."""

    cast: Cast = field(default_factory=_usual_cast)
    records: list[Record] = field(default_factory=list)
    rows: list[Transaction] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    words: list[Word] = field(default_factory=list)
    listed: list[tuple[Transaction, TransType]] = field(default_factory=list)
    events: dict[tuple[int, int], tuple[Event, ...]] = field(default_factory=dict)
    open_rounds: tuple[RoundKey, ...] = ()
    flags: frozenset[str] = frozenset()
    logs: bytes = b""
    seal_faults: tuple[str, ...] = ()
    attempts: list[AttemptRecord] = field(default_factory=list)
    profile: ProviderFacts = field(default_factory=lambda: ProviderFacts(provider_id=7))
    at: float = 100.0
    calls: int = 0

    def tick(self, seconds: float = 0.01) -> float:
        """Let time pass."""
        self.at += seconds
        return self.at

    def asked(self, row: Transaction, code: int | None, **more: object) -> None:
        """A provider asked for this row and got an answer (None: nothing)."""
        self.calls += 1
        fields: dict[str, object] = {
            "transaction_id": row.transaction_id,
            "round_id": row.round_id,
            "amount": amount_text(row.amount_minor, 2),
        }
        self.records.append(
            Asked(
                at=self.tick(),
                call=self.calls,
                node=0,
                provider_id=7,
                agent_id=row.agent_id,
                gplay_id=row.gplay_id,
                command=str(more.pop("command", row.kind.value)),
                fields=tuple((fields | more).items()),
            )
        )
        self.answered(self.calls, code, row.guid)

    def answered(self, call: int, code: int | None, guid: str) -> None:
        """A call was answered."""
        data = {"transaction_guid": guid} if code == 0 else {}
        body = json.dumps({"code": code, "message": "", "data": data}).encode()
        self.records.append(
            Answered(
                at=self.tick(),
                call=call,
                status=None if code is None else 200,
                body=None if code is None else body,
            )
        )

    def journaled(self, row: Transaction, *states: str, **more: object) -> None:
        """The row went through these states, one commit each; a claim is ``cancelling!``."""
        for name in states:
            state = name.rstrip("!")
            known = self.steps_of(row)
            last = known[-1] if known else None
            leased = name.endswith("!") or state == "pending"
            claims = (last.attempts if last else 0) + (name.endswith("!"))
            self.records.append(
                Journaled(
                    at=self.tick(),
                    node=0,
                    agent_id=row.agent_id,
                    trans_id=row.trans_id,
                    guid=row.guid,
                    kind=row.kind.value,
                    epoch=last.epoch + 1 if last else 0,
                    from_state=last.to_state if last else None,
                    to_state=state,
                    step="none",
                    attempts=claims,
                    leased=leased,
                    cause=str(more.get("cause", state)),
                )
            )

    def steps_of(self, row: Transaction) -> list[Journaled]:
        """Give what became durable of a row."""
        return [
            record
            for record in self.records
            if isinstance(record, Journaled) and record.trans_id == row.trans_id
        ]

    def sent(self, row: Transaction, command: str, **data: object) -> bytes:
        """A node put a callback about the row on the wire."""
        name = row.guid + "-c" if command == "cancel" else row.guid
        values: dict[str, object] = {"account": row.account, "trans_guid": name}
        if command == "cancel":
            values["cancel_trans_guid"] = row.guid
        amount = str(data.pop("amount", amount_text(row.amount_minor, 2)))
        token = data.pop("token", TOKEN)
        assert isinstance(token, bytes)
        agent_id = data.pop("agent_id", row.agent_id)
        assert isinstance(agent_id, int)
        members = json.dumps(values | data)[:-1] + f', "amount": {amount}}}'
        text = f'{{"command":"{command}","data":{members},"timestamp":"1","check":"21"}}'
        body = text.encode()
        self.records.append(
            Sent(
                at=self.tick(),
                node=0,
                agent_id=agent_id,
                exchange=len(self.records),
                headers=((b"Callback-Token", token),),
                body=body,
            )
        )
        return body

    def first_sent(self, command: str) -> tuple[int, Sent]:
        """Find the first callback of a command, and its place among the records."""
        for place, record in enumerate(self.records):
            if isinstance(record, Sent) and f'"command":"{command}"'.encode() in record.body:
                return place, record
        raise AssertionError(command)

    def executed(
        self, row: Transaction, command: str, body: bytes, *, result: int = 0, moved: int | None
    ) -> None:
        """The operator executed it; ``moved`` None: it booked nothing."""
        name = row.guid + "-c" if command == "cancel" else row.guid
        original = row.guid if command == "cancel" else None
        self.records.append(
            Executed(
                at=self.tick(),
                agent_id=row.agent_id,
                command=command,
                account=row.account,
                reference=name,
                original=original,
                result=result,
                booked=moved is not None,
                moved_minor=moved or 0,
                body=body,
            )
        )
        if moved is not None:
            self.book(row, command, moved)

    def book(self, row: Transaction, command: str, moved: int) -> None:
        """The operator's ledger got an entry."""
        self.entries.append(
            Entry(
                account=row.account,
                kind=command,
                reference=row.guid + "-c" if command == "cancel" else row.guid,
                original=row.guid if command == "cancel" else None,
                moved_minor=moved,
            )
        )

    def held(self, row: Transaction, state: str, last: str, *kinds: TransType) -> Transaction:
        """Keep the row as it is in the end, the provider's word, and its list entries."""
        steps = self.steps_of(row)
        epoch = steps[-1].epoch if steps else 0
        final = replace(row, state=State(state), step=Step.NONE, due_at_ms=None, epoch=epoch)
        self.rows.append(final)
        self.words.append(
            Word(
                provider_id=7,
                agent_id=row.agent_id,
                transaction_id=row.transaction_id,
                kind=row.kind.value,
                round_id=row.round_id,
                amount_minor=row.amount_minor,
                original=None,
                last=last,
                said=(),
            )
        )
        self.listed.extend((final, kind) for kind in kinds)
        return final

    def alter(self, row: Transaction, **changes: object) -> None:
        """Change a row as it is in the end."""
        place = next(n for n, each in enumerate(self.rows) if each.trans_id == row.trans_id)
        self.rows[place] = replace(self.rows[place], **changes)  # type: ignore[arg-type]

    def told(self, row: Transaction, last: str) -> None:
        """Change what the provider holds to be true."""
        place = next(
            n for n, word in enumerate(self.words) if word.transaction_id == row.transaction_id
        )
        self.words[place] = replace(self.words[place], last=last)

    def evidence(self) -> Evidence:
        """Hand it to the judges."""
        history = History(lambda: self.at)
        for record in self.records:
            history.append(record)
        return Evidence(
            history=history,
            rows=tuple(self.rows),
            events={
                (row.agent_id, row.trans_id): tuple(_event(step) for step in self.steps_of(row))
                for row in self.rows
            }
            | self.events,
            attempts=tuple(self.attempts),
            listed={1: tuple(_entry(n, *entry) for n, entry in enumerate(self.listed, 1))},
            open_rounds=tuple(OpenRound(key=key, opened_at_ms=0) for key in self.open_rounds),
            ledgers={1: tuple(self.entries), 2: ()},
            words=tuple(self.words),
            agents={
                1: _facts(1, frozenset({"alice"}), TOKEN, self.flags),
                2: _facts(2, frozenset({"bob"}), STRANGER, frozenset()),
            },
            providers={7: self.profile},
            logs=self.logs,
            seal_faults=self.seal_faults,
            healed_at=self.at,
            ended_at=self.at + 1.0,
        )

    def spoken(self) -> set[str]:
        """Name the invariants whose judges find something that nothing excuses."""
        return {each.invariant for each in judge(self.evidence()).violations}

    def reported(self) -> set[tuple[str, str]]:
        """Name the invariants and the excuses of what is reported as a line."""
        return {(each.invariant, each.excuse) for each in judge(self.evidence()).reported}

    def found_by(self, invariant: str) -> list[str]:
        """Give the sentences of one judge."""
        return [each.sentence for each in CHECKERS[invariant](self.evidence())]


def a_story() -> Story:
    """Tell the usual run."""
    story = Story()
    _accepted(story, story.cast.bet)
    _paid(story, story.cast.win)
    _undone(story, story.cast.undone)
    return story


def _accepted(story: Story, row: Transaction) -> None:
    story.asked(row, None)
    story.journaled(row, "pending")
    body = story.sent(row, "bet")
    story.executed(row, "bet", body, moved=-row.amount_minor)
    story.journaled(row, "accepted")
    story.asked(row, 0)
    story.held(row, "accepted", "ok", TransType.BET)


def _paid(story: Story, row: Transaction) -> None:
    story.journaled(row, "owed!")
    body = story.sent(row, "win")
    story.executed(row, "win", body, moved=row.amount_minor)
    story.journaled(row, "credited")
    story.asked(row, 0)
    story.held(row, "credited", "ok", TransType.WIN)


def _undone(story: Story, row: Transaction) -> None:
    story.journaled(row, "pending")
    body = story.sent(row, "bet")
    story.executed(row, "bet", body, moved=-row.amount_minor)
    story.journaled(row, "cancelling!")
    story.asked(row, 3003)
    body = story.sent(row, "cancel")
    story.executed(row, "cancel", body, moved=row.amount_minor)
    story.journaled(row, "cancelled")
    story.held(row, "cancelled", "failed", TransType.BET, TransType.CANCEL)


def _event(step: Journaled) -> Event:
    return Event(
        epoch=step.epoch,
        at_ms=0,
        from_state=step.from_state,
        to_state=step.to_state,
        cause=step.cause,
    )


def _entry(position: int, row: Transaction, kind: TransType) -> ListedTransaction:
    return ListedTransaction(
        position=position,
        trans_type=kind,
        row=row,
        balance_minor=0,
        balance_known=True,
        listed_at_ms=0,
    )


def _facts(
    agent_id: int, accounts: frozenset[str], token: bytes, flags: frozenset[str]
) -> AgentFacts:
    return AgentFacts(
        agent_id=agent_id,
        revision="guid",
        exponent=2,
        accounts=accounts,
        secrets=(token,),
        flags=flags,
    )
