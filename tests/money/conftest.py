"""What breaks a database under load must not be slowed down by what the hub has to say of it."""

from __future__ import annotations

import logging

import structlog

structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
