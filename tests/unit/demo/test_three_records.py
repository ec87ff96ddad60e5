"""The comparison agrees where the three agree, and finds every difference that was planted."""

from __future__ import annotations

import dataclasses

import pytest

from meganodes.demo.three_records import (
    Fate,
    HubState,
    Kind,
    Movement,
    Played,
    Records,
    Sums,
    compare,
)


def moved(kind: Kind, key: str, round_id: str, amount_minor: int) -> Movement:
    return Movement(kind=kind, key=key, round_id=round_id, amount_minor=amount_minor)


def played(kind: Kind, name: str, round_id: str, amount_minor: int, fate: Fate) -> Played:
    return Played(
        kind=kind, transaction_id=name, round_id=round_id, amount_minor=amount_minor, fate=fate
    )


BET, WIN, CANCEL = Kind.BET, Kind.WIN, Kind.CANCEL
MOVEMENTS = (
    moved(BET, "g1", "r1", 100),
    moved(WIN, "g2", "r1", 250),
    moved(BET, "g3", "r2", 100),
    moved(CANCEL, "g3", "r2", 100),
    moved(BET, "g4", "r3", 70),
    moved(CANCEL, "g4", "r3", 70),
)
"""A won round, one the studio cancelled, and one the hub undid on its own."""
STUDIO = (
    played(BET, "b1", "r1", 100, Fate.STANDS),
    played(WIN, "w1", "r1", 250, Fate.STANDS),
    played(BET, "b2", "r2", 100, Fate.UNDONE),
    played(BET, "b3", "r3", 70, Fate.VOID),
    played(BET, "b4", "r4", 9_999, Fate.VOID),
)
STATES = {
    "b1": HubState(state="accepted", delivered=True),
    "w1": HubState(state="accepted", delivered=True),
    "b2": HubState(state="cancelled", delivered=True),
    "b3": HubState(state="cancelled", delivered=True),
    "b4": HubState(state="refused", delivered=True),
}
AGREEING = Records(casino=MOVEMENTS, hub=MOVEMENTS, studio=STUDIO, states=STATES)


def found(records: Records) -> str:
    comparison = compare(records)
    assert not comparison.agrees
    return "\n".join((*comparison.differences, *comparison.open_ids))


def test_three_agreeing_records_agree_to_the_cent() -> None:
    comparison = compare(AGREEING)
    assert comparison.differences == ()
    assert comparison.open_ids == ()
    assert comparison.agrees
    assert comparison.casino == comparison.hub == comparison.studio
    assert comparison.casino == Sums(stakes_minor=100, wins_minor=250)
    assert comparison.casino.net_minor == -150
    assert comparison.transactions == 6


def test_nothing_at_all_agrees() -> None:
    assert compare(Records(casino=(), hub=(), studio=(), states={})).agrees


@pytest.mark.parametrize("index", range(len(MOVEMENTS)))
def test_a_movement_missing_in_the_casino_is_found(index: int) -> None:
    fewer = MOVEMENTS[:index] + MOVEMENTS[index + 1 :]
    text = found(dataclasses.replace(AGREEING, casino=fewer))
    assert f"the {MOVEMENTS[index].kind} of {MOVEMENTS[index].key}" in text


@pytest.mark.parametrize("index", range(len(MOVEMENTS)))
def test_a_movement_missing_in_the_hub_is_found(index: int) -> None:
    fewer = MOVEMENTS[:index] + MOVEMENTS[index + 1 :]
    text = found(dataclasses.replace(AGREEING, hub=fewer))
    assert f"the {MOVEMENTS[index].kind} of {MOVEMENTS[index].key}" in text


@pytest.mark.parametrize("index", [0, 1])
def test_a_standing_transaction_missing_in_the_studio_is_found(index: int) -> None:
    fewer = STUDIO[:index] + STUDIO[index + 1 :]
    assert "too many" in found(dataclasses.replace(AGREEING, studio=fewer))


@pytest.mark.parametrize("index", range(len(MOVEMENTS)))
def test_one_cent_is_found(index: int) -> None:
    row = MOVEMENTS[index]
    other = dataclasses.replace(row, amount_minor=row.amount_minor + 1)
    changed = (*MOVEMENTS[:index], other, *MOVEMENTS[index + 1 :])
    assert row.key in found(dataclasses.replace(AGREEING, casino=changed))


def test_a_movement_in_another_round_is_found() -> None:
    other = dataclasses.replace(MOVEMENTS[0], round_id="r9")
    changed = dataclasses.replace(AGREEING, casino=(other, *MOVEMENTS[1:]))
    assert "in round r9 for the casino" in found(changed)


def test_a_transaction_listed_twice_is_found() -> None:
    twice = (*MOVEMENTS, MOVEMENTS[1])
    assert "the hub has the win of g2 2 times" in found(dataclasses.replace(AGREEING, hub=twice))


def test_a_win_paid_to_nobody_the_studio_knows_is_found() -> None:
    more = (*MOVEMENTS, moved(WIN, "g9", "r9", 500))
    text = found(dataclasses.replace(AGREEING, casino=more, hub=more))
    assert "the hub lists a win of 500 in round r9 too many" in text
    assert "the sums differ" in text


def test_a_stake_kept_for_a_void_bet_is_found() -> None:
    kept = tuple(row for row in MOVEMENTS if (row.kind, row.key) != (CANCEL, "g4"))
    text = found(dataclasses.replace(AGREEING, casino=kept, hub=kept))
    assert "the hub lists a bet of 70 in round r3 too many" in text


def test_a_standing_bet_that_the_hub_undid_is_found() -> None:
    stands = tuple(
        dataclasses.replace(one, fate=Fate.STANDS) if one.transaction_id == "b3" else one
        for one in STUDIO
    )
    text = found(dataclasses.replace(AGREEING, studio=stands))
    assert "the hub lists a cancel of 70 in round r3 too many" in text
    assert "the bet b3 is accepted for the studio and cancelled for the hub" in text


def test_a_win_the_hub_never_heard_of_is_found() -> None:
    fewer = {name: state for name, state in STATES.items() if name != "w1"}
    text = found(dataclasses.replace(AGREEING, states=fewer))
    assert "the win w1 is accepted for the studio and unknown for the hub" in text


@pytest.mark.parametrize("state", ["owed", "parked", "cancelling", "pending"])
def test_what_is_not_delivered_is_open_and_does_not_agree(state: str) -> None:
    states = {**STATES, "w1": HubState(state=state, delivered=False)}
    comparison = compare(dataclasses.replace(AGREEING, states=states))
    assert comparison.open_ids == ("w1",)
    assert not comparison.agrees


def test_what_the_studio_has_not_settled_is_open() -> None:
    waiting = (*STUDIO, played(BET, "b5", "r5", 10, Fate.OPEN))
    comparison = compare(dataclasses.replace(AGREEING, studio=waiting))
    assert comparison.open_ids == ("b5",)
    assert not comparison.agrees


def test_two_rounds_of_one_stake_do_not_hide_each_other() -> None:
    more = (*MOVEMENTS, moved(BET, "g6", "r6", 100))
    text = found(dataclasses.replace(AGREEING, hub=more))
    assert "the bet of g6 is in the hub's list and not in the casino's ledger" in text
    assert "too many" in text
