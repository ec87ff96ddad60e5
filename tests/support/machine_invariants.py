"""The invariants of reliability 2.7 that hold at every moment, and those that hold at rest.

They look at the journal, at the operator's ledger and at what the provider was told; nothing here
asks the code under test what it thinks.
"""

from __future__ import annotations

from meganodes.domain.asked import Answer, Asked, AskedBet, AskedBetWin, AskedCancel, AskedWin
from meganodes.domain.transaction import LEGAL_MOVES, Kind, State, Transaction
from meganodes.journal.store import Event
from meganodes.protocol.codes import ApiCode
from tests.support.hub_world import minor
from tests.support.machine_operator import Operator
from tests.support.machine_world import MachineWorld

UNDONE = {State.CANCELLED, State.VOID, State.TOMBSTONE, State.REFUSED}
OPEN = {State.PENDING, State.OWED, State.CANCELLING, State.NOT_SEEN_WAIT}
NO_WORD = {ApiCode.TRY_AGAIN}
ENDS = {State.REFUSED, State.TOMBSTONE, State.CREDITED, State.UNDELIVERED, State.RECORDED}


class Judge:
    """Holds a world against the invariants; remembers what it has seen, so as to look only once."""

    def __init__(self, world: MachineWorld) -> None:
        self._world = world
        self._epochs: dict[int, int] = {}
        self._heard = 0
        self._words: dict[str, bool] = {}
        self._cancels_asked: set[str] = set()
        self.states: set[State] = set()

    def hold(self) -> None:
        """Check everything that must hold at any moment."""
        rows = self._world.rows()
        for row in rows:
            self._hold_history(row)
            self._hold_money(row)
        self._hold_rounds(rows)
        self._hold_wire()
        by_id = {row.transaction_id: row for row in rows}
        for asked, answer in self._world.said[self._heard :]:
            self._hold_answer(asked, answer, by_id)
        self._heard = len(self._world.said)

    def note_asked(self, asked: Asked) -> None:
        """Note what a provider wants before it is asked for."""
        if isinstance(asked, AskedCancel):
            self._cancels_asked.add(asked.cancel_transaction_id)

    def _hold_history(self, row: Transaction) -> None:
        """I7: the events of a row lead to where it stands, by legal moves alone."""
        if self._epochs.get(row.trans_id) == row.epoch:
            return
        events = self._world.journal._tables.events[row.agent_id, row.trans_id]
        hold_fold(row, events)
        before = self._epochs.get(row.trans_id, -1)
        assert before < row.epoch, "epochs only rise"
        left = {event.from_state for event in events if event.epoch > max(before, 0)}
        assert not left & {state.value for state in ENDS}, f"{row.state} after an end"
        self._epochs[row.trans_id] = row.epoch
        self.states.add(row.state)

    def _hold_money(self, row: Transaction) -> None:
        """I1, I3, I4, I14: what the operator booked is what this state says, to the cent."""
        ledger = self._world.operator
        debits, refunds = ledger.debits[row.guid], ledger.refunds[row.guid]
        if row.kind is Kind.BET:
            assert debits <= 1
            assert refunds <= debits
            if row.state is State.ACCEPTED:
                assert (debits, refunds) == (1, 0), row
                assert ledger.booked[row.guid] == -row.amount_minor
            elif row.state in UNDONE:
                assert debits == refunds, f"{row.state}: a stake of {row.amount_minor} is lost"
        elif row.kind is Kind.WIN:
            self._hold_win(row, ledger)

    def _hold_win(self, row: Transaction, ledger: Operator) -> None:
        paid = ledger.credits[row.guid]
        assert paid <= 1, "a win is paid once"
        if row.state is State.CREDITED:
            assert paid == 1, "a win that nobody paid"
        if row.state is State.UNDELIVERED:
            assert row.amount_minor == 0
        if paid:
            assert ledger.booked[row.guid] == row.amount_minor

    def _hold_rounds(self, rows: list[Transaction]) -> None:
        """I5: no win for a dead bet."""
        alive = {row.round_id for row in rows if row.state is State.ACCEPTED}
        for row in rows:
            if row.kind is Kind.WIN:
                assert row.round_id in alive, "a win without a bet that stands"

    def _hold_wire(self) -> None:
        """I10: a bet is on the wire at most once, in the whole world."""
        assert all(times == 1 for times in self._world.operator.bets_on_the_wire.values())

    def _hold_answer(self, asked: Asked, answer: Answer, rows: dict[str, Transaction]) -> None:
        """I2, I8: answers agree with the row and with each other."""
        if answer.code in NO_WORD:
            return
        match asked:
            case AskedBet():
                self._hold_bet(asked.transaction_id, minor(asked.amount), answer, rows)
            case AskedBetWin():
                self._hold_bet(asked.bet.transaction_id, minor(asked.bet.amount), answer, rows)
                for item in asked.wins if answer.code is ApiCode.OK else ():
                    row = rows[item.transaction_id]
                    assert (row.kind, row.amount_minor) == (Kind.WIN, minor(item.amount))
            case AskedWin() if answer.code is ApiCode.OK:
                row = rows[asked.transaction_id]
                assert row.kind is Kind.WIN, "an acknowledged win is in the journal for ever"
                assert (row.amount_minor, row.round_id) == (minor(asked.amount), asked.round_id)
            case AskedCancel() if answer.code is ApiCode.OK:
                assert rows[asked.cancel_transaction_id].state is not State.ACCEPTED

    def _hold_bet(
        self, key: str, amount_minor: int, answer: Answer, rows: dict[str, Transaction]
    ) -> None:
        if answer.code is ApiCode.TRANSACTION_CONFLICT:
            return  # of this id with other content, or of the id of a win in the same request
        is_ok = answer.code is ApiCode.OK
        if is_ok:
            row = rows[key]
            assert (row.kind, row.amount_minor) == (Kind.BET, amount_minor)
            assert row.state is State.ACCEPTED or key in self._cancels_asked, row.state
            assert self._words.get(key, True), f"{key}: failed, and then OK"
        elif key in rows and rows[key].kind is Kind.BET:
            assert rows[key].state is not State.ACCEPTED, f"{key}: failed, but it stands"
            said_ok = self._words.get(key, False)
            assert not said_ok or key in self._cancels_asked, f"{key}: OK, and then failed"
        else:
            return
        self._words[key] = is_ok

    def hold_at_rest(self) -> None:
        """Check what must hold when nothing is owed any more (I1, I2, I4, I6)."""
        self.hold()
        rows = self._world.rows()
        assert not [row for row in rows if row.state in OPEN], "something is owed for ever"
        for row in rows:
            if row.kind is Kind.BET and row.state is not State.PARKED:
                stands = (
                    self._world.operator.debits[row.guid] > self._world.operator.refunds[row.guid]
                )
                assert stands == (row.state is State.ACCEPTED), row
        money = self._world.operator
        total = sum(money.booked.values())
        assert money.balances["Bob"] == 100_000 + total, "the operator's own books agree"


def hold_fold(row: Transaction, events: list[Event]) -> None:
    """Fold the events of a row and compare with it: same state, same epoch, legal moves only."""
    state: str | None = None
    for epoch, event in enumerate(events):
        assert (event.epoch, event.from_state) == (epoch, state), event
        if state is not None:
            assert (State(state), State(event.to_state)) in LEGAL_MOVES, event
        state = event.to_state
    assert (state, len(events) - 1) == (row.state.value, row.epoch)
