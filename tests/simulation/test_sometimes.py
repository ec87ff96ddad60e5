"""What a run reached is counted from its evidence, and what was missed is said."""

from __future__ import annotations

from tests.simulation.checkers.journal import LEGAL
from tests.simulation.sometimes import BY_PEOPLE, WANTED, counted, missing
from tests.simulation.told import a_story
from tests.support.transactions import bet, win


def test_transitions_faults_and_lines_of_a_run_are_counted() -> None:
    story = a_story()
    story.asked(story.cast.win, None)
    evidence = story.evidence()
    evidence.history.fault("reply-lost", agent_id=1)
    evidence.history.reached("2.6-win-crosses-cancel")
    met = counted(evidence)

    assert met["transition pending -> accepted"] == 1
    assert met["transition pending -> cancelling"] == 1
    assert met["fault reply-lost"] == 1
    assert met["line win: crossed by a cancel"] == 1
    assert met["line bet: executed, but the answer was lost"] == 1
    assert met["line win: lost after it was durable"] == 1
    assert met["line bet: duplicated by a proxy"] == 0


def test_lines_are_told_apart_by_what_was_durable_and_executed() -> None:
    story = a_story()
    early = bet(round_id="r-9")
    story.asked(early, None)
    stopped = bet(round_id="r-8")
    story.journaled(stopped, "pending")
    story.journaled(stopped, "cancelling!", cause="its node stopped")
    story.held(stopped, "cancelling", "unsure")
    nothing = win(amount_minor=0)
    story.journaled(nothing, "owed", "undelivered")
    story.held(nothing, "undelivered", "ok")
    met = counted(story.evidence())

    # The usual story begins with such a call already.
    assert met["line bet: lost before anything was durable"] == 2
    name = "line bet: its node stopped, or its commit was unknown, before the send"
    assert met[name] == 1
    assert (met["line win: of nothing"], met["line win: its schedule was used up"]) == (1, 1)


def test_a_bet_was_stopped_before_its_send_when_only_its_cancel_left() -> None:
    story = a_story()
    unsent, sent = bet(round_id="r-7"), bet(round_id="r-6")
    for row in (unsent, sent):
        story.journaled(row, "pending")
        if row is sent:
            story.sent(row, "bet")
        story.journaled(row, "cancelling!", cause="its node stopped")
        story.sent(row, "cancel")
        story.held(row, "cancelling", "unsure")
    before = counted(a_story().evidence())
    met = counted(story.evidence()) - before

    assert met["line bet: its node stopped, or its commit was unknown, before the send"] == 1
    assert met["line bet: crash, time-out or reset on the way"] == 1


def test_what_was_met_too_rarely_is_said() -> None:
    wanted = {"fault reset": 3, "line bet: refused": 1}

    assert missing({"fault reset": 2, "line bet: refused": 1}, wanted) == ["fault reset: 2 of 3"]
    assert missing(dict.fromkeys(WANTED, 10_000)) == []
    assert len(missing({})) == len(WANTED)


def test_every_legal_transition_is_wanted_or_made_by_people() -> None:
    wanted = {name for name in WANTED if name.startswith("transition ")}
    assert wanted == {f"transition {left} -> {entered}" for left, entered in LEGAL - BY_PEOPLE}
