"""The only reader of the environment: every setting, checked whole before anything starts.

Defaults live in ``settings.default.toml`` beside this file and nowhere else; unknown names and
values out of range stop the start with a list of all faults (style: one default file, read once).
"""

from __future__ import annotations

import ipaddress
import json
import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

DEFAULTS_FILE = Path(__file__).with_name("settings.default.toml")
PREFIX = "MEGANODES_"
AUTO = "auto"
WORKERS_MAX = 31
"""While they are replaced one by one there is one more, and each has one of 64 node numbers."""

Port = Annotated[int, Field(ge=0, le=65_535)]
Seconds = Annotated[int, Field(ge=0, le=86_400)]
Milliseconds = Annotated[int, Field(ge=1, le=31 * 86_400_000)]
HttpUrl = Annotated[str, Field(pattern=r"^(https?://[^/\s]+(/\S*)?)?$")]
PerTime = Annotated[int, Field(ge=1, le=10_000)]
Pauses = Annotated[tuple[Milliseconds, ...], Field(min_length=1)]


def _networks(value: tuple[str, ...]) -> tuple[str, ...]:
    for entry in value:
        ipaddress.ip_network(entry, strict=False)
    return value


Networks = Annotated[tuple[str, ...], AfterValidator(_networks)]


class SettingsFault(Exception):
    """The settings cannot be used. ``faults`` holds one sentence per fault."""

    def __init__(self, faults: tuple[str, ...]) -> None:
        super().__init__("; ".join(faults))
        self.faults = faults


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Server(_Table):
    """The one listener."""

    host: str
    port: Port
    workers: Annotated[int, Field(ge=1, le=WORKERS_MAX)]
    headers_seconds: Seconds
    request_seconds: Seconds
    keep_alive_seconds: Seconds
    in_flight_max: Annotated[int, Field(ge=1)]
    in_flight_reserve: Annotated[int, Field(ge=0, le=100_000)]
    connections_max: Annotated[int, Field(ge=10, le=1_000_000)]
    backlog: Annotated[int, Field(ge=1, le=65_535)]
    head_bytes_max: Annotated[int, Field(ge=4_096, le=1_048_576)]
    app_body_bytes_max: Annotated[int, Field(ge=65_536, le=1_073_741_824)]
    stalled_write_seconds: Seconds
    close_seconds: Seconds
    notice_seconds: Seconds
    linger_seconds: Seconds
    drain_seconds: Seconds


class MainApi(_Table):
    """The door for agents' servers."""

    concurrent_max: Annotated[int, Field(ge=1, le=100_000)]
    trusted_proxies: Networks
    body_bytes_max: Annotated[int, Field(ge=4_096, le=8_388_608)]
    retry_after_seconds: Annotated[int, Field(ge=1, le=3_600)]


class Sessions(_Table):
    """How long a launch lasts."""

    hours: Annotated[int, Field(ge=1, le=168)]
    idle_minutes: Annotated[int, Field(ge=1, le=1_440)]


class Callbacks(_Table):
    """The line out to agents' backends."""

    allow_private_targets: bool
    allow_http: bool
    allowed_ports: tuple[Annotated[int, Field(ge=1, le=65_535)], ...]
    ca_file: str
    play_max: Annotated[int, Field(ge=1, le=10_000)]
    sockets_max: Annotated[int, Field(ge=1, le=10_000)]
    delivery_per_second: Annotated[int, Field(ge=1, le=10_000)]
    tests_per_minute: PerTime


class BackOffice(_Table):
    """The pages for people."""

    searches_per_minute: PerTime
    exports_per_minute: PerTime
    reissues_per_hour: PerTime


class Retry(_Table):
    """The schedule of owed wins and cancels."""

    quick_retries: Annotated[int, Field(ge=0, le=10_000)]
    quick_min_ms: Milliseconds
    quick_max_ms: Milliseconds
    slow_ms: Pauses
    steady_ms: Milliseconds
    give_up_ms: Milliseconds
    not_seen_ms: Pauses
    not_seen_window_ms: Milliseconds
    void_probes_ms: Pauses
    cancelled_probes_ms: Pauses

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.quick_min_ms > self.quick_max_ms:
            raise ValueError("quick_min_ms must not exceed quick_max_ms")
        return self


class Leases(_Table):
    """How long a row belongs to the node that works on it."""

    bet_ms: Annotated[int, Field(ge=3_000, le=60_000)]
    delivery_ms: Annotated[int, Field(ge=5_000, le=60_000)]


class Worker(_Table):
    """The loops that send what is owed."""

    tick_ms: Annotated[int, Field(ge=10, le=10_000)]
    sequencer_tick_ms: Annotated[int, Field(ge=10, le=500)]
    turnover_tick_ms: Annotated[int, Field(ge=100, le=600_000)]


class Retention(_Table):
    """How long what is kept for."""

    attempt_pack_days: Annotated[int, Field(ge=1, le=3_650)]
    attempt_bodies_days: Annotated[int, Field(ge=90, le=3_650)]
    daily: bool
    hour: Annotated[int, Field(ge=0, le=23)]
    step_rows: Annotated[int, Field(ge=20, le=10_000)]
    time_percent: Annotated[int, Field(ge=1, le=100)]

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.attempt_pack_days > self.attempt_bodies_days:
            raise ValueError("attempt_pack_days must not exceed attempt_bodies_days")
        return self


class Logging(_Table):
    """The diagnostics."""

    level: Literal["debug", "info", "warning", "error"]
    format: Literal["json", "console"]


class Operations(_Table):
    """What the people who run the hub see of it."""

    metrics_allow: Networks
    metrics_agents_max: Annotated[int, Field(ge=1, le=10_000)]
    look_seconds: Annotated[int, Field(ge=1, le=300)]
    tracing_endpoint: HttpUrl
    tracing_sample_percent: Annotated[int, Field(ge=1, le=100)]
    tracing_to_backends: bool
    alert_url: HttpUrl
    alert_secret_file: str
    alert_repeat_minutes: Annotated[
        tuple[Annotated[int, Field(ge=1, le=44_640)], ...], Field(min_length=1)
    ]
    alert_overdue_minutes: Annotated[int, Field(ge=1, le=44_640)]
    alert_open_rounds_hours: Annotated[int, Field(ge=0, le=8_760)]
    alert_circuit_seconds: Annotated[int, Field(ge=0, le=86_400)]

    @model_validator(mode="after")
    def _signed(self) -> Self:
        if self.alert_url and not self.alert_secret_file:
            raise ValueError(
                "alert_url needs alert_secret_file: make one with meganodes alert secret FILE"
            )
        return self


class Reconciliation(_Table):
    """What is compared without anybody's asking."""

    daily: bool
    at_hour: Annotated[int, Field(ge=0, le=23)]
    statuses_max: Annotated[int, Field(ge=1, le=100_000)]


class Database(_Table):
    """The directory's connections to the database."""

    lock_seconds: Annotated[int, Field(ge=1, le=300)]
    statement_seconds: Annotated[int, Field(ge=1, le=3_600)]
    connect_seconds: Annotated[int, Field(ge=2, le=60)]


class Settings(_Table):
    """All settings of one process."""

    database_url: Annotated[str, Field(min_length=1)]
    master_key_file: Annotated[str, Field(min_length=1)]
    installation: Annotated[str, Field(pattern=r"^[a-z0-9-]{1,40}$")]
    public_url: Annotated[str, Field(pattern=r"^https?://[^/\s]+$")]
    node: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,60}$")]
    node_number: Literal["auto"] | Annotated[int, Field(ge=0, le=63)]
    database: Database
    server: Server
    main_api: MainApi
    sessions: Sessions
    callbacks: Callbacks
    office: BackOffice
    retry: Retry
    leases: Leases
    worker: Worker
    retention: Retention
    logging: Logging
    operations: Operations
    reconciliation: Reconciliation


def load_settings(
    config: Path | None = None,
    overrides: Mapping[str, Any] | None = None,
    environment: Mapping[str, str] | None = None,
) -> Settings:
    """Merge defaults, file, environment and command line, in rising order; raises SettingsFault."""
    faults: list[str] = []
    merged = tomllib.loads(DEFAULTS_FILE.read_text(encoding="utf-8"))
    if config is not None:
        _merge(merged, _read_file(config))
    _merge(
        merged,
        _from_environment(environment if environment is not None else os.environ, merged, faults),
    )
    _merge(merged, dict(overrides or {}))
    try:
        settings = Settings.model_validate(merged)
    except ValidationError as fault:
        faults.extend(_sentence(error) for error in fault.errors())
        raise SettingsFault(tuple(faults)) from None
    if faults:
        raise SettingsFault(tuple(faults))
    return settings


def environment() -> dict[str, str]:
    """Give the environment for child processes, without this installation's own settings."""
    return {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}


def _read_file(config: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(config.read_text(encoding="utf-8"))
    except OSError as fault:
        raise SettingsFault((f"--config {config}: cannot be read: {fault.strerror}",)) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as fault:
        raise SettingsFault((f"--config {config}: is not TOML: {fault}",)) from None


def _merge(into: dict[str, Any], more: Mapping[str, Any]) -> None:
    for name, value in more.items():
        present = into.get(name)
        if isinstance(present, dict) and isinstance(value, Mapping):
            _merge(present, value)
        else:
            into[name] = value


def _from_environment(
    environment: Mapping[str, str], known: Mapping[str, Any], faults: list[str]
) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for variable in sorted(environment):
        if not variable.startswith(PREFIX):
            continue
        path = variable.removeprefix(PREFIX).lower().split("__")
        default = _at(known, path)
        if default is None or isinstance(default, dict):
            faults.append(f"{variable}: there is no such setting; see settings.default.toml")
            continue
        place = found
        for table in path[:-1]:
            place = place.setdefault(table, {})
        place[path[-1]] = _value(environment[variable], default)
    return found


def _at(known: Mapping[str, Any], path: list[str]) -> Any:  # noqa: ANN401 - TOML holds any kind of value
    place: Any = known
    for name in path:
        if not isinstance(place, Mapping) or name not in place:
            return None
        place = place[name]
    return place


def _value(text: str, default: object) -> object:
    """Read a list written as JSON or separated by commas; all else is left to the model."""
    if not isinstance(default, list):
        return text
    stripped = text.strip()
    if stripped.startswith("["):
        try:
            return json.loads(stripped)
        except json.JSONDecodeError:
            return text
    return [part.strip() for part in stripped.split(",") if part.strip()]


def _sentence(error: Any) -> str:  # noqa: ANN401 - pydantic's ErrorDetails
    name = ".".join(str(part) for part in error["loc"]) or "settings"
    if error["type"] == "extra_forbidden":
        return f"{name}: there is no such setting; see settings.default.toml"
    return f"{name}: {error['msg']} (got {error['input']!r})"
