"""What one seed draws: how strong each kind of fault is, who takes part, how they play (swarm).

Each strength is drawn by itself and may be nothing. A plan is data: the same seed gives the same
plan, and a cut of it (see `minimise`) gives the same but for what was cut away.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Final

from tests.simulation.doors import DoorHabits
from tests.simulation.network import LineHabits
from tests.simulation.personality import PERSONALITIES, Personality
from tests.simulation.playing import Habits
from tests.simulation.store import StoreHabits

HOUR: Final = 3_600.0
DAY: Final = 24 * HOUR
_CURRENCIES: Final = (("EUR", 2), ("JPY", 0), ("KWD", 3), ("BRL", 2))
_LATE_SECONDS: Final = ((3.0, 30.0), (3.0, 900.0), (3.0, 2 * HOUR), (3.0, 26 * HOUR))
_LATE_UNMARKED: Final = (*_LATE_SECONDS, *(2 * ((3.0, 900.0),)), (24 * HOUR, 26 * HOUR))
_FEW_RETRIES: Final[Mapping[str, int]] = {"quick_retries": 1}
_FIRST_NOT_SEEN: Final[Mapping[str, int]] = {"not_seen_answers": 1, "not_seen_window_ms": 400}
_OWN_SCHEDULES: Final[tuple[Mapping[str, int], ...]] = (
    *(4 * ({},)),
    *(3 * (_FEW_RETRIES,)),
    _FIRST_NOT_SEEN,
)
SCHEDULES: Final[tuple[Mapping[str, int], ...]] = (
    {},
    {"quick_min_ms": 500, "quick_max_ms": 1_000},
    {"quick_retries": 10},
    _FEW_RETRIES,
    _FIRST_NOT_SEEN,
)
"""What an agent's own values for the retry schedule may be changed to in flight."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentPlan:
    """One agent and its operator. ``retry`` are its own values for the retry schedule."""

    agent_id: int
    revision: str
    currency: str
    exponent: int
    personality: Personality
    tombstones_shown: bool
    line: LineHabits
    retry: Mapping[str, int]
    players: int = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderPlan:
    """One provider and how its studio plays."""

    provider_id: int
    rounds: int
    habits: Habits
    wins_without_bet: bool = False
    cancel_after_win: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Troubles:
    """What befalls nodes, database and operators: mean seconds between two (0: never), and most."""

    kill_every: float = 0.0
    down_seconds: float = 5.0
    pause_every: float = 0.0
    pause_seconds: float = 30.0
    database_every: float = 0.0
    database_seconds: float = 30.0
    operator_every: float = 0.0
    operator_seconds: float = 60.0
    restart_every: float = 0.0
    lock_every: float = 0.0
    jump_every: float = 0.0
    jump_seconds: float = DAY
    change_every: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Everything about one run but the code. ``ticks``: the worker's and the sequencer's seconds.

    ``without`` names strengths that were switched off, as `STRENGTHS` spells them.
    """

    seed: int
    nodes: int
    ticks: tuple[float, float]
    agents: tuple[AgentPlan, ...]
    providers: tuple[ProviderPlan, ...]
    store: StoreHabits
    doors: DoorHabits
    troubles: Troubles
    without: frozenset[str] = field(default=frozenset())

    def rng(self, name: str) -> random.Random:
        """Give a stream of random numbers that nothing else draws from."""
        return random.Random(f"{self.seed}/{name}")  # noqa: S311 - replay is the point


def draw(seed: int, *, rounds: int = 300) -> Plan:
    """Draw the plan of a seed; ``rounds`` are shared by the providers."""
    rng = random.Random(f"{seed}/plan")  # noqa: S311 - replay is the point
    agents = rng.randint(1, 3)
    providers = rng.randint(1, 2)
    nodes = rng.choice((1, 2, 2, 2, 3))
    troubles = _troubles(rng)
    is_long = troubles.operator_seconds > 10 * 60
    ticks = (2.0, 5.0) if is_long else rng.choice(((0.25, 0.2), (0.5, 0.5), (1.0, 1.0)))
    return Plan(
        seed=seed,
        nodes=nodes,
        ticks=ticks,
        agents=tuple(_agent(rng, seed, number + 1) for number in range(agents)),
        providers=tuple(
            _provider(rng, 7 + each, rounds // providers, nodes) for each in range(providers)
        ),
        store=StoreHabits(
            lost=_share(rng, 0.05),
            ghost=_share(rng, 0.05),
            refused=_share(rng, 0.02),
            slow=_share(rng, 0.05),
        ),
        doors=DoorHabits(
            request_lost=_share(rng, 0.2),
            answer_lost=_share(rng, 0.2),
            duplicate=_share(rng, 0.2),
            delayed=_share(rng, 0.1),
        ),
        troubles=troubles,
    )


def _share(rng: random.Random, most: float) -> float:
    """Draw a strength: nothing in two of five cases."""
    drawn, strength = rng.random(), rng.random()
    return 0.0 if drawn < 0.4 else round(strength * most, 4)


def _every(rng: random.Random, least: float, most: float, *, never: float = 0.3) -> float:
    """Draw the mean seconds between two troubles, the small as likely as the large."""
    drawn, place = rng.random(), rng.random()
    return 0.0 if drawn < never else round(least * math.exp(place * math.log(most / least)), 2)


def _agent(rng: random.Random, seed: int, agent_id: int) -> AgentPlan:
    currency, exponent = rng.choice(_CURRENCIES)
    personality = _personality(rng, (seed * 3 + agent_id) % PERSONALITIES)
    is_unmarked = not personality.tombstones and personality.unknown_cancel == "not seen"
    late_least, late_most = rng.choice(_LATE_UNMARKED if is_unmarked else _LATE_SECONDS)
    line = LineHabits(
        request_lost=_share(rng, 0.2),
        reply_lost=_share(rng, 0.2),
        late=rng.uniform(0.04, 0.05) if is_unmarked else _share(rng, 0.05),
        late_seconds_min=late_least,
        late_seconds_max=late_most,
        duplicate=_share(rng, 0.2),
        garbage=_share(rng, 0.2),
        broken=_share(rng, 0.05),
        gateway_error=_share(rng, 0.05),
        reset=_share(rng, 0.1),
        cut=_share(rng, 0.03),
        slow=_share(rng, 0.1),
        drip=_share(rng, 0.03),
        refused=_share(rng, 0.1),
        unresolved=_share(rng, 0.05),
        closing=_share(rng, 0.3),
        latency_seconds=rng.choice((0.005, 0.05, 0.3)),
    )
    return AgentPlan(
        agent_id=agent_id,
        revision=rng.choice(("guid", "guid", "id")),
        currency=currency,
        exponent=exponent,
        personality=personality,
        tombstones_shown=personality.tombstones and rng.random() < 0.3,
        line=line,
        retry=rng.choice(_OWN_SCHEDULES),
    )


def _personality(rng: random.Random, number: int) -> Personality:
    """Draw a good operator, the one of this number, or such a one that a late bet may surprise."""
    drawn, failing = rng.random(), _share(rng, 0.1)
    if drawn < 0.25:
        return Personality.numbered(0, failing=failing)
    numbered = Personality.numbered(number, failing=failing)
    if drawn < 0.6:
        return numbered
    return replace(numbered, tombstones=False, unknown_cancel="not seen")


def _provider(rng: random.Random, provider_id: int, rounds: int, nodes: int) -> ProviderPlan:
    pays_prizes = rng.random() < 0.2
    return ProviderPlan(
        provider_id=provider_id,
        rounds=rounds,
        habits=Habits(
            lanes=rng.randint(4, 12),
            nodes=nodes,
            parallel=_share(rng, 0.3),
            conflicts=_share(rng, 0.05),
            cancels=_share(rng, 0.3),
            cancels_first=_share(rng, 0.05),
            gives_up=_share(rng, 0.1),
            breaks_off=_share(rng, 0.3),
            prizes=_share(rng, 0.1) if pays_prizes else 0.0,
        ),
        wins_without_bet=pays_prizes,
        cancel_after_win=rng.random() < 0.2,
    )


def _troubles(rng: random.Random) -> Troubles:
    return Troubles(
        kill_every=_every(rng, 3.0, 60.0, never=0.15),
        down_seconds=rng.choice((0.2, 2.0, 10.0)),
        pause_every=_every(rng, 3.0, 60.0),
        database_every=_every(rng, 4.0, 60.0),
        operator_every=_every(rng, 2.0, 30.0, never=0.15),
        operator_seconds=rng.choice((5.0, 10.0, 60.0, 60.0, 300.0, 2 * HOUR)),
        restart_every=_every(rng, 3.0, 60.0),
        lock_every=_every(rng, 20.0, 200.0),
        jump_every=_every(rng, 3.0, 60.0),
        jump_seconds=rng.choice((2.0, 60.0, HOUR, DAY)),
        change_every=_every(rng, 5.0, 100.0),
    )


def _without_line(name: str) -> Callable[[Plan], Plan]:
    def off(plan: Plan) -> Plan:
        agents = tuple(
            replace(agent, line=replace(agent.line, **{name: 0.0})) for agent in plan.agents
        )
        return replace(plan, agents=agents)

    return off


def _without_store(name: str) -> Callable[[Plan], Plan]:
    return lambda plan: replace(plan, store=replace(plan.store, **{name: 0.0}))


def _without_doors(name: str) -> Callable[[Plan], Plan]:
    return lambda plan: replace(plan, doors=replace(plan.doors, **{name: 0.0}))


def _without_trouble(name: str) -> Callable[[Plan], Plan]:
    return lambda plan: replace(plan, troubles=replace(plan.troubles, **{name: 0.0}))


def _shares(record: type[object]) -> list[str]:
    names = [each.name for each in fields(record)]  # type: ignore[arg-type]
    return [name for name in names if not name.endswith(("seconds", "seconds_min", "seconds_max"))]


STRENGTHS: Final[dict[str, Callable[[Plan], Plan]]] = {
    **{f"line.{name}": _without_line(name) for name in _shares(LineHabits)},
    **{f"store.{name}": _without_store(name) for name in _shares(StoreHabits)},
    **{f"doors.{name}": _without_doors(name) for name in _shares(DoorHabits)},
    **{f"troubles.{name}": _without_trouble(name) for name in _shares(Troubles)},
}
"""What can be switched off in a plan, each by a name."""
