"""The tables of the protocol's pages say what the protocol says."""

from pathlib import Path

import pytest

from tools.protocol_tables import FOLDER, TABLES, names, page


def pages() -> list[Path]:
    return sorted(FOLDER.glob("*.md"))


def test_every_table_is_what_the_protocol_says() -> None:
    for path in pages():
        text = path.read_text("utf-8")
        assert page(text) == text, f"{path.name}: run python3 -m tools.protocol_tables"


def test_every_table_stands_on_a_page() -> None:
    assert sorted(name for path in pages() for name in names(path.read_text("utf-8"))) == (
        sorted(TABLES)
    )


def test_a_table_is_written_anew_between_its_marks() -> None:
    written = page("before\n<!-- made: checks -->\nold\n<!-- end -->\nafter\n")
    assert "old" not in written
    assert "| `status` | `21,42` | `21,42` | 4 s |\n<!-- end -->\nafter\n" in written
    assert written.startswith("before\n<!-- made: checks -->\n| command |")


def test_a_result_of_one_revision_names_it() -> None:
    written = page("<!-- made: results -->\n<!-- end -->")
    assert "| cancel (revision `id`), status |" in written
    assert "| every command |" in written


def test_a_table_that_nobody_makes_is_a_mistake() -> None:
    with pytest.raises(KeyError):
        page("<!-- made: nothing -->\n<!-- end -->")
