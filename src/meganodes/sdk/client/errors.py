"""What a call of the Main API can end with, other than its result: one tree under `ClientError`.

- `HubUnreachable`: no complete answer came; a call that changes something may have acted.
- `AnswerUnreadable`: what came is no answer of a hub.
- `ApiError`: the hub said no, by a code. Its kinds: `FieldsRefused` (1002), `TokenRefused` (1007,
  1009, 1020), `NotPermitted` (1010), `CallbackFailed` (1015), `HubBusy` (1018), `NotThere` (1005,
  2001 to 2003, 2007, 2013), `InMaintenance` (1), `HubFailed` (1001, 1003, 1011).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from meganodes.protocol.codes import ApiCode
from meganodes.sdk.errors import SdkError


class ClientError(SdkError):
    """Any failure of a call."""


class HubUnreachable(ClientError):
    """No complete answer came; the sentence says how far the call got."""


class AnswerUnreadable(ClientError):
    """The answer is not what contract 2.1 describes; the sentence says where."""


class HttpLibraryMissing(ClientError):
    """The asynchronous client needs httpx: `pip install httpx`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """The hub's no as it came. ``code`` is a number even where this version has no name for it."""

    path: str
    code: int
    message: str
    data: object
    http_status: int
    request_id: str
    retry_after_seconds: int | None = None


class ApiError(ClientError):
    """The hub said no. ``hint`` says what usually helps; quote ``request_id`` when you ask us."""

    def __init__(self, refusal: Refusal) -> None:
        self.refusal = refusal
        self.code = refusal.code
        self.name = refusal.message
        self.request_id = refusal.request_id
        self.hint = _hint(refusal.code)
        super().__init__(f"{refusal.path}: {self.code} {self.name}.{self._detail()} {self.hint}")

    @property
    def reason(self) -> str | None:
        """The hub's own sentence about this very no, where it gives one."""
        data = self.refusal.data
        reason = data.get("reason") if isinstance(data, dict) else None
        return reason if isinstance(reason, str) else None

    def _detail(self) -> str:
        return f" {self.reason}" if self.reason else ""


class FieldsRefused(ApiError):
    """Fields are missing or wrong; ``faults`` has a sentence for each, by the field's name."""

    @property
    def faults(self) -> Mapping[str, str]:
        data = self.refusal.data
        listed = data if isinstance(data, list) else []
        return MappingProxyType(
            {str(each.get("field")): str(each.get("message")) for each in listed}
        )

    def _detail(self) -> str:
        return "".join(f" {sentence}" for sentence in self.faults.values())


class TokenRefused(ApiError):
    """The API token is missing or unknown, or the caller's address is not on the allow list."""


class NotPermitted(ApiError):
    """The agent is not approved or suspended, or the user is blocked or another agent's."""


class CallbackFailed(ApiError):
    """The agent's own backend did not answer the hub's callback with a success."""

    @property
    def error_id(self) -> int | None:
        """The entry of the API Error Logs in the Back Office that has the bytes of both sides."""
        data = self.refusal.data
        error_id = data.get("error_id") if isinstance(data, dict) else None
        return error_id if isinstance(error_id, int) else None


class HubBusy(ApiError):
    """Too many calls of the agent at once, or a call that has few turns came too often."""

    @property
    def retry_after_seconds(self) -> int | None:
        return self.refusal.retry_after_seconds


class NotThere(ApiError):
    """What the call names does not exist, or not for this agent."""


class InMaintenance(ApiError):
    """The provider or the game is in maintenance."""


class HubFailed(ApiError):
    """The hub, or a service behind it, failed."""


_CLASSES: Final[Mapping[int, type[ApiError]]] = {
    ApiCode.UNDER_MAINTENANCE: InMaintenance,
    ApiCode.INTERNAL_SERVER_ERROR: HubFailed,
    ApiCode.VALIDATION_ERROR: FieldsRefused,
    ApiCode.SERVICE_EXCEPTION: HubFailed,
    ApiCode.RESOURCE_NOT_FOUND: NotThere,
    ApiCode.TOKEN_NOT_FOUND: TokenRefused,
    ApiCode.TOKEN_INVALID: TokenRefused,
    ApiCode.PERMISSION_ERROR: NotPermitted,
    ApiCode.PROVIDER_ERROR: HubFailed,
    ApiCode.CALLBACK_ERROR: CallbackFailed,
    ApiCode.SERVER_IS_BUSY: HubBusy,
    ApiCode.IP_NOT_ALLOWED: TokenRefused,
    ApiCode.AGENT_NOT_FOUND: NotThere,
    ApiCode.USER_NOT_FOUND: NotThere,
    ApiCode.GAME_NOT_FOUND: NotThere,
    ApiCode.PROVIDER_NOT_FOUND: NotThere,
    ApiCode.ROUND_NOT_FOUND: NotThere,
}

_HINTS: Final[Mapping[int, str]] = {
    ApiCode.UNDER_MAINTENANCE: "Offer another game; `providers` says who is in maintenance.",
    ApiCode.INTERNAL_SERVER_ERROR: "Try again in a moment; give us the request id if it stays.",
    ApiCode.VALIDATION_ERROR: "Mend the fields; sending the same again gives the same answer.",
    ApiCode.SERVICE_EXCEPTION: "Try again in a moment; give us the request id if it stays.",
    ApiCode.RESOURCE_NOT_FOUND: "The address of the hub ends before /v4: check it.",
    ApiCode.TOKEN_NOT_FOUND: "Give the client the API token that `agent add` printed.",
    ApiCode.TOKEN_INVALID: "It is the API token that is wanted, not the callback token; it may "
    "have been exchanged in the Back Office.",
    ApiCode.PERMISSION_ERROR: "`agent_info` tells the state; until the agent is approved, real "
    "games stay closed.",
    ApiCode.PROVIDER_ERROR: "The provider failed: try again, or offer another game.",
    ApiCode.CALLBACK_ERROR: "Your own backend is at fault: `callback_test` and the API Error Logs "
    "of the Back Office say what it answered.",
    ApiCode.SERVER_IS_BUSY: "Send fewer calls at once; 50 may be under way.",
    ApiCode.IP_NOT_ALLOWED: "Add the address to the allow list in the Back Office; `client_ip` of "
    "`agent_info` says how the hub sees you.",
    ApiCode.USER_NOT_FOUND: "`create_user` makes a user known and may be called every time.",
    ApiCode.GAME_NOT_FOUND: "Take provider_id and game_code from the same item of `all_games`.",
    ApiCode.PROVIDER_NOT_FOUND: "Only providers assigned to the agent count: see `providers`.",
    ApiCode.ROUND_NOT_FOUND: "Take round_id and user_code from the same transaction.",
    ApiCode.CURRENCY_NOT_SUPPORTED: "The provider does not offer the agent's currency.",
}


def error_for(refusal: Refusal) -> ApiError:
    """Make the error of a code."""
    return _CLASSES.get(refusal.code, ApiError)(refusal)


def _hint(code: int) -> str:
    if code in _HINTS:
        return _HINTS[code]
    known = {each.value: each.sentence for each in ApiCode}
    return known.get(code, "This version of the client has no name for the code.")
