"""A hundred people sign in at once, and bets go on beside them (reliability 3.10, S4)."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from meganodes.directory.staff_records import Seen
from meganodes.directory.staff_sign_in import No
from meganodes.kit.passwords import Passwords
from meganodes.kit.secrets import Secret
from tests.support.office import OfficeWorld, an_office
from tests.support.staff import CountingHasher

SIGN_INS = 100
BETS_MIN = 20
BET_SECONDS_MAX = 1.0


async def sign_in(office: OfficeWorld, number: int) -> object:
    seen = Seen(address=f"198.51.100.{number}", browser="")
    email = f"nobody.{number}@casino.example"
    return await office.people.sign_in.with_password(email, Secret("wrong horse"), seen)


@pytest.mark.slow
@pytest.mark.security("S4")
async def test_a_hundred_sign_ins_at_once_do_not_starve_bets(tmp_path: Path) -> None:
    """Two hashes work at once, the others wait for them; a bet waits for none."""
    hasher = CountingHasher()
    async with an_office(tmp_path, Passwords(hasher)) as office:
        player = await office.player()
        signing_in = asyncio.gather(*(sign_in(office, number) for number in range(SIGN_INS)))
        seconds: list[float] = []
        while not signing_in.done():
            started = time.monotonic()
            await player.bet(f"b{len(seconds)}", "0.01")
            seconds.append(time.monotonic() - started)
            await asyncio.sleep(0.02)
        assert await signing_in == [No.WRONG] * SIGN_INS
    assert hasher.verified == SIGN_INS
    assert hasher.at_once_max == 2
    assert len(seconds) >= BETS_MIN, "bets were made while people signed in"
    late = [each for each in seconds if each > BET_SECONDS_MAX]
    assert len(late) <= len(seconds) // 20, f"{len(late)} of {len(seconds)} bets were late"
