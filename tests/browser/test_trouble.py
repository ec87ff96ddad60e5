"""Trouble as a player sees it: no answer means no conclusion, and nothing is paid twice."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import Route

from meganodes.demo.http_client import get_json
from tests.support.browser import GamePage
from tests.support.stage import LOSES, PAYS_FIVE, PAYS_TWO, Stage


def bets_on_the_wire(stage: Stage) -> dict[str, int]:
    arrivals: dict[str, int] = stage.run(
        get_json(f"{stage.url('casino')}/control/arrivals?command=bet")
    )
    return arrivals


def test_a_stake_above_the_balance_is_refused_and_another_can_be_chosen(
    stage: Stage, game: GamePage
) -> None:
    account = stage.new_account("0.70")
    stage.results(PAYS_FIVE, LOSES)
    game.open(stage.game_url(account))
    assert game.press_lever() == "short"
    assert game.text() == "Not enough balance for this stake"
    assert game.page.locator("#desk.is-short #stakes").is_visible()
    assert game.balance() == stage.balance(account) == "0.70"
    assert game.win() == ""
    game.choose_stake("0.20")
    assert game.press_lever() == "lost"
    assert game.balance() == stage.balance(account) == "0.50"
    assert not game.page.locator("#desk.is-short").count()


def test_a_blocked_player_is_told_and_led_back(stage: Stage, game: GamePage) -> None:
    account = stage.new_account()
    game.open(stage.game_url(account))
    stage.run(stage.evening.casino("/players", {"account": account, "active": False}))
    game.lever.click()
    game.wait_for("blocked")
    assert not game.lever.is_visible()
    way_back = game.page.locator("#leave")
    assert way_back.get_attribute("href") == f"{stage.url('casino')}/"
    assert stage.balance(account) == "100.00"


def test_a_session_that_has_ended_leads_back_to_the_casino(stage: Stage, game: GamePage) -> None:
    game.open(stage.game_url(stage.new_account()))
    known = game.page.url
    session = known.split("session=")[1].split("&")[0]
    game.page.goto(known.replace(session, session[:-4] + "gone"))
    game.wait_for("ended")
    assert "session has ended" in game.text()
    assert not game.lever.is_visible()
    game.page.locator("#leave").click()
    game.page.wait_for_selector("#play")


def test_a_casino_that_is_closed_takes_no_stake(stage: Stage, game: GamePage) -> None:
    account = stage.new_account()
    game.open(stage.game_url(account))
    command = stage.evening.children.run
    stage.run(command("agent", "suspend", "toy-casino", "--reason", "a test"))
    try:
        for _ in range(20):  # a running hub sees the change within a second
            if game.press_lever() == "unreachable":
                break
        assert game.says() == "unreachable"
        assert game.text() == "The casino cannot be reached. Nothing was taken."
        assert game.balance() == stage.balance(account)
    finally:
        reason = ("--force", "--reason", "the test is over")
        stage.run(command("agent", "approve", "toy-casino", *reason))


def test_a_backend_that_loses_its_answer_costs_nothing(stage: Stage, game: GamePage) -> None:
    account = stage.new_account()
    stage.results(PAYS_FIVE)
    stage.fault(account, command="bet", fault="drop")
    game.open(stage.game_url(account))
    assert game.press_lever() == "cancelled"
    game.wait_for_balance("100.00")
    assert stage.movements(account)[0] == ("bet", 100, "cancelled")


def test_a_win_on_its_way_is_announced_and_arrives(stage: Stage, game: GamePage) -> None:
    account = stage.new_account()
    stage.results(PAYS_TWO)
    stage.fault(account, command="win", fault="delay", seconds=5)
    game.open(stage.game_url(account))
    game.note_everything_said()
    game.lever.click()
    game.wait_for("won_arrived")
    said = [text for text in game.everything_said() if not text.startswith("Checking")]
    assert said == [
        "Good luck!",
        "Your win of €2.00 is on its way",
        "Your win of €2.00 has arrived",
    ]
    game.wait_for_balance("101.00")
    assert stage.balance(account) == "101.00"


@pytest.mark.rule("4-try-again")
def test_a_hub_that_is_down_leaves_the_spin_open_until_it_is_back(
    stage: Stage, game: GamePage
) -> None:
    account = stage.new_account()
    stage.results(PAYS_FIVE)
    game.open(stage.game_url(account))
    stage.run(stage.evening.kill_hub())
    try:
        game.lever.click()
        game.wait_for("checking")
        assert game.text() == "Checking your last spin …"
        assert game.lever.get_attribute("aria-disabled") == "true"
        game.lever.click(force=True)
        game.page.reload()  # the player loses patience
        game.wait_for("checking")
    finally:
        stage.run(stage.evening.start_hub())
    assert game.wait_for("won", "cancelled")
    game.wait_until_free()
    game.wait_for_balance(stage.balance(account))
    assert [one for one in stage.rounds() if one["is_open"]] == []
    assert stage.balance(account) in {"100.00", "104.00"}
    assert set(bets_on_the_wire(stage).values()) <= {1}


def test_a_reload_in_the_middle_of_a_spin_shows_its_result(stage: Stage, game: GamePage) -> None:
    account = stage.new_account()
    stage.results(PAYS_FIVE)
    stage.fault(account, command="bet", fault="delay_before", seconds=1.5)
    game.open(stage.game_url(account))
    with game.page.expect_request("**/slot/play"):
        game.lever.click()
    game.page.reload()
    game.wait_for("won")
    assert game.win() == "5.00"
    game.wait_for_balance("104.00")
    assert [kind for kind, _, _ in stage.movements(account)] == ["bet", "win"]
    game.page.reload()
    game.wait_for("ready")
    assert '["cherry","plum","star"]' in game.window(), "the last result stays on the reels"


@pytest.mark.parametrize("is_seen_by_the_studio", [True, False])
def test_a_click_whose_answer_is_lost_is_sent_again_and_plays_once(
    stage: Stage, game: GamePage, *, is_seen_by_the_studio: bool
) -> None:
    account = stage.new_account()
    stage.results(PAYS_FIVE, LOSES)
    game.open(stage.game_url(account))
    clicks: list[object] = []

    def lose(route: Route) -> None:
        clicks.append(json.loads(route.request.post_data or "{}")["click"])
        if is_seen_by_the_studio:
            route.fetch()
        route.abort()

    game.page.route("**/slot/play", lose, times=2)
    assert game.press_lever() == "won"
    assert len(clicks) == 2
    assert len(set(clicks)) == 1
    assert game.balance() == stage.balance(account) == "104.00"
    assert [kind for kind, _, _ in stage.movements(account)] == ["bet", "win"]


def test_a_reload_withdraws_a_click_that_never_arrived(stage: Stage, game: GamePage) -> None:
    account = stage.new_account()
    game.open(stage.game_url(account))
    sent: list[str] = []

    def swallow(route: Route) -> None:
        sent.append(str(route.request.post_data))
        route.abort()

    game.page.route("**/slot/play", swallow)
    game.lever.click()
    game.page.wait_for_event("requestfailed")
    game.page.reload()
    game.wait_for("ready")
    game.page.unroute("**/slot/play")
    late = game.page.request.post(
        f"{stage.url('studio')}/slot/play",
        data=sent[0],
        headers={"content-type": "application/json"},
    )
    assert late.json() == {"state": "withdrawn", "round": None}
    assert stage.movements(account) == []


def test_a_game_opened_while_the_studio_is_silent_waits_for_it(
    stage: Stage, game: GamePage
) -> None:
    account = stage.new_account()
    game.page.route("**/slot/open", lambda route: route.abort(), times=2)
    game.page.goto(stage.game_url(account))
    game.wait_for("waiting")
    assert game.page.inner_text("#balance") == "…"
    game.wait_for("ready")
    assert game.balance() == "100.00"
