"""Settings: defaults from one file, then file, environment, command line, checked at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from meganodes.bootstrap.settings import SettingsFault, load_settings


def test_the_defaults_are_complete_and_valid() -> None:
    settings = load_settings(environment={})
    assert settings.server.port == 8700
    assert settings.retry.quick_retries == 50
    assert settings.callbacks.allow_private_targets is False


def test_later_sources_go_before_earlier_ones(tmp_path: Path) -> None:
    file = tmp_path / "hub.toml"
    file.write_text('installation = "from-file"\n[server]\nport = 1\nhost = "10.0.0.1"\n')
    settings = load_settings(
        file,
        {"server": {"port": 3}},
        {"MEGANODES_SERVER__PORT": "2", "MEGANODES_CALLBACKS__ALLOWED_PORTS": "8443, 9443"},
    )
    assert (settings.server.port, settings.server.host) == (3, "10.0.0.1")
    assert settings.installation == "from-file"
    assert settings.callbacks.allowed_ports == (8443, 9443)


def test_lists_may_be_written_as_json() -> None:
    settings = load_settings(environment={"MEGANODES_RETRY__SLOW_MS": "[100, 200]"})
    assert settings.retry.slow_ms == (100, 200)


@pytest.mark.parametrize(
    ("variable", "value", "word"),
    [
        ("MEGANODES_SERVER__PORT", "70000", "server.port"),
        ("MEGANODES_SERVER__PROT", "1", "no such setting"),
        ("MEGANODES_SERVER", "1", "no such setting"),
        ("MEGANODES_RETRY__SLOW_MS", "[", "retry.slow_ms"),
        ("MEGANODES_RETRY__QUICK_MIN_MS", "9000", "quick_min_ms"),
        ("MEGANODES_PUBLIC_URL", "hub.example/path", "public_url"),
        ("MEGANODES_MAIN_API__TRUSTED_PROXIES", "10.0.0.0/99", "trusted_proxies"),
        ("MEGANODES_LEASES__BET_MS", "100", "leases.bet_ms"),
        ("MEGANODES_OPERATIONS__METRICS_ALLOW", "10.0.0.0/99", "metrics_allow"),
        ("MEGANODES_OPERATIONS__ALERT_URL", "https://x.example/in", "meganodes alert secret FILE"),
        ("MEGANODES_OPERATIONS__ALERT_URL", "x.example", "alert_url"),
        ("MEGANODES_OPERATIONS__TRACING_SAMPLE_PERCENT", "0", "tracing_sample_percent"),
        ("MEGANODES_SERVER__HEAD_BYTES_MAX", "10", "head_bytes_max"),
    ],
)
def test_a_wrong_value_is_named(variable: str, value: str, word: str) -> None:
    with pytest.raises(SettingsFault) as fault:
        load_settings(environment={variable: value})
    assert word in " ".join(fault.value.faults)


def test_all_faults_come_at_once() -> None:
    with pytest.raises(SettingsFault) as fault:
        load_settings(
            environment={
                "MEGANODES_SERVER__PORT": "x",
                "MEGANODES_LOGGING__LEVEL": "x",
                "MEGANODES_X": "x",
            }
        )
    assert len(fault.value.faults) == 3


@pytest.mark.parametrize(
    ("content", "word"), [("port = ", "TOML"), ("[server]\nprot = 1\n", "server.prot")]
)
def test_a_bad_file_is_named(tmp_path: Path, content: str, word: str) -> None:
    file = tmp_path / "hub.toml"
    file.write_text(content)
    with pytest.raises(SettingsFault, match=word):
        load_settings(file, environment={})
    with pytest.raises(SettingsFault, match="cannot be read"):
        load_settings(tmp_path / "none.toml", environment={})
