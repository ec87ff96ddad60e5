"""What a backend may send instead of a good reply: broken HTTP, and good HTTP with garbage in it.

None of it may ever be taken for a success of anything (reliability 3.5).
"""

from __future__ import annotations

from meganodes.callbacks.reader import INTERIM_REPLIES_MAX, RAW_BYTES_MAX
from tests.support.hostile_backend import PLAIN_REPLY, chunked, http

BODY_MAX = 65_536
INTERIM = b"HTTP/1.1 100 Continue\r\n\r\n"

BROKEN = {
    "no HTTP at all": b"<html>hello</html>",
    "HTTP/0.9": b'{"result":0}',
    "HTTP/0.9 in words": http(start=b"HTTP/0.9 200 OK"),
    "HTTP/2 in words": http(start=b"HTTP/2.0 200 OK"),
    "RTSP": http(start=b"RTSP/1.0 200 OK"),
    "ICY": http(start=b"ICY 200 OK"),
    "small letters": http(start=b"http/1.1 200 OK"),
    "empty lines first": b"\r\n\r\n" + http(),
    "blank first": b" " + http(),
    "four digits": http(start=b"HTTP/1.1 2000 OK"),
    "two digits": http(start=b"HTTP/1.1 20 OK"),
    "status below 100": http(start=b"HTTP/1.1 099 OK"),
    "status in letters": http(start=b"HTTP/1.1 abc OK"),
    "bare line feeds": http().replace(b"\r\n", b"\n"),
    "bare line feed after a header": http().replace(b"json\r\n", b"json\n"),
    "bare carriage returns": http().replace(b"\r\n", b"\r"),
    "folded header": http(headers=(b"X-Fold: a\r\n b",)),
    "NUL in a header": http(headers=(b"X-Nul: a\0b",)),
    "blank before the colon": http(headers=(b"X-Blank : a",)),
    "header without a name": http(headers=(b": a",)),
    "header without a colon": http(headers=(b"nonsense",)),
    "two lengths": http(headers=(b"Content-Length: 73",)),
    "two different lengths": http(headers=(b"Content-Length: 5",)),
    "list of lengths": http(length=None, headers=(b"Content-Length: 73, 73",)),
    "negative length": http(length=None, headers=(b"Content-Length: -1",)),
    "signed length": http(length=None, headers=(b"Content-Length: +73",)),
    "length in hex": http(length=None, headers=(b"Content-Length: 0x49",)),
    "empty length": http(length=None, headers=(b"Content-Length: ",)),
    "length beyond 64 bit": http(length=None, headers=(b"Content-Length: 99999999999999999999",)),
    "length of a gigabyte": http(length=1_073_741_824),
    "length and chunks": chunked(PLAIN_REPLY, headers=(b"Content-Length: 73",)),
    "gzip coding and chunks": chunked(PLAIN_REPLY).replace(b": chunked", b": gzip, chunked"),
    "coding nobody knows": chunked(PLAIN_REPLY).replace(b": chunked", b": xchunked"),
    "identity coding": http(length=None, headers=(b"Transfer-Encoding: identity",)),
    "chunk size overflow": chunked(b"").replace(b"0\r\n\r\n", b"f" * 17 + b"\r\n"),
    "chunk size in letters": chunked(b"").replace(b"0\r\n\r\n", b"zz\r\n"),
    "negative chunk size": chunked(b"").replace(b"0\r\n\r\n", b"-1\r\n"),
    "chunk longer than said": chunked(b"abc").replace(b"3\r\nabc", b"3\r\nabcd"),
    "chunk without its end": chunked(b"abc").replace(b"abc\r\n", b"abcXY"),
    "switching protocols": b"HTTP/1.1 101 X\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\nabc",
    "switching without a word": b"HTTP/1.1 101 X\r\n\r\n" + http(),
    "endless interim replies": INTERIM * 100 + http(),
    "HTTP/2 in words after an interim reply": INTERIM + http(start=b"HTTP/2.0 200 OK"),
    "RTSP after an interim reply": INTERIM + http(start=b"RTSP/1.0 200 OK"),
    "empty line after an interim reply": INTERIM + b"\r\n" + http(),
    "interim reply with chunks": (
        b"HTTP/1.1 199 Hints\r\nTransfer-Encoding: chunked\r\n\r\n"
        + b"%x\r\n%b\r\n0\r\n\r\n" % (len(PLAIN_REPLY), PLAIN_REPLY)
        + http(b"")
    ),
    "interim reply with a body": (
        b"HTTP/1.1 199 Hints\r\nContent-Length: %d\r\n\r\n" % len(PLAIN_REPLY)
        + PLAIN_REPLY
        + http(b"")
    ),
    "one interim too many": INTERIM * (INTERIM_REPLIES_MAX + 1) + http(),
    "bytes after the body": http() + b"x",
    "half a word after the body": http() + b"HTTP/1",
    "second reply": http() + http(),
    "second reply after chunks": chunked(PLAIN_REPLY) + http(),
    "bytes after a last reply": http(headers=(b"Connection: close",)) + b"x",
    "length too small": http(length=10),
    "body of a 204": http(b"{}", start=b"HTTP/1.1 204 No"),
    "body above 64 KiB": http(b" " * (BODY_MAX + 1)),
    "body above 64 KiB in chunks": chunked(b" " * BODY_MAX, b" "),
    "one long header": http(headers=(b"X-Long: " + b"x" * 9_000,)),
    "many headers": http(headers=tuple(b"X-%d: x" % number for number in range(2_000))),
    "a hundred thousand headers": http(headers=(b"A: b",) * 100_000),
    "endless status line": b"HTTP/1.1 200 " + b"x" * 9_000,
    "long reason with its body": http(start=b"HTTP/1.1 200 " + b"x" * 9_000),
    "long interim reply": INTERIM[:-2] + b"X: " + b"x" * 8_200 + b"\r\n\r\n" + http(),
    "endless header name": b"HTTP/1.1 200 OK\r\n" + b"x" * 9_000,
    "endless chunk extension": chunked(b"").replace(b"0\r\n\r\n", b"1;" + b"x" * RAW_BYTES_MAX),
    "endless trailers": chunked(b"a")[:-2] + b"X: y\r\n" * (RAW_BYTES_MAX // 5),
    "binary noise": bytes(range(256)) * 4,
    "TLS alert": b"\x15\x03\x01\x00\x02\x02\x46",
}  # fmt: skip

_GOOD = b'"status":"OK","data":{"account":"player_1","balance":100.00,"trans_status":"OK"}'
_BALANCE = b'{"result":0,"status":"OK","data":{"account":"player_1","trans_guid":"x","balance":%b}}'

GARBAGE: dict[str, bytes] = {
    "empty": b"",
    "blanks": b"  \r\n ",
    "HTML": b"<html><body>OK</body></html>",
    "plain text": b"OK",
    "XML": b"<?xml version='1.0'?><result>0</result>",
    "form": b"result=0&status=OK",
    "a number": b"0",
    "a text": b'"OK"',
    "null": b"null",
    "true": b"true",
    "a list": b'[{"result":0}]',
    "empty object": b"{}",
    "two documents": b'{"result":0,%b}{"result":0,%b}' % (_GOOD, _GOOD),
    "document and text": b'{"result":0,%b} OK' % _GOOD,
    "cut off": b'{"result":0,%b' % _GOOD,
    "cut in a text": b'{"result":0,"status":"O',
    "trailing comma": b'{"result":0,%b,}' % _GOOD,
    "single quotes": b"{'result':0}",
    "names without quotes": b"{result:0}",
    "comment": b'{"result":0,/* ok */%b}' % _GOOD,
    "duplicate result": b'{"result":0,"result":0,%b}' % _GOOD,
    "contradicting results": b'{"result":31,"result":0,%b}' % _GOOD,
    "duplicate balance": _BALANCE % b'1,"balance":2',
    "NaN": _BALANCE % b"NaN",
    "Infinity": _BALANCE % b"Infinity",
    "minus Infinity": _BALANCE % b"-Infinity",
    "NaN as result": b'{"result":NaN,%b}' % _GOOD,
    "UTF-16": b'{"result":0}'.decode().encode("utf-16"),
    "Latin-1": b'{"result":0,"x":"\xe9",%b}' % _GOOD,
    "NUL inside": b'{"result":0,\x00%b}' % _GOOD,
    "NUL behind": b'{"result":0,%b}\x00' % _GOOD,
    "deep": b"[" * 2_000 + b"]" * 2_000,
    "very deep": b"[" * 30_000,
    "deep inside": b'{"result":0,"x":%b,%b}' % (b"[" * 200 + b"]" * 200, _GOOD),
    "lone surrogate": b'{"result":0,"x":"\\ud800",%b}' % _GOOD,
    "Main API shape": b'{"code":0,"message":"OK","data":{"balance":1}}',
    "result missing": b"{%b}" % _GOOD,
    "result in capitals": b'{"RESULT":0,%b}' % _GOOD,
    "ERROR contradicts": b'{"result":0,"status":"ERROR","data":{"balance":1}}',
    "OK contradicts": b'{"result":31,"status":"OK","data":{"balance":1}}',
    **{
        f"result {name}": b'{"result":%b,%b}' % (value, _GOOD)
        for name, value in {
            "false": b"false", "true": b"true", "null": b"null", "0.0": b"0.0", "0e0": b"0e0",
            "-0": b"-0", "-0.0": b"-0.0", "1e400": b"1e400", "list": b"[0]", "object": b'{"a":0}',
            "empty text": b'""', "text with blank": b'"0 "', "text with sign": b'"+0"',
            "OK": b'"OK"', "text -0": b'"-0"', "text 0.0": b'"0.0"', "text 0x0": b'"0x0"',
            "full-width zero": '"\uff10"'.encode(), "arabic zero": '"\u0660"'.encode(),
            "circled zero": '"\u24ea"'.encode(), "5,000 digits": b"0" + b"1" * 5_000,
            "text of 5,000 digits": b'"' + b"1" * 5_000 + b'"', "leading zero": b"00",
            "1": b"1", "2": b"2", "-1": b"-1", "20": b"20", "200": b"200", "1015": b"1015",
            "2^63": b"9223372036854775808", "99": b"99", "huge": b"9" * 40, "hex": b"0x0",
            "plus": b"+0", "point": b"0.", "underscore": b"0_0",
        }.items()
    },
}  # fmt: skip
"""Bodies in a 200 reply of which none is a success of any command; 99 is none either."""

BAD_BALANCES: dict[str, bytes] = {
    name: _BALANCE % value
    for name, value in {
        "null": b"null", "false": b"false", "true": b"true", "text": b'"abc"',
        "comma": b'"1,234.50"', "list": b"[1]", "object": b"{}", "negative": b"-1", "empty": b'""',
        "negative text": b'"-1"', "huge": b"9" * 30, "1e400": b"1e400", "blank": b'" 1"',
        "hex": b'"0x10"', "euro": b'"1 EUR"',
    }.items()
}  # fmt: skip
"""Success with a balance that cannot be used: never a success of authenticate, balance or bet."""
