"""A person plays: what the page shows is what the casino's books say, whatever is pressed."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Route, expect

from meganodes.protocol.money import parse_amount
from tests.support.browser import (
    DESKTOP,
    LYING_PHONE,
    PHONE,
    SMALL_PHONE,
    TABLET,
    GamePage,
    new_page,
)
from tests.support.stage import (
    LOSES,
    PAYS_ELEVEN,
    PAYS_FIVE,
    PAYS_HUNDRED,
    PAYS_TWO,
    Stage,
)

REELS_CHANGE = """async () => {
    const reels = document.getElementById("reels");
    const before = reels.toDataURL();
    document.getElementById("spin").click();
    for (let frame = 0; frame < 12; frame += 1) {
        await new Promise(requestAnimationFrame);
        if (reels.toDataURL() !== before) {
            return true;
        }
    }
    return false;
}"""
IN_MOTION = {"viewport": PHONE, "reduced_motion": "no-preference"}


def minor(text: str) -> int:
    return parse_amount(text, 2)


@pytest.mark.parametrize("game", [IN_MOTION], indirect=True)
def test_a_spin_moves_the_casinos_balance_by_exactly_what_is_shown(
    stage: Stage, game: GamePage
) -> None:
    account = stage.new_account("100.00")
    stage.results(LOSES, PAYS_ELEVEN)
    game.open(stage.game_url(account))
    assert game.balance() == "100.00"
    for stake, says in (("0.50", "lost"), ("2.00", "won")):
        before = minor(game.balance())
        game.choose_stake(stake)
        assert game.press_lever() == says
        assert minor(game.balance()) == before - minor(stake) + minor(game.win())
        assert game.balance() == stage.balance(account)
    assert game.balance() == "119.50"
    assert game.page.inner_text("#balance") == "€119.50"
    expect(game.page.locator("#win")).to_have_text("€22.00")
    assert stage.movements(account) == [
        ("bet", 50, "booked"),
        ("win", 0, "booked"),
        ("bet", 200, "booked"),
        ("win", 2200, "booked"),
    ]


def test_the_reels_come_to_rest_on_what_the_studio_recorded(stage: Stage, game: GamePage) -> None:
    stage.results(PAYS_TWO)
    game.open(stage.game_url(stage.new_account()))
    shown_before = game.window()
    game.press_lever()
    assert game.window() != shown_before
    assert '["lemon","cherry","bell"]' in game.window()
    label = game.page.get_attribute("#reels", "aria-label")
    assert label is not None
    assert "Row 2: cherry, cherry, cherry" in label


@pytest.mark.parametrize("key", ["Space", "Enter"])
@pytest.mark.parametrize("is_on_the_lever", [True, False])
def test_a_key_plays_once_however_long_it_is_held(
    stage: Stage, game: GamePage, key: str, *, is_on_the_lever: bool
) -> None:
    account = stage.new_account()
    stage.results(LOSES)
    game.open(stage.game_url(account))
    if is_on_the_lever:
        game.lever.focus()
    game.page.keyboard.down(key)
    for _ in range(8):
        game.page.keyboard.down(key)  # down again without up: the key repeats itself
        game.page.wait_for_timeout(60)
    game.page.keyboard.up(key)
    game.wait_for("lost")
    game.wait_until_free()
    game.page.wait_for_timeout(100)
    assert stage.movements(account) == [("bet", 100, "booked"), ("win", 0, "booked")]


def test_the_stake_is_chosen_and_played_without_a_mouse(stage: Stage, game: GamePage) -> None:
    account = stage.new_account()
    stage.results(LOSES)
    game.open(stage.game_url(account))
    game.page.locator("#stakes input:checked").focus()
    game.page.keyboard.press("ArrowRight")
    game.page.keyboard.press("Space")
    game.wait_for("lost")
    assert stage.movements(account)[0] == ("bet", 200, "booked")


def test_a_double_click_is_one_round(stage: Stage, game: GamePage) -> None:
    account = stage.new_account()
    stage.results(LOSES)
    game.open(stage.game_url(account))
    game.lever.dblclick()
    game.wait_until_free()
    assert [kind for kind, _, _ in stage.movements(account)] == ["bet", "win"]


@pytest.mark.parametrize("game", [IN_MOTION], indirect=True)
def test_two_windows_never_play_more_rounds_than_clicks(stage: Stage, game: GamePage) -> None:
    account = stage.new_account()
    game.open(stage.game_url(account))
    other = GamePage(new_page(game.page.context))
    other.open(game.page.url)
    stage.hold_hub()
    try:
        with game.page.expect_request("**/slot/play"):
            game.lever.click()
        other.lever.click()
        other.wait_for("busy")
    finally:
        stage.let_hub_go()
    game.wait_until_free()
    other.wait_until_free()
    assert [kind for kind, _, _ in stage.movements(account)] == ["bet", "win"]
    assert other.balance() == game.balance() == stage.balance(account)


@pytest.mark.parametrize(
    "game", [{**IN_MOTION, "has_touch": True, "is_mobile": True}], indirect=True
)
def test_on_a_phone_everything_is_on_the_screen_and_large_enough_to_touch(
    stage: Stage, game: GamePage
) -> None:
    stage.results(PAYS_FIVE)
    game.open(stage.game_url(stage.new_account()))
    assert_all_is_on_the_screen(game)
    game.lever.tap()
    game.wait_for("won")
    assert_all_is_on_the_screen(game)


@pytest.mark.parametrize("lang", [1, 8])
def test_on_other_screens_nothing_has_to_be_scrolled_either(
    stage: Stage, game: GamePage, lang: int
) -> None:
    game.open(stage.game_url(stage.new_account(), lang))
    for screen in (LYING_PHONE, DESKTOP, SMALL_PHONE, TABLET):
        game.page.set_viewport_size(screen)
        assert_all_is_on_the_screen(game)


def assert_all_is_on_the_screen(game: GamePage) -> None:
    size = game.page.viewport_size
    assert size is not None
    wide, high = game.page.evaluate(
        "() => [document.documentElement.scrollWidth, document.documentElement.scrollHeight]"
    )
    assert wide <= size["width"]
    assert high <= size["height"]
    for control in game.page.locator("button:visible, a:visible, label:visible").all():
        box = control.bounding_box()
        assert box is not None
        assert box["height"] >= 44, control.inner_text()
        assert box["width"] >= 44, control.inner_text()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= size["width"]
        assert box["y"] + box["height"] <= size["height"]


@pytest.mark.parametrize(
    ("game", "is_still"), [({"viewport": PHONE}, True), (IN_MOTION, False)], indirect=["game"]
)
def test_nothing_turns_where_motion_is_not_wanted(
    stage: Stage, game: GamePage, *, is_still: bool
) -> None:
    stage.results(PAYS_HUNDRED)
    game.open(stage.game_url(stage.new_account()))
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    game.page.route("**/slot/play", hold)
    with game.page.expect_request("**/slot/play"):
        assert game.page.evaluate(REELS_CHANGE) is not is_still
    while not held:  # the request is told before it is routed; the page's own patience ends this
        game.page.wait_for_timeout(50)
    held[0].continue_()
    game.wait_for("won")
    assert game.win() == "100.00"
    sparks = game.page.evaluate("document.getElementById('sparks').width")
    assert (sparks == 300) is is_still, "a canvas nobody drew on is 300 wide"


def test_sound_is_off_until_asked_for_and_then_remembered(stage: Stage, game: GamePage) -> None:
    game.open(stage.game_url(stage.new_account()))
    switch = game.page.get_by_role("button", name="Sound")
    assert switch.get_attribute("aria-pressed") == "false"
    switch.click()
    game.page.reload()
    game.wait_for("ready")
    assert switch.get_attribute("aria-pressed") == "true"
    assert game.press_lever() in {"won", "lost"}


def test_the_game_speaks_the_players_language(stage: Stage, game: GamePage) -> None:
    stage.results(PAYS_TWO)
    game.open(stage.game_url(stage.new_account(), lang=8))
    assert game.lever.inner_text() == "Drehen"
    assert game.page.inner_text("#balance") == "100,00\u00a0€"
    game.press_lever()
    assert game.text() == "Du gewinnst 2,00\u00a0€"


def test_nothing_comes_from_anywhere_but_the_studio(stage: Stage, game: GamePage) -> None:
    asked: list[str] = []
    game.page.on("request", lambda request: asked.append(request.url))
    game.open(stage.game_url(stage.new_account()))
    game.press_lever()
    hosts = {urlsplit(url).netloc for url in asked if "/v4/game/launch" not in url}
    assert hosts == {urlsplit(stage.url("studio")).netloc}
    assert len(asked) > 10
