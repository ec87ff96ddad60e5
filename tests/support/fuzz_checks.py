"""What must hold for each answer to a fuzzer, beside what Schemathesis itself looks at (3.6)."""

from __future__ import annotations

import copy
import json
from typing import Any, Final

from schemathesis import Case, CheckContext, Response
from schemathesis.core import NotSet
from schemathesis.core.parameters import ParameterLocation
from schemathesis.specs.openapi.checks import (
    ignored_auth,
    negative_data_rejection,
    positive_data_acceptance,
)

from meganodes.protocol.codes import ApiCode
from tests.support.fuzzing import Target
from tests.support.town import Resident

OWN_SECONDS_MAX: Final = 0.5
TRIES: Final = 3

STANDARD_CHECKS_REPLACED: Final = [negative_data_rejection, positive_data_acceptance, ignored_auth]
"""The first two know bad data by the HTTP status, see `data_is_judged_by_its_code`; the last one is
each operation's own test in tests/contract/test_authentication_of_*.py."""

_NAMES: Final = {code.value: code.name for code in ApiCode}
_STATUS_OF: Final = {ApiCode.OK: 200, ApiCode.VALIDATION_ERROR: 422}
_NOT_TOLD_BY_SCHEMAS: Final = (
    "differs only in case",
    "must be a time such as",
    "must be an http or https address",
    "at most 31 days",
    "must be at or after",
    "whose round this is",
    "repeats ",
    "must name the bet to cancel",
    "decimals",
    "An amount is at most",
)
"""Parts of sentences about what no schema can say: relations between fields, stored facts."""


def envelope_of(response: Response) -> dict[str, Any] | None:
    """Read the envelope; None for the answers that have no body by HTTP's own rules."""
    if response.status_code == 304 or response.request.method == "HEAD":
        assert not response.content
        return None
    read: dict[str, Any] = json.loads(response.content, parse_float=str)
    return read


def every_answer_is_an_envelope(_: CheckContext, response: Response, _case: Case[Any]) -> None:
    """code, message and data, and nothing else; the name belongs to the number."""
    envelope = envelope_of(response)
    if envelope is None:
        return
    assert set(envelope) <= {"code", "message", "data"}, envelope
    assert envelope["message"] == _NAMES[envelope["code"]]
    assert response.headers["content-type"] == ["application/json"]
    (request_id,) = response.headers["x-request-id"]
    assert 1 <= len(request_id) <= 64


def data_is_judged_by_its_code(ctx: CheckContext, response: Response, case: Case[Any]) -> None:
    """Bad data is 1002 with HTTP 200 here, so the checks see the status that other APIs answer."""
    envelope = envelope_of(response)
    if envelope is None or response.status_code != 200:
        return
    if any(_is_beyond_schemas(fault, case.body) for fault in _faults_of(envelope)):
        return
    judged = copy.copy(response)
    judged.status_code = _STATUS_OF.get(ApiCode(envelope["code"]), 404)
    if _has_bad_body(case):
        negative_data_rejection(ctx, judged, case)
    positive_data_acceptance(ctx, judged, case)


def _faults_of(envelope: dict[str, Any]) -> list[dict[str, str]]:
    return envelope["data"] if envelope["code"] == ApiCode.VALIDATION_ERROR else []


def _has_bad_body(case: Case[Any]) -> bool:
    """Tell whether the body was made to be bad; no body, null and [] are bodies without fields."""
    body = case.body
    if isinstance(body, bytes):
        body = None if not body.strip() else body.decode(errors="replace")
    if isinstance(body, NotSet) or body in (None, [], "null", "[]", "{}") or case.meta is None:
        return False
    return case.meta.is_negative_at(ParameterLocation.BODY)


def _is_beyond_schemas(fault: dict[str, str], body: object) -> bool:
    """Tell whether a schema cannot say this.

    Nor can it say how large a number in a text may be, and that 1.0, which JSON Schema takes for an
    integer, is none (contract 2.1).
    """
    if any(part in fault["message"] for part in _NOT_TOLD_BY_SCHEMAS):
        return True
    value = body.get(fault["field"]) if isinstance(body, dict) else None
    if isinstance(value, str):
        return value.removeprefix("-").isdecimal()
    return isinstance(value, float) and value.is_integer()


class Watch:
    """Checks that know the town: its secrets, its other agent, and its own time."""

    def __init__(self, target: Target, token: str) -> None:
        """Watch the answers to whoever has this token."""
        town = target.town
        self._target = target
        self._token = token
        self._strange = _marks_of(town.rival)
        self._secrets = [
            *_secrets_of(town.acme),
            *_secrets_of(town.rival),
            town.studio.provider_token.reveal(),
            town.other_studio.provider_token.reveal(),
        ]

    def codes_are_counted(self, _: CheckContext, response: Response, _case: Case[Any]) -> None:
        """Keep what was answered: a fuzzer that is never answered with success proves little."""
        envelope = envelope_of(response)
        if envelope is not None:
            self._target.codes[envelope["code"]] += 1

    def nothing_of_another_agent_is_told(
        self, _: CheckContext, response: Response, case: Case[Any]
    ) -> None:
        """No answer to one agent holds what belongs to another."""
        shown = _everything_in(response)
        told = [mark for mark in self._strange if mark in shown and mark not in str(case.body)]
        assert not told, f"an answer to acme tells {told}"

    def no_secret_is_echoed(self, _: CheckContext, response: Response, _case: Case[Any]) -> None:
        """Nobody's token or secret is in an answer, not even the caller's own."""
        shown = _everything_in(response)
        assert not any(secret in shown for secret in self._secrets), "an answer holds a secret"

    def the_hub_works_for_half_a_second_at_most(
        self, _: CheckContext, _response: Response, case: Case[Any]
    ) -> None:
        """Counted in the time of its own thread; a slow answer may be an accident once or twice."""
        tries = 1
        while self._target.app.own_seconds > OWN_SECONDS_MAX:
            assert tries < TRIES, f"{self._target.app.own_seconds:.3f} s"
            case.call(**self._target.call_options(self._token))
            tries += 1


def is_sound(case: Case[Any], target: Target, token: str) -> None:
    """Make a call with this token and look at its answer in every way."""
    watch = Watch(target, token)
    case.call_and_validate(
        **target.call_options(token),
        excluded_checks=STANDARD_CHECKS_REPLACED,
        additional_checks=[
            watch.codes_are_counted,
            every_answer_is_an_envelope,
            data_is_judged_by_its_code,
            watch.nothing_of_another_agent_is_told,
            watch.no_secret_is_echoed,
            watch.the_hub_works_for_half_a_second_at_most,
        ],
    )


def _everything_in(response: Response) -> str:
    return f"{response.headers}{response.content.decode()}"


def _marks_of(resident: Resident) -> list[str]:
    return [
        resident.user.name,
        f'"user_code":{resident.user.user_code}',
        resident.round_id,
        *_secrets_of(resident),
    ]


def _secrets_of(resident: Resident) -> list[str]:
    credentials = resident.credentials
    return [
        resident.session,
        resident.api_token,
        credentials.callback_token.reveal(),
        credentials.signing_secret.reveal(),
    ]
