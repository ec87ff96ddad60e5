"""A request and its reply as people paste them: raw HTTP, `curl -v`, `curl -i`, JSON, or a body.

Pasting loses things: line ends, blanks, the one or the other half. What is missing stays empty;
nothing is invented but HTTP status 200, where a bare body was pasted.
"""

from __future__ import annotations

import itertools
import json
import re
import shlex
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Captured:
    """What was found in a paste. A half that is missing has an empty body and no headers."""

    request_headers: Headers = ()
    request_body: bytes = b""
    status: int | None = None
    """HTTP status of the reply; None when no reply was pasted."""
    reply_headers: Headers = ()
    reply_body: bytes = b""

    def request_header(self, name: str) -> str:
        """Give the value of a request header, "" without one."""
        return _value(self.request_headers, name)

    def reply_header(self, name: str) -> str:
        """Give the value of a reply header, "" without one."""
        return _value(self.reply_headers, name)


class NothingCaptured(ValueError):
    """The paste has neither a request nor a reply in it."""


_STATUS_LINE: Final = re.compile(r"^HTTP/[0-9.]+ +([0-9]{3})\b.*$", re.MULTILINE)
_REQUEST_LINE: Final = re.compile(r"^[A-Z]{3,7} \S+ HTTP/[0-9.]+ *$", re.MULTILINE)
_CURL_MARK: Final = re.compile(r"^[<>] ?(?:\S.*)?$", re.MULTILINE)
_CURL_NOISE: Final = re.compile(r"^(?:[*] .*|[{}] \[.*|\s*% Total.*|\s*Dload.*|\s*[\d:. -]+[kM]?)$")
_CURL_END: Final = re.compile(r"\* (?:Connection #\d+ to host .*|Closing connection.*)\s*\Z")
_CURL_COMMAND: Final = re.compile(r"^[$#>]?\s*curl\s", re.MULTILINE)
_CURL_DATA: Final = frozenset({"-d", "--data", "--data-raw", "--data-binary", "--data-ascii"})
_INTERIM: Final = re.compile(r"^HTTP/[0-9.]+ +1[0-9]{2}\b.*\n(?:.+\n)*\n", re.MULTILINE)
_TEXTS: Final = ("request", "reply", "answer", "response")


def captured(text: str) -> Captured:
    """Take a paste apart; raises `NothingCaptured` when there is nothing in it."""
    plain = text.replace("\r\n", "\n").removeprefix("\ufeff")
    if not plain.strip():
        raise NothingCaptured("There is nothing in it.")
    entry = _entry(plain)
    if entry is not None:
        return entry
    if len(_CURL_MARK.findall(plain)) > 1:
        return _of_curl(plain)
    if _STATUS_LINE.search(plain) is not None or _REQUEST_LINE.search(plain) is not None:
        return _of_http(plain)
    return _of_bodies(plain)


def _value(headers: Headers, name: str) -> str:
    return next((value for key, value in headers if key.lower() == name.lower()), "")


# --- an entry of a log, as JSON -------------------------------------------------------------------


def _entry(text: str) -> Captured | None:
    """Take `{"request": ..., "reply": ...}`, each the text of HTTP or an object of its parts."""
    try:
        entry = json.loads(text)
    except ValueError:
        return None
    if not isinstance(entry, dict) or not entry.keys() & set(_TEXTS):
        return None
    request = entry.get("request")
    reply = next((entry[key] for key in _TEXTS[1:] if entry.get(key)), None)
    sent = _of_http(request) if isinstance(request, str) else _parts(request)
    came = _of_http(reply) if isinstance(reply, str) else _parts(reply)
    status = came.status
    if status is None and isinstance(reply, dict):
        given = reply.get("status", reply.get("http_status", 200))
        status = given if type(given) is int else 200
    body = came.reply_body if isinstance(reply, str) else came.request_body
    headers = came.reply_headers if isinstance(reply, str) else came.request_headers
    return Captured(
        request_headers=sent.request_headers,
        request_body=sent.request_body,
        status=status,
        reply_headers=headers,
        reply_body=body,
    )


def _parts(half: object) -> Captured:
    """Take headers and body of one half, whichever of the usual forms they have."""
    if not isinstance(half, dict):
        return Captured()
    headers = half.get("headers", {})
    pairs: Iterable[tuple[object, object]] = ()
    if isinstance(headers, dict):
        pairs = headers.items()
    elif isinstance(headers, list):
        pairs = ((each[0], each[1]) for each in headers if isinstance(each, list) and each[1:])
    body = half.get("body", "")
    raw = body.encode() if isinstance(body, str) else json.dumps(body).encode()
    return Captured(
        request_headers=tuple((str(name), str(value)) for name, value in pairs), request_body=raw
    )


# --- HTTP as text ---------------------------------------------------------------------------------


def _of_http(text: str) -> Captured:
    text = _INTERIM.sub("", text.replace("\r\n", "\n"))
    lines = list(_STATUS_LINE.finditer(text))
    asked = _REQUEST_LINE.search(text)
    end = lines[0].start() if lines else len(text)
    headers: Headers = ()
    body = b""
    if asked is not None and asked.start() < end:
        headers, body = _message(text[asked.end() : end])
    if not lines:
        return Captured(request_headers=headers, request_body=body)
    until = lines[1].start() if lines[1:] else len(text)
    reply_headers, reply_body = _message(text[lines[0].end() : until])
    return Captured(
        request_headers=headers,
        request_body=body,
        status=int(lines[0][1]),
        reply_headers=reply_headers,
        reply_body=reply_body,
    )


def _message(text: str) -> tuple[Headers, bytes]:
    """Take headers and body of what follows a first line."""
    head, _, body = text.removeprefix("\n").partition("\n\n")
    headers = tuple(
        (name.strip(), value.strip())
        for name, mark, value in (line.partition(":") for line in head.split("\n"))
        if mark
    )
    return headers, _body(headers, body)


def _body(headers: Headers, text: str) -> bytes:
    """Cut off what pasting put behind a body: by its length, else the line breaks."""
    raw = text.encode("utf-8", "surrogateescape")
    length = _value(headers, "content-length")
    if length.isascii() and length.isdigit() and int(length) <= len(raw):
        return raw[: int(length)]
    return raw.rstrip(b"\n")


# --- curl -----------------------------------------------------------------------------------------


def _of_curl(text: str) -> Captured:
    asked, came, rest = [], [], []
    for line in _without_command(text).split("\n"):
        if line[:2] in {"> ", ">"}:
            asked.append(line[2:])
        elif line[:2] in {"< ", "<"}:
            came.append(line[2:])
        elif not _CURL_NOISE.match(line):
            rest.append(line)
    body = _CURL_END.sub("", "\n".join(rest)).strip("\n")
    heads = "\n".join(asked).rstrip() + "\n\n" + "\n".join(came).rstrip()
    found = _of_http(f"{heads}\n\n{body}")
    headers, sent = _of_command(text)
    return Captured(
        request_headers=found.request_headers or headers,
        request_body=sent,
        status=found.status,
        reply_headers=found.reply_headers,
        reply_body=found.reply_body,
    )


def _command(text: str) -> str:
    """Give the curl command in front of its output, with its continued lines."""
    start = _CURL_COMMAND.search(text)
    if start is None:
        return ""
    lines = text[start.start() :].split("\n")
    for count in range(1, len(lines) + 1):
        tried = "\n".join(lines[:count])
        if not tried.endswith("\\") and _words(tried):
            return tried
    return ""


def _words(command: str) -> list[str]:
    try:
        return shlex.split(command)
    except ValueError:  # a quotation that is not closed yet
        return []


def _without_command(text: str) -> str:
    return text.replace(_command(text), "", 1)


def _of_command(text: str) -> tuple[Headers, bytes]:
    words = _words(_command(text))
    headers: list[tuple[str, str]] = []
    body = b""
    for option, value in itertools.pairwise(words):
        if option in {"-H", "--header"}:
            name, _, content = value.partition(":")
            headers.append((name.strip(), content.strip()))
        elif option in _CURL_DATA:
            body = value.encode("utf-8", "surrogateescape")
    return tuple(headers), body


# --- bare bodies ----------------------------------------------------------------------------------


def _of_bodies(text: str) -> Captured:
    """Take one or two bodies: a request has a command in it, a reply has none."""
    headers, sent = _of_command(text)
    rest = _without_command(text).strip()
    if not sent and rest.startswith("{"):
        value, end = _first_value(rest)
        if isinstance(value, dict) and "command" in value:
            sent, rest = rest[:end].encode("utf-8", "surrogateescape"), rest[end:].strip()
    return Captured(
        request_headers=headers,
        request_body=sent,
        status=200 if rest else None,
        reply_body=rest.encode("utf-8", "surrogateescape"),
    )


def _first_value(text: str) -> tuple[object, int]:
    try:
        return json.JSONDecoder().raw_decode(text)
    except ValueError:
        return None, 0
