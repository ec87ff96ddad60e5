"""How client libraries that are in the field write a request of the Main API, byte for byte.

Header names keep the letters, the order and the oddities of each library, `{length}` and the token
are filled in. What the library does with a body (length, chunks) is part of its shape.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, kw_only=True)
class Shape:
    """One library's way to write a request."""

    name: str
    headers: tuple[str, ...]
    version: str = "1.1"
    chunked: bool = False
    empty: tuple[str, ...] = ("Content-Length: 0",)
    """Headers about the body of a call without fields, instead of those of a JSON body."""
    empty_body: bytes = b""
    """What it sends for no fields at all."""

    @property
    def keeps_alive(self) -> bool:
        """Whether it expects to ask again on the same connection."""
        return self.version == "1.1" and "Connection: close" not in self.headers

    def request(self, path: str, body: bytes, token: str) -> bytes:
        """Write a request."""
        lines = [f"POST {path} HTTP/{self.version}"]
        lines += [line.replace("{token}", token) for line in self.headers]
        framed = body
        if not body:
            lines = [line for line in lines if not line.lower().startswith("content-type:")]
            lines += self.empty
            framed = self.empty_body
        elif self.chunked:
            lines.append("Transfer-Encoding: chunked")
            half = len(body) // 2
            pieces = (body[:half], body[half:])
            framed = b"".join(b"%x\r\n%b\r\n" % (len(each), each) for each in pieces) + b"0\r\n\r\n"
        else:
            lines.append(f"Content-Length: {len(body)}")
        return "\r\n".join([*lines, "", ""]).encode("latin-1") + framed


SHAPES: Final = (
    Shape(
        name="php-curl",
        headers=(
            "Host: hub.example.com",
            "Accept: */*",
            "Content-Type: application/json",
            "Authorization: Bearer {token}",
        ),
        empty=("Content-Length: 0", "Content-Type: application/x-www-form-urlencoded"),
    ),
    Shape(
        name="php-curl-all-encodings",
        headers=(
            "Host: hub.example.com",
            "User-Agent: Mozilla/4.0 (compatible; MSIE 6.0; Windows NT 5.1)",
            "Accept: */*",
            "Accept-Encoding: deflate, gzip, br, zstd",
            "Authorization: Bearer {token}",
            "Content-Type: application/json",
            "cache-control: no-cache",
        ),
    ),
    Shape(
        name="php-guzzle",
        headers=(
            "Host: hub.example.com",
            "User-Agent: GuzzleHttp/7",
            "Content-Type: application/json",
            "Authorization: Bearer {token}",
            "Accept: application/json",
        ),
    ),
    Shape(
        name="php-streams",
        version="1.0",
        headers=(
            "Host: hub.example.com",
            "Connection: close",
            "Authorization: Bearer {token}",
            "Content-type: application/json",
        ),
    ),
    Shape(
        name="laravel-http",
        headers=(
            "User-Agent: GuzzleHttp/7",
            "Host: hub.example.com",
            "Authorization: Bearer {token}",
            "Accept: application/json",
            "Content-Type: application/json",
        ),
        empty=("Content-Length: 2", "Content-Type: application/json"),
        empty_body=b"[]",
    ),
    Shape(
        name="node-axios",
        headers=(
            "Accept: application/json, text/plain, */*",
            "Content-Type: application/json",
            "Authorization: Bearer {token}",
            "User-Agent: axios/1.7.2",
            "Accept-Encoding: gzip, compress, deflate, br",
            "Host: hub.example.com",
            "Connection: keep-alive",
        ),
        empty=("Content-Length: 0", "Content-Type: application/x-www-form-urlencoded"),
    ),
    Shape(
        name="node-fetch-undici",
        headers=(
            "host: hub.example.com",
            "connection: keep-alive",
            "authorization: Bearer {token}",
            "content-type: text/plain;charset=UTF-8",
            "accept: */*",
            "accept-language: *",
            "sec-fetch-mode: cors",
            "user-agent: node",
            "accept-encoding: gzip, deflate",
        ),
    ),
    Shape(
        name="node-request",
        headers=(
            "host: hub.example.com",
            "accept: application/json",
            "content-type: application/json",
            "authorization: Bearer {token}",
            "Connection: close",
        ),
        empty=(),
    ),
    Shape(
        name="python-requests",
        headers=(
            "Host: hub.example.com",
            "User-Agent: python-requests/2.32.3",
            "Accept-Encoding: gzip, deflate, br, zstd",
            "Accept: */*",
            "Connection: keep-alive",
            "Authorization: Bearer {token}",
            "Content-Type: application/json",
        ),
    ),
    Shape(
        name="python-aiohttp",
        headers=(
            "Host: hub.example.com",
            "Authorization: Bearer {token}",
            "Accept: */*",
            "Accept-Encoding: gzip, deflate",
            "User-Agent: Python/3.12 aiohttp/3.9.5",
            "Content-Type: application/json",
        ),
        empty=("Content-Length: 0", "Content-Type: application/octet-stream"),
    ),
    Shape(
        name="java-http-client",
        headers=(
            "Connection: Upgrade, HTTP2-Settings",
            "Host: hub.example.com",
            "HTTP2-Settings: AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA",
            "Upgrade: h2c",
            "User-Agent: Java-http-client/17.0.11",
            "Authorization: Bearer {token}",
            "Content-Type: application/json",
        ),
    ),
    Shape(
        name="java-okhttp",
        headers=(
            "Authorization: Bearer {token}",
            "Content-Type: application/json; charset=utf-8",
            "Host: hub.example.com",
            "Connection: Keep-Alive",
            "Accept-Encoding: gzip",
            "User-Agent: okhttp/4.12.0",
        ),
    ),
    Shape(
        name="java-resttemplate",
        headers=(
            "Accept: application/json, application/*+json",
            "Content-Type: application/json",
            "Authorization: Bearer {token}",
            "User-Agent: Java/1.8.0_402",
            "Host: hub.example.com",
            "Connection: keep-alive",
        ),
        chunked=True,
    ),
    Shape(
        name="go-net-http",
        headers=(
            "Host: hub.example.com",
            "User-Agent: Go-http-client/1.1",
            "Authorization: Bearer {token}",
            "Content-Type: application/json",
            "Accept-Encoding: gzip",
        ),
    ),
    Shape(
        name="go-streamed-body",
        headers=(
            "Host: hub.example.com",
            "User-Agent: Go-http-client/1.1",
            "Authorization: Bearer {token}",
            "Content-Type: application/json",
            "Accept-Encoding: gzip",
        ),
        chunked=True,
    ),
    Shape(
        name="dotnet-json-content",
        headers=(
            "Host: hub.example.com",
            "Authorization: Bearer {token}",
            "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00",
            "Content-Type: application/json; charset=utf-8",
        ),
        chunked=True,
    ),
    Shape(
        name="ruby-net-http",
        headers=(
            "Accept-Encoding: gzip;q=1.0,deflate;q=0.6,identity;q=0.3",
            "Accept: */*",
            "User-Agent: Ruby",
            "Authorization: Bearer {token}",
            "Content-Type: application/json",
            "Connection: close",
            "Host: hub.example.com",
        ),
        empty=("Content-Length: 0", "Content-Type: application/x-www-form-urlencoded"),
    ),
    Shape(
        name="curl-command",
        headers=(
            "Host: hub.example.com",
            "User-Agent: curl/8.5.0",
            "Accept: */*",
            "authorization: Bearer {token}",
            "content-type: application/json",
        ),
        empty=(),
    ),
    Shape(
        name="shouting",
        headers=(
            "HOST: HUB.EXAMPLE.COM",
            "AUTHORIZATION: BEARER {token}",
            "CONTENT-TYPE: APPLICATION/JSON",
            "ACCEPT-ENCODING: GZIP",
        ),
    ),
    Shape(
        name="old-proxy",
        version="1.0",
        headers=(
            "Authorization:Bearer {token}",
            "Content-Type:application/json",
            "X-Forwarded-For: 198.51.100.66",
            "Via: 1.0 proxy",
            "Connection: keep-alive",
        ),
    ),
)
