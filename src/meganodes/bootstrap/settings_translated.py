"""The settings as the parts want them that know nothing of settings."""

from __future__ import annotations

from meganodes.bootstrap.settings import Settings
from meganodes.domain.retention import RetentionPolicy
from meganodes.domain.retry import RetrySchedule
from meganodes.hub.core import HubSettings
from meganodes.hub.uses import Use
from meganodes.kit.database import DatabaseSettings
from meganodes.kit.rate_limit import Rate

_MINUTE_SECONDS = 60
_HOUR_SECONDS = 3_600


def database_settings(settings: Settings) -> DatabaseSettings:
    """Translate the settings of the directory's connections."""
    given = settings.database
    return DatabaseSettings(
        busy_timeout_seconds=given.lock_seconds,
        statement_timeout_seconds=given.statement_seconds,
        connect_timeout_seconds=given.connect_seconds,
    )


def hub_settings(settings: Settings) -> HubSettings:
    """Translate the settings of the core."""
    retry = settings.retry
    return HubSettings(
        installation=settings.installation,
        public_url=settings.public_url,
        node=settings.node,
        bet_lease_ms=settings.leases.bet_ms,
        delivery_lease_ms=settings.leases.delivery_ms,
        worker_tick_seconds=settings.worker.tick_ms / 1000,
        sequencer_tick_seconds=settings.worker.sequencer_tick_ms / 1000,
        turnover_tick_seconds=settings.worker.turnover_tick_ms / 1000,
        session_hours=settings.sessions.hours,
        session_idle_minutes=settings.sessions.idle_minutes,
        retention=RetentionPolicy(
            pack_days=settings.retention.attempt_pack_days,
            bodies_days=settings.retention.attempt_bodies_days,
        ),
        rates={
            Use.SEARCH: Rate(settings.office.searches_per_minute, _MINUTE_SECONDS),
            Use.EXPORT: Rate(settings.office.exports_per_minute, _MINUTE_SECONDS),
            Use.REISSUE: Rate(settings.office.reissues_per_hour, _HOUR_SECONDS),
            Use.CALLBACK_TEST: Rate(settings.callbacks.tests_per_minute, _MINUTE_SECONDS),
        },
        schedule=RetrySchedule(
            quick_retries=retry.quick_retries,
            quick_min_ms=retry.quick_min_ms,
            quick_max_ms=retry.quick_max_ms,
            slow_ms=retry.slow_ms,
            steady_ms=retry.steady_ms,
            give_up_ms=retry.give_up_ms,
            not_seen_ms=retry.not_seen_ms,
            not_seen_window_ms=retry.not_seen_window_ms,
            void_probes_ms=retry.void_probes_ms,
            cancelled_probes_ms=retry.cancelled_probes_ms,
        ),
    )
