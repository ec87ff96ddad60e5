"""Holding values against the documents of the APIs, and walking through their operations."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

Json = Any


class Operation(NamedTuple):
    """One operation: "paths" or "webhooks", where it stands, and what it says."""

    kind: str
    name: str
    content: Json


def operations(document: Json) -> Iterator[Operation]:
    """All operations of a document, callbacks too."""
    for kind in ("paths", "webhooks"):
        for name, item in document.get(kind, {}).items():
            yield Operation(kind, name, item["post"])


def resolved(document: Json, schema: Json) -> Json:
    """What a reference refers to; anything else as it is."""
    if "$ref" not in schema:
        return schema
    place = document
    for part in schema["$ref"].removeprefix("#/").split("/"):
        place = place[part]
    return place


def misfits(document: Json, schema: Json, value: object) -> list[str]:
    """Sentences for what is wrong with a value; none for one that fits its schema."""
    whole = {**schema, "components": document["components"]}
    found = Draft202012Validator(whole).iter_errors(value)
    return [f"{'/'.join(map(str, each.absolute_path))}: {each.message[:300]}" for each in found]


def answer_schema(document: Json, path: str, status: int) -> Json:
    """The schema of an operation's answers of one status."""
    responses = document["paths"][path]["post"]["responses"]
    return resolved(document, responses[str(status)])["content"]["application/json"]["schema"]


def request_schema(operation: Operation) -> Json:
    """The schema of an operation's request."""
    return operation.content["requestBody"]["content"]["application/json"]["schema"]
