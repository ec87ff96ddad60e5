"""Take the pictures of docs/screenshots anew: `python3 -m tools.screenshots [NAME ...]`.

Hub, casino and studio run for real, a browser plays, and every picture is taken of what a player
sees then. Names narrow it down to some pictures, such as `game-win`.
"""

from __future__ import annotations

import importlib.util
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tools.png import read_png, write_small

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from tests.support.browser import GamePage
    from tests.support.stage import Stage

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "docs/screenshots"
BYTES_MAX = 300_000


def main(names: list[str]) -> int:
    """Exit code 0 when every picture is written and small enough."""
    if importlib.util.find_spec("playwright") is None:
        python = ROOT / ".venv/bin/python"
        os.execv(python, [str(python), "-m", "tools.screenshots", *names])  # noqa: S606 - ourselves
    from tests.support.browser import running_chromium  # noqa: PLC0415 - needs what .venv has
    from tests.support.stage import a_stage  # noqa: PLC0415

    FOLDER.mkdir(parents=True, exist_ok=True)
    wanted = [(name, screen) for name in names or SCENES for screen in SCREENS]
    with (
        tempfile.TemporaryDirectory() as folder,
        a_stage(Path(folder)) as stage,
        running_chromium() as browser,
    ):
        for name, screen in wanted:
            _take(name, screen, stage, browser)
    heavy = [path.name for path in FOLDER.glob("*.png") if path.stat().st_size > BYTES_MAX]
    for name in heavy:
        print(f"{name} has more than {BYTES_MAX // 1000} kB", file=sys.stderr)
    return 1 if heavy else 0


Scene = Callable[["Stage", "GamePage"], None]

SCREENS: dict[str, Any] = {
    "phone": {
        "viewport": {"width": 390, "height": 844},
        "device_scale_factor": 2,
        "is_mobile": True,
        "has_touch": True,
    },
    "desktop": {"viewport": {"width": 1280, "height": 800}, "device_scale_factor": 1},
}


def _take(name: str, screen: str, stage: Stage, browser: Browser) -> None:
    from tests.support.browser import GamePage, new_page  # noqa: PLC0415

    context = browser.new_context(locale="en-GB", **SCREENS[screen])
    game = GamePage(new_page(context))
    SCENES[name](stage, game)
    path = FOLDER / f"{name}-{screen}.png"
    path.write_bytes(write_small(read_png(game.page.screenshot())))
    context.close()
    stage.clear()
    print(f"{path.relative_to(ROOT)}  {path.stat().st_size // 1000} kB", flush=True)


def idle(stage: Stage, game: GamePage) -> None:
    game.open(stage.game_url(stage.new_account()))


def spinning(stage: Stage, game: GamePage) -> None:
    account = stage.new_account()
    stage.fault(account, command="bet", fault="delay_before", seconds=1.5)
    game.open(stage.game_url(account))
    game.lever.click()
    game.page.wait_for_timeout(900)


def win(stage: Stage, game: GamePage) -> None:
    from tests.support.stage import PAYS_FIFTEEN  # noqa: PLC0415

    stage.results(PAYS_FIFTEEN)
    game.open(stage.game_url(stage.new_account()))
    game.press_lever()
    game.page.wait_for_timeout(750)


def refused(stage: Stage, game: GamePage) -> None:
    game.open(stage.game_url(stage.new_account("0.70")))
    game.press_lever()
    game.page.wait_for_timeout(600)


def down(stage: Stage, game: GamePage) -> None:
    """Show what a player sees while the studio gets no answer."""
    game.open(stage.game_url(stage.new_account()))
    game.page.route("**/slot/play", lambda route: route.abort())
    game.lever.click()
    game.wait_for("checking")
    game.page.wait_for_timeout(1500)


def maths(stage: Stage, game: GamePage) -> None:
    game.page.goto(f"{stage.url('studio')}/how-this-game-pays")
    game.page.wait_for_load_state("networkidle")


def lobby(stage: Stage, game: GamePage) -> None:
    from tests.support.stage import LOSES, PAYS_FIVE, PAYS_TWO  # noqa: PLC0415

    stage.results(PAYS_TWO, LOSES, LOSES, PAYS_FIVE, LOSES, PAYS_TWO)
    game.open(f"{stage.url('casino')}/play")
    for _ in range(6):
        game.press_lever()
    game.page.goto(f"{stage.url('casino')}/")
    game.page.wait_for_selector("#rounds li")


def replay(stage: Stage, game: GamePage) -> None:
    from tests.support.stage import PAYS_ELEVEN  # noqa: PLC0415

    stage.results(PAYS_ELEVEN)
    game.open(stage.game_url(stage.new_account()))
    game.press_lever()
    round_id = stage.rounds()[-1]["round_id"]
    game.page.goto(f"{stage.url('studio')}/replay?round_id={round_id}")
    game.page.wait_for_selector("#message[data-mood=win]")
    game.page.wait_for_timeout(300)


SCENES: dict[str, Scene] = {
    "game-idle": idle,
    "game-spinning": spinning,
    "game-win": win,
    "game-refused": refused,
    "game-down": down,
    "how-it-pays": maths,
    "lobby": lobby,
    "replay": replay,
}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
