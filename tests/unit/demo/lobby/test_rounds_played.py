"""A player reads rounds, made of the ledger's single movements."""

from __future__ import annotations

from meganodes.demo.lobby.rounds_played import rounds_played
from meganodes.sdk.ledger import Entry, EntryKind, EntryState


def entry(
    kind: str, round_id: str, amount_minor: int, state: EntryState = EntryState.BOOKED
) -> Entry:
    name = f"{kind}-{round_id}"
    return Entry(
        id=name,
        account="guest",
        kind=EntryKind(kind),
        round_id=round_id,
        amount_minor=amount_minor,
        state=state,
    )


def row(round_id: str, fate: str, stake: str, win: str, net: str) -> dict[str, str]:
    return {"round_id": round_id, "stake": stake, "win": win, "net": net, "fate": fate}


def test_bet_and_win_of_a_round_are_one_row_newest_first() -> None:
    newest_first = [
        entry("win", "r-2", 0),
        entry("bet", "r-2", 100),
        entry("win", "r-1", 250),
        entry("bet", "r-1", 100),
    ]
    assert rounds_played(newest_first, 2) == [
        row("r-2", "lost", "1.00", "0.00", "-1.00"),
        row("r-1", "won", "1.00", "2.50", "1.50"),
    ]


def test_a_stake_that_was_given_back_is_told_so() -> None:
    newest_first = [
        entry("cancel", "r-1", 100),
        entry("bet", "r-1", 100, EntryState.CANCELLED),
    ]
    assert rounds_played(newest_first, 2) == [row("r-1", "returned", "1.00", "0.00", "0.00")]


def test_a_stake_without_its_win_is_still_running() -> None:
    assert rounds_played([entry("bet", "r-1", 5)], 0) == [row("r-1", "open", "5", "0", "-5")]


def test_what_moved_no_money_is_not_shown() -> None:
    refused = entry("bet", "r-1", 100, EntryState.REFUSED)
    buried = entry("bet", "r-2", 0, EntryState.TOMBSTONE)
    assert rounds_played([refused, buried], 2) == []
