"""An operator's way explains a difference only where its circumstances came about."""

from __future__ import annotations

import pytest

from tests.simulation.history import Executed, Fault
from tests.simulation.told import Story, a_story
from tests.support.transactions import bet, win

DAY = 86_400.0


def a_void_bet_booked_late(story: Story, seconds: float) -> None:
    """A bet of unknown outcome whose cancel met nothing is booked so long after it was closed."""
    row = bet(round_id="r-5", outcome_unknown=True)
    story.journaled(row, "pending")
    asked = story.sent(row, "bet")
    story.journaled(row, "cancelling!")
    body = story.sent(row, "cancel")
    story.executed(row, "cancel", body, result=43, moved=None)
    story.journaled(row, "not_seen_wait", "void")
    story.held(row, "void", "failed")
    story.tick(seconds)
    story.executed(row, "bet", asked, moved=-row.amount_minor)


def test_a_bet_without_tombstone_after_the_last_probe_is_reported() -> None:
    story = a_story()
    story.flags = frozenset({"no tombstones"})
    a_void_bet_booked_late(story, 1.01 * DAY)

    assert story.spoken() == set()
    assert story.reported() == {("I1", "no tombstones, later than the last probe")}


def test_a_bet_without_tombstone_that_a_probe_should_have_found_is_a_violation() -> None:
    story = a_story()
    story.flags = frozenset({"no tombstones"})
    a_void_bet_booked_late(story, 0.9 * DAY)

    assert story.spoken() == {"I1", "I9"}


def test_a_late_bet_is_no_excuse_for_an_operator_with_tombstones() -> None:
    story = a_story()
    a_void_bet_booked_late(story, 2 * DAY)

    assert story.spoken() == {"I1", "I9"}


def test_a_late_bet_is_excused_where_the_status_hides_it() -> None:
    story = a_story()
    story.flags = frozenset({"no tombstones", "status always unknown"})
    a_void_bet_booked_late(story, 0.5 * DAY)

    assert story.reported() == {("I1", "no tombstones, status always unknown")}


@pytest.mark.parametrize("flags", [frozenset(), frozenset({"forgets refused"})])
def test_refused_first_and_executed_on_the_duplicate(flags: frozenset[str]) -> None:
    story = a_story()
    story.flags = flags
    row = bet(round_id="r-5")
    story.journaled(row, "pending")
    body = story.sent(row, "bet")
    story.executed(row, "bet", body, result=31, moved=None)
    story.journaled(row, "refused")
    story.executed(row, "bet", body, moved=-row.amount_minor)
    story.held(row, "refused", "failed")

    assert story.spoken() == (set() if flags else {"I1", "I9"})
    assert story.reported() == ({("I1", "forgets refused")} if flags else set())


@pytest.mark.parametrize(("second", "spoken"), [(22, set()), (31, {"I1", "I9"})])
def test_booked_first_and_refused_on_the_duplicate(second: int, spoken: set[str]) -> None:
    story = a_story()
    row = bet(round_id="r-5")
    story.journaled(row, "pending")
    body = story.sent(row, "bet")
    story.executed(row, "bet", body, moved=-row.amount_minor)
    story.executed(row, "bet", body, result=second, moved=None)
    story.journaled(row, "refused")
    story.held(row, "refused", "failed")

    assert story.spoken() == spoken


@pytest.mark.parametrize("flags", [frozenset(), frozenset({"unknown cancel credited"})])
def test_a_paid_cancel_of_an_unknown_bet(flags: frozenset[str]) -> None:
    story = a_story()
    story.flags = flags
    row = bet(round_id="r-5", outcome_unknown=True)
    story.journaled(row, "pending")
    story.sent(row, "bet")
    story.journaled(row, "cancelling!")
    body = story.sent(row, "cancel")
    story.executed(row, "cancel", body, moved=row.amount_minor)
    story.journaled(row, "cancelled")
    final = story.held(row, "cancelled", "failed")
    story.listed.extend((final, kind) for _, kind in story.listed[-2:])

    assert story.spoken() == (set() if flags else {"I1", "I3", "I9"})
    if flags:
        excuse = "unknown cancel credited"
        assert story.reported() == {("I1", excuse), ("I3", excuse)}


@pytest.mark.parametrize(("restarted", "spoken"), [(True, set()), (False, {"I3", "I9"})])
def test_a_double_credit_is_excused_by_a_restart_in_between_only(
    *, restarted: bool, spoken: set[str]
) -> None:
    story = a_story()
    story.flags = frozenset({"forgets over restarts"})
    first = next(r for r in story.records if isinstance(r, Executed) and r.command == "win")
    if restarted:
        story.records.append(Fault(at=story.tick(), kind="operator-restarted", agent_id=1))
    story.executed(story.cast.win, "win", first.body, moved=story.cast.win.amount_minor)

    assert story.spoken() == spoken


@pytest.mark.parametrize("flags", [frozenset(), frozenset({"duplicates fail"})])
def test_a_win_may_stay_parked_only_where_repeats_fail(flags: frozenset[str]) -> None:
    story = a_story()
    story.flags = flags
    row = win(round_id="r-1")
    story.journaled(row, "owed!")
    body = story.sent(row, "win")
    story.executed(row, "win", body, moved=row.amount_minor)
    story.tick(10.0)
    story.journaled(row, "owed!", "parked")
    story.held(row, "parked", "ok")

    assert story.spoken() == (set() if flags else {"I4"})
    assert story.reported() == ({("I4", "duplicates fail")} if flags else set())
