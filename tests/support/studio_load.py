"""A provider that plays rounds at a steady rate over kept connections, and times each call."""

from __future__ import annotations

import asyncio
import itertools
import json
import time
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

_T = TypeVar("_T")
HEAD_END: Final = b"\r\n\r\n"
ANSWER_SECONDS: Final = 8.0
TRIES: Final = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One call as it ended: when it was made (monotonic), how long it took, what came."""

    kind: str
    transaction_id: str
    amount: str
    at: float
    seconds: float
    code: int | None
    """The answer's code; None when no answer came."""

    @property
    def is_definite(self) -> bool:
        """Tell whether the provider knows now: 3009 and no answer say that it does not."""
        return self.code not in {None, 3009}


@dataclass(kw_only=True)
class Load:
    """What a provider does: ask until the answer is definite, as contract 4 says."""

    port: int
    token: str
    answers: list[Answer] = field(default_factory=list)
    _idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = field(default_factory=list)

    async def ask(self, command: str, fields: dict[str, Any]) -> Answer:
        """Make one call and keep how it went."""
        began = time.monotonic()
        code = None
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                code = (await self._exchange(command, fields))["code"]
        except (OSError, asyncio.IncompleteReadError, TimeoutError, ValueError):
            pass
        answer = Answer(
            kind=command,
            transaction_id=fields["transaction_id"],
            amount=fields.get("amount", ""),
            at=began,
            seconds=time.monotonic() - began,
            code=code,
        )
        self.answers.append(answer)
        return answer

    async def surely(self, command: str, fields: dict[str, Any]) -> Answer:
        """Repeat a call until it gets a definite answer."""
        for _ in range(TRIES):
            answer = await self.ask(command, fields)
            if answer.is_definite:
                return answer
            await asyncio.sleep(0.1)
        raise AssertionError(f"no definite answer in {TRIES} tries: {answer}")

    async def round(self, session: str, name: str) -> None:
        """Play one round: a bet, and when it stands a win that closes it."""
        names = {"session": session, "round_id": name}
        bet = {**names, "transaction_id": f"{name}-b", "amount": "1.00"}
        if (await self.surely("bet", bet)).code == 0:
            win = {**names, "transaction_id": f"{name}-w", "amount": "0.50", "round_closed": True}
            await self.surely("win", win)

    async def bet(self, session: str, name: str) -> Answer:
        """Place one bet, once."""
        fields = {"session": session, "round_id": name, "transaction_id": name, "amount": "1.00"}
        return await self.ask("bet", fields)

    async def _exchange(self, command: str, fields: dict[str, Any]) -> dict[str, Any]:
        if self._idle:
            reader, writer = self._idle.pop()
        else:
            reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            body = json.dumps(fields).encode()
            writer.write(
                b"POST /provider/v1/%b HTTP/1.1\r\nhost: hub\r\nauthorization: Bearer %b\r\n"
                b"content-type: application/json\r\ncontent-length: %d\r\n\r\n%b"
                % (command.encode(), self.token.encode(), len(body), body)
            )
            head = (await reader.readuntil(HEAD_END)).lower()
            length = int(head.partition(b"content-length: ")[2].split(b"\r\n")[0])
            answer: dict[str, Any] = json.loads(await reader.readexactly(length), parse_float=str)
        except BaseException:
            writer.close()
            raise
        if b"connection: close" in head:
            writer.close()
        else:
            self._idle.append((reader, writer))
        return answer

    def close(self) -> None:
        """Close what is idle."""
        while self._idle:
            self._idle.pop()[1].close()


async def at_a_rate(
    per_second: float,
    seconds: float,
    starts: Sequence[_T],
    begin: Callable[[_T], Coroutine[object, object, None]],
) -> None:
    """Begin something so often a second, in turn for each of ``starts``; wait for all of it."""
    turns = itertools.cycle(starts)
    first = time.monotonic()
    tasks = []
    for number in range(int(per_second * seconds)):
        await asyncio.sleep(max(0.0, first + number / per_second - time.monotonic()))
        tasks.append(asyncio.create_task(begin(next(turns))))
    await asyncio.gather(*tasks)


def percentile(seconds: Sequence[float], percent: int) -> float:
    """Give the value that so many percent do not exceed; 0 for none."""
    ordered = sorted(seconds)
    return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)] if ordered else 0.0
