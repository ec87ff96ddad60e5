"""Catalogues in JSON: strict, and every fault with its place and its line."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meganodes.hub.catalogue import read_catalogue
from meganodes.hub.catalogue_json import lines_of

AGAIN = "stands in this file already,"
GOOD = {"game_code": "a", "name": "A", "category": "mini"}


def faults(text: str) -> list[str]:
    return [str(fault) for fault in read_catalogue(text.encode(), is_csv=False).faults]


def faults_of_game(**fields: object) -> list[str]:
    document = {"providers": [{"provider_id": 7, "games": [GOOD | {"game_code": "b"}, fields]}]}
    return [fault.removeprefix("line 1, ") for fault in faults(json.dumps(document))]


@pytest.mark.rule("4-catalogue-all-or-nothing")
def test_each_fault_has_its_place_and_the_line_of_its_field() -> None:
    text = """{"providers": [
  {"provider_id": 7,
   "status": 3,
   "games": [
    {"game_code": "a", "name": "A", "category": "mini"},
    {
     "game_code": "b",
     "name": 5,
     "category": "Cards"
    },
    {"game_code": "a", "name": "A", "category": "mini"}
   ]},
  {"games": [
    {"name": "A"}]}
]}"""
    assert faults(text) == [
        "line 3, providers[0]: status: 1 (normal) or 2 (maintenance) is needed",
        "line 8, providers[0].games[1]: name: a text is needed",
        "line 9, providers[0].games[1]: category: 'Cards' is none of Slots, Live, mini",
        f"line 11, providers[0].games[2]: game_code: 'a' {AGAIN} providers[0].games[0]",
        "line 13, providers[1]: provider_id: a positive integer is needed",
        "line 14, providers[1].games[0]: game_code: a text is needed",
        "line 14, providers[1].games[0]: category: a text is needed",
    ]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('{"providers": [\n\n1,]}', "line 3: it is not JSON: "),
        ('{"providers": []} x', "line 1: it is not JSON: extra data at column 19"),
        ("[" * 100_000 + "]" * 100_000, "the file: it is not a catalogue: it is nested"),
        ("null", 'the file: it must be an object with a list "providers"'),
        ('{"providers": {}}', 'the file: it must be an object with a list "providers"'),
        ('{"providers": [{"provider_id": 7, "games": {}}]}', "games: a list is needed"),
        ('{"providers": [{"provider_id": 7, "games": [1]}]}', "a game must be an object"),
        ('{"providers": [{"provider_id": true}]}', "provider_id: a positive integer is needed"),
        ('{"providers": [{"provider_id": 7.0}]}', "provider_id: a positive integer is needed"),
        ('{"providers": [{"provider_id": NaN}]}', "provider_id: a positive integer is needed"),
        (f'{{"providers": [{{"provider_id": {"9" * 5_000}}}]}}', "a positive integer is needed"),
        ('{"providers": [{"provider_id": 7, "provider_id": 8}]}', "the key 'provider_id' comes"),
        ('{"providers": [], "providers": [{"provider_id": 7}]}', "the key 'providers' comes twice"),
        ('{"providers": [{"provider_id": 7}, {"provider_id": 7}]}', "stands in this file already"),
        ('{"providers": [{"provider_id": 7, "currencies": "EUR"}]}', "a list of codes like EUR"),
        ('{"providers": [{"provider_id": 7, "currencies": ["EURO"]}]}', "currency EURO is unknown"),
        ('{"providers": [{"provider_id": 7, "name": ""}]}', "name: a text is needed"),
        ('{"providers": [{"provider_id": 7, "name": " x"}]}', "name must have 1 to 100"),
        ('{"providers": [{"provider_id": 7, "names": {"ko": " x"}}]}', "names.ko must have"),
    ],
)
def test_hostile_files_are_refused_with_a_sentence(text: str, sentence: str) -> None:
    found = faults(text)
    assert len(found) == 1
    assert sentence in found[0]


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"game_code": 5}, "game_code: a text is needed"),
        ({"game_code": "x" * 129}, "game_code must have 1 to 128 printable characters"),
        ({"name": "x" * 201}, "name must have 1 to 200 readable characters"),
        ({"name": "\ud800"}, "name must have 1 to 200 readable characters"),
        ({"name": "a\u001b[2Jb"}, "name must have 1 to 200 readable characters"),
        ({"names": ["x"]}, "names: an object of languages and texts is needed"),
        ({"names": {"ko": 5}}, "names: an object of languages and texts is needed"),
        ({"names": {"kr": "x"}}, "names: 'kr' is no language of the hub: en, ko, th, es"),
        ({"names": {"ko": "x" * 201}}, "names.ko must have 1 to 200 readable characters"),
        ({"category": "slots"}, "category: 'slots' is none of Slots, Live, mini"),
        ({"category": "\u001b" * 99}, "category: '" + "\\x1b" * 40 + "...' is none of"),
        ({"category": None}, "category: a text is needed"),
        ({"sub_category": "x" * 51}, "sub_category must have 1 to 50 printable"),
        ({"image": "a.png"}, "image must be a whole address"),
        ({"image_narrow": 5}, "image_narrow: a text is needed"),
        ({"launch_enable": "maybe"}, "launch_enable: true or false is needed"),
        ({"launch_enable": 1}, "launch_enable: true or false is needed"),
        ({"status": 3}, "status: 1 (normal) or 2 (maintenance) is needed"),
        ({"status": True}, "status: 1 (normal) or 2 (maintenance) is needed"),
        ({"reg_date": "2026-01-31"}, "reg_date must look like 2026-01-31T00:00:00Z"),
    ],
)
def test_a_bad_field_of_a_game_is_named(fields: dict[str, object], sentence: str) -> None:
    (found,) = faults_of_game(**(GOOD | fields))
    assert found.startswith(f"providers[0].games[1]: {sentence}")


def test_null_says_nothing() -> None:
    optional = ("names", "sub_category", "image", "launch_enable", "status", "reg_date")
    assert faults_of_game(**GOOD, **dict.fromkeys(optional)) == []


def test_keys_that_come_twice_are_found_wherever_they_are() -> None:
    game = '{"game_code": "a", "name": "A", "name": "B", "category": "mini"}'
    inner = '{"game_code": "b", "name": "A", "category": "mini", "names": {"ko": "x", "ko": "y"}}'
    text = f'{{"providers": [{{"provider_id": 7, "games": [\n{game},\n{inner}]}}]}}'
    assert faults(text) == [
        "line 2, providers[0].games[0]: the key 'name' comes twice in one object",
        "line 3, providers[0].games[1]: the key 'ko' comes twice in one object",
    ]


def test_lines_are_found_in_any_layout() -> None:
    text = '\n{"a" :\n [1, {"b":\n{}},\n "x,]}{[\\"", [[2]]\n] , "c":\n3}\n'
    paths = ["a", "a[0]", "a[1].b", "a[2]", "a[3][0][0]", "c", "nowhere", "a[9]"]
    lines = {"a": 3, "a[0]": 3, "a[1].b": 4, "a[2]": 5, "a[3][0][0]": 5, "c": 7}
    assert lines_of(text, paths) == lines


_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=12,
)


@given(
    st.fixed_dictionaries(
        {"providers": st.lists(_values | st.fixed_dictionaries({"games": _values}))}
    ),
    st.sampled_from([None, 1]),
)
def test_whatever_the_file_holds_there_is_an_answer(document: object, indent: int | None) -> None:
    content = json.dumps(document, indent=indent).encode()
    catalogue = read_catalogue(content, is_csv=False)
    assert bool(catalogue.faults) is not bool(catalogue.providers)
    assert all(fault.reason for fault in catalogue.faults)


@given(st.binary(max_size=200), st.booleans())
def test_whatever_the_bytes_are_there_is_an_answer(content: bytes, is_csv: bool) -> None:
    catalogue = read_catalogue(content, is_csv=is_csv)
    assert bool(catalogue.faults) is not bool(catalogue.providers)
