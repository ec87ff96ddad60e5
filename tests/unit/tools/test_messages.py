"""The catalogue of the Back Office says what its templates say."""

from __future__ import annotations

import tomllib
from pathlib import Path

from meganodes.backoffice.messages import catalogue as read_catalogue
from tools.messages import CATALOGUE, OFFICE, catalogue, messages


def test_english_catalogue_is_up_to_date() -> None:
    """Mended by `python3 -m tools.messages`."""
    assert CATALOGUE.read_text("utf-8") == catalogue(messages(OFFICE))


def test_every_message_says_itself_in_english() -> None:
    english = read_catalogue("en")
    found = messages(OFFICE)
    assert "Sign out" in found
    assert "Game Connections" in found, "titles of the menu are messages too"
    assert [english.gettext(each) for each in found] == found


def test_messages_of_templates_are_found_each_once(tmp_path: Path) -> None:
    (tmp_path / "templates").mkdir()
    (tmp_path / "navigation.py").write_text('Entry(title="Users", icon="users")\nother(title="no")')
    (tmp_path / "templates/a.html").write_text(
        '{{ _("Name") }} {{ _(\'Say "%(name)s"\', name=x) }} {{ _(variable) }}'
    )
    (tmp_path / "templates/b.html").write_text('{{ _("Name") }}{{ ngettext("one", "many", n) }}')
    found = messages(tmp_path)
    assert found == ["Name", 'Say "%(name)s"', "Users", "many", "one"]
    assert tomllib.loads(catalogue(found))["messages"] == {each: each for each in found}
