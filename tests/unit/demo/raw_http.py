"""Posts a callback with its headers exactly as given, and reads a complete reply or none."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from urllib.parse import urlsplit

from meganodes.demo.http_client import NoAnswer


async def post_raw(url: str, headers: Mapping[str, str], body: bytes) -> tuple[bytes, bytes]:
    """Return head and body of the reply; raise NoAnswer when the connection was cut."""
    target = urlsplit(url)
    reader, writer = await asyncio.open_connection(target.hostname, target.port)
    lines = [f"POST {target.path} HTTP/1.1", f"Host: {target.netloc}", "Connection: close"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    lines += [f"Content-Length: {len(body)}", "", ""]
    writer.write("\r\n".join(lines).encode() + body)
    try:
        reply = await reader.read(-1)
    except ConnectionError as error:
        raise NoAnswer(str(error)) from error
    finally:
        writer.close()
    head, separator, reply_body = reply.partition(b"\r\n\r\n")
    if not separator:
        raise NoAnswer("the connection was cut")
    return head, reply_body
