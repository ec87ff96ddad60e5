"""Take the pictures of the Back Office in docs/screenshots: `python3 -m tools.screenshots_office`.

Every page as the list of pages has it, over an evening of known work at a known moment, so that a
picture changes only when a page does. A word as argument takes only pictures with it in their name.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, Literal

from playwright.sync_api import Browser, BrowserContext, ViewportSize

from meganodes.directory.staff_records import Stage
from tests.support.browser import running_chromium
from tests.support.office_evening import OfficeEvening, an_office_evening, name_of, shown_pages
from tools.png import read_png, write_small

FOLDER: Final = Path(__file__).parents[1] / "docs/screenshots"
BYTES_MAX: Final = 150_000
DESK: Final[ViewportSize] = {"width": 1440, "height": 900}
PHONE: Final[ViewportSize] = {"width": 390, "height": 844}
HEIGHT_MAX: Final = 900
LEFT_OUT: Final = frozenset(
    {
        "start",
        "agents-new",
        "confirm",
        "help",
        "help-cause",
        "me-second-factor",
        "search",
        "settings-callback-test",
        "sign-in-code",
        "welcome",
    }
)
"""Pages that are one form or one sentence, or look like another one."""
ON_PHONES: Final = ("dashboard", "transactions", "errors", "settings")
IN_THE_DARK: Final = ("dashboard", "log-attempt-id", "open-work")


@dataclass(frozen=True, kw_only=True)
class Picture:
    """One picture: a page, how wide, in which colours."""

    page: str
    width: Literal["phone", "desk"] = "desk"
    dark: bool = False

    @property
    def name(self) -> str:
        """What its file is called."""
        return f"office-{self.page}-{self.width}{'-dark' if self.dark else ''}"


def pictures() -> Iterator[Picture]:
    """Name every picture there is: a new page comes by itself."""
    for page in map(name_of, shown_pages()):
        if page not in LEFT_OUT:
            yield Picture(page=page)
        if page in ON_PHONES:
            yield Picture(page=page, width="phone")
        if page in IN_THE_DARK:
            yield Picture(page=page, dark=True)


def take(folder: Path, wanted: Sequence[Picture]) -> Iterator[Path]:
    """Take pictures into a folder; raises ValueError for one that is too large to be kept."""
    with (
        TemporaryDirectory() as scratch,
        an_office_evening(Path(scratch)) as evening,
        running_chromium() as browser,
    ):
        for picture in wanted:
            path = folder / f"{picture.name}.png"
            context = _context(browser, evening, picture)
            path.write_bytes(_taken(context, evening, picture))
            context.close()
            if path.stat().st_size > BYTES_MAX:
                raise ValueError(f"{path.name} has more than {BYTES_MAX} bytes")
            yield path


def _context(browser: Browser, evening: OfficeEvening, picture: Picture) -> BrowserContext:
    context = browser.new_context(
        viewport=DESK if picture.width == "desk" else PHONE,
        color_scheme="dark" if picture.dark else "light",
        locale="en-GB",
        reduced_motion="reduce",
    )
    context.clock.set_fixed_time(evening.now_ms)
    return context


def _taken(context: BrowserContext, evening: OfficeEvening, picture: Picture) -> bytes:
    shot = next(each for each in evening.shots() if each.name == picture.page)
    if isinstance(shot.stage, Stage):
        evening.present(context, shot.stage)
    tab = context.new_page()
    tab.goto(shot.address)
    tall = min(HEIGHT_MAX, int(tab.evaluate("document.documentElement.scrollHeight")))
    size = tab.viewport_size
    assert size is not None
    tab.set_viewport_size({"width": size["width"], "height": max(tall, 700)})
    return write_small(read_png(tab.screenshot()))


def main() -> int:
    """Take all pictures, or only those whose name holds the given word."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    word = sys.argv[1] if len(sys.argv) > 1 else ""
    for path in take(FOLDER, [each for each in pictures() if word in each.name]):
        print(f"{path.name} {path.stat().st_size // 1000} kB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
