"""The bodies of the Main API: one definition that validates, explains and documents each field.

A field's description completes two sentences: "NAME is required: ..." and "NAME must be ...". It is
also the description in the API reference.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Final, TypeVar
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    ValidationError,
    WithJsonSchema,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, ErrorDetails, core_schema

from meganodes.hub.languages import DEFAULT_LANGUAGE, language_number
from meganodes.main_api.v4.errors import BadRequest, FieldFault
from meganodes.protocol.wire import Exact

INT64_MAX: Final = 2**63 - 1
LIST_LIMIT_MAX: Final = 2000
URL_CHARACTERS_MAX: Final = 2048
GAME_CODE_CHARACTERS_MAX: Final = 128
ROUND_ID_CHARACTERS_MAX: Final = 64

_UTC: Final = ZoneInfo("UTC")
_DIGITS_MAX: Final = 40
_DECIMAL_TEXT: Final = re.compile(rf"-?[0-9]{{1,{_DIGITS_MAX}}}", re.ASCII)
_UNSAFE_IN_URL: Final = re.compile(r"[\x00-\x20\x7f\\<>\"]")
_SCHEMES: Final = frozenset({"http", "https"})
_WEB_ADDRESS_PATTERN: Final = r"^(?:[Hh][Tt][Tt][Pp][Ss]?://[^\x00-\x20\x7f\\<>\"]+)?$"
"""The form of a `return_url` as the API reference shows it; the validator knows more."""

WRONG_NAMES: Final = {
    "user_code": ("user_id",),
    "game_symbol": ("game_code", "game_id"),
    "lang": ("language",),
    "return_url": ("return", "lobby_url"),
}
"""Names clients of this family send by mistake, by the field they mean (contract 2.1)."""


def _whole_number(value: object) -> object:
    """Take an integer, also as decimal text; true and 1.0 are none (contract 2.1)."""
    if type(value) is int:
        return value
    if isinstance(value, str) and _DECIMAL_TEXT.fullmatch(value):
        return int(value)
    raise ValueError


def _web_address(value: str) -> str:
    """Take an http or https address with a host, or nothing at all."""
    if not value:
        return value
    if _UNSAFE_IN_URL.search(value):
        raise ValueError
    parts = urlsplit(value)
    _ = parts.port  # a port that is no number raises ValueError as urlsplit itself does
    if parts.scheme not in _SCHEMES or not parts.hostname:
        raise ValueError
    return value


class WholeNumber:
    """Makes an int field take decimal text too, and its schema say so (contract 2.1)."""

    def __get_pydantic_core_schema__(
        self, source: object, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return core_schema.no_info_before_validator_function(_whole_number, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        number: dict[str, Any] = handler(schema)
        sign = "" if number.get("minimum", -1) >= 0 else "-?"
        if number.get("maximum") == INT64_MAX:
            del number["maximum"]  # many readers of the schema would round it
            number["format"] = "int64"
        text = {"pattern": f"^{sign}[0-9]{{1,{_DIGITS_MAX}}}$"}
        return {**number, "type": ["integer", "string"], **text}


Lang = Annotated[
    int,
    AfterValidator(language_number),
    WholeNumber(),
    Field(description="a whole number from 1 (en) to 11 (zh)"),
]
UserCode = Annotated[
    int,
    Field(
        ge=0,
        le=INT64_MAX,
        description="the whole number that user/create gave, such as 400000123",
    ),
    WholeNumber(),
]
ProviderId = Annotated[
    int,
    Field(
        ge=0,
        le=INT64_MAX,
        description="a whole number that game/providers lists, such as 1",
    ),
    WholeNumber(),
]
Amount = Annotated[Exact, WithJsonSchema({"type": "number"})]
"""An amount in an answer: main units, exactly the currency's decimals (contract 2.1)."""


class Body(BaseModel):
    """A request's fields. Unknown ones are ignored (contract 2.1)."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class NoFields(Body):
    """The endpoint takes no fields."""


class UserCreateBody(Body):
    """user/create."""

    name: Annotated[
        str,
        Field(
            min_length=2,
            max_length=50,
            pattern="^[_a-zA-Z0-9]+$",
            description="2 to 50 letters (a to z, A to Z), digits or underscores",
        ),
    ]


class UserCodeBody(Body):
    """user/info."""

    user_code: UserCode


class LangBody(Body):
    """game/providers and game/all."""

    lang: Lang = DEFAULT_LANGUAGE


class GamesBody(Body):
    """game/games."""

    provider_id: ProviderId
    lang: Lang = DEFAULT_LANGUAGE


class GameUrlBody(Body):
    """game/game-url."""

    user_code: UserCode
    provider_id: ProviderId
    game_symbol: Annotated[
        str,
        Field(
            min_length=1,
            max_length=GAME_CODE_CHARACTERS_MAX,
            description="text: the game_code of a game that game/games lists",
        ),
    ]
    lang: Lang = DEFAULT_LANGUAGE
    return_url: Annotated[
        str,
        Field(
            max_length=URL_CHARACTERS_MAX,
            description=(
                "an http or https address of at most 2048 characters without blanks, "
                "or empty for none"
            ),
            json_schema_extra={"pattern": _WEB_ADDRESS_PATTERN},
        ),
        AfterValidator(_web_address),
    ] = ""


class RoundDetailsBody(Body):
    """game/round-details."""

    user_code: UserCode
    round_id: Annotated[
        str,
        Field(
            min_length=1,
            max_length=ROUND_ID_CHARACTERS_MAX,
            pattern="^[ -~]+$",
            description="text of 1 to 64 characters: a round_id of the transaction lists",
        ),
    ]
    provider_id: Annotated[
        ProviderId | None,
        Field(description="a whole number: whose round it is, where several have one of that name"),
    ] = None
    game_code: Annotated[
        str,
        Field(
            max_length=GAME_CODE_CHARACTERS_MAX,
            description="text: the game_code of a game that was played in the round",
        ),
    ] = ""


class TransactionsAfterBody(Body):
    """game/transaction-id."""

    last_id: Annotated[
        int,
        Field(
            ge=0,
            le=INT64_MAX,
            description="a whole number: the last trans_id you have seen, 0 at first",
        ),
        WholeNumber(),
    ]
    limit: Annotated[
        int,
        Field(ge=1, le=LIST_LIMIT_MAX, description="a whole number from 1 to 2000"),
        WholeNumber(),
    ]


BodyT = TypeVar("BodyT", bound=Body)


def read_fields(model: type[BodyT], sent: dict[str, object], zone: ZoneInfo = _UTC) -> BodyT:
    """Read the fields of a body, or raise `BadRequest` with all bad ones at once (contract 2.1).

    Times without an offset are of the agent's ``zone``.
    """
    given = {name: value for name, value in sent.items() if value is not None}
    try:
        return model.model_validate(given, context={"zone": zone})
    except ValidationError as error:
        bad = {str(each["loc"][0]): each for each in error.errors(include_url=False)}
    faults = ((name, _rule(model, name, error)) for name, error in bad.items())
    raise BadRequest(*(FieldFault(name, _sentence(name, rule, given)) for name, rule in faults))


def _rule(model: type[Body], name: str, error: ErrorDetails) -> str:
    """Say what the field must be: its own description, or the very rule that it broke."""
    broken = error.get("ctx", {}).get("rule")
    return str(broken or model.model_fields[name].description)


def _sentence(name: str, rule: str, given: dict[str, object]) -> str:
    said = f"{name} must be {rule}" if name in given else f"{name} is required: {rule}"
    wrong = next((each for each in WRONG_NAMES.get(name, ()) if each in given), None)
    hint = "" if wrong is None else f"; you sent {wrong}, which is called {name} here"
    return f"{said}{hint}."
