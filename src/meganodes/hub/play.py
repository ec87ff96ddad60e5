"""What a provider's request refers to, looked up once: agent, provider, session, game, user."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from meganodes.directory.sessions import session_fault
from meganodes.domain.asked import Answer, Asked, AskedCancel, AskedRound, AskedWin, FieldFault
from meganodes.domain.transaction import Kind, RoundKey, State, Step, Transaction, TransactionKey
from meganodes.protocol.codes import ApiCode
from meganodes.protocol.commands import Movement, bet_data, win_data
from meganodes.protocol.ids import trans_guid
from meganodes.protocol.money import AmountError, parse_amount

if TYPE_CHECKING:
    from meganodes.directory.records import Agent, Game, Provider, Session
    from meganodes.hub.core import Hub


FOLLOW_MARGIN_SECONDS = 0.15
"""Waiting for news ends this long before the answer is due, so that the row can be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Play:
    """One request of a provider in its surroundings. ``answer_by`` is a monotonic moment."""

    agent: Agent
    provider: Provider
    session: Session
    answer_by: float

    @property
    def exponent(self) -> int:
        """The decimals of the agent's currency."""
        return self.agent.currency.exponent

    def key(self, transaction_id: str) -> TransactionKey:
        """Name a transaction of this agent and provider."""
        return TransactionKey(
            agent_id=self.agent.agent_id,
            provider_id=self.provider.provider_id,
            transaction_id=transaction_id,
        )

    def round_key(self, round_id: str) -> RoundKey:
        """Name a round of this user."""
        return RoundKey(
            agent_id=self.agent.agent_id,
            provider_id=self.provider.provider_id,
            user_code=self.session.user_code,
            round_id=round_id,
        )

    def answer(self, code: ApiCode) -> Answer:
        """Answer with nothing but a code."""
        return Answer(code=code, exponent=self.exponent)


async def look_up(hub: Hub, provider: Provider, asked: Asked, arrived: float) -> Play | Answer:
    """Find session and agent; 3002 when the session does not serve this request (contract 4)."""
    session = await hub.directory.session(asked.session, provider.provider_id)
    if session is None:
        return Answer(code=ApiCode.SESSION_INVALID)
    agent = hub.directory.agent(session.agent_id)
    assert agent is not None, "a session's agent is never deleted"
    now_ms = hub.clock.now_ms()
    fault = session_fault(
        session,
        now_ms=now_ms,
        session_hours=hub.settings.session_hours,
        idle_minutes=hub.settings.session_idle_minutes,
    )
    if fault is None:
        hub.directory.touch_session(session.gplay_id, now_ms)
    elif not isinstance(asked, AskedWin | AskedCancel | AskedRound):
        return Answer(code=ApiCode.SESSION_INVALID, exponent=agent.currency.exponent)
    return Play(
        agent=agent,
        provider=provider,
        session=session,
        answer_by=arrived + hub.settings.answer_within_seconds - FOLLOW_MARGIN_SECONDS,
    )


def amount_of(play: Play, field: str, text: str) -> int | Answer:
    """Read an amount in the session's currency, or say what is wrong with it."""
    try:
        return parse_amount(text, play.exponent)
    except AmountError as fault:
        message = f"{field}: {fault.reason}"
        return Answer(
            code=ApiCode.VALIDATION_ERROR,
            exponent=play.exponent,
            faults=(FieldFault(field=field, message=message),),
        )


def content_digest(*parts: object) -> str:
    """Fingerprint what two requests of one id must share (contract 4, idempotency)."""
    digest = hashlib.blake2b(digest_size=20)
    for part in parts:
        text = b"-" if part is None else b"+" + str(part).encode()
        digest.update(b"%d:%b" % (len(text), text))
    return digest.hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a new row is about, beside its surroundings."""

    kind: Kind
    transaction_id: str
    round_id: str
    amount_minor: int
    content: str
    bet_transaction_id: str | None = None


def new_movement(hub: Hub, play: Play, game: Game, wanted: Wanted) -> Transaction:
    """Make the intent of a bet or a win: its ids, its callback data and its first state."""
    now_ms = hub.clock.now_ms()
    trans_id = hub.identity.trans_id()
    agent_id, provider = play.agent.agent_id, play.provider
    guid = trans_guid(
        hub.settings.installation, agent_id, provider.provider_id, wanted.transaction_id
    )
    movement = Movement(
        account=play.session.account,
        gplay_id=play.session.gplay_id,
        trans_guid=guid,
        trans_id=trans_id,
        time_stamp_ms=now_ms,
        round_id=wanted.round_id,
        provider_id=provider.provider_id,
        provider_name=provider.name,
        game_code=game.game_code,
        game_name=game.name,
        category=game.category,
        sub_category=game.sub_category,
        amount_minor=wanted.amount_minor,
        exponent=play.exponent,
    )
    is_bet = wanted.kind is Kind.BET
    render = bet_data if is_bet else win_data
    return Transaction(
        agent_id=agent_id,
        trans_id=trans_id,
        provider_id=provider.provider_id,
        transaction_id=wanted.transaction_id,
        kind=wanted.kind,
        user_code=play.session.user_code,
        account=play.session.account,
        gplay_id=play.session.gplay_id,
        round_id=wanted.round_id,
        game_code=game.game_code,
        currency=play.agent.currency.code,
        amount_minor=wanted.amount_minor,
        revision=play.agent.revision,
        guid=guid,
        data=render(play.agent.revision, movement),
        content=wanted.content,
        bet_transaction_id=wanted.bet_transaction_id,
        created_at_ms=now_ms,
        state=State.PENDING if is_bet else State.OWED,
        step=Step.NONE if is_bet else Step.DELIVER,
        due_at_ms=None if is_bet else now_ms,
        owed_since_ms=None if is_bet else now_ms,
    )
