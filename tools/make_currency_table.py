"""Write src/meganodes/protocol/currency_table.py from the facts of the iso4217 package.

Run it after an update of that package: `python -m tools.make_currency_table`. Codes that ISO gives
no minor unit (metals, units of account, test codes) are not money anybody plays with and stay out.
"""

from pathlib import Path

from iso4217 import Currency

TABLE_FILE = Path(__file__).parents[1] / "src" / "meganodes" / "protocol" / "currency_table.py"

CRYPTO = (
    ("BTC", 10000, 8, "Bitcoin"),
    ("ETH", 10001, 8, "Ether"),
    ("USDT", 10002, 6, "Tether"),
    ("USDC", 10003, 6, "USD Coin"),
    ("LTC", 10004, 8, "Litecoin"),
    ("BCH", 10005, 8, "Bitcoin Cash"),
    ("DOGE", 10006, 8, "Dogecoin"),
    ("TRX", 10007, 6, "Tron"),
    ("XRP", 10008, 6, "XRP"),
    ("BNB", 10009, 8, "BNB"),
    ("SOL", 10010, 8, "Solana"),
    ("TON", 10011, 8, "Toncoin"),
    ("ADA", 10012, 6, "Cardano"),
    ("DAI", 10013, 8, "Dai"),
    ("MBTC", 10014, 5, "Millibitcoin"),
)
"""Currencies outside ISO 4217; a number is never given to another one (contract 2.1)."""

HEAD = '''"""The currencies of the world as (code, number, exponent, name); written by a tool.

Facts of ISO 4217 for numbers up to 999, currencies outside it from 10000 up. Change
tools/make_currency_table.py, not this file.
"""

from typing import Final

ROWS: Final = (
'''


def table_text() -> str:
    """Give the module's text, ISO currencies by code, then the others by number."""
    iso = sorted(
        (str(money.code), int(money.number), int(money.exponent), _plain(money.currency_name))
        for money in Currency
        if money.exponent is not None
    )
    rows = "".join(
        f'    ("{code}", {number}, {exponent}, "{name}"),\n'
        for code, number, exponent, name in (*iso, *CRYPTO)
    )
    return f"{HEAD}{rows})\n"


def _plain(name: str) -> str:
    return name.replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")


if __name__ == "__main__":
    TABLE_FILE.write_text(table_text(), encoding="utf-8")
    print(f"wrote {TABLE_FILE.name}")
