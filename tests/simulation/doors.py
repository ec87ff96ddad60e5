"""The way of providers' requests to the nodes and back, as unreliable as any other."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from meganodes.provider_api.messages import DoorRequest, DoorResponse
from tests.simulation.history import History
from tests.simulation.loop import WORLD
from tests.simulation.node import Node

PATIENCE_SECONDS: Final = 5.0
"""A provider waits so long for an answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DoorHabits:
    """What may become of a provider's request: shares of 0 to 1."""

    request_lost: float = 0.0
    answer_lost: float = 0.0
    duplicate: float = 0.0
    delayed: float = 0.0
    latency_seconds: float = 0.02


class Doors:
    """The balancer in front of all nodes; ``call`` is the whole of it for a provider."""

    def __init__(self, nodes: tuple[Node, ...], rng: random.Random, history: History) -> None:
        """Lead to these nodes."""
        self.habits = DoorHabits()
        self.messages = 0
        self._nodes = nodes
        self._random = rng
        self._history = history
        self._loop = asyncio.get_running_loop()

    async def call(
        self, node: int | None, path: str, body: bytes, token: str
    ) -> tuple[int, bytes] | None:
        """Ask a node (None: any that listens); None when no answer came in time."""
        habits = self.habits
        request = DoorRequest(
            method="POST",
            path=path,
            headers=[
                (b"content-type", b"application/json"),
                (b"authorization", b"Bearer " + token.encode()),
            ],
            body=body,
            peer_ip="192.0.2.1",
        )
        self.messages += 1
        answer: asyncio.Future[tuple[int, bytes] | None] = self._loop.create_future()
        await asyncio.sleep(self._latency())
        if self._drawn(habits.delayed):
            self._history.fault("provider-request-delayed")
            await asyncio.sleep(self._random.uniform(0.5, 8.0))
        if self._drawn(habits.request_lost):
            self._history.fault("provider-request-lost")
            await asyncio.sleep(PATIENCE_SECONDS)
            return None
        if not self._hand_over(node, request, answer):
            return None
        if self._drawn(habits.duplicate):
            self._history.fault("provider-request-duplicated")
            self._loop.call_later(
                self._random.choice((0.0, 0.3, 3.0)) * self._random.random(),
                self._hand_over,
                None,
                request,
                None,
            )
        done, _ = await asyncio.wait((answer,), timeout=PATIENCE_SECONDS)
        return answer.result() if done else None

    def _hand_over(
        self,
        number: int | None,
        request: DoorRequest,
        answer: asyncio.Future[tuple[int, bytes] | None] | None,
    ) -> bool:
        node = self._choose(number)
        if node is None:
            return False
        back: Callable[[DoorResponse], None] = self._forget
        if answer is not None:
            lost = self._drawn(self.habits.answer_lost)

            def bring(response: DoorResponse) -> None:
                self._bring(response, answer, lost=lost)

            back = bring
        return node.serve(request, back)

    def _choose(self, number: int | None) -> Node | None:
        if number is not None:
            return self._nodes[number % len(self._nodes)]
        listening = [node for node in self._nodes if node.is_up]
        return self._random.choice(listening) if listening else None

    def _forget(self, response: DoorResponse) -> None:
        """Take an answer nobody waits for."""
        del response
        self.messages += 1

    def _bring(
        self,
        response: DoorResponse,
        answer: asyncio.Future[tuple[int, bytes] | None],
        *,
        lost: bool,
    ) -> None:
        self.messages += 1
        if lost:
            self._history.fault("provider-answer-lost")
            return
        # Once it has left, no kill of the node holds it back.
        self._loop.call_later(self._latency(), _arrive, answer, response, context=WORLD)

    def _latency(self) -> float:
        return self.habits.latency_seconds * (0.1 + self._random.random())

    def _drawn(self, share: float) -> bool:
        return bool(share) and self._random.random() < share


def _arrive(answer: asyncio.Future[tuple[int, bytes] | None], response: DoorResponse) -> None:
    if not answer.done():
        answer.set_result((response.status, response.body))
