"""Every number that goes over a wire as an answer, with its name and its sentence.

Numbers are never used twice and never change their meaning; docs/protocol compares itself with
these enums by a test.
"""

from collections.abc import Mapping
from enum import IntEnum
from types import MappingProxyType
from typing import Final


class ApiCode(IntEnum):
    """`code` of a Main API or Provider API answer; `name` is its `message` (contract 2.3, 4)."""

    OK = 0
    UNDER_MAINTENANCE = 1
    INTERNAL_SERVER_ERROR = 1001
    VALIDATION_ERROR = 1002
    SERVICE_EXCEPTION = 1003
    RESOURCE_NOT_FOUND = 1005
    TOKEN_NOT_FOUND = 1007
    TOKEN_INVALID = 1009
    PERMISSION_ERROR = 1010
    PROVIDER_ERROR = 1011
    PARAMETERS_INVALID = 1012
    CALLBACK_ERROR = 1015
    SERVER_IS_BUSY = 1018
    IP_NOT_ALLOWED = 1020
    AGENT_NOT_FOUND = 2001
    USER_NOT_FOUND = 2002
    GAME_NOT_FOUND = 2003
    POINT_NOT_ENOUGH = 2005
    BALANCE_NOT_ENOUGH = 2006
    PROVIDER_NOT_FOUND = 2007
    ROUND_NOT_FOUND = 2013
    CURRENCY_NOT_SUPPORTED = 2014
    TRANSACTION_CONFLICT = 3001
    SESSION_INVALID = 3002
    OUTCOME_UNKNOWN = 3003
    AGENT_UNAVAILABLE = 3004
    TRANSACTION_CANCELLED = 3005
    LIMIT_EXCEEDED = 3006
    PLAYER_BLOCKED = 3007
    ROUND_CLOSED = 3008
    TRY_AGAIN = 3009
    NOT_CANCELLABLE = 3010

    @property
    def sentence(self) -> str:
        """What the code means, for people."""
        return _API_SENTENCES[self]


class ResultCode(IntEnum):
    """`result` of a callback reply, in the order in which checks are made (contract 3.2)."""

    OK = 0
    ACCOUNT_UNKNOWN = 21
    PLAYER_INACTIVE = 22
    DUPLICATE = 41
    BALANCE_TOO_LOW = 31
    TRANSACTION_UNKNOWN = 42
    ORIGINAL_UNKNOWN = 43
    INTERNAL_FAILURE = 99
    TOKEN_WRONG = 100

    @property
    def sentence(self) -> str:
        """What the result means, for people."""
        return _RESULT_SENTENCES[self]


_API_SENTENCES: Final[Mapping[ApiCode, str]] = MappingProxyType(
    {
        ApiCode.OK: "Done.",
        ApiCode.UNDER_MAINTENANCE: "The provider or the game is in maintenance.",
        ApiCode.INTERNAL_SERVER_ERROR: "The hub failed or is shutting down.",
        ApiCode.VALIDATION_ERROR: "A field of the request is missing or wrong.",
        ApiCode.SERVICE_EXCEPTION: "A service behind the hub failed.",
        ApiCode.RESOURCE_NOT_FOUND: "There is no such endpoint, or it does not take this method.",
        ApiCode.TOKEN_NOT_FOUND: "The Authorization header has no bearer token.",
        ApiCode.TOKEN_INVALID: "The bearer token is not known.",
        ApiCode.PERMISSION_ERROR: "The agent or the user may not do this.",
        ApiCode.PROVIDER_ERROR: "The provider failed to answer.",
        ApiCode.PARAMETERS_INVALID: "The parameters do not fit together.",
        ApiCode.CALLBACK_ERROR: "The agent's backend did not answer the callback with success.",
        ApiCode.SERVER_IS_BUSY: "Too many requests of the agent at once.",
        ApiCode.IP_NOT_ALLOWED: "The caller's address is not on the allow list.",
        ApiCode.AGENT_NOT_FOUND: "The agent does not exist.",
        ApiCode.USER_NOT_FOUND: "The user does not exist.",
        ApiCode.GAME_NOT_FOUND: "The game does not exist.",
        ApiCode.POINT_NOT_ENOUGH: "The agent's points are too low; reserved.",
        ApiCode.BALANCE_NOT_ENOUGH: "The user's balance is too low.",
        ApiCode.PROVIDER_NOT_FOUND: "The provider does not exist or is not assigned to the agent.",
        ApiCode.ROUND_NOT_FOUND: "The round does not exist, or no bet of it is known.",
        ApiCode.CURRENCY_NOT_SUPPORTED: "The provider does not offer the agent's currency.",
        ApiCode.TRANSACTION_CONFLICT: "The transaction id was used before with another content.",
        ApiCode.SESSION_INVALID: "The session is unknown, ended, or of another provider.",
        ApiCode.OUTCOME_UNKNOWN: "The bet's outcome is unknown: void it, the hub is undoing it.",
        ApiCode.AGENT_UNAVAILABLE: "The agent's backend cannot take bets now; nothing was booked.",
        ApiCode.TRANSACTION_CANCELLED: "The bet was cancelled or is being undone.",
        ApiCode.LIMIT_EXCEEDED: "The bet is above the user's limit.",
        ApiCode.PLAYER_BLOCKED: "The user may not play.",
        ApiCode.ROUND_CLOSED: "The round is closed and takes no more bets.",
        ApiCode.TRY_AGAIN: "Nothing is decided yet: repeat the same request.",
        ApiCode.NOT_CANCELLABLE: "This transaction cannot be cancelled.",
    }
)

_RESULT_SENTENCES: Final[Mapping[ResultCode, str]] = MappingProxyType(
    {
        ResultCode.OK: "Done.",
        ResultCode.ACCOUNT_UNKNOWN: "The account does not exist.",
        ResultCode.PLAYER_INACTIVE: "The player is not active.",
        ResultCode.DUPLICATE: "The transaction id is not new.",
        ResultCode.BALANCE_TOO_LOW: "The balance is below the amount.",
        ResultCode.TRANSACTION_UNKNOWN: "The transaction id does not exist.",
        ResultCode.ORIGINAL_UNKNOWN: "The transaction to cancel does not exist.",
        ResultCode.INTERNAL_FAILURE: "The backend failed; what happened is unknown.",
        ResultCode.TOKEN_WRONG: "The Callback-Token is wrong.",
    }
)
