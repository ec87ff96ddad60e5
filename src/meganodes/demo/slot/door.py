"""What the game in the browser asks of the studio: open, play, look, balance.

The browser names every click by a number of its own. A click begins one round at most, however
often it arrives; the answer to a copy is what became of the first.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Mapping
from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from meganodes.demo.json_body import BadOrder, fields_of, text_of
from meganodes.demo.odds import Stops
from meganodes.demo.provider_door import HubDoor
from meganodes.demo.slot.round_view import round_view, window_view
from meganodes.demo.slot.stakes import chosen_stake
from meganodes.demo.studio import Studio, StudioTerms
from meganodes.demo.studio_items import Round, Style
from meganodes.demo.studio_record import StudioRecord
from meganodes.demo.studio_rules import Answer, Verdict, judge_question
from meganodes.protocol.codes import ApiCode
from meganodes.protocol.money import AmountError

ANSWER_WITHIN_SECONDS: Final = 3.0
"""How long a browser waits for a round before it is told that it is open."""

_CLICK: Final = re.compile(r"[0-9A-Za-z-]{16,64}", re.ASCII)
IDLE: Final[Stops] = (12, 11, 22)
"""What the reels show before the first round: every symbol once or twice, and nothing that pays."""


class SlotDoor:
    """The game's side of the studio."""

    def __init__(
        self, studio: Studio, record: StudioRecord, door: HubDoor, terms: StudioTerms
    ) -> None:
        self._studio = studio
        self._record = record
        self._door = door
        self._terms = terms
        self._running: dict[str, asyncio.Task[None]] = {}

    def routes(self) -> list[Route]:
        """Make the routes of the game."""
        return [
            Route("/slot/open", self._open, methods=["POST"]),
            Route("/slot/play", self._play, methods=["POST"]),
            Route("/slot/look", self._look, methods=["POST"]),
            Route("/slot/balance", self._balance, methods=["POST"]),
            Route("/slot/replay", self._replay),
        ]

    async def close(self) -> None:
        """Let go of rounds that are under way; the record has them, the next start resumes them."""
        for task in self._running.values():
            task.cancel()
        await asyncio.gather(*self._running.values(), return_exceptions=True)

    async def _open(self, request: Request) -> JSONResponse:
        """Greet the player: balance, stakes, and the round that a reload has interrupted.

        A click that is named and began no round is withdrawn: it may still be under way, and must
        not surprise a player who has seen the game start afresh.
        """
        fields = await fields_of(request)
        session = text_of(fields, "session")
        if self._record.game_code(session) is None:
            return _answer({"state": "ended"})
        interrupted = self._interrupted(session, fields)
        newest = self._record.newest_round_of(session)
        # Only a round that is settled may be seen.
        is_settled = newest is not None and not newest.is_open
        idle = newest.stops if newest is not None and is_settled else IDLE
        opening = _opening(await self._asked("authenticate", session), self._terms.currency)
        return _answer(
            {
                **opening,
                "window": window_view(idle),
                "round": interrupted and self._view(interrupted),
            }
        )

    async def _play(self, request: Request) -> JSONResponse:
        """Begin the round of a click, once, and wait a while for its end."""
        fields = await fields_of(request)
        session, click = self._known_session(fields), _click(fields)
        mine = self._record.round_of_click(session, click)
        if mine is None and self._record.is_withdrawn(session, click):
            return _answer({"state": "withdrawn", "round": None})
        if mine is None and (other := self._record.open_round_of(session)) is not None:
            return _answer({"state": "busy", "round": self._view(other)})
        game_round = mine or self._begin(session, fields, click)
        await self._wait(game_round)
        return _answer({"state": "begun", "round": self._view(game_round)})

    async def _look(self, request: Request) -> JSONResponse:
        """Tell what has become of a round."""
        fields = await fields_of(request)
        session, round_id = self._known_session(fields), text_of(fields, "round_id")
        game_round = self._round(round_id)
        if game_round.session != session:
            raise BadOrder("there is no such round in this session")
        await self._wait(game_round)
        return _answer({"round": self._view(game_round)})

    async def _balance(self, request: Request) -> JSONResponse:
        session = self._known_session(await fields_of(request))
        return _answer(_opening(await self._asked("balance", session), None))

    async def _replay(self, request: Request) -> JSONResponse:
        """Show a settled round to whoever knows its id: what was staked, drawn and paid."""
        view = self._view(self._round(request.query_params.get("round_id", "")))
        hidden = {"click", "code", "balance", "balance_after_stake", "delivered"}
        shown = {name: value for name, value in view.items() if name not in hidden}
        return _answer({"round": shown, "currency": self._terms.currency})

    def _begin(self, session: str, fields: Mapping[str, object], click: str) -> Round:
        """Draw and record the round; from here on it goes to its end, whoever is looking."""
        try:
            stake_minor = chosen_stake(text_of(fields, "stake"), self._terms.exponent)
        except AmountError as error:
            raise BadOrder(f"stake: {error}") from error
        if stake_minor is None:
            raise BadOrder("this stake is not among those of the game")
        game_round = self._studio.begin(session, stake_minor, Style.BET_WIN, click)
        task = asyncio.create_task(self._studio.finish(game_round))
        self._running[game_round.round_id] = task
        task.add_done_callback(lambda _task: self._running.pop(game_round.round_id))
        return game_round

    async def _wait(self, game_round: Round) -> None:
        """Wait for the end of a round, but not for long."""
        task = self._running.get(game_round.round_id)
        if task is not None:
            done, _ = await asyncio.wait({task}, timeout=ANSWER_WITHIN_SECONDS)
            for one in done:
                one.result()

    def _interrupted(self, session: str, fields: Mapping[str, object]) -> Round | None:
        if fields.get("click") is None:
            return self._record.open_round_of(session)
        click = _click(fields)
        found = self._record.round_of_click(session, click)
        if found is None:
            self._record.withdraw_click(session, click)
        return found or self._record.open_round_of(session)

    async def _asked(self, command: str, session: str) -> Answer | None:
        return await self._door.ask(command, json.dumps({"session": session}))

    def _known_session(self, fields: Mapping[str, object]) -> str:
        session = text_of(fields, "session")
        if self._record.game_code(session) is None:
            raise BadOrder("this session was never launched here")
        return session

    def _round(self, round_id: str) -> Round:
        try:
            return self._record.round(round_id)
        except KeyError as error:
            raise BadOrder("there is no such round") from error

    def _view(self, game_round: Round) -> dict[str, object]:
        return round_view(self._record, game_round, self._terms.exponent)


def _opening(answer: Answer | None, currency: str | None) -> dict[str, object]:
    """Judge an answer that moves no money: play, ended, blocked, closed, or ask again later."""
    match judge_question(answer):
        case Verdict.DONE if answer is not None:
            if currency is not None and answer.data.get("currency") != currency:
                return {"state": "closed"}
            told = {name: answer.data.get(name) for name in ("balance", "currency")}
            return {"state": "ready", **told}
        case Verdict.REPEAT:
            return {"state": "waiting"}
        case _:
            assert answer is not None, "no answer is no refusal"
            return {"state": _REFUSALS.get(answer.code, "closed")}


_REFUSALS: Final[Mapping[int, str]] = {
    ApiCode.SESSION_INVALID: "ended",
    ApiCode.USER_NOT_FOUND: "blocked",
    ApiCode.PLAYER_BLOCKED: "blocked",
}


def _click(fields: Mapping[str, object]) -> str:
    click = text_of(fields, "click")
    if not _CLICK.fullmatch(click):
        raise BadOrder("click must be 16 to 64 letters, digits and hyphens")
    return click


def _answer(content: Mapping[str, object]) -> JSONResponse:
    return JSONResponse(dict(content), headers={"cache-control": "no-store"})
