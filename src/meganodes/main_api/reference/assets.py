"""Files of the reference's page: given out in the coding a browser takes, packed once and kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final, NamedTuple

from brotli import decompress  # type: ignore[import-untyped]
from starlette.datastructures import Headers
from starlette.responses import Response

from meganodes.kit.content_coding import Coding, accepted, compressed
from meganodes.main_api.v4.writing import Writer, coding_headers

_BEST_FIRST: Final = (Coding.BROTLI, Coding.ZSTD, Coding.GZIP)
_NOT_MODIFIED: Final = 304


class Packed(NamedTuple):
    """A file in one coding, and the tag of exactly these bytes."""

    content: bytes
    etag: str


@dataclass(slots=True, kw_only=True)
class Asset:
    """One file. ``read`` gives its plain bytes; ``brotli`` the same in brotli, if it is stored."""

    read: Callable[[], bytes]
    media_type: str
    headers: Mapping[str, str]
    brotli: Callable[[], bytes] | None = None
    _kept: dict[Coding, Packed] = field(default_factory=dict)

    async def response(self, headers: Headers, writer: Writer) -> Response:
        """Answer a request with these headers; long work goes into the writer's thread."""
        lines = headers.getlist("accept-encoding")
        coding = accepted(", ".join(lines) if lines else None, _BEST_FIRST).coding
        packed = self._kept.get(coding)
        if packed is None:
            packed = await writer.run(self._pack, coding)
        told = {**self.headers, "x-content-type-options": "nosniff", "etag": packed.etag}
        if packed.etag in headers.get("if-none-match", ""):
            told |= coding_headers(Coding.IDENTITY)
            return Response(status_code=_NOT_MODIFIED, headers=told)
        told |= coding_headers(coding)
        return Response(packed.content, headers=told, media_type=self.media_type)

    def _pack(self, coding: Coding) -> Packed:
        kept = self._kept.get(coding)
        if kept is not None:
            return kept
        content = self._coded(coding)
        packed = Packed(content, f'"{sha256(content).hexdigest()[:32]}"')
        if coding is not Coding.IDENTITY:  # who takes no coding is rare, and files may be large
            self._kept[coding] = packed
        return packed

    def _coded(self, coding: Coding) -> bytes:
        if coding is Coding.BROTLI and self.brotli is not None:
            return self.brotli()
        return compressed(self.read(), coding, is_kept=True)


def unpacked(content: bytes) -> bytes:
    """Give the plain bytes of what is stored in brotli only."""
    plain: bytes = decompress(content)
    return plain
