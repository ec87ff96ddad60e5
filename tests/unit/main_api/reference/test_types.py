"""Schemas taken from types, with the notes of their fields."""

from __future__ import annotations

from typing import Annotated, Generic, NotRequired, TypeVar

import pytest
from pydantic import Field
from typing_extensions import TypedDict

from meganodes.main_api.reference.notes import LEFT_OUT, MissingNote, Note, Rows
from meganodes.main_api.reference.types import answer_types, body_types
from meganodes.main_api.v4.schemas import Amount, Body, WholeNumber
from meganodes.protocol.wire import Exact

ItemT = TypeVar("ItemT")


class Thing(TypedDict):
    """A thing."""

    code: str
    price: Amount
    colour: NotRequired[str]
    parent: str | None


class Page(TypedDict, Generic[ItemT]):
    """A page of things."""

    total: int
    count: int
    list: list[ItemT]


class ThingBody(Body):
    """things/create."""

    code: Annotated[str, Field(min_length=1, description="text: the code")]
    number: Annotated[int, Field(ge=0, description="a whole number"), WholeNumber()] = 0
    flag: Annotated[str, Field(description="text")] = ""


NOTES = {
    "code": Note("The code.", "c-1", {"maxLength": 5}),
    "Thing.code": Note("The thing's code.", "t-1"),
    "price": Note("What it costs.", Exact(150, 2)),
    "colour": Note("Its colour.", "red"),
    "parent": Note("Where it belongs.", None),
    "total": Note("All.", 9),
    "count": Note("Here.", 9),
    "list": Note("The things.", []),
    "number": Note("A number.", 3),
    "flag": Note("A flag.", ""),
}


def test_answer_has_its_fields_and_nothing_else() -> None:
    types = answer_types({"things/show": Thing}, NOTES, {})
    assert types.schemas["things/show"] == {"$ref": "#/components/schemas/Thing"}
    assert types.named["Thing"] == {
        "type": "object",
        "description": "A thing.",
        "properties": {
            "code": {"type": "string", "description": "The thing's code."},
            "price": {"type": "number", "description": "What it costs."},
            "colour": {"type": "string", "description": "Its colour."},
            "parent": {"type": ["string", "null"], "description": "Where it belongs."},
        },
        "required": ["code", "price", "parent"],
        "additionalProperties": False,
    }
    assert list(types.named) == ["Thing"]


def test_example_is_made_of_the_notes() -> None:
    types = answer_types({"one": Thing, "many": list[Thing]}, NOTES, {})
    thing = {"code": "t-1", "price": Exact(150, 2), "colour": "red", "parent": None}
    assert types.example("one") == thing
    assert types.example("many") == [thing]


def test_rows_of_an_example_differ_where_it_is_told() -> None:
    rows: Rows = {"Thing": [{"colour": LEFT_OUT}, {"code": "t-2"}]}
    types = answer_types({"page": Page[Thing]}, NOTES, rows)
    assert types.example("page") == {
        "total": 2,
        "count": 2,
        "list": [
            {"code": "t-1", "price": Exact(150, 2), "parent": None},
            {"code": "t-2", "price": Exact(150, 2), "colour": "red", "parent": None},
        ],
    }


def test_generic_type_has_a_plain_name() -> None:
    types = answer_types({"page": Page[Thing]}, NOTES, {})
    assert sorted(types.named) == ["Thing", "ThingPage"]


def test_field_without_a_note_is_named() -> None:
    notes = {name: note for name, note in NOTES.items() if name != "price"}
    with pytest.raises(MissingNote, match=r"^Thing\.price has no note: add one in .*notes\.py$"):
        answer_types({"one": Thing}, notes, {})


def test_body_says_what_is_taken() -> None:
    types = body_types({"create": ThingBody}, NOTES)
    assert types.named["ThingBody"] == {
        "type": "object",
        "properties": {
            "code": {"type": "string", "minLength": 1, "description": "Text: the code."},
            "number": {
                "type": ["integer", "string", "null"],
                "minimum": 0,
                "pattern": "^[0-9]{1,40}$",
                "default": 0,
                "description": "A whole number.",
            },
            "flag": {"type": ["string", "null"], "default": "", "description": "Text."},
        },
        "required": ["code"],
    }
    assert types.example("create") == {"code": "c-1", "number": 3, "flag": ""}
