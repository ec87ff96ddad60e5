"""The page of settings says what the file of defaults says."""

import pytest

from tools.settings_page import UndocumentedSettingError, environment_name, page, sentences

DEFAULTS = """
# About the file as a whole.

# The name of this node.
node = "a"

[a]
# Ports permitted
# beside 443.
ports = []
# Whether plain http is permitted.
http = false
"""


def test_each_setting_has_its_row() -> None:
    rows = [line for line in page(DEFAULTS).splitlines() if line.startswith("| `")]
    assert rows == [
        '| `node` | `"a"` | The name of this node. | `MEGANODES_NODE` |',
        "| `a.ports` | `[]` | Ports permitted beside 443. | `MEGANODES_A__PORTS` |",
        "| `a.http` | `false` | Whether plain http is permitted. | `MEGANODES_A__HTTP` |",
    ]


def test_only_the_comment_straight_above_counts() -> None:
    assert sentences("# one\n\n# two\na = 1\nb = 2\n") == {"a": "two", "b": ""}


def test_setting_without_a_sentence_is_refused() -> None:
    with pytest.raises(UndocumentedSettingError, match=r"server\.port"):
        page("[server]\nport = 1\n")


def test_environment_has_two_underscores_between_table_and_name() -> None:
    assert environment_name("server.port") == "MEGANODES_SERVER__PORT"
