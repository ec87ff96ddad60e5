"""A killed process loses nothing that was acknowledged (reliability I7)."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.killed_writers import kill_writers

KILLS = 10


@pytest.mark.slow
async def test_every_acknowledged_commit_survives_kill_9(tmp_path: Path) -> None:
    assert await kill_writers(tmp_path, KILLS) > 10 * KILLS
