"""Bytes of attempts, packed: callbacks look alike, so each is deflated against what is usual.

The preset text is part of what is stored: it never changes. Another one would be another number.
"""

from __future__ import annotations

import zlib
from typing import Final

PLAIN: Final = 0
DEFLATED: Final = 1
UNPACKED_MAX: Final = 16 * 1024 * 1024
"""More than any request or reply that is kept; a damaged one must not fill the memory."""

REPLY_MAX: Final = 65_536
_LEVEL: Final = 6
_DAMAGED: Final = b"These bytes cannot be unpacked: "

# What stands at the end is found at the least cost, and is the most usual.
_USUAL_1: Final = (
    b"HTTP/1.1 503 Service Unavailable\r\nHTTP/1.1 404 Not Found\r\nLocation: \r\n"
    b"Transfer-Encoding: chunked\r\nVary: Accept-Encoding\r\nX-Powered-By: PHP/8\r\n"
    b"Cache-Control: no-cache, private\r\n"
    b'"result":41,"status":"ERROR"'
    b'"result":31,"status":"ERROR""currency":"USD""category":"slot"'
    b'"command":"status""command":"authenticate","data":{"account":"'
    b'"command":"balance""command":"cancel","data":{"trans_id":"cancel_trans_guid":"'
    b'"command":"win","data":{"game_type":"slot","trans_guid":"mn-","round_id":"","amount":0.00,'
    b"HTTP/1.1 200 OK\r\nServer: nginx\r\nDate: Mon, 01 Jun 2026 00:00:00 GMT\r\n"
    b"Content-Type: application/json; charset=utf-8\r\nContent-Length: \r\n"
    b"Connection: keep-alive\r\n\r\n"
    b'{"result": 0, "status": "OK", "data": {"balance": '
    b'{"result":0,"status":"OK","data":{"balance":'
    b"POST /callback HTTP/1.1\r\nHost: \r\nCallback-Token: ****\r\nAccept: application/json\r\n"
    b"Content-Type: application/json\r\nAccept-Encoding: identity\r\nwebhook-id: mn-\r\n"
    b"webhook-timestamp: 17\r\nwebhook-signature: ****\r\nMegaNodes-Attempt: 1\r\n"
    b"MegaNodes-Deadline: 17\r\ntraceparent: 00--00\r\nContent-Length: \r\n\r\n"
    b'{"command":"bet","data":{"account":"","amount":,"currency":"EUR","game_code":"","gplay_id":,'
    b'"provider_id":,"round_id":"","trans_guid":"mn-","trans_id":,"user_code":},'
    b'"check":"21,22,31,41","request_timestamp":"2026-'
)


def pack(request: bytes, reply: bytes) -> tuple[bytes, bytes, int]:
    """Pack what was sent and what came; give both and how, PLAIN when it would gain nothing."""
    packed = _deflated(request), _deflated(reply)
    if sum(map(len, packed)) >= len(request) + len(reply) or len(packed[1]) > REPLY_MAX:
        return request, reply, PLAIN
    return *packed, DEFLATED


def unpack(data: bytes, packing: int) -> bytes:
    """Give bytes as they were; damaged ones with a sentence before them, so that it is seen."""
    if packing == PLAIN:
        return data
    opening = zlib.decompressobj(zdict=_USUAL_1)
    try:
        whole = opening.decompress(data, UNPACKED_MAX) if packing == DEFLATED else b""
    except zlib.error:
        return _DAMAGED + data
    return whole if opening.eof and not opening.unused_data else _DAMAGED + data


def _deflated(raw: bytes) -> bytes:
    packing = zlib.compressobj(_LEVEL, zdict=_USUAL_1)
    return packing.compress(raw) + packing.flush()
