"""Ten of a thousand agents are dead in five ways: nobody else notices (reliability 3.8)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from statistics import median

import pytest

from tests.support.backends_apart import ApartBackend, backends_apart
from tests.support.many_agents import Installation, Player, an_installation
from tests.support.studio_load import Load, at_a_rate, percentile
from tests.support.troubled_backends import DEAD, Backend, Health, backends

HEALTHY = 20
AGENTS = 1_000
ROUNDS_PER_SECOND = 100
DEAD_BETS_PER_SECOND = 50
WINDOW_SECONDS = 5
WINDOWS = 4
COMPARISONS = 3
OPENING_SECONDS = 16
"""In so long every circuit has opened: ten calls of four seconds, many of them at once."""
OWED = 10_000
DRAINED_SECONDS = 120
LOOK_SECONDS = 0.5
SOCKETS_MAX = 80
REFUSED_MS_MAX = 20
CALLS_A_SECOND_MAX = 100

FLAPPING_SECONDS = 60
FLAPPING_ROUNDS_PER_SECOND = 40
FLAP_SECONDS = 7
SETTLED_SECONDS = 90
STAKE_MINOR = 100
HURRIED = {
    "MEGANODES_RETRY__QUICK_MIN_MS": "300",
    "MEGANODES_RETRY__QUICK_MAX_MS": "600",
    "MEGANODES_RETRY__NOT_SEEN_MS": "[500, 1000]",
    "MEGANODES_RETRY__NOT_SEEN_WINDOW_MS": "9000",
}
"""A shorter schedule; nothing of a dead time is on its way for longer than its window."""


class Town:
    """A hub that is served, its agents and the load on it."""

    def __init__(self, installation: Installation, dead: Sequence[ApartBackend] = ()) -> None:
        self.installation = installation
        self.dead = dead
        players = installation.players
        self.well_players, self.dead_players = players[:HEALTHY], players[HEALTHY:]
        self._names = iter(range(10**9))

    def load(self) -> Load:
        return Load(port=self.installation.port, token=self.installation.provider_token)

    async def play(self, seconds: float, load: Load) -> None:
        """Let the players of the well backends play rounds."""
        await self.play_at(ROUNDS_PER_SECOND, seconds, self.well_players, load)

    async def play_at(
        self, per_second: float, seconds: float, players: Sequence[Player], load: Load
    ) -> None:
        """Let these players play rounds, in turn."""

        async def begin(player: Player) -> None:
            await load.round(player.session, f"round-{next(self._names)}")

        await at_a_rate(per_second, seconds, players, begin)

    async def knock(self, seconds: float, load: Load) -> None:
        """Let the players of the dead backends place bets."""

        async def begin(player: Player) -> None:
            await load.bet(player.session, f"knock-{next(self._names)}")

        await at_a_rate(DEAD_BETS_PER_SECOND, seconds, self.dead_players, begin)

    async def window(self) -> Load:
        """Play for some seconds and give how it went."""
        load = self.load()
        await self.play(WINDOW_SECONDS, load)
        load.close()
        return load


def p99_ms(load: Load) -> float:
    return percentile([each.seconds for each in load.answers], 99) * 1_000


def unnoticed(quiet_ms: float) -> float:
    """Give the time that is still as good as before: a tenth or 5 ms more."""
    return max(quiet_ms * 1.1, quiet_ms + 5)


def codes(load: Load) -> set[int | None]:
    return {each.code for each in load.answers}


def sockets_to(port: int) -> int:
    """Count the connections of this machine to a port, from the caller's side."""
    wanted = f":{port:04X}"
    lines = Path("/proc/net/tcp").read_text().splitlines()[1:]
    ends = [line.split()[1:4] for line in lines]
    return sum(remote.endswith(wanted) and state != "06" for _, remote, state in ends)


def most_in_a_second(moments: Sequence[float]) -> int:
    most = first = 0
    for last, moment in enumerate(moments):
        while moments[first] <= moment - 1:
            first += 1
        most = max(most, last - first + 1)
    return most


@pytest.mark.alone
@pytest.mark.reliability("I11")
@pytest.mark.slow
async def test_ten_dead_backends_of_a_thousand_agents_are_noticed_by_nobody_else(
    tmp_path: Path,
) -> None:
    async with (
        backends_apart(HEALTHY + 2 * len(DEAD)) as made,
        an_installation(tmp_path, [each.url for each in made], AGENTS - len(made)) as installation,
    ):
        town = Town(installation, made[HEALTHY:])
        patient = await bring_trouble(town)
        await installation.start({})
        await all_circuits_open(town)
        quiet_ms = await nobody_notices(town)
        await one_heals(town, patient, quiet_ms)


async def bring_trouble(town: Town) -> ApartBackend:
    """Let two backends die in each way; give one that never answers and is owed a lot."""
    kinds = dict(zip(town.dead, DEAD * 2, strict=True))
    patient = next(each for each, kind in kinds.items() if kind is Health.SILENT)
    its_player = town.dead_players[town.dead.index(patient)]
    await town.installation.owe_wins(its_player, OWED)
    for each, kind in kinds.items():
        await each.become(kind)
    return patient


async def all_circuits_open(town: Town) -> None:
    load = town.load()
    await asyncio.gather(town.play(OPENING_SECONDS, load), town.knock(OPENING_SECONDS, load))
    load.close()


async def nobody_notices(town: Town) -> float:
    """All circuits are open: others are as quick as ever, and the dead are left alone.

    What others notice they notice each time; what this machine does besides comes and goes.
    """
    for _ in range(COMPARISONS - 1):
        before_ms, with_it_ms = await compared(town)
        if with_it_ms <= unnoticed(before_ms):
            return before_ms
    before_ms, with_it_ms = await compared(town)
    assert with_it_ms <= unnoticed(before_ms), "others have noticed"
    return before_ms


async def compared(town: Town) -> tuple[float, float]:
    """Give the p99 of others, in ms, without and with bets to the dead, in turn."""
    since = time.monotonic()
    knocking = town.load()
    quiet, loaded, sockets = [], [], 0
    for _ in range(WINDOWS):
        quiet.append(await town.window())
        trouble = asyncio.create_task(town.knock(WINDOW_SECONDS, knocking))
        loaded.append(await town.window())
        sockets = max(sockets, *(sockets_to(each.port) for each in town.dead))
        await trouble
    seconds = time.monotonic() - since
    before_ms, with_it_ms = median(map(p99_ms, quiet)), median(map(p99_ms, loaded))
    refused_ms = percentile([each.seconds for each in knocking.answers], 50) * 1_000
    print(f"p99 {before_ms:.1f} ms, with ten dead {with_it_ms:.1f} ms; {sockets} sockets")
    print(f"a bet to a dead backend is refused in {refused_ms:.1f} ms")
    knocking.close()
    assert {0} == set().union(*map(codes, (*quiet, *loaded))), "others had errors"
    assert sockets <= SOCKETS_MAX
    assert codes(knocking) == {3004}
    assert refused_ms <= REFUSED_MS_MAX
    for each in town.dead:
        calls = sum(moment > since for moment in (await each.seen()).requests)
        assert calls <= seconds / 2 + 1, f"{each.health}: {calls} calls in {seconds:.0f} s"
    return before_ms, with_it_ms


async def until_drained(patient: ApartBackend) -> float:
    """Give the moment at which the last win that is owed was taken, or when it is too late."""
    for _ in range(round(2 * DRAINED_SECONDS / LOOK_SECONDS)):
        if await patient.wins() >= OWED:
            break
        await asyncio.sleep(LOOK_SECONDS)
    assert await patient.wins() == OWED, "not drained in twice the time"
    return time.monotonic()


async def one_heals(town: Town, patient: ApartBackend, quiet_ms: float) -> None:
    """What it is owed flows, and the others still do not notice."""
    healed = time.monotonic()
    await patient.become(Health.WELL)
    draining = asyncio.create_task(until_drained(patient))
    drained: list[Load] = []
    while not draining.done():
        drained.append(await town.window())
    seconds = await draining - healed
    meanwhile_ms = median(map(p99_ms, drained))
    after_ms = median([p99_ms(await town.window()) for _ in range(WINDOWS)])
    seen = await patient.seen()
    since_then = [each for each in seen.requests if each > healed]
    print(f"{OWED} wins were taken {seconds:.0f} s after healing; p99 {meanwhile_ms:.1f} ms")
    print(f"p99 {after_ms:.1f} ms when nothing was owed any more")
    print(f"at most {most_in_a_second(since_then)} calls in a second")
    assert seconds <= DRAINED_SECONDS
    assert meanwhile_ms <= unnoticed(max(quiet_ms, after_ms))
    assert {0} == set().union(*map(codes, drained))
    assert most_in_a_second(since_then) <= CALLS_A_SECOND_MAX
    assert seen.wins_minor == OWED
    assert not seen.bets, "no bet of the dead time was booked"


@pytest.mark.slow
@pytest.mark.thorough
async def test_five_flapping_backends_lose_and_double_nothing(tmp_path: Path) -> None:
    async with (
        backends(len(DEAD)) as made,
        an_installation(tmp_path, [each.url for each in made], 0) as installation,
    ):
        await installation.start(HURRIED)
        town = Town(installation)
        load = town.load()
        flapping = asyncio.create_task(flap(made))
        await town.play_at(FLAPPING_ROUNDS_PER_SECOND, FLAPPING_SECONDS, town.well_players, load)
        flapping.cancel()
        with suppress(asyncio.CancelledError):
            await flapping
        for each in made:
            await each.become(Health.WELL)
        load.close()
        await books_agree(load, made)


async def flap(made: Sequence[Backend]) -> None:
    """Let each die in its own way and come back, again and again."""
    while True:
        await asyncio.sleep(FLAP_SECONDS)
        for each, kind in zip(made, DEAD, strict=True):
            await each.become(kind if each.health is Health.WELL else Health.WELL)


async def books_agree(load: Load, made: Sequence[Backend]) -> None:
    """Wait until the backends hold exactly what the provider was told."""
    final = {each.transaction_id: each for each in load.answers if each.is_definite}
    bets = [each for each in final.values() if each.kind == "bet"]
    wins = [each for each in final.values() if each.kind == "win"]
    stood = sum(each.code == 0 for each in bets)
    print(f"{len(bets)} bets, {stood} of them stand, {len(wins)} wins")
    assert {each.code for each in wins} == {0}
    assert 0 < stood < len(bets), "the backends were well at times and dead at times"
    expected = (stood * STAKE_MINOR, len(wins))
    for _ in range(2 * SETTLED_SECONDS):
        if in_the_books(made) == expected:
            break
        await asyncio.sleep(0.5)
    assert in_the_books(made) == expected
    assert all(set(each.ledger.arrivals.values()) <= {1} for each in made)


def in_the_books(made: Sequence[Backend]) -> tuple[int, int]:
    """Add up the stakes that stand, in minor units, and count the wins."""
    stakes = sum(each.ledger.stakes_minor for each in made)
    return stakes, sum(len(each.ledger.wins) for each in made)
