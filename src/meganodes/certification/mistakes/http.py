"""Mistakes of the HTTP around a reply: another status, a redirect, a page of the framework."""

import re
from typing import Final

from meganodes.certification.mistakes.record import REDIRECT_RULE, STATUS_RULE, Diagnosis
from meganodes.protocol.replies import HttpReply
from meganodes.protocol.wire import JsonError, load_json

_HTTP_OK: Final = 200
_REDIRECTS: Final = range(300, 400)

_ROUTE: Final = "The path of the callback URL leads nowhere in your application"
_LET_IN: Final = "Let callbacks in without a login: they prove themselves by Callback-Token."
_WORDS: Final[dict[int, tuple[str, str]]] = {
    204: (
        "HTTP status 204 has no body, so there is no result.",
        "Answer 200 with the JSON object, for a win of amount 0 too.",
    ),
    400: (
        "HTTP status is 400: your framework or your code threw the request away.",
        "Look which field your parser did not like; take unknown fields and all six commands.",
    ),
    401: ("HTTP status is 401: something asks the hub for a login.", _LET_IN),
    403: (
        "HTTP status is 403: a firewall, a proxy or a guard of your framework said no.",
        f"{_LET_IN} A wrong token is refused by result 100 with HTTP 200.",
    ),
    404: (
        f"HTTP status is 404. {_ROUTE}.",
        (
            "Compare the callback URL with your route, its slash at the end too; an account or a"
            " transaction that is not found is result 21 or 42 with HTTP 200."
        ),
    ),
    405: (
        "HTTP status is 405: the route is there, but does not take POST.",
        "Register the route for POST.",
    ),
    413: ("HTTP status is 413: a limit refuses bodies of this size.", "Take bodies of 64 KiB."),
    415: (
        "HTTP status is 415: your framework does not take this Content-Type.",
        "Take application/json; callbacks send no forms.",
    ),
    419: (
        "HTTP status is 419: the guard against forged forms (CSRF) refused the callback.",
        "Take the route out of that guard.",
    ),
    429: (
        "HTTP status is 429: a rate limit of yours counts the hub as one caller.",
        "Take the hub's addresses out of the rate limit; all your players come from them.",
    ),
    500: (
        "HTTP status is 500: your code raised an error that nobody caught.",
        (
            'Look into your log at this moment; catch everything and answer {"result":99,'
            '"status":"ERROR","data":{}} with HTTP 200.'
        ),
    ),
    502: (
        "HTTP status is 502: a proxy stands in front, and your application did not answer it.",
        "Check that the application runs and that the proxy knows its port.",
    ),
    503: (
        "HTTP status is 503: the server is overloaded, starting or in maintenance.",
        "Give it more workers; take one server out at a time when you install a new version.",
    ),
    504: (
        "HTTP status is 504: the proxy gave up waiting for your application.",
        "Look for slow queries and locks: a bet has 2 s, connection included.",
    ),
}
_CSRF: Final = re.compile(rb"csrf", re.IGNORECASE)


def status_mistake(reply: HttpReply) -> Diagnosis | None:
    """Name the mistake behind an HTTP status other than 200; None when it is 200."""
    if reply.status == _HTTP_OK:
        return None
    if reply.status in _REDIRECTS:
        return _redirect(reply)
    return _of_the_body(reply) or _plain(reply.status)


def _redirect(reply: HttpReply) -> Diagnosis:
    target = next((value for name, value in reply.headers if name.lower() == b"location"), b"")
    to = f" to {target.decode('latin-1')[:120]!a}" if target else ""
    if b"login" in target.lower() or b"signin" in target.lower():
        mend = _LET_IN
    elif target.startswith(b"https:"):
        mend = "Give the https address as callback URL."
    else:
        mend = "Give the final address as callback URL; look for a slash at its end."
    return Diagnosis(
        rule=REDIRECT_RULE,
        sentence=f"HTTP status {reply.status} is a redirect{to}, and callbacks follow none.",
        mend=mend,
    )


def _of_the_body(reply: HttpReply) -> Diagnosis | None:
    """Look whether the body betrays who refused."""
    if _CSRF.search(reply.body) is not None:
        return Diagnosis(
            rule=STATUS_RULE,
            sentence=f"HTTP status is {reply.status}: the guard against forged forms (CSRF)"
            " refused the callback.",
            mend="Take the route out of that guard (csrf_exempt in Django).",
        )
    members = _object(reply.body)
    if isinstance(members.get("detail"), list):
        return Diagnosis(
            rule=STATUS_RULE,
            sentence=f"HTTP status is {reply.status} with a list called detail: the framework"
            " checked the request against a model and refused it before your code saw it.",
            mend="Make the model take all six commands and unknown fields, or read the JSON"
            " yourself; a body that you cannot read is result 99 with HTTP 200.",
        )
    result = members.get("result")
    if type(result) is int:
        return Diagnosis(
            rule=STATUS_RULE,
            sentence=f"HTTP status is {reply.status} although the body is a reply with result"
            f" {result}: the hub does not look at it, and takes the outcome as unknown.",
            mend="Send the same body with HTTP status 200: a refusal is an answer, not an error"
            " of HTTP.",
        )
    return None


def _object(body: bytes) -> dict[str, object]:
    try:
        value = load_json(body)
    except JsonError:
        return {}
    return value if isinstance(value, dict) else {}


def _plain(status: int) -> Diagnosis:
    sentence, mend = _WORDS.get(
        status,
        (f"HTTP status is {status}, not 200.", "Answer 200 and say no by result."),
    )
    return Diagnosis(rule=STATUS_RULE, sentence=sentence, mend=mend)
