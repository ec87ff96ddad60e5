"""Stories and sheets of rounds of every shape, without a hub around them."""

from __future__ import annotations

from dataclasses import replace

from meganodes.hub.round_page import RoundStory
from meganodes.hub.round_page_steps import steps_of, sums_of
from meganodes.player_pages.round_sheet import RoundSheet, round_sheet
from meganodes.player_pages.round_texts import round_words
from meganodes.protocol.currency import currency
from tests.support.round_shapes import SHAPES

GAME_NAMES = {"fruits": "Fruits", "lobby-roulette": "Grand Roulette"}


def a_story(shape_name: str, **changes: object) -> RoundStory:
    """The story of a round of this shape, as told to an agent in UTC."""
    shape = SHAPES[shape_name]()
    steps = steps_of(shape.rows, {})
    story = RoundStory(
        round_id="r1",
        closed=shape.closed,
        currency=currency(shape.rows[0].currency),
        time_zone="UTC",
        provider_name="Pixel Works",
        game_names={row.game_code: GAME_NAMES[row.game_code] for row in shape.rows},
        steps=steps,
        sums=sums_of(steps),
        replay_url=None,
    )
    return replace(story, **changes)  # type: ignore[arg-type]


def a_sheet(shape_name: str, language: str = "en", **changes: object) -> RoundSheet:
    """The same in the words of a language."""
    return round_sheet(a_story(shape_name, **changes), round_words(language))
