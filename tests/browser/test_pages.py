"""The pages around the game: the lobby, the replay, the maths; and what holds on all of them."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import expect

from meganodes.demo.odds import REELS, window
from meganodes.demo.slot.figures import figures, percent
from tests.support.browser import DESKTOP, PHONE, GamePage, new_page
from tests.support.contrast import faint_texts
from tests.support.stage import LOSES, PAYS_ELEVEN, PAYS_FIVE, Stage

GUEST = "guest"
WITHOUT_POLICY = {"viewport": PHONE, "bypass_csp": True}


def test_one_click_in_the_lobby_and_the_money_moves(stage: Stage, game: GamePage) -> None:
    stage.results(PAYS_FIVE, LOSES)
    lobby = game.page
    lobby.goto(f"{stage.url('casino')}/")
    before = stage.balance(GUEST)
    assert lobby.locator("#balance").get_attribute("data-amount") == before
    playing = GamePage(new_page(lobby.context))
    playing.open(f"{stage.url('casino')}/play")
    playing.press_lever()
    lobby.bring_to_front()
    expect(lobby.locator("#rounds li").first).to_contain_text("Stake €1.00 · Win €5.00")
    expect(lobby.locator("#rounds li").first).to_contain_text("+€4.00")
    expect(lobby.locator("#balance")).to_have_attribute("data-amount", stage.balance(GUEST))
    playing.press_lever()
    expect(lobby.locator("#rounds li").first).to_contain_text("\u2212€1.00")
    playing.page.locator("#back").click()
    playing.page.wait_for_selector("#play")


@pytest.mark.rule("2.2-round-details-page", "4-replay-template")
def test_the_lobby_leads_to_the_page_of_a_round_and_its_replay(
    stage: Stage, game: GamePage
) -> None:
    stage.results(PAYS_ELEVEN)
    game.open(f"{stage.url('casino')}/play")
    game.press_lever()
    game.page.locator("#back").click()
    with game.page.expect_popup() as popup:
        game.page.locator("#rounds li a").first.click()
    page = popup.value
    expect(page.locator("body")).to_contain_text("11.00")
    round_id = stage.rounds()[-1]["round_id"]
    expect(page.locator("body")).to_contain_text(round_id)
    assert page.url.startswith(f"{stage.url('hub')}/v4/game/round?")
    replay = page.locator(f'a[href*="/replay?round_id={round_id}"]')
    game.page.goto(str(replay.get_attribute("href")))
    expect(game.page.locator("#message")).to_have_text("Win: €11.00")
    assert json.loads(game.window()) == [
        [one.value for one in reel] for reel in window(PAYS_ELEVEN)
    ]
    expect(game.page.locator("#facts")).to_contain_text("Line 1€8.00")
    game.page.locator("#again").click()
    expect(game.page.locator("#message")).to_have_text("Replay")
    expect(game.page.locator("#message")).to_have_text("Win: €11.00")


def test_rounds_that_arrive_leave_the_focus_where_it_is(stage: Stage, game: GamePage) -> None:
    lobby = game.page
    playing = GamePage(new_page(lobby.context))
    playing.open(f"{stage.url('casino')}/play")
    playing.press_lever()
    lobby.goto(f"{stage.url('casino')}/")
    link = lobby.locator("#rounds li a").first
    known = str(link.get_attribute("href"))
    link.focus()
    for _ in range(2):
        playing.press_lever()
        expect(lobby.locator("#rounds li a").first).not_to_have_attribute("href", known)
        assert lobby.locator(":focus").get_attribute("href") == known


def test_the_purse_is_filled_by_a_button(stage: Stage, game: GamePage) -> None:
    game.page.goto(f"{stage.url('casino')}/")
    purse = game.page.locator("#balance")
    before = str(purse.get_attribute("data-amount"))
    game.page.get_by_role("button", name="Add €100.00").click()
    expect(purse).not_to_have_attribute("data-amount", before)
    expect(purse).to_have_attribute("data-amount", stage.balance(GUEST))


def test_a_lobby_without_its_casino_says_so(stage: Stage, game: GamePage) -> None:
    game.page.goto(f"{stage.url('casino')}/")
    game.page.route("**/lobby/state", lambda route: route.abort())
    expect(game.page.locator("#offline")).to_be_visible()
    game.page.unroute("**/lobby/state")
    expect(game.page.locator("#offline")).to_be_hidden()


def test_a_replay_of_nothing_says_so(stage: Stage, game: GamePage) -> None:
    game.page.goto(f"{stage.url('studio')}/replay?round_id=nothing")
    expect(game.page.locator("#message")).to_have_text("There is no such round.")


@pytest.mark.parametrize("game", [{"java_script_enabled": False}], indirect=True)
def test_the_maths_can_be_read_without_scripts(stage: Stage, game: GamePage) -> None:
    game.page.goto(f"{stage.url('studio')}/how-this-game-pays")
    expect(game.page.locator(".headline")).to_contain_text("24/25")
    expect(game.page.locator(".headline")).to_contain_text(f"{percent(figures().hits)}\u00a0%")
    for number, reel in enumerate(REELS, 1):
        expect(game.page.get_by_role("list", name=f"Reel {number}").locator("li")).to_have_count(
            len(reel)
        )


PATHS = ("casino:/", "studio:/how-this-game-pays", "studio:/replay?round_id={round}", "game")


def visit(stage: Stage, game: GamePage, path: str) -> None:
    """Open one of the pages; the replay and the game with a win on their reels."""
    if path == "game" or "{round}" in path:
        stage.results(PAYS_FIVE)
        game.open(stage.game_url(stage.new_account()))
        game.press_lever()
    if path != "game":
        where, _, rest = path.partition(":")
        round_id = stage.rounds()[-1]["round_id"] if "{round}" in rest else ""
        game.page.goto(stage.url(where) + rest.replace("{round}", round_id))
    game.page.wait_for_load_state("networkidle")


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("game", [WITHOUT_POLICY], indirect=True)
def test_every_text_stands_out_from_what_is_behind_it(
    stage: Stage, game: GamePage, path: str
) -> None:
    """WCAG 2.2, 1.4.3: at least 4.5 to 1, and 3 to 1 for large text, measured in the picture."""
    visit(stage, game, path)
    assert faint_texts(game.page) == []


@pytest.mark.parametrize("path", PATHS)
def test_everything_that_can_be_pressed_has_a_name_and_shows_the_focus(
    stage: Stage, game: GamePage, path: str
) -> None:
    visit(stage, game, path)
    game.page.reload()  # the focus begins at the top again
    game.page.wait_for_load_state("networkidle")
    names: list[str] = []
    game.page.locator("body").press("Tab")
    for _ in range(20):
        focused = game.page.locator(":focus")
        if focused.count() == 0 or focused.evaluate("(element) => element === document.body"):
            break
        label = focused.evaluate(
            "(element) => element.ariaLabel || element.innerText || element.labels?.[0]?.innerText"
        )
        assert label, focused.evaluate("(element) => element.outerHTML")
        outline = focused.evaluate("(element) => getComputedStyle(element).outlineStyle")
        assert outline == "solid", label
        names.append(label)
        game.page.keyboard.press("Tab")
    assert len(names) == len(set(names)) > 0 or path.startswith("studio:/how")
    unnamed = game.page.locator("img:not([alt]), html:not([lang]), canvas:not([aria-label])")
    assert unnamed.locator(":scope:not([aria-hidden])").count() == 0
    assert game.page.locator("h1").count() == 1


def test_the_focus_goes_from_the_way_back_to_the_lever(stage: Stage, game: GamePage) -> None:
    game.open(stage.game_url(stage.new_account()))
    order = []
    for _ in range(5):
        game.page.keyboard.press("Tab")
        order.append(
            game.page.locator(":focus").evaluate("(element) => element.id || element.name || 'how'")
        )
    assert order == ["back", "how", "sound", "stake", "spin"]


def test_results_are_told_to_those_who_do_not_see_them(stage: Stage, game: GamePage) -> None:
    stage.results(PAYS_FIVE)
    game.open(stage.game_url(stage.new_account()))
    status = game.page.get_by_role("status")
    expect(status).to_have_text("Choose your stake and spin")
    game.press_lever()
    expect(status).to_have_text("You win €5.00")
    reels = game.page.get_by_role("img", name="Row 2: plum, plum, plum")
    expect(reels).to_be_visible()


AMOUNTS = [
    ("en", "EUR", "1234567.50", "€1,234,567.50"),
    ("en", "EUR", "-1.00", "-€1.00"),
    ("de", "EUR", "1234.50", "1.234,50\u00a0€"),
    ("es", "EUR", "1234.50", "1234,50\u00a0€"),
    ("es", "EUR", "12345.50", "12.345,50\u00a0€"),
    ("ja", "JPY", "90071992547409910", "￥90,071,992,547,409,910"),
    ("en", "KWD", "0.005", "KWD\u00a00.005"),
    ("th", "THB", "20.00", "฿20.00"),
    ("en", "USDT", "1.00000001", "1.00000001\u00a0USDT"),
]


@pytest.mark.parametrize("game", [{"viewport": DESKTOP}], indirect=True)
def test_amounts_are_written_for_people_digit_by_digit(stage: Stage, game: GamePage) -> None:
    """No number of JavaScript could hold the yen of this table."""
    game.page.goto(f"{stage.url('studio')}/how-this-game-pays")
    written = game.page.evaluate(
        """async (amounts) => {
            const { moneyWriter } = await import("/look/money.js");
            const write = ([language, currency, text]) => moneyWriter(language, currency)(text);
            return amounts.map(write);
        }""",
        [list(row[:3]) for row in AMOUNTS],
    )
    assert written == [row[3] for row in AMOUNTS]


def test_shares_of_an_amount_count_up_exactly(stage: Stage, game: GamePage) -> None:
    game.page.goto(f"{stage.url('studio')}/how-this-game-pays")
    shares = game.page.evaluate(
        """async () => {
            const { shareOf } = await import("/look/money.js");
            const parts = [["10.00", 1, 3], ["0.05", 1, 2], ["500", 1, 3]];
            return parts.map((given) => shareOf(...given));
        }"""
    )
    assert shares == ["3.33", "0.02", "166"]
