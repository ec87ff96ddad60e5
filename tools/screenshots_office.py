"""Take the pictures of the Back Office: `python3 -m tools.screenshots_office`.

Every page of the list of pages, at a desk and on a phone, in light and in the dark, over an evening
of known work at a known moment, so that a picture changes only when a page does. A word as argument
takes only pictures with it in their name. A test fails while a page has no pictures.
"""

from __future__ import annotations

import base64
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
from tools.png import read_png, write_drawn

FOLDER: Final = Path(__file__).parents[1] / "docs/screenshots/office"
BYTES_MAX: Final = 150_000
ALL_BYTES_MAX: Final = 10_000_000
DESK: Final[ViewportSize] = {"width": 1440, "height": 900}
PHONE: Final[ViewportSize] = {"width": 390, "height": 844}
WIDTHS: Final[tuple[Literal["phone", "desk"], ...]] = ("desk", "phone")
HEIGHT_MAX: Final = 1_300
"""A list may be longer; its first rows say how all of them look."""

_IS_LIVE: Final = "() => (document.getElementById('log-state')?.textContent ?? 'live') === 'live'"


@dataclass(frozen=True, kw_only=True)
class Picture:
    """One picture: a page, how wide, in which colours."""

    page: str
    width: Literal["phone", "desk"]
    dark: bool

    @property
    def name(self) -> str:
        """What its file is called."""
        return f"{self.page}-{self.width}{'-dark' if self.dark else ''}.png"

    @property
    def size(self) -> ViewportSize:
        """How large the window is."""
        return DESK if self.width == "desk" else PHONE


def pictures() -> list[Picture]:
    """Name every picture there is: a new page comes by itself."""
    return [
        Picture(page=name_of(page), width=width, dark=dark)
        for page in shown_pages()
        for width in WIDTHS
        for dark in (False, True)
    ]


def take(folder: Path, wanted: Sequence[Picture]) -> Iterator[Path]:
    """Take pictures into a folder; raises ValueError for one that is too large to be kept."""
    with (
        TemporaryDirectory() as scratch,
        an_office_evening(Path(scratch)) as evening,
        running_chromium() as browser,
    ):
        for picture in wanted:
            path = folder / picture.name
            context = _context(browser, evening, picture)
            path.write_bytes(_taken(context, evening, picture))
            context.close()
            if path.stat().st_size > BYTES_MAX:
                raise ValueError(f"{path.name} has more than {BYTES_MAX} bytes")
            yield path


def _context(browser: Browser, evening: OfficeEvening, picture: Picture) -> BrowserContext:
    context = browser.new_context(
        viewport=picture.size,
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
    tab.wait_for_function(_IS_LIVE)
    tall = int(tab.evaluate("document.documentElement.scrollHeight"))
    tall = max(picture.size["height"], min(HEIGHT_MAX, tall))
    tab.set_viewport_size({"width": picture.size["width"], "height": tall})
    # Written quickly, a picture is read quickly.
    asked = {"format": "png", "optimizeForSpeed": True}
    shot_now = context.new_cdp_session(tab).send("Page.captureScreenshot", asked)
    return write_drawn(read_png(base64.b64decode(shot_now["data"])))


def main() -> int:
    """Take all pictures, or only those whose name holds the given word."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    word = sys.argv[1] if len(sys.argv) > 1 else ""
    for path in take(FOLDER, [each for each in pictures() if word in each.name]):
        print(f"{path.name} {path.stat().st_size // 1000} kB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
