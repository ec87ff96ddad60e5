"""Log lines are events with fields; whatever looks like a secret is masked on its way out."""

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from meganodes.kit.identity import SeededIdentity
from meganodes.kit.logging import (
    LogFormat,
    LogLevel,
    LogSettings,
    bound_fields,
    configure_logging,
    get_logger,
    masked,
)
from meganodes.kit.secrets import MasterKey, Secret
from meganodes.kit.tokens import API_PREFIX, new_token

TOKEN = new_token(API_PREFIX, SeededIdentity(1)).reveal()


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    yield
    root.handlers = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def _configured(
    log_format: LogFormat = LogFormat.JSON, level: LogLevel = LogLevel.INFO
) -> io.StringIO:
    stream = io.StringIO()
    configure_logging(LogSettings(format=log_format, level=level), stream)
    return stream


def _lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


@pytest.mark.security("S29")
def test_json_line_has_event_level_name_and_utc_time() -> None:
    stream = _configured()
    get_logger("hub.wallet").info("callback_answered", attempt=1, duration_ms=12)
    (line,) = _lines(stream)
    assert line["event"] == "callback_answered"
    assert line["level"] == "info"
    assert line["logger_name"] == "hub.wallet"
    assert (line["attempt"], line["duration_ms"]) == (1, 12)
    assert line["timestamp"].endswith("Z")


def test_bound_fields_are_in_every_line_of_the_block_and_only_there() -> None:
    stream = _configured()
    log = get_logger("hub")
    with bound_fields(request_id="r-1", trans_guid="mn-1"):
        log.info("one_happened")
    log.info("two_happened")
    one, two = _lines(stream)
    assert (one["request_id"], one["trans_guid"]) == ("r-1", "mn-1")
    assert "request_id" not in two


def test_fields_of_the_process_are_in_every_line_those_of_libraries_too() -> None:
    stream = io.StringIO()
    configure_logging(LogSettings(fields={"worker": "3"}), stream)
    get_logger("hub").info("one_happened")
    logging.getLogger("library").warning("two happened")
    assert [line["worker"] for line in _lines(stream)] == ["3", "3"]


def test_lines_below_the_level_are_left_out() -> None:
    stream = _configured(level=LogLevel.WARNING)
    log = get_logger("hub")
    log.info("left_out")
    logging.getLogger("library").info("left out")
    log.warning("kept")
    assert [line["event"] for line in _lines(stream)] == ["kept"]


def test_lines_of_libraries_take_the_same_form_and_mask() -> None:
    stream = _configured()
    logging.getLogger("library").warning("sent %s", f"Authorization: Bearer {TOKEN}")
    (line,) = _lines(stream)
    assert line["logger_name"] == "library"
    assert line["event"] == "sent Authorization: Bearer ****"


def test_console_lines_are_for_people_and_masked() -> None:
    stream = _configured(LogFormat.CONSOLE)
    get_logger("hub").info("agent_added", api_token=TOKEN, name="acme")
    assert "agent_added" in stream.getvalue()
    assert "name=acme" in stream.getvalue()
    assert TOKEN not in stream.getvalue()


def test_tracebacks_are_masked() -> None:
    stream = _configured()
    try:
        raise ValueError(f"cannot use {TOKEN}")  # noqa: TRY301 - a traceback is wanted
    except ValueError:
        get_logger("hub").exception("call_failed")
    (line,) = _lines(stream)
    assert "ValueError: cannot use mna_****" in line["exception"]
    assert TOKEN not in stream.getvalue()


@pytest.mark.parametrize(
    "field",
    ["api_token", "Callback-Token", "authorization", "password", "signing_secret", "Cookie",
     "webhook-signature", "g_token"],
)  # fmt: skip
def test_fields_with_secret_names_are_masked_whatever_they_hold(field: str) -> None:
    assert masked({field: "plain"}) == {field: "****"}
    assert masked({"deep": [{field: 5}]}) == {"deep": [{field: "****"}]}
    assert masked({field: None}) == {field: None}


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (TOKEN, "mna_****"),
        (f"/launch?g_token={TOKEN}&user_code=1", "/launch?g_token=mna_****&user_code=1"),
        ("Bearer abcdef", "Bearer ****"),
        ("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==", "Basic ****"),
        ("whsec_c2VjcmV0", "whsec_****"),
        ("postgresql://hub:hunter2@db/x", "postgresql://hub:****@db/x"),
        (f"{TOKEN}".encode(), "mna_****"),
        (Secret("plain"), "****"),
        (MasterKey(b"k" * 32), "****"),
        ({1, TOKEN} - {1}, ["mna_****"]),
        (ValueError(TOKEN), "ValueError('mna_****')"),
    ],
)
@pytest.mark.security("leakage")
def test_secrets_are_masked_wherever_they_stand(value: object, shown: object) -> None:
    assert masked(value) == shown


@pytest.mark.parametrize(
    "value",
    [
        "http://127.0.0.1:8700/v4",
        "basic settings of an agent",
        12,
        1.5,
        True,
        None,
        "mn-12345",
    ],
)
def test_harmless_values_stay_as_they_are(value: object) -> None:
    assert masked(value) == value


def test_harmless_field_with_token_in_its_name_stays() -> None:
    assert masked({"token_checked": True}) == {"token_checked": True}


def test_depth_is_bounded() -> None:
    value: list[object] = []
    value.append(value)
    assert "..." in str(masked(value))


class _Gone(io.StringIO):
    def write(self, _text: str, /) -> int:
        raise BrokenPipeError


def test_stream_that_went_away_stops_nobody() -> None:
    configure_logging(LogSettings(), _Gone())
    get_logger("hub").info("happened_anyway")
    logging.getLogger("library").warning("happened anyway")


def test_new_stream_reaches_loggers_in_use() -> None:
    _configured()
    log = get_logger("hub")
    log.info("first_written")
    second = _configured()
    log.info("second_written")
    assert [line["event"] for line in _lines(second)] == ["second_written"]


def test_without_a_stream_lines_go_to_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging(LogSettings())
    get_logger("hub").info("written")
    out, err = capsys.readouterr()
    assert out == ""
    assert json.loads(err)["event"] == "written"
