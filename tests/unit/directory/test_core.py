"""The defaults of the directory are the figures of the contract."""

import pytest

from meganodes.directory.core import DirectorySettings


@pytest.mark.rule("4-session-ends")
def test_defaults_are_the_contracts_figures() -> None:
    settings = DirectorySettings()
    assert settings.launch_minutes == 10
    assert settings.session_idle_minutes == 60
    assert settings.last_call_seconds == 60
    assert settings.refresh_seconds <= 0.5
    assert not settings.launch_http_allowed
