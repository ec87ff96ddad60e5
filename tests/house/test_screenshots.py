"""Every page of the Back Office is shown in the docs: at a desk, on a phone, in light and dark."""

from __future__ import annotations

import struct

from tests.house.tree import listed
from tools.screenshots_office import ALL_BYTES_MAX, FOLDER, pictures


def test_every_page_has_its_pictures() -> None:
    """Mended by `python3 -m tools.screenshots_office`, with the page's name as argument."""
    missing = [each.name for each in pictures() if not (FOLDER / each.name).is_file()]
    assert not missing, listed(missing)


def test_no_picture_is_of_a_page_that_is_gone() -> None:
    known = {each.name for each in pictures()}
    left_over = sorted(each.name for each in FOLDER.iterdir() if each.name not in known)
    assert not left_over, listed(left_over)


def test_every_picture_is_as_wide_as_its_name_says() -> None:
    wrong = []
    for each in pictures():
        width, height = struct.unpack(">II", (FOLDER / each.name).read_bytes()[16:24])
        if width != each.size["width"] or height < each.size["height"]:
            wrong.append(f"{each.name}: {width} x {height}")
    assert not wrong, listed(wrong)


def test_pictures_are_light_enough_to_be_kept() -> None:
    assert sum(each.stat().st_size for each in FOLDER.iterdir()) < ALL_BYTES_MAX
