"""Spans by OpenTelemetry, for those who collect them.

The packages are an extra and are loaded by `open_tracing` alone: whoever does not trace pays for
neither their import nor a test of a switch, because nothing traced is put together then.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Final

from meganodes import __version__

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
    from opentelemetry.trace import Span as OtelSpan
    from opentelemetry.trace import SpanKind, Tracer

Attributes = Mapping[str, str | int]

_EXPORT_SECONDS: Final = 5
_CLOSE_SECONDS: Final = 6.0


class TracingMissing(ImportError):
    """The packages of the extra ``otel`` are not installed."""


class Side(Enum):
    """What a span stands for: a call we answer, a call we make, work of our own."""

    SERVER = "SERVER"
    CLIENT = "CLIENT"
    INTERNAL = "INTERNAL"


@dataclass(frozen=True, slots=True, kw_only=True)
class TracingSettings:
    """Where spans go (OTLP over HTTP), what part of the calls is traced, and who we are."""

    endpoint: str
    sample_percent: int = 100
    installation: str = "meganodes"
    node: str = "node-0"


class Span:
    """One piece of work. Names and numbers only: no account, no amount, no secret."""

    __slots__ = ("_span",)

    def __init__(self, span: OtelSpan) -> None:
        """Wrap a span that is under way."""
        self._span = span

    def note(self, attributes: Attributes) -> None:
        """Add what is known by now."""
        self._span.set_attributes(dict(attributes))

    def blame(self, reason: str) -> None:
        """Mark the work as one that went wrong."""
        from opentelemetry.trace import StatusCode  # noqa: PLC0415 - an extra

        self._span.set_status(StatusCode.ERROR, reason)

    def traceparent(self) -> str:
        """Name this span to whoever is called (W3C Trace Context, version 00)."""
        context = self._span.get_span_context()
        sampled = context.trace_flags & 1  # of version 00 no other flag is known everywhere
        return f"00-{context.trace_id:032x}-{context.span_id:016x}-{sampled:02x}"


class Tracing:
    """Makes spans; one inside another's block, or in a task started there, is its child."""

    def __init__(self, provider: TracerProvider) -> None:
        """Take a provider of spans; `close` ends it."""
        from opentelemetry import trace  # noqa: PLC0415 - an extra

        self._provider = provider
        self._tracer: Tracer = provider.get_tracer("meganodes", __version__)
        self._kinds: dict[Side, SpanKind] = {side: trace.SpanKind[side.value] for side in Side}

    @contextmanager
    def span(self, name: str, side: Side, attributes: Attributes) -> Iterator[Span]:
        """Measure a piece of work; of an exception that leaves the block only the kind is noted."""
        with self._tracer.start_as_current_span(
            name,
            kind=self._kinds[side],
            attributes=dict(attributes),
            record_exception=False,  # its text and its trace may show what no span may show
            set_status_on_exception=False,
        ) as otel_span:
            span = Span(otel_span)
            try:
                yield span
            except BaseException as error:
                span.blame(type(error).__name__)
                raise

    def current(self) -> Span:
        """Return the span of the work under way; one that keeps nothing when there is none."""
        from opentelemetry import trace  # noqa: PLC0415 - an extra

        return Span(trace.get_current_span())

    def close(self) -> None:
        """Send what is left, for a few seconds at most."""
        # A thread that nobody waits for: a collector that is away must not hold up the end.
        ending = threading.Thread(target=self._provider.shutdown, name="tracing-end", daemon=True)
        ending.start()
        ending.join(_CLOSE_SECONDS)


def open_tracing(settings: TracingSettings, processor: SpanProcessor | None = None) -> Tracing:
    """Load the packages and start to send; ``processor`` takes the spans instead of the endpoint.

    Raises TracingMissing.
    """
    try:
        from opentelemetry.sdk.resources import Resource  # noqa: PLC0415 - an extra
        from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
        from opentelemetry.sdk.trace.sampling import (  # noqa: PLC0415
            ParentBased,
            TraceIdRatioBased,
        )
    except ImportError as missing:
        raise TracingMissing(str(missing)) from None
    names = {
        "service.name": "meganodes",
        "service.namespace": settings.installation,
        "service.instance.id": settings.node,
        "service.version": __version__,
    }
    provider = TracerProvider(
        sampler=ParentBased(TraceIdRatioBased(settings.sample_percent / 100)),
        resource=Resource.create(names),
        shutdown_on_exit=False,
    )
    provider.add_span_processor(processor or _sending(settings.endpoint))
    return Tracing(provider)


def _sending(endpoint: str) -> SpanProcessor:
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import (  # noqa: PLC0415 - an extra
            OTLPSpanExporter,
        )
        from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415
    except ImportError as missing:
        raise TracingMissing(str(missing)) from None
    return BatchSpanProcessor(OTLPSpanExporter(endpoint=endpoint, timeout=_EXPORT_SECONDS))
