"""/docs as it is served: documents, pages and their files, in every coding, with tight headers."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import AsyncIterator, Callable
from hashlib import sha256

import brotli  # type: ignore[import-untyped]
import httpx2
import pytest
import zstandard
from starlette.applications import Starlette

from meganodes.main_api.reference.documents import document_json
from meganodes.main_api.reference.routes import SCALAR, make_routes

READERS: dict[str, Callable[[bytes], bytes]] = {
    "zstd": lambda body: zstandard.ZstdDecompressor().decompress(body),
    "br": brotli.decompress,
    "gzip": gzip.decompress,
    "identity": lambda body: body,
}
SCALAR_SHA256 = "bf091006bdc3af6067af77c2f534812e3e633e94a94e87138069f570f33b762c"
PATHS = [route.path for route in make_routes()]


@pytest.fixture
async def client() -> AsyncIterator[httpx2.AsyncClient]:
    transport = httpx2.ASGITransport(app=Starlette(routes=make_routes()))
    async with httpx2.AsyncClient(transport=transport, base_url="https://hub.example") as made:
        yield made


async def got(
    client: httpx2.AsyncClient, path: str, **headers: str
) -> tuple[httpx2.Response, bytes]:
    """An answer and its bytes as they went over the wire."""
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    async with client.stream(
        "GET", path, headers={"accept-encoding": "identity", **sent}
    ) as answer:
        raw = b"".join([part async for part in answer.aiter_raw()])
    return answer, raw


@pytest.mark.parametrize("coding", READERS)
@pytest.mark.parametrize("path", PATHS)
async def test_file_comes_in_any_coding(client: httpx2.AsyncClient, path: str, coding: str) -> None:
    plain, expected = await got(client, path)
    answer, raw = await got(client, path, accept_encoding=coding)
    assert (plain.status_code, answer.status_code) == (200, 200)
    assert READERS[coding](raw) == expected
    assert answer.headers.get("content-encoding", "identity") == coding
    assert answer.headers["vary"] == "Accept-Encoding"
    assert answer.headers["x-content-type-options"] == "nosniff"
    again, nothing = await got(
        client, path, accept_encoding=coding, if_none_match=answer.headers["etag"]
    )
    assert (again.status_code, nothing) == (304, b"")
    assert again.headers["etag"] == answer.headers["etag"]
    assert (plain.headers["etag"] == answer.headers["etag"]) is (coding == "identity")


@pytest.mark.parametrize(
    ("path", "api"), [("/docs/openapi.json", "main"), ("/docs/provider-openapi.json", "provider")]
)
async def test_documents_are_those_of_the_apis(
    client: httpx2.AsyncClient, path: str, api: str
) -> None:
    answer, raw = await got(client, path)
    assert raw == document_json(api)
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "no-cache"


async def test_vendored_script_is_the_published_one(client: httpx2.AsyncClient) -> None:
    answer, raw = await got(client, f"/docs/{SCALAR}")
    assert sha256(raw).hexdigest() == SCALAR_SHA256
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["content-type"].startswith("text/javascript")


async def test_browser_that_takes_all_gets_the_stored_bytes(client: httpx2.AsyncClient) -> None:
    answer, raw = await got(client, f"/docs/{SCALAR}", accept_encoding="gzip, deflate, br, zstd")
    assert answer.headers["content-encoding"] == "br"
    assert len(raw) < 1_000_000


@pytest.mark.parametrize("path", ["/docs", "/docs/provider"])
async def test_page_runs_files_of_this_hub_only(client: httpx2.AsyncClient, path: str) -> None:
    answer, raw = await got(client, path)
    policy = dict(
        part.strip().split(" ", 1) for part in answer.headers["content-security-policy"].split(";")
    )
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["connect-src"] == "'self'"
    assert policy["frame-ancestors"] == policy["base-uri"] == policy["form-action"] == "'none'"
    assert answer.headers["referrer-policy"] == "no-referrer"
    page = raw.decode()
    assert not re.search(r"https?:|//[a-z]|<style|\son[a-z]+=", page)
    assert re.findall(r"<script>", page) == []
    linked = re.findall(r'(?:src|href|data-document)="([^"]+)"', page)
    assert set(linked) <= set(PATHS)
    assert f"/docs/{SCALAR}" in linked


async def test_page_switches_off_whatever_asks_elsewhere(client: httpx2.AsyncClient) -> None:
    _, script = await got(client, "/docs/reference.js")
    for setting in (
        b"withDefaultFonts: false",
        b"telemetry: false",
        b"agent: { disabled: true }",
        b"mcp: { disabled: true }",
        b'showDeveloperTools: "never"',
        b"persistAuth: false",
    ):
        assert setting in script
    assert b"http" not in script.replace(b"HttpClient", b"")


async def test_head_is_answered_and_other_methods_are_not(client: httpx2.AsyncClient) -> None:
    head = await client.head("/docs")
    assert (head.status_code, head.content) == (200, b"")
    assert (await client.post("/docs")).status_code == 405
    assert (await client.get("/docs/../v4")).status_code == 404
    assert (await client.get("/docs/vendor/LICENSE")).status_code == 404


async def test_documents_name_no_machine(client: httpx2.AsyncClient) -> None:
    for path in ("/docs/openapi.json", "/docs/provider-openapi.json"):
        _, raw = await got(client, path)
        assert json.loads(raw)["servers"] == [{"url": "/", "description": "This hub"}]
