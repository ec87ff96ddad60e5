"""Hub, casino and studio as real processes for tests that drive a browser and know no event loop.

The evening's event loop runs in a thread of its own, because Playwright's occupies the test's.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import signal
import threading
from collections.abc import Coroutine, Iterator, Sequence
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path
from typing import Any

from meganodes.demo.http_client import get_json, post_json
from tests.support.evening import Evening, EveningOptions, an_evening

WAIT_SECONDS = 120

LOSES = (12, 11, 22)
PAYS_TWO = (1, 2, 11)
PAYS_FIVE = (0, 6, 16)
PAYS_ELEVEN = (12, 12, 19)
PAYS_FIFTEEN = (18, 10, 13)
PAYS_HUNDRED = (5, 20, 22)


class Stage:
    """What a test may do beside looking at pages."""

    def __init__(self, loop: asyncio.AbstractEventLoop, evening: Evening) -> None:
        self._loop = loop
        self._numbers = itertools.count(1)
        self.evening = evening

    def run(self, doing: Coroutine[Any, Any, Any]) -> Any:  # noqa: ANN401 - whatever it gives
        """Do something of the evening and wait for it."""
        return asyncio.run_coroutine_threadsafe(doing, self._loop).result(WAIT_SECONDS)

    def url(self, name: str) -> str:
        return self.evening.url(name)

    def new_account(self, balance: str = "100.00") -> str:
        """Open an account at the casino that no other test knows."""
        name = f"visitor_{next(self._numbers)}"
        self.run(self.evening.casino("/players", {"account": name, "deposit": balance}))
        return name

    def game_url(self, account: str, lang: int = 1) -> str:
        """Ask the hub for an address that opens the game, as the casino's server does."""
        created = self.run(self.evening.main_api("user/create", {"name": account}))
        assert created["code"] == 0, created
        wanted = {
            "user_code": created["data"]["user_code"],
            "provider_id": self.evening.provider["provider_id"],
            "game_symbol": "toy-slot",
            "lang": lang,
            "return_url": f"{self.url('casino')}/",
        }
        launched = self.run(self.evening.main_api("game/game-url", wanted))
        assert launched["code"] == 0, launched
        return str(launched["data"]["game_url"])

    def balance(self, account: str) -> str:
        """Read the account's balance in the casino's own books."""
        ledger = self.run(self.evening.casino("/ledger"))
        found = [player for player in ledger["players"] if player["account"] == account]
        return str(found[0]["balance"])

    def movements(self, account: str) -> list[tuple[str, int, str]]:
        """Read what moved the account's money: kind, minor units, state."""
        ledger = self.run(self.evening.casino("/ledger"))
        return [
            (row["kind"], row["amount_minor"], row["state"])
            for row in ledger["rows"]
            if row["account"] == account
        ]

    def results(self, *stops: Sequence[int]) -> None:
        """Plan what the next rounds draw."""
        self.run(post_json(f"{self.url('studio')}/planned", [list(one) for one in stops]))

    def fault(self, account: str, **fault: object) -> None:
        """Plan a fault of the casino for this account."""
        self.run(self.evening.casino("", {"next": [{"account": account, **fault}]}))

    def hold_hub(self) -> None:
        """Let the hub stand still: it takes connections and answers nothing."""
        self._signal_hub(signal.SIGSTOP)

    def let_hub_go(self) -> None:
        self._signal_hub(signal.SIGCONT)

    def _signal_hub(self, number: signal.Signals) -> None:
        assert self.evening.hub is not None
        os.kill(self.evening.hub.pid, number)

    def rounds(self) -> list[dict[str, Any]]:
        """Read the studio's record."""
        record: Any = self.run(get_json(f"{self.url('studio')}/control/record"))
        rounds: list[dict[str, Any]] = record["rounds"]
        return rounds

    def clear(self) -> None:
        """Forget what an earlier test has planned."""
        self.run(self.evening.casino("", {"clear": True}))
        self.results()


@contextmanager
def a_stage(folder: Path) -> Iterator[Stage]:
    """Start everything, give it to whoever drives a browser, and end it."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="evening", daemon=True)
    thread.start()

    def run(doing: Coroutine[Any, Any, Any]) -> Any:  # noqa: ANN401 - whatever it gives
        return asyncio.run_coroutine_threadsafe(doing, loop).result(WAIT_SECONDS)

    stack = AsyncExitStack()
    options = EveningOptions(studio_module="tests.support.scripted_studio")
    try:
        yield Stage(loop, run(stack.enter_async_context(an_evening(folder, options))))
    finally:
        run(stack.aclose())
        loop.call_soon_threadsafe(loop.stop)
        thread.join(WAIT_SECONDS)
        loop.close()
