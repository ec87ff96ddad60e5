"""Catalogues in CSV: what spreadsheets write is read as text, what is wrong has its line."""

from __future__ import annotations

import pytest

from meganodes.directory.records import Game, Status
from meganodes.hub.catalogue import Catalogue, read_catalogue

HEADER = "provider_id,game_code,name,category"


def read(text: str) -> Catalogue:
    return read_catalogue(text.encode(), is_csv=True)


def games(text: str) -> tuple[Game, ...]:
    catalogue = read(text)
    assert catalogue.faults == ()
    (provider,) = catalogue.providers
    assert provider.games is not None
    return provider.games


def faults(*lines: str, header: str = HEADER) -> list[str]:
    return [str(fault) for fault in read("\n".join([header, *lines])).faults]


@pytest.mark.rule("4-catalogue-csv")
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_files_of_every_system_are_read(end: str, mark: str) -> None:
    text = mark + end.join([HEADER, "7,a,A,mini", "", '7,b,"B, ""b""",Slots', ""])
    assert [(game.game_code, game.name) for game in games(text)] == [("a", "A"), ("b", 'B, "b"')]


@pytest.mark.parametrize(
    "cell", ["=1+1", "+1", "-1", "@SUM(A1)", '=HYPERLINK("http://x/")', "0123"]
)
def test_a_cell_is_text_whatever_a_spreadsheet_would_make_of_it(cell: str) -> None:
    quoted = '"' + cell.replace('"', '""') + '"'
    (game,) = games(f"{HEADER}\n7,{quoted},{quoted},mini")
    assert (game.game_code, game.name) == (cell, cell)


@pytest.mark.rule("4-catalogue-csv")
def test_fields_of_the_provider_stand_in_columns_of_their_own() -> None:
    header = f"{HEADER},provider_name,provider_name_ko,provider_status,provider_currencies"
    catalogue = read(
        f"{header}\n7,a,A,mini,Pixel,픽셀,2,EUR KRW\n7,b,B,mini,,,,\n8,a,A,mini,,,,all"
    )
    assert catalogue.faults == ()
    pixel, other = catalogue.providers
    assert pixel.fields == {
        "name": "Pixel",
        "names": {"ko": "픽셀"},
        "status": Status.MAINTENANCE,
        "currencies": ("EUR", "KRW"),
    }
    assert other.fields == {"currencies": ()}


@pytest.mark.rule("4-catalogue-all-or-nothing")
def test_a_provider_that_says_two_things_is_refused_on_the_later_line() -> None:
    header = f"{HEADER},provider_name,provider_currencies"
    lines = ("7,a,A,mini,Pixel,EUR", "7,b,B,mini,Pixle,EUR", "7,c,C,mini,Pixel,EUR USD")
    assert faults(*lines, header=header) == [
        "line 3: provider_name: it differs from what line 2 says",
        "line 4: provider_currencies: it differs from what line 2 says",
    ]


@pytest.mark.rule("4-catalogue-all-or-nothing")
def test_every_line_of_a_bad_provider_is_listed() -> None:
    header = f"{HEADER},provider_name,provider_status,provider_currencies"
    assert faults(*["0,a,A,mini,,3,EURO"] * 2, "7,a,A,mini, x,,", header=header) == [
        *(f"line 2: {fault}" for fault in _BAD_PROVIDER),
        *(f"line 3: {fault}" for fault in _BAD_PROVIDER),
        "line 4: provider_name must have 1 to 100 printable characters, no blank at either end",
    ]


_BAD_PROVIDER = (
    "provider_id: a positive integer is needed",
    "provider_status: 1 (normal) or 2 (maintenance) is needed",
    "provider_currencies: currency EURO is unknown: use a code like EUR, in capitals",
)


def test_a_line_is_named_by_where_its_row_begins() -> None:
    assert faults('7,a,"A', 'of two lines",mini', "7,b,,mini") == [
        "line 2: name must have 1 to 200 readable characters, no blank at either end",
        "line 4: name: a text is needed",
    ]


def test_behind_a_quote_that_is_not_closed_nothing_is_guessed() -> None:
    assert faults("7,a,,mini", '7,b,"B,mini', "7,c,,mini") == [
        "line 2: name: a text is needed",
        "line 3: it is not CSV: unexpected end of data",
    ]
    (long_cell,) = faults(f'7,a,"{"x" * 200_000}",mini')
    assert long_cell.startswith("line 2: it is not CSV: field larger than field limit")


@pytest.mark.parametrize(
    ("header", "sentence"),
    [
        ("provider_id,game_code,name", "line 1: the header row lacks category"),
        (HEADER.replace(",", ";"), "line 1: the header row lacks provider_id, game_code, name, "),
        (f"{HEADER},name,name,image", "line 1: columns come twice in the header row: name"),
        ('provider_id,"game_code', "line 1: it is not CSV"),
    ],
)
def test_a_header_that_does_not_do_says_why(header: str, sentence: str) -> None:
    (found,) = faults("7;a;A;mini", header=header)
    assert found.startswith(sentence)
    assert ("semicolons" in found) is (";" in header)


def test_columns_that_no_catalogue_has_are_named_and_left_alone() -> None:
    catalogue = read(f"{HEADER},rtp,\n7,a,A,mini,96,\n")
    assert catalogue.faults == ()
    assert catalogue.ignored == ("rtp",)


def test_a_column_of_an_unknown_language_is_refused() -> None:
    (found,) = faults("7,a,A,mini,x", header=f"{HEADER},name_kr")
    assert found.startswith("line 2: names: 'kr' is no language of the hub: en, ko,")
