"""The house protocol as data for its reference: requests, answers and codes of each command.

Requests are not described a second time: the readers that judge them run once over fields that note
what is read. Answers are types, held against the rendered bytes by a test.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal, NotRequired

from typing_extensions import TypedDict

from meganodes.domain.asked import FieldFault
from meganodes.protocol.codes import ApiCode
from meganodes.providers.adapters.house.requests import read
from meganodes.providers.fields import AMOUNT_PATTERN, TEXT_LENGTH_MAX, Fields

Schema = dict[str, Any]

_TEXT: Final = {"type": "string", "minLength": 1, "maxLength": TEXT_LENGTH_MAX}
_NAME: Final = {**_TEXT, "pattern": f"^[ -~]{{1,{TEXT_LENGTH_MAX}}}$"}
_AMOUNT: Final = {"type": "string", "maxLength": TEXT_LENGTH_MAX, "pattern": f"^{AMOUNT_PATTERN}$"}
_STAND_IN: Final = "1"


def request_schema(command: str) -> Schema:
    """Give the JSON Schema of a command's request, in the order in which fields are read."""
    noted = _NotedFields()
    read(command, noted)
    return noted.schema()


class _NotedFields(Fields):
    """Notes what a reader asks for and gives it something of the kind, so that it goes on."""

    __slots__ = ("_needed_names", "_properties")

    def __init__(self) -> None:
        super().__init__({}, list[FieldFault]())
        self._properties: Schema = {}
        self._needed_names: list[str] = []

    def schema(self) -> Schema:
        return {"type": "object", "properties": self._properties, "required": self._needed_names}

    def fault(self, name: str, sentence_end: str) -> None:
        """Stand-ins are all the same, which some readers mind."""

    def text(self, name: str) -> str:
        return self._needed(name, _TEXT)

    def optional_text(self, name: str) -> str | None:
        self._note_optional(name, _TEXT)
        return None

    def name(self, name: str) -> str:
        return self._needed(name, _NAME)

    def optional_name(self, name: str) -> str | None:
        self._note_optional(name, _NAME)
        return None

    def amount(self, name: str) -> str:
        return self._needed(name, _AMOUNT)

    def flag(self, name: str) -> bool:
        self._needed(name, {"type": "boolean"})
        return True

    def child(self, name: str) -> Fields | None:
        inner = _NotedFields()
        self._needed(name, inner.schema())
        return inner

    def children(self, name: str, count_max: int) -> list[Fields]:
        inner = _NotedFields()
        rows = {"type": "array", "minItems": 1, "maxItems": count_max, "items": inner.schema()}
        self._needed(name, rows)
        return [inner]

    def _needed(self, name: str, schema: Schema) -> str:
        self._properties[name] = dict(schema)
        self._needed_names.append(name)
        return _STAND_IN

    def _note_optional(self, name: str, schema: Schema) -> None:
        self._properties[name] = {**schema, "type": ["string", "null"]}


class SessionLimits(TypedDict):
    """What the casino allows the user; what is absent is not limited."""

    play: NotRequired[bool]
    max_bet: NotRequired[str]
    session_minutes: NotRequired[int]
    reality_check_minutes: NotRequired[int]


class SessionUser(TypedDict):
    """Data of authenticate."""

    account: str
    game_code: str
    currency: str
    language: str | None
    country: str | None
    balance: str
    permissions: SessionLimits


class SessionBalance(TypedDict):
    """Data of balance."""

    balance: str


class TakenBet(TypedDict):
    """Data of bet."""

    transaction_guid: str
    balance: str | None
    replay: NotRequired[Literal[True]]


class Delivery(TypedDict):
    """Data of win and of cancel."""

    transaction_guid: str
    balance: str | None
    delivered: bool
    replay: NotRequired[Literal[True]]


class BetOfBetWin(TypedDict):
    """The stake of a betwin."""

    transaction_guid: str
    balance: str | None


class WinOfBetWin(TypedDict):
    """A win of a betwin."""

    transaction_guid: str
    delivered: bool


class TakenBetWin(TypedDict):
    """Data of betwin."""

    bet: BetOfBetWin
    wins: list[WinOfBetWin]
    balance: str | None
    replay: NotRequired[Literal[True]]


class ListedTransaction(TypedDict):
    """A bet or a win of a round."""

    transaction_id: str
    kind: str
    amount: str
    transaction_guid: str
    state: str
    delivered: bool


class RoundContent(TypedDict):
    """Data of round."""

    transactions: list[ListedTransaction]
    closed: bool


DATA: Final[Mapping[str, Any]] = {
    "authenticate": SessionUser,
    "balance": SessionBalance,
    "bet": TakenBet,
    "win": Delivery,
    "betwin": TakenBetWin,
    "cancel": Delivery,
    "round": RoundContent,
}
"""The data of each command's success."""

_ASKED: Final = (ApiCode.USER_NOT_FOUND, ApiCode.AGENT_UNAVAILABLE, ApiCode.PLAYER_BLOCKED)
_STAKED: Final = (
    ApiCode.USER_NOT_FOUND,
    ApiCode.GAME_NOT_FOUND,
    ApiCode.BALANCE_NOT_ENOUGH,
    ApiCode.TRANSACTION_CONFLICT,
    ApiCode.OUTCOME_UNKNOWN,
    ApiCode.AGENT_UNAVAILABLE,
    ApiCode.TRANSACTION_CANCELLED,
    ApiCode.LIMIT_EXCEEDED,
    ApiCode.PLAYER_BLOCKED,
    ApiCode.ROUND_CLOSED,
)
_ALWAYS: Final = (ApiCode.VALIDATION_ERROR, ApiCode.SESSION_INVALID, ApiCode.TRY_AGAIN)

CODES: Final[Mapping[str, tuple[ApiCode, ...]]] = {
    command: tuple(sorted({*_ALWAYS, *codes}))
    for command, codes in {
        "authenticate": _ASKED,
        "balance": _ASKED,
        "bet": _STAKED,
        "betwin": _STAKED,
        "win": (
            ApiCode.GAME_NOT_FOUND,
            ApiCode.ROUND_NOT_FOUND,
            ApiCode.TRANSACTION_CONFLICT,
            ApiCode.TRANSACTION_CANCELLED,
        ),
        "cancel": (ApiCode.TRANSACTION_CONFLICT, ApiCode.NOT_CANCELLABLE),
        "round": (ApiCode.ROUND_NOT_FOUND,),
    }.items()
}
"""What each command is answered besides success, with HTTP status 200 (contract 4)."""

RECORDED_CODES: Final = frozenset(
    {
        ApiCode.USER_NOT_FOUND,
        ApiCode.BALANCE_NOT_ENOUGH,
        ApiCode.OUTCOME_UNKNOWN,
        ApiCode.AGENT_UNAVAILABLE,
        ApiCode.TRANSACTION_CANCELLED,
        ApiCode.LIMIT_EXCEEDED,
        ApiCode.PLAYER_BLOCKED,
        ApiCode.ROUND_CLOSED,
        ApiCode.NOT_CANCELLABLE,
    }
)
"""Final refusals: a repeat is answered the same, with `replay` (contract 4)."""
