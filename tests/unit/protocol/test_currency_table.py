"""The table of currencies is what its tool writes, untouched by hand."""

from meganodes.protocol import currency_table
from tools.make_currency_table import TABLE_FILE, table_text


def test_the_table_is_exactly_what_the_tool_writes() -> None:
    assert TABLE_FILE.read_text(encoding="utf-8") == table_text()


def test_every_row_is_whole() -> None:
    for code, number, exponent, name in currency_table.ROWS:
        assert code == code.upper()
        assert (type(number), type(exponent)) == (int, int)
        assert name
