"""What every test may rely on: an empty environment, a network that ends at loopback, one seed."""

import ipaddress
import logging
import os
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from hypothesis import HealthCheck, settings

from tests.support.effort import THOROUGH

LOCAL_NAMES = {"", "localhost", b"", b"localhost", None}

settings.register_profile(
    "meganodes",
    deadline=None,  # a busy machine is no failure
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("meganodes")

for _name in [name for name in os.environ if name.startswith("MEGANODES_")]:
    del os.environ[_name]


def _only_loopback(event: str, arguments: tuple[object, ...]) -> None:
    """Refuse, in every thread, to connect or to resolve beyond this machine."""
    if event == "socket.connect":
        address = arguments[1]
        host = address[0] if isinstance(address, tuple) else None
    elif event == "socket.getaddrinfo":
        host = arguments[0]
    else:
        return
    if host not in LOCAL_NAMES and not _is_loopback(host):
        message = f"tests talk to loopback only, not to {host!r}: pass a fake resolver or transport"
        raise RuntimeError(message)


def _is_loopback(host: object) -> bool:
    text = host.decode("ascii", "replace") if isinstance(host, bytes) else str(host)
    try:
        return ipaddress.ip_address(text).is_loopback
    except ValueError:
        return False


_LOGGED = re.compile(r"\S+ \S+ \[(debug|info|warning|error|critical) *\]|\{\"event\":")
_LONG_FIRST = ("money", "simulation", "crash", "acceptance", "browser", "fuzz")
"""Folders whose files take longest: begun last, one of them would keep the other process idle."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest; `make test` hands out files in the order found."""
    here = Path(__file__).parent
    items.sort(key=lambda item: item.path.relative_to(here).parts[0] not in _LONG_FIRST)


Figure = Callable[[str], None]
"""Notes a measured figure; all of them stand below the results of a run."""


@pytest.fixture
def figure(record_property: Callable[[str, object], None]) -> Figure:
    """Note what this test measured, whichever process it runs in."""
    return lambda text: record_property("figure", text)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the figures; in a thorough run what tests that passed printed, too."""
    lines = []
    for report in terminalreporter.getreports("passed") + terminalreporter.getreports("failed"):
        if report.when == "call":
            told = [str(text) for name, text in report.user_properties if name == "figure"]
            if THOROUGH and report.passed:
                said = report.capstdout.strip().splitlines()
                told += [line for line in said if not _LOGGED.match(line)]
            lines += [f"{report.nodeid.rpartition('::')[2]}: {text}" for text in told]
    if lines:
        terminalreporter.section("figures")
    for line in lines:
        terminalreporter.write_line(line)


_configure_logging = structlog.configure


def _configure_uncached(**options: Any) -> None:  # noqa: ANN401 - those of structlog
    """Let no logger keep what it was first used with: the next test may want to hear it."""
    _configure_logging(**{**options, "cache_logger_on_first_use": False})


pytest.MonkeyPatch().setattr(structlog, "configure", _configure_uncached)


@pytest.fixture(autouse=True)
def _logging_as_before() -> Iterator[None]:
    """Give each test the logging that the one before it was given."""
    before, root = structlog.get_config(), logging.getLogger()
    level, handlers = root.level, tuple(root.handlers)
    yield
    structlog.configure(**before)
    root.setLevel(level)  # One test's debugging would be the next one's output.
    root.handlers = [each for each in root.handlers if each in handlers or not _is_ours(each)]


def _is_ours(handler: logging.Handler) -> bool:
    return type(handler).__module__.startswith("meganodes.")


sys.addaudithook(_only_loopback)
