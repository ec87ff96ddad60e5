"""The bodies of the Main API: one definition that validates, explains and documents each field.

A field's description completes two sentences: "NAME is required: ..." and "NAME must be ...". It is
also the description in the API reference.
"""

from __future__ import annotations

import re
from typing import Annotated, Final, TypeVar
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    WithJsonSchema,
)

from meganodes.hub.languages import DEFAULT_LANGUAGE, language_number
from meganodes.main_api.v4.errors import BadRequest, FieldFault
from meganodes.protocol.wire import Exact

INT64_MAX: Final = 2**63 - 1
LIST_LIMIT_MAX: Final = 2000
URL_CHARACTERS_MAX: Final = 2048
GAME_CODE_CHARACTERS_MAX: Final = 128

_DECIMAL_TEXT: Final = re.compile(r"-?[0-9]{1,40}", re.ASCII)
_UNSAFE_IN_URL: Final = re.compile(r"[\x00-\x20\x7f\\<>\"]")
_SCHEMES: Final = frozenset({"http", "https"})

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


_AsWholeNumber: Final = BeforeValidator(_whole_number)

Lang = Annotated[
    int,
    AfterValidator(language_number),
    _AsWholeNumber,
    Field(description="a whole number from 1 (en) to 11 (zh)"),
]
UserCode = Annotated[
    int,
    Field(
        ge=0,
        le=INT64_MAX,
        description="the whole number that user/create gave, such as 400000123",
    ),
    _AsWholeNumber,
]
ProviderId = Annotated[
    int,
    Field(
        ge=0,
        le=INT64_MAX,
        description="a whole number that game/providers lists, such as 1",
    ),
    _AsWholeNumber,
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
    """game/providers."""

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
        ),
        AfterValidator(_web_address),
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
        _AsWholeNumber,
    ]
    limit: Annotated[
        int,
        Field(ge=1, le=LIST_LIMIT_MAX, description="a whole number from 1 to 2000"),
        _AsWholeNumber,
    ]


BodyT = TypeVar("BodyT", bound=Body)


def read_fields(model: type[BodyT], sent: dict[str, object]) -> BodyT:
    """Read the fields of a body, or raise `BadRequest` with all bad ones at once (contract 2.1)."""
    given = {name: value for name, value in sent.items() if value is not None}
    try:
        return model.model_validate(given)
    except ValidationError as error:
        bad = dict.fromkeys(str(each["loc"][0]) for each in error.errors(include_url=False))
    raise BadRequest(*(FieldFault(name, _sentence(model, name, given)) for name in bad))


def _sentence(model: type[Body], name: str, given: dict[str, object]) -> str:
    rule = model.model_fields[name].description
    said = f"{name} must be {rule}" if name in given else f"{name} is required: {rule}"
    wrong = next((each for each in WRONG_NAMES.get(name, ()) if each in given), None)
    hint = "" if wrong is None else f"; you sent {wrong}, which is called {name} here"
    return f"{said}{hint}."
