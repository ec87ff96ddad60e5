"""What strangers write comes out of the log as one line that does nothing to a terminal."""

from __future__ import annotations

import io
import json
import logging

import pytest

from meganodes.kit.logging import LogFormat, LogSettings, configure_logging, get_logger
from tests.support.hostile_texts import TEXTS

ACTING = "\x00\x07\x08\r\x1b\x7f\x85\x9b\x9d\u2028\u202e\u2066\ufeff"


def fail(text: str) -> None:
    raise ValueError(text)


def logged(text: str, log_format: LogFormat) -> list[str]:
    stream = io.StringIO()
    configure_logging(LogSettings(format=log_format), stream)
    try:
        get_logger("test").info("round_seen", round_id=text, nested={"names": [text]})
        logging.getLogger("library").warning("said %s", text)
        try:
            fail(text)
        except ValueError:
            get_logger("test").exception("failed")
    finally:
        configure_logging(LogSettings())
    return stream.getvalue().split("\n")


@pytest.mark.security("S15")
@pytest.mark.parametrize("text", TEXTS)
def test_an_entry_of_json_is_one_harmless_line(text: str) -> None:
    *lines, last = logged(text, LogFormat.JSON)
    assert last == ""
    assert [json.loads(line)["level"] for line in lines] == ["info", "warning", "error"]
    assert not any(each in "".join(lines) for each in ACTING)


@pytest.mark.security("S15")
@pytest.mark.parametrize("text", TEXTS)
def test_an_entry_for_people_is_one_harmless_line(text: str) -> None:
    lines = logged(text, LogFormat.CONSOLE)
    assert not any(each in "".join(lines) for each in ACTING)
    assert [("round_seen" in line, "said" in line, "failed" in line) for line in lines[:3]] == [
        (True, False, False),
        (False, True, False),
        (False, False, True),
    ]
