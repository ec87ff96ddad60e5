"""The catalogue that the measured hub is given is one that it takes."""

import json

from benchmarks.hub import CATALOGUE, GAME_CODE, PROVIDER_ID
from meganodes.hub.catalogue import read_catalogue


def test_catalogue_is_good() -> None:
    content = json.dumps(CATALOGUE).encode()
    read = read_catalogue(content, is_csv=False)
    assert read.faults == ()
    (provider,) = read.providers
    assert provider.provider_id == PROVIDER_ID
    assert [game.game_code for game in provider.games or ()] == [GAME_CODE]
