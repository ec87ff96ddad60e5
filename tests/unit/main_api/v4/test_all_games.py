"""What is kept of game/all, and that it is made once and off the event loop."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from typing import cast

from starlette.datastructures import Headers

from meganodes.directory.port import Directory
from meganodes.directory.records import Game
from meganodes.main_api.v4.all_games import AllGames, _Kept
from meganodes.main_api.v4.writing import Writer
from tests.support.builders import a_game


class Shelf:
    """The part of a directory that game/all reads; `asked` counts how often games were taken."""

    def __init__(self) -> None:
        self.editions = {3: 1, 7: 1}
        self.names = {3: "Berlin", 7: "Fruits"}
        self.asked: Counter[int] = Counter()

    def editions_of(self, agent_id: int) -> tuple[tuple[int, int], ...]:
        ids = (3, 7) if agent_id == 1 else (7,)
        return tuple((each, self.editions[each]) for each in ids)

    def games_of(self, provider_id: int) -> tuple[Game, ...]:
        self.asked[provider_id] += 1
        return (a_game(provider_id=provider_id, name=self.names[provider_id]),)


class WatchedWriter(Writer):
    """Notes which work ran, and in which thread."""

    def __init__(self) -> None:
        super().__init__()
        self.work: list[str] = []
        self.threads: set[int] = set()

    async def run(self, work, /, *args, **kwargs):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN002, ANN003, ANN201
        def noted() -> object:
            self.work.append(work.__name__)
            self.threads.add(threading.get_ident())
            return work(*args, **kwargs)

        return await super().run(noted)


def all_games(shelf: Shelf, writer: Writer) -> AllGames:
    return AllGames(cast("Directory", shelf), writer)


async def test_answer_is_made_once_however_many_ask() -> None:
    writer = WatchedWriter()
    games = all_games(Shelf(), writer)
    answers = await asyncio.gather(*(games.answer(1, 1, Headers()) for _ in range(10)))
    assert len({answer.response.body for answer in answers}) == 1
    await games.answer(1, 1, Headers())
    assert writer.work == ["_rows", "_rows", "_packed"]


async def test_event_loop_does_none_of_the_work() -> None:
    writer = WatchedWriter()
    await all_games(Shelf(), writer).answer(1, 1, Headers())
    assert writer.threads
    assert threading.get_ident() not in writer.threads


async def test_games_of_a_provider_are_written_once_for_all_agents_and_codings() -> None:
    writer = WatchedWriter()
    games = all_games(Shelf(), writer)
    for agent_id in (1, 2):
        for coding in ("identity", "br", "gzip"):
            await games.answer(agent_id, 1, Headers({"accept-encoding": coding}))
    assert Counter(writer.work) == {"_rows": 2, "_packed": 6}


async def test_only_what_has_changed_is_written_anew() -> None:
    shelf, writer = Shelf(), WatchedWriter()
    games = all_games(shelf, writer)
    before = (await games.answer(1, 1, Headers())).response.body
    shelf.names[7], shelf.editions[7] = "Fruits II", 2
    after = (await games.answer(1, 1, Headers())).response.body
    assert bytes(before).replace(b"Fruits", b"Fruits II") == after
    assert Counter(writer.work) == {"_rows": 3, "_packed": 2}


async def test_caller_who_goes_away_takes_nothing_from_the_others() -> None:
    games = all_games(Shelf(), WatchedWriter())
    tasks = [asyncio.create_task(games.answer(1, 1, Headers())) for _ in range(2)]
    await asyncio.sleep(0)
    tasks[0].cancel()
    assert (await tasks[1]).response.status_code == 200


async def test_games_are_those_of_the_moment_of_the_call() -> None:
    shelf = Shelf()
    games = all_games(shelf, WatchedWriter())
    task = asyncio.create_task(games.answer(1, 1, Headers()))
    await asyncio.sleep(0)
    shelf.names[7], shelf.editions[7] = "Fruits II", 2
    assert b"Fruits II" not in bytes((await task).response.body)
    assert b"Fruits II" in bytes((await games.answer(1, 1, Headers())).response.body)


def test_what_is_kept_is_bounded_in_bytes() -> None:
    kept: _Kept[str, str] = _Kept(100)
    kept.put("a", "A", 40)
    kept.put("b", "B", 40)
    assert kept.get("a") == "A"
    kept.put("c", "C", 40)
    assert [kept.get(key) for key in "abc"] == ["A", None, "C"]
    kept.put("a", "A2", 60)
    assert [kept.get(key) for key in "abc"] == ["A2", None, "C"]
    kept.put("d", "D", 101)
    assert [kept.get(key) for key in "abcd"] == [None] * 4
    kept.put("e", "E", 100)
    assert kept.get("e") == "E"
