"""Sends the callbacks of one case exactly as a hub does, and keeps each as a step."""

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Final, TypeVar

from meganodes.certification.came import Came
from meganodes.certification.case import Step
from meganodes.certification.clock import Clock
from meganodes.certification.diagnosis import diagnose
from meganodes.certification.mistakes.record import Diagnosis
from meganodes.certification.seeded import Seeded
from meganodes.certification.target import Target
from meganodes.certification.transport import Answer, NoAnswer, Request, Transport
from meganodes.protocol.commands import DEADLINE_SECONDS, Command, check_text
from meganodes.protocol.replies import HttpReply, Question, read_reply
from meganodes.protocol.reply_records import Reply
from meganodes.protocol.signature import sign
from meganodes.protocol.wire import (
    ATTEMPT_HEADER,
    CALLBACK_TOKEN_HEADER,
    DEADLINE_HEADER,
    WEBHOOK_ID_HEADER,
    WEBHOOK_SIGNATURE_HEADER,
    WEBHOOK_TIMESTAMP_HEADER,
    render_callback,
)

MASK: Final = "***"
"""Stands in a step for the callback token and for signatures."""

MASK_OF_WRONG: Final = "*** (a wrong one)"
"""Stands there for a wrong token: cases make them from the right one, and show most of it."""

GRACE_SECONDS: Final = 3.0
"""How much longer than the hub we wait, so as to say how late a reply is."""

_MASKED: Final = frozenset({CALLBACK_TOKEN_HEADER, WEBHOOK_SIGNATURE_HEADER})
_MOVEMENTS: Final = frozenset({Command.BET, Command.WIN, Command.CANCEL})
_SECRET_BYTES_MIN: Final = 8
"""A shorter token is no secret, and to replace it would spoil the replies."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Swap:
    """Bytes of the body that are replaced before it is signed and sent."""

    old: bytes
    new: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class How:
    """What is special about one callback; nothing is, usually."""

    title: str = ""
    attempt: int = 1
    token: str | None = None
    """Another token than the right one; `""` leaves the header out."""
    signature_key: bytes | None = None
    """Another key than the right one."""
    age_seconds: int = 0
    """How old its timestamps are."""
    new_connection: bool = False
    swap: Swap | None = None


USUAL: Final = How()


@dataclass(slots=True, kw_only=True)
class Line:
    """What all cases of a run send with."""

    target: Target
    transport: Transport
    clock: Clock
    seeded: Seeded
    durations: list[float] = field(default_factory=list)
    """Of the replies that came while nothing else was under way, in seconds."""
    under_way: int = 0


class Sender:
    """Sends the callbacks of one case."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._steps: list[Step | None] = []

    @property
    def steps(self) -> tuple[Step, ...]:
        """What was sent so far and has been answered, in the order of sending."""
        return tuple(step for step in self._steps if step is not None)

    async def ask(self, command: Command, account: str, data: bytes, how: How = USUAL) -> Came:
        """Send one callback and read what comes as a hub reads it."""
        line = self._line
        now_seconds = line.clock.now_ms() // 1_000 - how.age_seconds
        check = check_text(command, line.target.revision)
        body = render_callback(command, data, check, now_seconds)
        if how.swap is not None:
            assert how.swap.old in body, "the bytes to replace are there"
            body = body.replace(how.swap.old, how.swap.new, 1)
        request = Request(
            headers=self._headers(command, body, now_seconds, how),
            body=body,
            timeout_seconds=DEADLINE_SECONDS[command] + GRACE_SECONDS,
            new_connection=how.new_connection,
        )
        return await self.send(command, account, request, how.title or str(command))

    async def send(self, command: Command, account: str, request: Request, title: str) -> Came:
        """Send bytes that a case has made itself."""
        place = len(self._steps)
        self._steps.append(None)
        started_ms = self._line.clock.now_ms()
        answer = self._without_token(await self._exchange(request))
        reply = self._read(command, account, answer)
        came = Came(
            step=place + 1,
            title=title,
            command=command,
            exponent=self._line.target.currency.exponent,
            answer=answer,
            reply=reply,
            diagnosis=self._diagnosis(command, account, answer),
        )
        self._steps[place] = Step(
            title=title,
            command=command,
            request=self._masked(request),
            answer=answer,
            started_ms=started_ms,
            reading=came.reading,
            notes=() if reply is None else (*reply.notes, *reply.faults),
        )
        return came

    async def _exchange(self, request: Request) -> Answer | NoAnswer:
        line = self._line
        line.under_way += 1
        is_alone = line.under_way == 1
        try:
            answer = await line.transport.send(request)
        finally:
            line.under_way -= 1
        if is_alone and line.under_way == 0 and isinstance(answer, Answer):
            line.durations.append(answer.duration_seconds)
        return answer

    async def at_once(self, *asked: Awaitable[T]) -> list[T]:
        """Send several at the same time and wait for all of them."""
        return list(await asyncio.gather(*asked))

    def balance_below_zero_too(self, came: Came) -> int | None:
        """Give the balance of our account that a reply tells, though no hub would believe it.

        A backend that lets an account be overdrawn gets its money back like any other; else every
        case that follows would fail by that one mistake.
        """
        account = self._line.target.account
        reply = self._read(came.command, account, came.answer, overdraft_allowed=True)
        return None if reply is None else reply.balance_minor

    def _read(
        self,
        command: Command,
        account: str,
        answer: Answer | NoAnswer,
        *,
        overdraft_allowed: bool = False,
    ) -> Reply | None:
        if isinstance(answer, NoAnswer):
            return None
        question = self._question(command, account)
        if overdraft_allowed:
            question = replace(question, overdraft_allowed=True)
        return read_reply(question, _response(answer))

    def _diagnosis(
        self, command: Command, account: str, answer: Answer | NoAnswer
    ) -> Diagnosis | None:
        """Give the gravest thing that is wrong with a reply."""
        if isinstance(answer, NoAnswer):
            return None
        wrong = diagnose(self._question(command, account), _response(answer))
        return wrong[0] if wrong else None

    def _question(self, command: Command, account: str) -> Question:
        target = self._line.target
        return Question(
            command=command,
            revision=target.revision,
            account=account,
            exponent=target.currency.exponent,
        )

    def _webhook_id(self, command: Command, body: bytes) -> str:
        """Name what is sent: a repeated movement keeps its name, each question has a new one."""
        if command not in _MOVEMENTS:
            return "msg_" + self._line.seeded.word(32)
        same_on_every_attempt = body.rpartition(b',"timestamp":')[0]
        return "msg_" + sha256(same_on_every_attempt).hexdigest()[:32]

    def _headers(
        self, command: Command, body: bytes, now_seconds: int, how: How
    ) -> tuple[tuple[str, str], ...]:
        line = self._line
        token = line.target.callback_token if how.token is None else how.token
        webhook_id = self._webhook_id(command, body)
        deadline_ms = line.clock.now_ms() + int(DEADLINE_SECONDS[command] * 1_000)
        key = how.signature_key or line.target.signing_secret
        signature = () if key is None else (sign(key, webhook_id, now_seconds, body),)
        return (
            *(((CALLBACK_TOKEN_HEADER, token),) if token else ()),
            ("Accept", "application/json"),
            ("Content-Type", "application/json"),
            ("Accept-Encoding", "identity"),
            (WEBHOOK_ID_HEADER, webhook_id),
            (WEBHOOK_TIMESTAMP_HEADER, str(now_seconds)),
            *((WEBHOOK_SIGNATURE_HEADER, one) for one in signature),
            (ATTEMPT_HEADER, str(how.attempt)),
            (DEADLINE_HEADER, str(deadline_ms)),
            ("traceparent", f"00-{line.seeded.word(32)}-{line.seeded.word(16)}-00"),
        )

    def _without_token(self, answer: Answer | NoAnswer) -> Answer | NoAnswer:
        """Mask the token where a backend has sent it back, before anything quotes it."""
        token = self._line.target.callback_token.encode()
        if isinstance(answer, NoAnswer) or len(token) < _SECRET_BYTES_MIN:
            return answer
        mask = MASK.encode()
        headers = tuple((name, value.replace(token, mask)) for name, value in answer.headers)
        return replace(answer, headers=headers, body=answer.body.replace(token, mask))

    def _masked(self, request: Request) -> Request:
        return replace(
            request,
            headers=tuple((name, self._shown(name, value)) for name, value in request.headers),
        )

    def _shown(self, name: str, value: str) -> str:
        if name == CALLBACK_TOKEN_HEADER and value != self._line.target.callback_token:
            return MASK_OF_WRONG
        return MASK if name in _MASKED else value


def _response(answer: Answer) -> HttpReply:
    return HttpReply(status=answer.status, headers=answer.headers, body=answer.body)
