"""Certification: requests and replies in whichever form people paste them."""

import json

import pytest

from meganodes.certification.captured import Captured, NothingCaptured, captured

SENT = b'{"command":"balance","data":{"account":"anna"},"timestamp":"1","check":"21,22"}'
CAME = b'{"result":0,"status":"OK","data":{"balance":12.50}}'

RAW = (
    b"POST /callback HTTP/1.1\r\nHost: casino.example\r\nCallback-Token: ****\r\n\r\n"
    + SENT
    + b"\r\n\r\nHTTP/1.1 200 OK\r\nContent-Type: application/json\r\nX: a:b\r\n\r\n"
    + CAME
).decode()

CURL = f"""$ curl -v https://casino.example/callback \\
  -H 'Callback-Token: mnc_x' -H "Content-Type: application/json" \\
  --data-binary '{SENT.decode()}'
* Host casino.example:443 was resolved.
*   Trying 192.0.2.1:443...
> POST /callback HTTP/1.1
> Host: casino.example
> Callback-Token: mnc_x
>
}} [79 bytes data]
* upload completely sent off: 79 bytes
< HTTP/1.1 402 Payment Required
< Content-Type: text/html; charset=utf-8
<
{{ [51 bytes data]
{CAME.decode()}* Connection #0 to host casino.example left intact
"""


def test_raw_http_of_both_sides_is_taken_apart() -> None:
    found = captured(RAW)
    assert (found.request_body, found.reply_body, found.status) == (SENT, CAME, 200)
    assert found.request_header("callback-token") == "****"
    assert found.reply_header("x") == "a:b"
    assert found.reply_header("y") == ""


def test_a_reply_alone_is_taken_and_so_is_a_request_alone() -> None:
    head, _, tail = RAW.replace("\r\n", "\n").partition("HTTP/1.1 200 OK")
    reply = captured("HTTP/1.1 200 OK" + tail)
    assert (reply.request_body, reply.status, reply.reply_body) == (b"", 200, CAME)
    request = captured(head)
    assert (request.request_body, request.status, request.reply_body) == (SENT, None, b"")


def test_interim_replies_are_passed_over() -> None:
    found = captured(RAW.replace("HTTP/1.1 200", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200"))
    assert (found.request_body, found.status, found.reply_body) == (SENT, 200, CAME)


def test_of_two_replies_the_first_counts_which_is_what_a_hub_sees() -> None:
    found = captured(
        f"HTTP/1.1 302 Found\nLocation: /x\n\nmoved\nHTTP/1.1 200 OK\n\n{CAME.decode()}"
    )
    assert (found.status, found.reply_header("location"), found.reply_body) == (302, "/x", b"moved")


@pytest.mark.parametrize("behind", ["", "\n", "\n\n"])
def test_a_length_says_where_a_body_ends(behind: str) -> None:
    text = f"HTTP/1.1 200 OK\nContent-Length: 3\n\nab\n{behind}"
    assert captured(text).reply_body == b"ab\n"
    assert captured(text.replace(": 3", ": 99")).reply_body == b"ab"


def test_what_curl_prints_is_taken_apart() -> None:
    found = captured(CURL)
    assert (found.request_body, found.reply_body, found.status) == (SENT, CAME, 402)
    assert found.request_header("callback-token") == "mnc_x"
    assert found.reply_header("content-type").startswith("text/html")


def test_without_the_lines_it_sent_the_command_of_curl_tells_the_request() -> None:
    lines = [line for line in CURL.split("\n") if not line.startswith((">", "}", "*"))]
    found = captured("\n".join(lines))
    assert (found.request_body, found.reply_body) == (SENT, CAME)
    assert found.request_header("content-type") == "application/json"


def test_a_command_whose_quotation_never_closes_is_no_request() -> None:
    found = captured("curl -d 'oops https://casino.example\n< HTTP/1.1 200 OK\n<\n{}")
    assert (found.request_body, found.status) == (b"", 200)


@pytest.mark.parametrize("reply", ["reply", "answer", "response"])
def test_an_entry_of_a_log_is_taken_in_text(reply: str) -> None:
    request, _, answer = RAW.partition("\r\n\r\nHTTP")
    found = captured(json.dumps({"request": request, reply: "HTTP" + answer, "result": 0}))
    assert (found.request_body, found.reply_body, found.status) == (SENT, CAME, 200)
    assert found.request_header("host") == "casino.example"


@pytest.mark.parametrize(
    "headers", [{"Content-Type": "text/html"}, [["Content-Type", "text/html"], "odd"], None]
)
def test_an_entry_of_a_log_is_taken_in_parts(headers: object) -> None:
    entry = {
        "request": {"body": SENT.decode()},
        "reply": {"http_status": 500, "headers": headers, "body": {"a": 1}},
    }
    found = captured(json.dumps(entry))
    assert (found.request_body, found.status, found.reply_body) == (SENT, 500, b'{"a": 1}')
    assert found.reply_header("content-type") == ("text/html" if headers else "")


def test_bare_bodies_are_told_apart_by_the_command() -> None:
    both = captured(f"{SENT.decode()}\n\n{CAME.decode()}\n")
    assert (both.request_body, both.reply_body, both.status) == (SENT, CAME, 200)
    assert captured(SENT.decode()) == Captured(request_body=SENT)
    assert captured(CAME.decode()) == Captured(status=200, reply_body=CAME)
    assert captured("{oops").reply_body == b"{oops"
    assert captured("<html>").reply_body == b"<html>"


def test_bytes_that_are_no_text_are_kept() -> None:
    pasted = b'{"name":"Jos\xe9"}'.decode("utf-8", "surrogateescape")
    assert captured(pasted).reply_body == b'{"name":"Jos\xe9"}'


@pytest.mark.parametrize("nothing", ["", " \n\r\n", "\ufeff"])
def test_nothing_is_nothing(nothing: str) -> None:
    with pytest.raises(NothingCaptured):
        captured(nothing)
