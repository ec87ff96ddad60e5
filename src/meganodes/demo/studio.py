"""Plays rounds against the hub as contract section 4 asks of a provider, and survives being killed.

Everything is recorded before it is sent; whatever is open after a start is driven to its end. A win
is paid once: when the hub has taken it, the studio only asks what became of it.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from meganodes.demo.odds import draw, multiple
from meganodes.demo.provider_door import HubDoor
from meganodes.demo.studio_items import Call, Finding, Item, ItemOutcome, Round, Style
from meganodes.demo.studio_record import StudioRecord
from meganodes.demo.studio_rules import (
    Answer,
    StudioCommand,
    Verdict,
    gives_up,
    judge,
    pause_seconds,
)
from meganodes.kit.clock import Clock
from meganodes.kit.identity import Identity
from meganodes.protocol.codes import ApiCode
from meganodes.protocol.money import format_amount

_STANDING = frozenset({"accepted", "owed", "parked", "settled_by_hand"})


@dataclass(frozen=True, slots=True, kw_only=True)
class StudioTerms:
    """``bet_sendings_max``: after so many sendings without a definite answer a bet is cancelled."""

    currency: str = "EUR"
    exponent: int = 2
    bet_sendings_max: int = 4


class Studio:
    """The game server behind the toy game."""

    def __init__(
        self,
        record: StudioRecord,
        door: HubDoor,
        *,
        clock: Clock,
        identity: Identity,
        terms: StudioTerms,
    ) -> None:
        self._record = record
        self._door = door
        self._clock = clock
        self._identity = identity
        self._terms = terms

    async def play(self, session: str, stake_minor: int, style: Style) -> Round:
        """Play one round to its end; returns when every answer is definite."""
        game_round = self.begin(session, stake_minor, style)
        await self.finish(game_round)
        return game_round

    def begin(
        self, session: str, stake_minor: int, style: Style, click: str | None = None
    ) -> Round:
        """Draw a round's result and record it with the first request; nothing is sent yet."""
        game_round = Round(
            round_id=self._new_id("round"),
            session=session,
            style=style,
            stake_minor=stake_minor,
            stops=draw(self._identity.token_bytes),
            click=click,
        )
        bet = Item(transaction_id=self._new_id("bet"), kind="bet", amount_minor=stake_minor)
        if style is Style.BETWIN:
            win = self._win(game_round, bet)
            body = self._betwin_body(game_round, bet, win)
            self._record.begin(game_round, StudioCommand.BETWIN, body, [bet, win])
        else:
            body = self._body(game_round, bet)
            self._record.begin(game_round, StudioCommand.BET, body, [bet])
        return game_round

    async def resume(self) -> None:
        """Finish every round that a stop of this process left open."""
        await asyncio.gather(*map(self.finish, self._record.open_rounds()))

    async def finish(self, game_round: Round) -> None:
        """Drive a round to its end from whatever the record holds of it."""
        for call in self._record.calls(game_round.round_id):
            if call.code is None:
                await self._settle(call)
        self._add_next_call(game_round)
        for call in self._record.calls(game_round.round_id):
            if call.code is None:
                await self._settle(call)
        self._record.close_round(game_round.round_id)

    async def repeat(self, transaction_id: str) -> Answer | None:
        """Send the request of a transaction once more, as a nervous provider does."""
        call = self._record.call_of(transaction_id)
        if call is None:
            raise KeyError(transaction_id)
        return await self._door.ask(call.command.value, call.body)

    async def follow_up(self) -> None:
        """Ask what became of transactions the hub has taken but not delivered yet."""
        for session, round_id in self._record.undelivered():
            rows = await self._hub_rows(session, round_id) or {}
            for item in self._items(round_id):
                if item.delivered is False:
                    self._note_delivery(item, rows)

    def _add_next_call(self, game_round: Round) -> None:
        """Record what follows an accepted bet, once."""
        items = self._items(game_round.round_id)
        bet = items[0]
        if bet.outcome is not ItemOutcome.ACCEPTED or len(items) > 1:
            return
        if game_round.style is Style.CANCEL:
            self._add_cancel(game_round.round_id, game_round.session, bet)
        else:
            win = self._win(game_round, bet)
            body = self._body(game_round, win, round_closed=True)
            self._record.add_call(game_round.round_id, StudioCommand.WIN, body, [win])

    async def _settle(self, call: Call) -> None:
        """Send a call until a definite answer has come, and record that."""
        sendings = call.sendings
        while True:
            self._record.note_sending(call.call_id)
            sendings += 1
            answer = await self._door.ask(call.command.value, call.body)
            verdict = judge(call.command, answer, maybe_recorded=sendings > 1)
            if verdict is not Verdict.REPEAT:
                break
            if gives_up(call.command, sendings, self._terms.bet_sendings_max):
                verdict = Verdict.UNDO
                break
            await self._clock.sleep(pause_seconds(sendings))
        items = self._record.items(call.call_id)
        if verdict is Verdict.UNDO:
            await self._undo(call, items[0])
            return
        assert answer is not None, "a definite verdict rests on an answer"
        done = verdict is Verdict.DONE
        findings = _accepted(items, answer.data) if done else _all(items, ItemOutcome.VOID)
        self._record.conclude(call.call_id, answer.code, findings)

    async def _undo(self, call: Call, bet: Item) -> None:
        """Cancel a stake whose fate is unknown; whatever comes of that is definite."""
        game_round = self._record.round(call.round_id)
        cancel_call = self._add_cancel(call.round_id, game_round.session, bet)
        await self._settle(cancel_call)
        code = next(one.code for one in self._record.calls(call.round_id) if _is(one, cancel_call))
        items = self._record.items(call.call_id)
        if code == ApiCode.NOT_CANCELLABLE:
            # The stake was taken together with its win: both stand, as the hub will say.
            findings = await self._adopted(game_round, items)
            self._record.conclude(call.call_id, ApiCode.OK, findings)
        else:
            findings = _all(items, ItemOutcome.VOID)
            self._record.conclude(call.call_id, ApiCode.TRANSACTION_CANCELLED, findings)

    async def _adopted(self, game_round: Round, items: Iterable[Item]) -> list[Finding]:
        rows = None
        while rows is None:
            rows = await self._hub_rows(game_round.session, game_round.round_id)
            if rows is None:
                await self._clock.sleep(pause_seconds(1))
        return [_finding(item, rows.get(item.transaction_id, {})) for item in items]

    def _add_cancel(self, round_id: str, session: str, bet: Item) -> Call:
        cancel = Item(
            transaction_id=self._new_id("cancel"),
            kind="cancel",
            amount_minor=bet.amount_minor,
            bet_transaction_id=bet.transaction_id,
        )
        body = json.dumps(
            {
                "session": session,
                "transaction_id": cancel.transaction_id,
                "cancel_transaction_id": bet.transaction_id,
            }
        )
        self._record.add_call(round_id, StudioCommand.CANCEL, body, [cancel])
        return self._record.calls(round_id)[-1]

    async def _hub_rows(
        self, session: str, round_id: str
    ) -> Mapping[str, Mapping[str, object]] | None:
        """Ask the hub for a round: its transactions by id, None when it did not say."""
        answer = await self._door.ask(
            "round", json.dumps({"session": session, "round_id": round_id})
        )
        if answer is None or answer.code != ApiCode.OK:
            return None
        rows = answer.data.get("transactions")
        rows = rows if isinstance(rows, list) else []
        return {str(row["transaction_id"]): row for row in rows}

    def _note_delivery(self, item: Item, rows: Mapping[str, Mapping[str, object]]) -> None:
        row = rows.get(item.transaction_id) or rows.get(item.bet_transaction_id or "", {})
        if row.get("delivered") is True:
            never_taken = item.kind == "win" and row.get("state") == "void"
            outcome = ItemOutcome.VOID if never_taken else item.outcome
            self._record.note(
                Finding(transaction_id=item.transaction_id, outcome=outcome, delivered=True)
            )

    def _items(self, round_id: str) -> list[Item]:
        return [
            item
            for call in self._record.calls(round_id)
            for item in self._record.items(call.call_id)
        ]

    def _win(self, game_round: Round, bet: Item) -> Item:
        return Item(
            transaction_id=self._new_id("win"),
            kind="win",
            amount_minor=game_round.stake_minor * multiple(game_round.stops),
            bet_transaction_id=bet.transaction_id,
        )

    def _body(self, game_round: Round, item: Item, **more: bool) -> str:
        return json.dumps(
            {
                "session": game_round.session,
                "transaction_id": item.transaction_id,
                "round_id": game_round.round_id,
                "amount": self._amount(item),
                **more,
            }
        )

    def _betwin_body(self, game_round: Round, bet: Item, win: Item) -> str:
        return json.dumps(
            {
                "session": game_round.session,
                "round_id": game_round.round_id,
                "bet": {"transaction_id": bet.transaction_id, "amount": self._amount(bet)},
                "wins": [{"transaction_id": win.transaction_id, "amount": self._amount(win)}],
                "round_closed": True,
            }
        )

    def _amount(self, item: Item) -> str:
        return format_amount(item.amount_minor, self._terms.exponent)

    def _new_id(self, kind: str) -> str:
        return f"{kind}-{self._identity.token_bytes(10).hex()}"


def _is(one: Call, other: Call) -> bool:
    return one.call_id == other.call_id


def _all(items: Iterable[Item], outcome: ItemOutcome) -> list[Finding]:
    return [Finding(transaction_id=item.transaction_id, outcome=outcome) for item in items]


def _accepted(items: Iterable[Item], data: Mapping[str, object]) -> list[Finding]:
    """Read the answer 0: what it says about each item of the call, and about a cancelled bet."""
    findings = []
    for item in items:
        told = _told(item, data)
        findings.append(_finding(item, {**told, "state": "accepted"}))
        if item.kind == "cancel" and item.bet_transaction_id is not None:
            findings.append(
                Finding(transaction_id=item.bet_transaction_id, outcome=ItemOutcome.CANCELLED)
            )
    return findings


def _told(item: Item, data: Mapping[str, object]) -> Mapping[str, object]:
    """Find an item's own part: a betwin answers with one part for the bet and one for each win."""
    bet, wins = data.get("bet"), data.get("wins")
    if isinstance(bet, Mapping) and item.kind == "bet":
        return bet
    if isinstance(wins, list) and wins:
        part: Mapping[str, object] = wins[0]
        return part
    return data


def _finding(item: Item, told: Mapping[str, object]) -> Finding:
    guid, delivered = told.get("transaction_guid"), told.get("delivered")
    balance = told.get("balance")
    stands = told.get("state") in _STANDING
    return Finding(
        transaction_id=item.transaction_id,
        outcome=ItemOutcome.ACCEPTED if stands else ItemOutcome.VOID,
        transaction_guid=guid if isinstance(guid, str) else None,
        delivered=delivered if isinstance(delivered, bool) else None,
        balance=balance if isinstance(balance, str) else None,
    )
