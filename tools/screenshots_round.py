"""Take the pictures of players' pages in docs/screenshots: `python3 -m tools.screenshots_round`.

The pages are the hub's own, over rounds of known shapes, so that a picture changes only when a page
does. It needs Chromium, and letters for every script (Debian: fonts-noto-core, fonts-noto-cjk).
"""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, Literal

from playwright.async_api import Browser, async_playwright

from meganodes.player_pages.texts import Topic
from tests.support.page_server import Pages, served_pages

FOLDER: Final = Path(__file__).parents[1] / "docs/screenshots"
BYTES_MAX: Final = 200_000
PHONE: Final = (390, 640)
DESK: Final = (1280, 720)
SCRIPTS: Final = ("en", "ko", "th", "ja", "zh-cn")


@dataclass(frozen=True, kw_only=True)
class Picture:
    """One picture: a round of a shape, or why a link does not open."""

    name: str
    shows: str | Topic
    language: str
    size: tuple[int, int] = PHONE
    colour_scheme: Literal["light", "dark"] = "light"

    def address(self, pages: Pages) -> str:
        """Where the page stands."""
        if isinstance(self.shows, Topic):
            return pages.closed(self.shows, self.language)
        return pages.round(self.shows, self.language)


PICTURES: Final = (
    Picture(name="round-several-phone", shows="several", language="en"),
    Picture(name="round-several-desk", shows="several", language="en", size=DESK),
    Picture(name="round-cancelled-de", shows="cancelled", language="de", colour_scheme="dark"),
    Picture(name="round-owed-ko", shows="owed", language="ko"),
    Picture(name="round-open-th", shows="open", language="th", colour_scheme="dark"),
    Picture(name="round-refused-zh", shows="refused", language="zh"),
    Picture(name="round-crypto-tr", shows="crypto", language="tr"),
    Picture(
        name="round-troubled-desk",
        shows="troubled",
        language="de",
        size=DESK,
        colour_scheme="dark",
    ),
    Picture(name="launch-used", shows=Topic.USED, language="en"),
    Picture(name="launch-expired-ja", shows=Topic.EXPIRED, language="ja", colour_scheme="dark"),
    Picture(name="launch-closed-desk", shows=Topic.CLOSED, language="es", size=DESK),
)


async def take(folder: Path, pictures: Sequence[Picture] = PICTURES) -> list[Path]:
    """Take pictures into a folder; raises ValueError for one that is too large to be kept."""
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with TemporaryDirectory() as scratch:
        async with served_pages(Path(scratch)) as pages, async_playwright() as playwright:
            browser = await playwright.chromium.launch(
                executable_path=shutil.which("chromium"), args=arguments
            )
            return [await _take_one(browser, pages, each, folder) for each in pictures]


async def _take_one(browser: Browser, pages: Pages, picture: Picture, folder: Path) -> Path:
    width, height = picture.size
    context = await browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme=picture.colour_scheme,
        device_scale_factor=2 if picture.size == PHONE else 1,
    )
    tab = await context.new_page()
    await tab.goto(picture.address(pages), wait_until="networkidle")
    path = folder / f"{picture.name}.png"
    await tab.screenshot(path=path, full_page=True)
    await context.close()
    if path.stat().st_size > BYTES_MAX:
        raise ValueError(f"{path.name} has more than {BYTES_MAX} bytes")
    return path


def missing_scripts() -> list[str]:
    """Name the languages this machine has no letters for."""
    return [
        script
        for script in SCRIPTS
        if not subprocess.run(
            ["fc-list", f":lang={script}"], capture_output=True, check=True
        ).stdout
    ]


def main() -> int:
    """Take all pictures, or only those whose name holds the given word."""
    if missing := missing_scripts():
        print(f"no letters for {', '.join(missing)}: install fonts-noto-core and fonts-noto-cjk")
        return 1
    FOLDER.mkdir(parents=True, exist_ok=True)
    word = sys.argv[1] if len(sys.argv) > 1 else ""
    for path in asyncio.run(take(FOLDER, [each for each in PICTURES if word in each.name])):
        print(f"{path.name} {path.stat().st_size // 1000} kB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
