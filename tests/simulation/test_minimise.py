"""A failing seed shrinks to what it takes to fail, and what is left plays again."""

from __future__ import annotations

import json

import pytest

from tests.simulation.__main__ import main
from tests.simulation.minimise import Cut, minimise
from tests.simulation.plan import STRENGTHS, Plan, draw


def with_kills(plan: Plan) -> bool:
    """A made-up defect: it shows where nodes are killed and eight rounds are played."""
    rounds = sum(provider.rounds for provider in plan.providers)
    return plan.troubles.kill_every > 0 and rounds >= 8


def seed_with_kills() -> int:
    """A seed of more than one agent, provider and node, whose nodes are killed."""
    for seed in range(1_000):
        plan = draw(seed)
        large = min(len(plan.agents), len(plan.providers), plan.nodes) > 1
        if large and plan.troubles.kill_every:
            return seed
    raise AssertionError("no seed of a thousand is large and kills")


def test_a_cut_shrinks_to_what_it_takes() -> None:
    said: list[str] = []
    cut = Cut(seed=seed_with_kills(), rounds=300)
    small = minimise(cut, lambda tried: with_kills(tried.plan()), said.append)
    assert small.rounds == 8
    plan = small.plan()
    assert (len(plan.agents), len(plan.providers), plan.nodes) == (1, 1, 1)
    on = [name for name, off in STRENGTHS.items() if off(plan) != plan]
    assert on == ["troubles.kill_every"]
    assert said[-1] == small.arguments()


def test_a_strength_that_is_off_leaves_the_others_as_they_were() -> None:
    plan = draw(seed_with_kills())
    assert STRENGTHS["troubles.kill_every"](plan).agents == plan.agents
    assert STRENGTHS["troubles.kill_every"](plan).troubles.pause_every == plan.troubles.pause_every


def test_a_plan_is_the_same_each_time_it_is_drawn() -> None:
    assert draw(5) == draw(5)
    assert draw(5) != draw(6)


def test_the_command_plays_a_seed_and_tells_of_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--seed", "3", "--rounds", "10", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["seed"] == 3
    assert told["violations"] == []
    assert told["transactions"] > 5
