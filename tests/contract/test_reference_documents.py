"""The OpenAPI documents of both APIs: sound, complete, and true to what validates and answers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from openapi_spec_validator import validate

from meganodes.main_api.reference.documents import DOCUMENTS, document_json, document_text
from meganodes.main_api.v4.errors import FAULTS
from meganodes.main_api.v4.routes import ENDPOINTS
from meganodes.main_api.v4.schemas import INT64_MAX, read_fields
from meganodes.protocol.codes import ApiCode
from meganodes.provider_api import refusals
from tests.support.openapi import (
    answer_schema,
    misfits,
    operations,
    request_schema,
    resolved,
)

MAIN = json.loads(document_json("main"))
PROVIDER = json.loads(document_json("provider"))
BOTH = pytest.mark.parametrize("document", [MAIN, PROVIDER], ids=["main", "provider"])
EVERY_ENDPOINT = pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda each: each.path)


@BOTH
def test_document_is_valid_openapi(document: Any) -> None:  # noqa: ANN401 - JSON
    validate(document)
    assert document["openapi"].startswith("3.1.")


@pytest.mark.parametrize("api", DOCUMENTS)
def test_text_for_people_says_the_same(api: str) -> None:
    text = document_text(api)
    assert json.loads(text) == json.loads(document_json(api))
    assert text.startswith('{\n  "openapi": "3.1.1",\n')
    assert text.endswith("\n}\n")
    assert max(map(len, text.splitlines())) < 12_000


def test_amounts_in_examples_have_the_currency_s_decimals() -> None:
    assert '"trans_amount": 1.50,' in document_text("main")


@pytest.mark.rule("2.1-post-json")
def test_paths_are_exactly_the_endpoints() -> None:
    assert list(MAIN["paths"]) == [endpoint.path for endpoint in ENDPOINTS]
    assert all(set(item) == {"post"} for item in MAIN["paths"].values())


@BOTH
def test_operations_are_told_apart_and_explained(document: Any) -> None:  # noqa: ANN401 - JSON
    ids = [each.content["operationId"] for each in operations(document)]
    assert len(set(ids)) == len(ids)
    told = {tag["name"] for tag in document["tags"]}
    assert all(tag["description"] for tag in document["tags"])
    for operation in operations(document):
        assert set(operation.content["tags"]) <= told
        assert len(operation.content["description"]) > 60, operation.name


@BOTH
def test_every_field_is_explained(document: Any) -> None:  # noqa: ANN401 - JSON
    silent = [
        f"{name}.{field}"
        for name, schema in document["components"]["schemas"].items()
        for each in schema.get("oneOf", [schema])
        for field, value in each.get("properties", {}).items()
        if field not in {"code", "message", "data", "result", "status"}
        and not value.get("description")
    ]
    assert silent == []


def media_of(document: Any) -> Iterator[tuple[str, Any]]:  # noqa: ANN401 - JSON
    """Every description of JSON in a document, with the name of its operation."""
    for operation in operations(document):
        bodies = [operation.content["requestBody"], *operation.content["responses"].values()]
        for body in bodies:
            for media in resolved(document, body).get("content", {}).values():
                yield operation.name, media


@BOTH
def test_every_example_fits_its_schema(document: Any) -> None:  # noqa: ANN401 - JSON
    seen = 0
    for name, media in media_of(document):
        examples = [each["value"] for each in media.get("examples", {}).values()]
        examples += [media["example"]] if "example" in media else []
        assert examples, name
        seen += len(examples)
        for example in examples:
            assert misfits(document, media["schema"], example) == [], name
    assert seen > 100


@BOTH
def test_components_have_plain_names(document: Any) -> None:  # noqa: ANN401 - JSON
    odd = [name for name in document["components"]["schemas"] if not name.isalnum()]
    assert odd == [], "two types of one name, or a generic one: give them names of their own"


@EVERY_ENDPOINT
def test_each_code_has_its_schema_example_and_sentence(endpoint: Any) -> None:  # noqa: ANN401 - any body
    content = MAIN["paths"][endpoint.path]["post"]
    answers = content["responses"]["200"]["content"]["application/json"]
    choices = [
        resolved(MAIN, each)["properties"]["code"]["const"] for each in answers["schema"]["oneOf"]
    ]
    examples = [each["value"]["code"] for each in answers["examples"].values()]
    of_door = {ApiCode.VALIDATION_ERROR} | (
        set() if endpoint.when_suspended else {ApiCode.PERMISSION_ERROR}
    )
    success = set() if endpoint.data is None else {ApiCode.OK}
    expected = sorted({*success, *of_door, *endpoint.codes})
    assert sorted(choices) == sorted(examples) == expected
    for code in expected:
        assert f"* **{code.value}** `{code.name}` {code.sentence}" in content["description"]


@BOTH
def test_answers_with_a_status_of_their_own_are_in_every_operation(document: Any) -> None:  # noqa: ANN401 - JSON
    for path, item in document["paths"].items():
        responses = item["post"]["responses"]
        for fault in FAULTS:
            said: dict[str, object] = {"code": fault.code.value, "message": fault.code.name}
            if fault.code is ApiCode.VALIDATION_ERROR:
                said |= {"data": [{"field": "", "message": "The body is a form; send JSON."}]}
            assert misfits(document, answer_schema(document, path, fault.status), said) == []
            headers = resolved(document, responses[str(fault.status)])["headers"]
            assert "X-Request-Id" in headers
            assert {name.title() for name in fault.headers} <= {name.title() for name in headers}


def test_both_doors_refuse_with_the_same_statuses_and_codes() -> None:
    of_provider_door = {
        (each.status, each.code)
        for each in (*vars(refusals).values(), refusals.too_large(1))
        if isinstance(each, refusals.Refusal) and each.status != 200
    }
    assert of_provider_door == {(each.status, each.code) for each in FAULTS}


@BOTH
def test_answers_have_nothing_but_what_is_told(document: Any) -> None:  # noqa: ANN401 - JSON
    for path in document["paths"]:
        schema = answer_schema(document, path, 200)
        for said in (
            {"code": 0, "message": "OK", "data": {"more": 1}},
            {"code": 0, "message": "DONE"},
            {"code": 1002, "message": "VALIDATION_ERROR"},
            {"code": 1001, "message": "INTERNAL_SERVER_ERROR"},
            {"code": 1002, "message": "VALIDATION_ERROR", "data": [], "more": 1},
        ):
            assert misfits(document, schema, said), (path, said)


@EVERY_ENDPOINT
def test_example_of_a_request_is_taken(endpoint: Any) -> None:  # noqa: ANN401 - any body
    content = MAIN["paths"][endpoint.path]["post"]["requestBody"]["content"]["application/json"]
    sent = content["examples"]["usual"]["value"]
    assert set(sent) == set(endpoint.body.model_fields)
    read_fields(endpoint.body, sent)


@pytest.mark.rule("2.1-empty-body")
@EVERY_ENDPOINT
def test_body_may_be_nothing_where_nothing_is_required(endpoint: Any) -> None:  # noqa: ANN401 - any body
    body = MAIN["paths"][endpoint.path]["post"]["requestBody"]
    is_needed = any(field.is_required() for field in endpoint.body.model_fields.values())
    assert body["required"] is is_needed
    schema = body["content"]["application/json"]["schema"]
    empties: tuple[object, ...] = ({}, None, [])
    for empty in empties:
        assert bool(misfits(MAIN, schema, empty)) is is_needed


@pytest.mark.rule("2.1-decimal-text", "2.1-null-is-absent", "2.1-unknown-fields")
def test_requests_are_described_as_they_are_taken() -> None:
    (operation,) = [each for each in operations(MAIN) if each.name == "/v4/game/game-url"]
    schema = request_schema(operation)
    sent: dict[str, object] = {"user_code": 400_000_123, "provider_id": 1, "game_symbol": "x"}
    for more in (
        {},
        {"user_code": "0400000123"},
        {"user_code": INT64_MAX},
        {"lang": None, "return_url": None},
        {"lang": "-3"},
        {"lang": 10**30},
        {"return_url": ""},
        {"return_url": "HTTPS://casino.example/?a=b"},
        {"rtp": 97, "win_ratio": None},
    ):
        assert misfits(MAIN, schema, sent | more) == [], more
    for wrong in (
        {"user_code": None},
        {"user_code": -1},
        {"user_code": 1.5},
        {"user_code": True},
        {"user_code": "1.0"},
        {"user_code": "-1"},
        {"game_symbol": ""},
        {"game_symbol": 5},
        {"return_url": "javascript:alert(1)"},
        {"return_url": "https://casino.example/a b"},
    ):
        assert misfits(MAIN, schema, sent | wrong), wrong


def test_game_all_tells_of_its_tag() -> None:
    content = MAIN["paths"]["/v4/game/all"]["post"]
    assert {"ETag", "Vary"} <= set(content["responses"]["200"]["headers"])
    assert "content" not in content["responses"]["304"]
    assert [each.get("name") for each in content["parameters"]] == [None, "If-None-Match"]


def test_tokens_are_asked_for() -> None:
    schemes = MAIN["components"]["securitySchemes"]
    assert MAIN["security"] == [{"apiToken": []}]
    assert (schemes["apiToken"]["type"], schemes["apiToken"]["scheme"]) == ("http", "bearer")
    assert schemes["callbackToken"]["name"] == "Callback-Token"
    for operation in operations(MAIN):
        if operation.kind == "webhooks":
            assert operation.content["security"] == [{"callbackToken": []}]
    assert PROVIDER["components"]["securitySchemes"]["token"]["scheme"] == "bearer"
