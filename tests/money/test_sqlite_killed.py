"""A hundred killed writers lose nothing that was acknowledged, and break no file."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.killed_writers import kill_writers

pytestmark = [pytest.mark.slow, pytest.mark.thorough]
KILLS = 100


async def test_every_acknowledged_commit_survives_a_hundred_kills(tmp_path: Path) -> None:
    acknowledged = await kill_writers(tmp_path, KILLS)
    print(f"\n{KILLS} writers killed: {acknowledged} acknowledged transactions are all there")
    assert acknowledged > 10 * KILLS
