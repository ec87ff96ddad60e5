"""Fields of bodies: what is taken, what is refused, and the sentence that says so."""

from __future__ import annotations

import pytest

from meganodes.main_api.v4.errors import BadRequest
from meganodes.main_api.v4.schemas import (
    Body,
    GamesBody,
    GameUrlBody,
    LangBody,
    NoFields,
    TransactionsAfterBody,
    UserCodeBody,
    UserCreateBody,
    read_fields,
)
from meganodes.protocol.wire import Number

GAME_URL: dict[str, object] = {"user_code": 400000001, "provider_id": 1, "game_symbol": "fruits"}


def faults_of(model: type[Body], sent: dict[str, object]) -> dict[str, str]:
    with pytest.raises(BadRequest) as caught:
        read_fields(model, sent)
    return {fault.field: fault.message for fault in caught.value.faults}


@pytest.mark.rule("2.1-all-bad-fields")
def test_all_bad_fields_are_told_at_once() -> None:
    """Contract 2.1: one entry per bad field, all bad fields at once."""
    faults = faults_of(
        GameUrlBody, {"user_code": True, "provider_id": "x", "return_url": "ftp://x"}
    )
    assert set(faults) == {"user_code", "provider_id", "game_symbol", "return_url"}


@pytest.mark.rule("2.1-validation-data")
def test_each_sentence_names_its_field_and_the_cure() -> None:
    faults = faults_of(TransactionsAfterBody, {"limit": 2001})
    assert faults == {
        "last_id": (
            "last_id is required: a whole number: the last trans_id you have seen, 0 at first."
        ),
        "limit": "limit must be a whole number from 1 to 2000.",
    }


@pytest.mark.rule("2.1-wrong-names")
@pytest.mark.parametrize(
    ("wrong", "meant"),
    [
        ("game_code", "game_symbol"),
        ("game_id", "game_symbol"),
        ("user_id", "user_code"),
    ],
)
def test_well_known_wrong_name_is_hinted_at(wrong: str, meant: str) -> None:
    """Contract 2.1: the sentence says so when a well-known wrong name was sent."""
    sent = {name: value for name, value in GAME_URL.items() if name != meant}
    faults = faults_of(GameUrlBody, {**sent, wrong: "fruits"})
    assert list(faults) == [meant]
    assert faults[meant].endswith(f"; you sent {wrong}, which is called {meant} here.")


@pytest.mark.parametrize(
    ("wrong", "meant"),
    [("language", "lang"), ("return", "return_url"), ("lobby_url", "return_url")],
)
def test_wrong_name_of_an_optional_field_is_hinted_at_too(wrong: str, meant: str) -> None:
    faults = faults_of(GameUrlBody, {**GAME_URL, meant: [], wrong: "x"})
    assert faults[meant].endswith(f"; you sent {wrong}, which is called {meant} here.")


@pytest.mark.rule("2.1-unknown-fields")
def test_unknown_fields_are_ignored() -> None:
    """Contract 2.1 and 1: rtp, win_ratio and their like have no effect."""
    sent = {"name": "alice", "rtp": 99, "win_ratio": 1, "is_finish_jackpot": True, "x": [1]}
    assert read_fields(UserCreateBody, sent) == UserCreateBody(name="alice")
    assert read_fields(NoFields, sent) == NoFields()


@pytest.mark.rule("2.1-null-is-absent")
def test_null_equals_leaving_out() -> None:
    """Contract 2.1: null for an optional field equals leaving it out."""
    body = read_fields(GameUrlBody, {**GAME_URL, "lang": None, "return_url": None})
    assert (body.lang, body.return_url) == (1, "")
    assert faults_of(UserCodeBody, {"user_code": None})["user_code"].startswith(
        "user_code is required"
    )


@pytest.mark.rule("2.1-decimal-text")
@pytest.mark.parametrize("sent", [400000123, "400000123", "0400000123"])
def test_whole_number_may_be_decimal_text(sent: object) -> None:
    """Contract 2.1: integers given as decimal text are accepted for integer fields."""
    assert read_fields(UserCodeBody, {"user_code": sent}).user_code == 400000123


@pytest.mark.parametrize(
    "sent",
    [
        True,
        False,
        "",
        " 1",
        "1 ",
        "+1",
        "1.0",
        "1e3",
        "0x1",
        "\u0661",
        "-1",
        -1,
        2**63,
        Number("1.0"),
        [1],
        {"a": 1},
        "9" * 41,
    ],
)
def test_what_is_no_whole_number_is_refused(sent: object) -> None:
    assert list(faults_of(UserCodeBody, {"user_code": sent})) == ["user_code"]


@pytest.mark.rule("2.2-user-create-name")
@pytest.mark.parametrize("name", ["ab", "A_1", "_" * 50, "callback_test", "0123456789"])
def test_name_within_the_rules_is_taken(name: str) -> None:
    """Contract 2.2, user/create."""
    assert read_fields(UserCreateBody, {"name": name}).name == name


@pytest.mark.rule("2.2-user-create-name")
@pytest.mark.parametrize(
    "name", ["", "a", "a" * 51, "a-b", "a b", "ab\n", "äb", "a.b", "a@b", 12, True, ["ab"]]
)
def test_name_outside_the_rules_is_refused(name: object) -> None:
    """Contract 2.2, user/create: 2 to 50 characters of letters, digits and underscore."""
    message = faults_of(UserCreateBody, {"name": name})["name"]
    assert message == "name must be 2 to 50 letters (a to z, A to Z), digits or underscores."


@pytest.mark.rule("2.1-lang-default")
@pytest.mark.parametrize(
    ("sent", "expected"),
    [({}, 1), ({"lang": 11}, 11), ({"lang": "8"}, 8)]
    + [({"lang": value}, 1) for value in (0, 12, 13, -1, 10**39, "99", "-3")],
)
def test_lang_outside_the_list_is_english(sent: dict[str, object], expected: int) -> None:
    """Contract 2.1: optional, default 1, values outside 1 to 11 are taken as 1."""
    assert read_fields(LangBody, sent).lang == expected
    assert read_fields(GamesBody, {"provider_id": 1, **sent}).lang == expected


def test_lang_that_is_no_number_is_refused() -> None:
    assert faults_of(LangBody, {"lang": "en"}) == {
        "lang": "lang must be a whole number from 1 (en) to 11 (zh)."
    }


@pytest.mark.rule("2.2-game-url-fields")
@pytest.mark.parametrize(
    "url",
    ["", "https://casino.example", "http://localhost:8701/lobby?x=1#y", "HTTPS://CASINO.EXAMPLE/"],
)
def test_return_url_may_be_a_web_address_or_empty(url: str) -> None:
    """Contract 2.2, game-url: http or https, "" = none."""
    assert read_fields(GameUrlBody, {**GAME_URL, "return_url": url}).return_url == url


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "//casino.example",
        "/lobby",
        "casino.example",
        "https://",
        "https:///path",
        "https://casino.example/a b",
        "https://casino.example/\r\nset-cookie: a=b",
        " https://casino.example",
        "https://casino.example\\@evil.example",
        'https://casino.example/"onclick="x',
        "https://casino.example:port/",
        "https://[::1",
        "https://casino.example/" + "a" * 2048,
        5,
        True,
    ],
)
def test_return_url_of_another_kind_is_refused(url: object) -> None:
    assert list(faults_of(GameUrlBody, {**GAME_URL, "return_url": url})) == ["return_url"]


@pytest.mark.parametrize(
    ("field", "value"),
    [("last_id", -1), ("limit", 0), ("limit", 2001), ("limit", "all"), ("last_id", 2**63)],
)
def test_list_bounds_are_kept(field: str, value: object) -> None:
    """Contract 2.2, transaction-id: last_id >= 0, limit 1 to 2000."""
    assert list(faults_of(TransactionsAfterBody, {"last_id": 0, "limit": 10, field: value})) == [
        field
    ]


def test_every_field_has_a_description_for_its_sentence() -> None:
    for model in Body.__subclasses__():
        for name, field in model.model_fields.items():
            assert field.description, f"{model.__name__}.{name}"
