"""Each judge speaks about what it judges, and about nothing else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from meganodes.domain.transaction import State
from meganodes.journal.store import Event
from meganodes.protocol.commands import TransType
from tests.simulation.checkers import CHECKERS, judge
from tests.simulation.checkers.evidence import ProviderFacts
from tests.simulation.history import Executed, Fault, Journaled
from tests.simulation.told import STRANGER, TOKEN, Story, a_story
from tests.support.transactions import attempt_of, bet, win

Change = Callable[[Story], None]


def test_nothing_is_said_about_a_run_in_order() -> None:
    story = a_story()
    verdict = judge(story.evidence())

    assert (verdict.violations, verdict.reported) == ((), ())


def test_every_invariant_has_its_judge() -> None:
    assert list(CHECKERS) == [f"I{number}" for number in range(1, 15)]


# --- one change each, and who must speak ----------------------------------------------------------


def a_stake_is_kept(story: Story) -> None:
    story.entries = [each for each in story.entries if each.kind != "cancel"]


def a_stake_was_never_taken(story: Story) -> None:
    story.entries = [each for each in story.entries if each.reference != story.cast.bet.guid]


def money_nobody_asked_for(story: Story) -> None:
    story.book(bet(), "bet", -100)


def ok_for_a_cancelled_bet(story: Story) -> None:
    story.told(story.cast.undone, "ok")


def failed_for_an_accepted_bet(story: Story) -> None:
    story.told(story.cast.bet, "failed")


def ok_before_the_decision(story: Story) -> None:
    decision = story.steps_of(story.cast.bet)[1]
    story.records[story.records.index(decision)] = replace(decision, at=story.at + 1.0)


def a_bet_is_debited_twice(story: Story) -> None:
    story.book(story.cast.bet, "bet", -story.cast.bet.amount_minor)


def a_win_is_credited_twice(story: Story) -> None:
    story.book(story.cast.win, "win", story.cast.win.amount_minor)


def a_win_is_dropped(story: Story) -> None:
    story.entries = [each for each in story.entries if each.kind != "win"]


def an_acknowledged_win_is_unknown(story: Story) -> None:
    lost = win()
    story.words.append(replace(story.words[1], transaction_id=lost.transaction_id))


def a_win_is_acknowledged_before_it_is_durable(story: Story) -> None:
    place = next(
        n for n, each in enumerate(story.records) if each == story.steps_of(story.cast.win)[0]
    )
    late = replace(story.steps_of(story.cast.win)[0], at=story.at + 1.0)
    story.records[place] = late


def a_win_is_parked(story: Story) -> None:
    story.records = [
        replace(each, to_state=State.PARKED)
        if isinstance(each, Journaled) and each.to_state == "credited"
        else each
        for each in story.records
    ]
    story.alter(story.cast.win, state=State.PARKED)
    story.listed.remove(next(each for each in story.listed if each[1] is TransType.WIN))


def a_win_of_a_dead_bet(story: Story) -> None:
    story.alter(story.cast.win, round_id="r-2")
    story.open_rounds = (story.cast.bet.round_key,)


def a_win_of_no_bet(story: Story) -> None:
    story.alter(story.cast.win, round_id="r-9")
    story.open_rounds = (story.cast.bet.round_key,)


def test_a_prize_before_a_dead_bet_is_allowed_where_wins_need_no_bet() -> None:
    story = a_story()
    late = bet(round_id="r-9", outcome_unknown=True)
    story.journaled(late, "pending", "refused")
    story.held(late, "refused", "failed")
    story.alter(story.cast.win, round_id="r-9")
    story.open_rounds = (story.cast.bet.round_key,)
    assert story.spoken() == {"I5"}

    story.profile = ProviderFacts(provider_id=7, wins_without_bet=True)
    assert story.spoken() == set()


def a_stake_without_an_end(story: Story) -> None:
    story.alter(story.cast.bet, round_id="r-7")
    story.alter(story.cast.win, bet_transaction_id=story.cast.undone.transaction_id, round_id="r-7")
    story.profile = ProviderFacts(provider_id=7, cancel_after_win=True)
    story.alter(story.cast.win, round_id="r-8")


def a_row_differs_from_its_events(story: Story) -> None:
    story.alter(story.cast.bet, epoch=9)


def an_end_is_left(story: Story) -> None:
    place = (story.cast.win.agent_id, story.cast.win.trans_id)
    events = [*story.evidence().events[place]]
    story.journaled(story.cast.win, "owed", "credited")
    story.alter(story.cast.win, epoch=events[-1].epoch + 2)


def an_event_is_missing(story: Story) -> None:
    place = (story.cast.bet.agent_id, story.cast.bet.trans_id)
    story.events[place] = story.evidence().events[place][1:]


def an_event_was_changed(story: Story) -> None:
    place = (story.cast.bet.agent_id, story.cast.bet.trans_id)
    first, second = story.evidence().events[place]
    forged = Event(
        epoch=second.epoch, at_ms=0, from_state="pending", to_state="accepted", cause="forged"
    )
    story.events[place] = (first, forged)


def one_question_gets_two_answers(story: Story) -> None:
    story.asked(story.cast.bet, 3004)


def another_content_is_taken(story: Story) -> None:
    story.asked(story.cast.bet, 0, amount="1.51")


def a_list_lacks_an_entry(story: Story) -> None:
    story.listed.pop()


def a_list_has_an_entry_twice(story: Story) -> None:
    story.listed.append(story.listed[0])


def a_bet_is_sent_twice(story: Story) -> None:
    story.sent(story.cast.bet, "bet")


def a_bet_is_sent_late(story: Story) -> None:
    place, sent = story.first_sent("bet")
    story.records[place] = replace(sent, at=sent.at + 1.6)


def a_win_is_sent_without_a_claim(story: Story) -> None:
    place, sent = story.first_sent("win")
    story.records.insert(place, sent)


def a_send_after_the_end(story: Story) -> None:
    story.journaled(story.cast.undone, "cancelled!")
    story.alter(story.cast.undone, epoch=story.steps_of(story.cast.undone)[-1].epoch)
    story.sent(story.cast.undone, "cancel")


def a_cancel_gets_a_new_name(story: Story) -> None:
    place, sent = story.first_sent("cancel")
    renamed = sent.body.replace(b"-c", b"-d")
    story.records.insert(place, replace(sent, body=renamed))
    claim = story.steps_of(story.cast.undone)[1]
    again = replace(claim, epoch=2, from_state="cancelling", attempts=2)
    last = replace(story.steps_of(story.cast.undone)[2], epoch=3)
    story.records[story.records.index(story.steps_of(story.cast.undone)[2])] = last
    story.records.insert(story.records.index(claim) + 1, again)
    story.alter(story.cast.undone, epoch=3)


def a_request_from_nowhere(story: Story) -> None:
    place, sent = story.first_sent("bet")
    story.records[place] = replace(sent, body=sent.body + b" ")


def a_foreign_token(story: Story) -> None:
    place, sent = story.first_sent("bet")
    story.records[place] = replace(sent, headers=((b"Callback-Token", STRANGER),))


def a_foreign_account(story: Story) -> None:
    story.alter(story.cast.win, account="bob")


def a_reply_to_another_request(story: Story) -> None:
    _, sent = story.first_sent("bet")
    attempt = attempt_of(
        story.cast.bet,
        request=b"POST / HTTP/1.1\r\n\r\n" + sent.body,
        reply=b"HTTP/1.1 200 OK\r\n\r\n" + b'{"result":0,"mine":1}',
        outcome="accepted",
    )
    story.attempts.append(attempt)
    story.records = [
        replace(each, reply=b'{"result":0,"mine":1}') if isinstance(each, Executed) else each
        for each in story.records
    ]
    assert story.spoken() == set()
    story.attempts = [replace(attempt, reply=attempt.reply.replace(b"mine", b"yours"))]


def an_answer_about_a_foreign_row(story: Story) -> None:
    foreign = replace(bet(), agent_id=2, account="bob")
    story.journaled(foreign, "refused")
    story.held(foreign, "refused", "failed")
    story.calls += 1
    story.asked(story.cast.bet, None, command="balance")
    story.answered(story.calls, 0, foreign.guid)


def a_bet_stays_pending(story: Story) -> None:
    left = bet(round_id="r-3")
    story.journaled(left, "pending")
    story.held(left, "pending", "unsure")


def a_bet_is_pending_for_long(story: Story) -> None:
    slow = bet(round_id="r-3")
    story.journaled(slow, "pending")
    story.tick(31.0)
    story.journaled(slow, "refused")
    story.held(slow, "refused", "failed")


def a_cancel_is_parked(story: Story) -> None:
    left = bet(round_id="r-3")
    story.journaled(left, "pending", "cancelling!", "parked")
    story.held(left, "parked", "failed")


def recovery_touches_a_bet_that_is_owned(story: Story) -> None:
    row = bet(round_id="r-3", outcome_unknown=True)
    story.journaled(row, "pending")
    story.tick(4.0)
    story.journaled(row, "cancelling!", cause="its node stopped")
    body = story.sent(row, "cancel")
    story.executed(row, "cancel", body, result=43, moved=None)
    story.journaled(row, "not_seen_wait", "void")
    story.held(row, "void", "failed")


def a_claim_is_taken_from_its_owner(story: Story) -> None:
    claim = story.steps_of(story.cast.win)[0]
    last = story.steps_of(story.cast.win)[1]
    stolen = replace(claim, at=claim.at + 3.0, epoch=1, from_state="owed", attempts=2, node=1)
    place = story.records.index(last)
    story.records[place] = replace(last, epoch=2)
    story.records.insert(place, stolen)
    story.alter(story.cast.win, epoch=2)


def ok_after_a_confirmed_cancel(story: Story) -> None:
    row = story.cast.undone
    fields = {"transaction_id": "c", "cancel_transaction_id": row.transaction_id}
    story.asked(row, 0, command="cancel", **fields)
    story.asked(row, 0)


def an_outage(story: Story, cause: str) -> None:
    """A win is tried thirty times while its operator is away, and taken afterwards."""
    row = win(round_id="r-1")
    story.journaled(row, "owed")
    fault = Fault(at=story.tick(), kind="operator-outage", agent_id=1, seconds=600.0)
    story.records.append(fault)
    for _ in range(30):
        story.tick(9.0)
        story.journaled(row, "owed!")
        story.journaled(row, "owed", cause=cause)
    story.at = fault.at + 601.0
    story.journaled(row, "owed!")
    body = story.sent(row, "win")
    story.executed(row, "win", body, moved=row.amount_minor)
    story.journaled(row, "credited")
    story.held(row, "credited", "ok", TransType.WIN)


def retries_are_used_up_in_an_outage(story: Story) -> None:
    an_outage(story, "to be repeated")


def test_probes_of_an_open_circuit_use_up_nothing() -> None:
    story = a_story()
    an_outage(story, "held back")

    assert story.spoken() == set()


def a_secret_is_logged(story: Story) -> None:
    story.logs = b"callback_sent token=" + TOKEN


def a_seal_is_broken(story: Story) -> None:
    story.seal_faults = ("minute 7 was changed",)


def a_cent_is_lost_on_the_wire(story: Story) -> None:
    place, sent = story.first_sent("bet")
    body = sent.body.replace(b"1.50", b"1.5")
    story.records[place] = replace(sent, body=body)
    story.records = [
        replace(each, body=body) if isinstance(each, Executed) and each.body == sent.body else each
        for each in story.records
    ]


def another_amount_is_journaled(story: Story) -> None:
    stray = bet(round_id="r-3", amount_minor=151)
    story.journaled(stray, "refused")
    story.held(stray, "refused", "failed")
    story.asked(replace(stray, amount_minor=150), 3004)


@pytest.mark.parametrize(
    ("change", "who"),
    [
        (a_stake_is_kept, {"I1", "I9"}),
        (a_stake_was_never_taken, {"I1", "I9"}),
        (money_nobody_asked_for, {"I1"}),
        (ok_for_a_cancelled_bet, {"I2", "I9"}),
        (failed_for_an_accepted_bet, {"I2", "I9"}),
        (ok_before_the_decision, {"I2"}),
        (a_bet_is_debited_twice, {"I1", "I3", "I9"}),
        (a_win_is_credited_twice, {"I3", "I9"}),
        (a_win_is_dropped, {"I4", "I9"}),
        (an_acknowledged_win_is_unknown, {"I4"}),
        (a_win_is_acknowledged_before_it_is_durable, {"I4"}),
        (a_win_is_parked, {"I4"}),
        (a_win_of_a_dead_bet, {"I5"}),
        (a_win_of_no_bet, {"I5"}),
        (a_stake_without_an_end, {"I6"}),
        (a_row_differs_from_its_events, {"I7"}),
        (an_end_is_left, {"I7"}),
        (an_event_is_missing, {"I7"}),
        (an_event_was_changed, {"I7"}),
        (one_question_gets_two_answers, {"I8"}),
        (another_content_is_taken, {"I8"}),
        (ok_after_a_confirmed_cancel, {"I2", "I8"}),
        (a_list_lacks_an_entry, {"I9"}),
        (a_list_has_an_entry_twice, {"I9"}),
        (a_bet_is_sent_twice, {"I10"}),
        (a_bet_is_sent_late, {"I10"}),
        (a_win_is_sent_without_a_claim, {"I10"}),
        (a_send_after_the_end, {"I10"}),
        (a_cancel_gets_a_new_name, {"I10"}),
        (recovery_touches_a_bet_that_is_owned, {"I10"}),
        (a_claim_is_taken_from_its_owner, {"I10"}),
        (a_request_from_nowhere, {"I10"}),
        (a_foreign_token, {"I11"}),
        (a_foreign_account, {"I11"}),
        (a_reply_to_another_request, {"I11"}),
        (an_answer_about_a_foreign_row, {"I11"}),
        (a_bet_stays_pending, {"I12"}),
        (a_bet_is_pending_for_long, {"I12"}),
        (a_cancel_is_parked, {"I12"}),
        (retries_are_used_up_in_an_outage, {"I12"}),
        (a_secret_is_logged, {"I13"}),
        (a_seal_is_broken, {"I13"}),
        (a_cent_is_lost_on_the_wire, {"I14"}),
        (another_amount_is_journaled, {"I14"}),
    ],
)
def test_the_right_judges_speak_and_no_other(change: Change, who: set[str]) -> None:
    story = a_story()
    change(story)

    assert story.spoken() == who
