"""JSON Schemas of bodies and answers, taken from the types that validate them, with their notes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode

from meganodes.main_api.reference.notes import LEFT_OUT, Notes, Rows, note_of

Schema = dict[str, Any]

REF: Final = "#/components/schemas/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Types:
    """Schemas by key; ``named`` are those among them that become components of the document."""

    schemas: Mapping[str, Schema]
    named: Mapping[str, Schema]
    notes: Notes
    rows: Rows

    def example(self, key: str) -> object:
        """Make up a value of a key's type from the notes of its fields."""
        return self._example(self.schemas[key])

    def _example(self, schema: Mapping[str, Any]) -> object:
        if schema.get("type") == "array":
            return self._examples(schema["items"])
        return self._examples(schema)[0]

    def _examples(self, schema: Mapping[str, Any]) -> list[object]:
        """Give the example of a named type, or several where its rows are told one by one."""
        name = schema["$ref"].removeprefix(REF)
        properties = self.named[name]["properties"]
        plain = {field: self._field(name, field, properties[field]) for field in properties}
        return [_row(plain, changes) for changes in self.rows.get(name, ({},))]

    def _field(self, of_type: str, name: str, schema: Mapping[str, Any]) -> object:
        if "$ref" in schema or "$ref" in schema.get("items", {}):
            return self._example(schema)
        return note_of(self.notes, of_type, name).example


def _row(plain: Mapping[str, object], changes: Mapping[str, object]) -> dict[str, object]:
    row = {name: value for name, value in {**plain, **changes}.items() if value is not LEFT_OUT}
    listed = row.get("list")
    if isinstance(listed, list):
        row |= {"total": len(listed), "count": len(listed)}
    return row


def answer_types(of: Mapping[str, Any], notes: Notes, rows: Rows) -> Types:
    """Take the types of answers' data: nothing but the named fields is ever in them."""
    types = _types(of, "serialization", notes, rows)
    for name, schema in types.named.items():
        schema["additionalProperties"] = False
        for field, value in schema["properties"].items():
            note = note_of(notes, name, field)
            value |= {**_nullable(value), "description": note.means, **note.limits}
    return types


def body_types(of: Mapping[str, Any], notes: Notes) -> Types:
    """Take the models of bodies: unknown fields are ignored, null is leaving out (contract 2.1)."""
    types = _types(of, "validation", notes, {})
    for schema in types.named.values():
        if schema["properties"]:
            del schema["description"]  # it names the endpoint, which the reader sees anyway
        required = schema.get("required", [])
        for field, value in schema["properties"].items():
            value["description"] = _sentence(value["description"])
            if field not in required:
                schema["properties"][field] = _or_null(value)
    return types


def _types(of: Mapping[str, Any], mode: JsonSchemaMode, notes: Notes, rows: Rows) -> Types:
    wanted = [(key, mode, TypeAdapter[Any](each)) for key, each in of.items()]
    found, definitions = TypeAdapter.json_schemas(
        wanted, ref_template=REF + "{model}", schema_generator=_Untitled
    )
    named: dict[str, Schema] = definitions.get("$defs", {})
    for schema in named.values():
        schema.pop("title", None)
        schema.setdefault("properties", {})
    return Types(
        schemas={key: schema for (key, _), schema in found.items()},
        # What an amount is written from is no type of the wire.
        named={name: each for name, each in named.items() if name != "Exact"},
        notes=notes,
        rows=rows,
    )


class _Untitled(GenerateJsonSchema):
    """A title that only repeats the field's name says nothing."""

    def field_title_should_be_set(self, schema: object) -> bool:  # noqa: ARG002 - pydantic's own
        return False

    def normalize_name(self, name: str) -> str:
        """A page of users is UserPage, not Page_User_."""
        outer, _, inner = name.partition("[")
        return super().normalize_name(inner.removesuffix("]") + outer)


def _nullable(schema: Schema) -> Schema:
    """Write "this or null" short, where it is one plain type."""
    choices = schema.get("anyOf", [])
    plain = [each for each in choices if each.keys() == {"type"}]
    if not choices or len(plain) != len(choices):
        return schema
    del schema["anyOf"]
    return {"type": [each["type"] for each in plain]}


def _or_null(schema: Schema) -> Schema:
    if "anyOf" in schema:  # it is "this or null" already
        (plain,) = (each for each in schema.pop("anyOf") if each != {"type": "null"})
        schema = {**plain, **schema}
    kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    return {**schema, "type": [*kinds, "null"]}


def _sentence(description: str) -> str:
    """A field's description ends a sentence of a 1002; alone it begins one."""
    return f"{description[:1].upper()}{description[1:]}."
