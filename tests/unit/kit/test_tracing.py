"""Spans: parents and children, names for others, nothing secret, no cost when off."""

from __future__ import annotations

import asyncio
import subprocess
import sys

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode

from meganodes.kit.tracing import Side, Tracing, TracingSettings, open_tracing

SETTINGS = TracingSettings(endpoint="", installation="inst", node="node-7")


class Collected:
    """Spans in memory, by name."""

    def __init__(self, sample_percent: int = 100) -> None:
        self._exporter = InMemorySpanExporter()
        settings = TracingSettings(endpoint="", sample_percent=sample_percent)
        self.tracing = open_tracing(settings, SimpleSpanProcessor(self._exporter))

    @property
    def spans(self) -> dict[str, ReadableSpan]:
        return {span.name: span for span in self._exporter.get_finished_spans()}


async def test_a_span_in_a_task_is_the_child_of_the_one_that_started_it() -> None:
    collected = Collected()

    async def inner() -> None:
        with collected.tracing.span("inner", Side.CLIENT, {"n": 1}) as span:
            span.note({"m": "x"})

    with collected.tracing.span("outer", Side.SERVER, {}):
        task = asyncio.create_task(inner())
    await task
    outer, child = collected.spans["outer"], collected.spans["inner"]
    assert child.parent is not None
    assert outer.context is not None
    assert child.parent.span_id == outer.context.span_id
    assert dict(child.attributes or {}) == {"n": 1, "m": "x"}


def test_an_exception_leaves_its_kind_and_nothing_of_its_text() -> None:
    collected = Collected()
    with (
        pytest.raises(ValueError, match="mnc_secret"),
        collected.tracing.span("work", Side.INTERNAL, {}),
    ):
        raise ValueError("mnc_secret")
    span = collected.spans["work"]
    assert span.status.status_code is StatusCode.ERROR
    assert "mnc_secret" not in span.to_json()
    assert span.status.description == "ValueError"


def test_a_traceparent_names_the_span() -> None:
    collected = Collected()
    with collected.tracing.span("work", Side.CLIENT, {}) as span:
        traceparent = span.traceparent()
    context = collected.spans["work"].context
    assert context is not None
    assert traceparent == f"00-{context.trace_id:032x}-{context.span_id:016x}-01"


def test_a_sample_keeps_about_its_share() -> None:
    collected = Collected(sample_percent=1)
    for number in range(300):
        with collected.tracing.span(f"s{number}", Side.INTERNAL, {}):
            pass
    assert len(collected.spans) < 60


def test_spans_say_which_node_they_are_of() -> None:
    exporter = InMemorySpanExporter()
    tracing = open_tracing(SETTINGS, SimpleSpanProcessor(exporter))
    with tracing.span("work", Side.INTERNAL, {}):
        tracing.current().note({"code": 7})
    (span,) = exporter.get_finished_spans()
    assert span.resource.attributes["service.instance.id"] == "node-7"
    assert span.resource.attributes["service.namespace"] == "inst"
    assert dict(span.attributes or {}) == {"code": 7}


def test_closing_waits_for_what_is_left_but_not_for_ever() -> None:
    collected = Collected()
    collected.tracing.close()
    tracing = open_tracing(TracingSettings(endpoint="http://127.0.0.1:1/v1/traces"))
    assert isinstance(tracing, Tracing)
    tracing.close()


def test_a_hub_that_does_not_trace_loads_nothing_of_it() -> None:
    program = (
        "import sys, meganodes.bootstrap.program; "
        "print([name for name in sys.modules if name.startswith('opentelemetry')])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
