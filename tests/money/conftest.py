"""What breaks a database under load must not be slowed down by what the hub has to say of it."""

from __future__ import annotations

import logging

import pytest
import structlog


@pytest.fixture(autouse=True)
def _only_alarms(_logging_as_before: None) -> None:
    """Let the hub's core say critical things only, and give logging back afterwards."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
