"""When people are told: once, again at growing pauses, when it gets worse, when it is over."""

from __future__ import annotations

from dataclasses import replace

from meganodes.hub.alerts import CALM_MS, NOTICES_MOST, AlertKind, Alerts, Condition, Notice

MINUTE_MS = 60_000
START_MS = 1_790_000_000_000
PAUSES_MS = (10 * MINUTE_MS, 60 * MINUTE_MS)

PARKED = Condition(
    key="parked:agent/1",
    kind=AlertKind.PARKED,
    subject="acme",
    since_ms=START_MS,
    count=1,
    summary="1 transaction is parked",
)
CIRCUIT = replace(PARKED, key="circuit:agent/1", kind=AlertKind.CIRCUIT)


def told(alerts: Alerts, now_ms: int, *conditions: Condition) -> tuple[Notice, ...]:
    """Review, and let every message arrive."""
    notices = alerts.review(conditions, now_ms)
    alerts.told(notices, now_ms)
    return notices


def test_a_new_condition_is_told_at_once_and_then_not_again() -> None:
    alerts = Alerts(PAUSES_MS)
    assert told(alerts, START_MS, PARKED) == (Notice(condition=PARKED, time=1),)
    assert told(alerts, START_MS + MINUTE_MS, PARKED) == ()


def test_it_is_repeated_at_growing_pauses_while_it_lasts() -> None:
    alerts = Alerts(PAUSES_MS)
    times = [
        minute for minute in range(0, 200, 5) if told(alerts, START_MS + minute * MINUTE_MS, PARKED)
    ]
    assert times == [0, 10, 70, 130, 190]


def test_what_did_not_arrive_is_told_again_at_the_next_look() -> None:
    alerts = Alerts(PAUSES_MS)
    first = alerts.review([PARKED], START_MS)
    assert alerts.review([PARKED], START_MS + 1) == first


def test_ten_times_as_much_is_news() -> None:
    alerts = Alerts(PAUSES_MS)
    told(alerts, START_MS, PARKED)
    assert told(alerts, START_MS + 1, replace(PARKED, count=9)) == ()
    worse = replace(PARKED, count=10)
    assert told(alerts, START_MS + 2, worse) == (Notice(condition=worse, time=2),)


def test_the_end_is_told_once_after_a_calm_while() -> None:
    alerts = Alerts(PAUSES_MS)
    told(alerts, START_MS, PARKED, CIRCUIT)
    assert told(alerts, START_MS + 1, CIRCUIT) == ()
    assert told(alerts, START_MS + CALM_MS, CIRCUIT) == ()
    over = Notice(condition=PARKED, time=1, is_over=True)
    assert told(alerts, START_MS + CALM_MS + 1, CIRCUIT) == (over,)
    assert told(alerts, START_MS + CALM_MS + 2, CIRCUIT) == ()
    assert alerts.firing() == (CIRCUIT,)


def test_a_condition_that_comes_back_soon_was_never_over() -> None:
    alerts = Alerts(PAUSES_MS)
    told(alerts, START_MS, CIRCUIT)
    told(alerts, START_MS + 1)
    assert told(alerts, START_MS + CALM_MS, CIRCUIT) == ()
    assert told(alerts, START_MS + CALM_MS + 1) == ()
    assert told(alerts, START_MS + 2 * CALM_MS) == (), "the calm begins anew"


def test_a_condition_nobody_was_told_of_ends_without_a_word() -> None:
    alerts = Alerts(PAUSES_MS)
    alerts.review([CIRCUIT], START_MS)
    assert alerts.review([], START_MS + 1) == ()
    assert alerts.review([], START_MS + CALM_MS + 1) == ()
    assert alerts.standings() == ()


def test_what_was_told_before_a_restart_is_not_told_at_once_again() -> None:
    before = Alerts(PAUSES_MS)
    told(before, START_MS, PARKED, CIRCUIT)
    after = Alerts(PAUSES_MS, before.standings())
    assert told(after, START_MS + MINUTE_MS, PARKED) == ()
    (over,) = told(after, START_MS + MINUTE_MS + CALM_MS, PARKED)
    assert over == Notice(condition=CIRCUIT, time=1, is_over=True)
    assert told(after, START_MS + 10 * MINUTE_MS, PARKED) == (Notice(condition=PARKED, time=2),)


def test_a_clock_that_was_set_back_does_not_silence_an_alert() -> None:
    alerts = Alerts(PAUSES_MS)
    told(alerts, START_MS, PARKED)
    assert told(alerts, START_MS - MINUTE_MS, PARKED)


def test_one_message_has_so_many_notices_and_the_rest_comes_next() -> None:
    alerts = Alerts(PAUSES_MS)
    many = [replace(PARKED, key=f"parked:agent/{number}") for number in range(NOTICES_MOST + 7)]
    assert len(told(alerts, START_MS, *many)) == NOTICES_MOST
    assert len(told(alerts, START_MS + 1, *many)) == 7


def test_the_end_of_what_was_not_known_is_no_fault() -> None:
    alerts = Alerts(PAUSES_MS)
    alerts.told([Notice(condition=PARKED, time=1)], START_MS)
    assert alerts.standings() == ()
