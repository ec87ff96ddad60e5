"""Mistakes of the body as text: a page, a warning before the JSON, JSON in JSON, half of it."""

import json
import re
from typing import Final

from meganodes.certification.mistakes.record import JSON_RULE, KEYS_RULE, Diagnosis
from meganodes.protocol.wire import JsonError, load_json

_UTF_16: Final = (b"\xff\xfe", b"\xfe\xff")
_PHP: Final = re.compile(
    r"(?:<b>)?(?:PHP )?(?:Fatal error|Parse error|Warning|Notice|Deprecated)(?:</b>)?: ", re.ASCII
)
_PAGE: Final = re.compile(r"\s*<(?:!doctype|html|head|body|\?xml|[a-z]+[ >/])", re.IGNORECASE)
_XML: Final = re.compile(r"\s*<\?xml", re.IGNORECASE)
_TITLE: Final = re.compile(r"<(title|h1)[^>]*>([^<]{1,80})</\1>", re.IGNORECASE)
_TRACE: Final = re.compile(r"Traceback \(most recent call last\)|^\s+at .+\(.+:\d+", re.MULTILINE)
_CONSTANT: Final = re.compile(r":\s*(NaN|-?Infinity|undefined)\b")
_PYTHON: Final = re.compile(r"\{\s*'[^']*'\s*:")
_TRAILING_COMMA: Final = re.compile(r",\s*[}\]]")
_JSONP: Final = re.compile(r"\s*[\w.$]+\s*\(\s*\{")
_SHOWN_MAX: Final = 40


def text_mistake(body: bytes) -> Diagnosis | None:
    """Name the mistake of a body that is not one JSON object; None when it is one."""
    try:
        value = load_json(body)
    except JsonError as error:
        return _not_json(body, str(error))
    if isinstance(value, dict):
        return None
    return _another_value(value)


def _not_json(body: bytes, reason: str) -> Diagnosis:
    if reason.startswith("the key "):
        return Diagnosis(
            rule=KEYS_RULE,
            sentence=f"{_capital(reason)}: nobody can say which of the two is meant.",
            mend="Send each key once; look where two parts of your code write the same object.",
        )
    if not body.strip():
        return _about(
            "The body is empty.",
            "Return the JSON object from every branch of your code; a branch that forgets it"
            " answers nothing.",
        )
    if body.startswith(_UTF_16) or body[1:2] == b"\0":
        return _about("The body is UTF-16, not UTF-8.", "Write the body in UTF-8.")
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return _about(
            "The body is not UTF-8: some bytes are those of another encoding.",
            "Write the body in UTF-8, or leave out what is not ASCII.",
        )
    return _of_text(text, reason)


def _of_text(text: str, reason: str) -> Diagnosis:
    return (
        _page(text)
        or _around(text)
        or _other_notation(text)
        or _about(f"{_capital(reason)}.", "Let a JSON library write the body, and nothing else.")
    )


def _page(text: str) -> Diagnosis | None:
    """Pages of errors and warnings, which frameworks print when nobody tells them not to."""
    if (php := _PHP.search(text)) is not None:
        return _about(
            f"PHP printed {_quote(text[php.start() :])} into the reply.",
            "Set display_errors = Off and log_errors = On, mend what the message says, and"
            " answer 99 from a handler of errors.",
        )
    if _TRACE.search(text) is not None:
        return _about(
            "The body is a stack trace of your program.",
            "Catch every error, write it into your log and answer result 99.",
        )
    if _XML.match(text) is not None:
        return _about("The body is XML.", "Answer with JSON.")
    if _PAGE.match(text) is not None:
        title = _TITLE.search(text)
        named = f" with the title {_quote(title[2].strip())}" if title else ""
        return _about(
            f"The body is an HTML page{named}, not JSON: the hub cannot tell what happened.",
            "Find who made the page (the framework's error page, a proxy, a login), look into its"
            " log, and answer JSON with result 99 when something fails.",
        )
    return None


def _around(text: str) -> Diagnosis | None:
    """An object is there, but text stands before or behind it."""
    start = text.find("{")
    if start < 0:
        return None
    if _JSONP.match(text) is not None:
        return _about("The object is wrapped in a call (JSONP).", "Send the bare JSON object.")
    try:
        _, end = json.JSONDecoder().raw_decode(text, start)
    except ValueError:
        return None
    before = text[:start].removeprefix("\ufeff").strip()
    if before:
        return _about(
            f"The text {_quote(before)} stands before the JSON object.",
            "Print nothing into the reply: look for an echo, a print or a warning in your code.",
        )
    behind = text[end:].strip()
    if behind.startswith("{"):
        return _about(
            "Two JSON objects follow each other: the callback was answered twice.",
            "Return after the first answer; look for a missing return or a middleware that"
            " answers again.",
        )
    if behind:
        return _about(
            f"The text {_quote(behind)} stands behind the JSON object.",
            "Print nothing after the reply and end the program's output there.",
        )
    return None


def _other_notation(text: str) -> Diagnosis | None:
    """Nearly JSON: another language's way to write an object."""
    if (constant := _CONSTANT.search(text)) is not None:
        return _about(
            f"{constant[1]} is not a JSON value.",
            "Look which sum was computed from nothing; read amounts as decimals.",
        )
    if _PYTHON.search(text) is not None:
        return _about(
            "The object is written with single quotes, as Python prints a dict.",
            "Write it with json.dumps, not with str.",
        )
    if _TRAILING_COMMA.search(text) is not None:
        return _about(
            "A comma stands before a closing bracket.", "Let a JSON library write the body."
        )
    if "{" not in text and "=" in text:
        return _about("The body is a form, not JSON.", "Answer with a JSON object.")
    return None


def _another_value(value: object) -> Diagnosis:
    """Valid JSON, but no object."""
    if isinstance(value, str) and _is_object(value):
        return _about(
            "The body is a JSON text that contains JSON: it was encoded twice.",
            "Encode once: give your framework the object, not the text you made of it.",
        )
    if isinstance(value, list):
        return _about("The body is a JSON list.", "Answer with one object, not with a list of it.")
    return _about(
        "The body is a bare JSON value: there is neither result nor data.",
        "Answer with the whole object: result, status, data.",
    )


def _is_object(text: str) -> bool:
    try:
        return isinstance(load_json(text.encode("utf-8", "replace")), dict)
    except JsonError:
        return False


def _about(sentence: str, mend: str) -> Diagnosis:
    return Diagnosis(rule=JSON_RULE, sentence=sentence, mend=mend)


def _quote(text: str) -> str:
    short = " ".join(text.split())
    cut = short if len(short) <= _SHOWN_MAX else short[:_SHOWN_MAX] + "..."
    return json.dumps(cut)


def _capital(reason: str) -> str:
    return reason[:1].upper() + reason[1:]
