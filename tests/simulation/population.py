"""Who takes part in a run: agents with operators, providers with studios, players in sessions."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace

from meganodes.directory.records import Session
from meganodes.kit.secrets import Secret
from meganodes.protocol.commands import Revision
from meganodes.protocol.currency import currency
from tests.simulation.casino import Casino
from tests.simulation.casino import Operator as Backend
from tests.simulation.checkers.evidence import AgentFacts, ProviderFacts
from tests.simulation.directory import Registry
from tests.simulation.doors import Doors
from tests.simulation.history import History
from tests.simulation.network import Network, Operator
from tests.simulation.plan import AgentPlan, Plan, ProviderPlan
from tests.simulation.playing import Company, Seat
from tests.simulation.studio import Studio
from tests.support.builders import a_game, a_provider, a_session, a_user, an_agent

GAME = "fruits"


def host_of(agent_id: int, place: int) -> str:
    """Name one of the two places an operator's backend can be reached at."""
    return f"wallet-{place}.casino-{agent_id}.example.com"


def callback_token(agent_id: int, issue: int) -> str:
    """Give the text of an agent's Callback-Token."""
    return f"mnc_{agent_id:02d}{issue:04d}" + "simulated" * 4


def signing_secret(agent_id: int, issue: int) -> bytes:
    """Give an agent's signing key."""
    return b"%02d%04d" % (agent_id, issue) + b"signing-secret-of-simulation"


@dataclass(kw_only=True)
class Resident:
    """An agent's operator, and what it and the hub agree on at this moment."""

    plan: AgentPlan
    casino: Casino
    operator: Operator
    issue: int = 1
    place: int = 0
    away_until: float = 0.0


class Population:
    """Everybody outside the nodes."""

    def __init__(
        self, plan: Plan, registry: Registry, network: Network, history: History, wall_ms: int
    ) -> None:
        """Open accounts and sessions, and connect the operators."""
        self.plan = plan
        self.residents: dict[int, Resident] = {}
        self.studios: tuple[Studio, ...] = ()
        self._registry = registry
        self._history = history
        self._wall_ms = wall_ms
        self._started_at = history.now()
        self._gplay_id = 0
        for agent in plan.agents:
            self._settle(agent, network)
        for provider in plan.providers:
            self._carry(provider)
        for agent in plan.agents:
            for player in range(agent.players):
                self._let_in(agent, player)

    def open_studios(self, doors: Doors) -> None:
        """Make the studios, which play by these doors."""
        self.studios = tuple(
            Studio(
                Company(
                    provider_id=provider.provider_id,
                    token=_provider_token(provider),
                    habits=provider.habits,
                ),
                self.plan.rng(f"studio/{provider.provider_id}"),
                doors,
                self,
                self._history,
            )
            for provider in self.plan.providers
        )

    def away_seconds(self, now: float) -> float:
        """Give how long the operators' outages last on."""
        ends = (each.away_until for each in self.residents.values())
        return max(0.0, *(end - now for end in ends))

    def seats(self, provider_id: int) -> Sequence[Seat]:
        """Give the open sessions of a provider's games."""
        return [
            self._seat(token, session)
            for token, session in self._registry.sessions.items()
            if session.provider_id == provider_id and session.ended_at_ms is None
        ]

    async def renew(self, seat: Seat) -> Seat:
        """End a session and open another for the same player."""
        await asyncio.sleep(0)
        session = self._registry.sessions[seat.session]
        self._registry.change_session(seat.gplay_id, ended_at_ms=self._now_ms() - 1)
        return self._seat(*self._open(session.agent_id, session.provider_id, session.user_code))

    def agent_facts(self) -> dict[int, AgentFacts]:
        """Tell the judges about the agents."""
        return {
            agent_id: AgentFacts(
                agent_id=agent_id,
                revision=resident.plan.revision,
                exponent=resident.plan.exponent,
                accounts=frozenset(resident.casino.balances),
                secrets=tuple(
                    secret
                    for issue in range(1, resident.issue + 1)
                    for secret in (
                        callback_token(agent_id, issue).encode(),
                        signing_secret(agent_id, issue),
                    )
                ),
                flags=resident.plan.personality.flags,
                tombstones_shown=resident.plan.tombstones_shown,
            )
            for agent_id, resident in self.residents.items()
        }

    def provider_facts(self) -> dict[int, ProviderFacts]:
        """Tell the judges about the providers."""
        return {
            each.provider_id: ProviderFacts(
                provider_id=each.provider_id,
                wins_without_bet=each.wins_without_bet,
                cancel_after_win=each.cancel_after_win,
                secrets=(
                    _provider_token(each).encode(),
                    *(
                        token.encode()
                        for token, session in self._registry.sessions.items()
                        if session.provider_id == each.provider_id
                    ),
                ),
            )
            for each in self.plan.providers
        }

    def _settle(self, plan: AgentPlan, network: Network) -> None:
        agent_id = plan.agent_id
        backend = Backend(
            agent_id=agent_id,
            personality=plan.personality,
            exponent=plan.exponent,
            accounts=tuple(_account(plan, player) for player in range(plan.players)),
            revision=plan.revision,
        )
        casino = Casino(backend, self._history, self.plan.rng(f"casino/{agent_id}"))
        casino.tokens.add(callback_token(agent_id, 1).encode())
        operator = Operator(agent_id=agent_id, execute=casino.execute, habits=plan.line)
        network.add(operator, host_of(agent_id, 0), host_of(agent_id, 1))
        self.residents[agent_id] = Resident(plan=plan, casino=casino, operator=operator)
        self._registry.agents[agent_id] = an_agent(
            agent_id=agent_id,
            name=f"casino-{agent_id}",
            currency=currency(plan.currency),
            revision=Revision(plan.revision),
            callback_url=f"http://{host_of(agent_id, 0)}/callback",
            callback_token=Secret(callback_token(agent_id, 1)),
            signing_secrets=(Secret(signing_secret(agent_id, 1)),),
            tombstones_shown=plan.tombstones_shown,
            retry=plan.retry,
        )

    def _carry(self, plan: ProviderPlan) -> None:
        number = plan.provider_id
        self._registry.providers[number] = a_provider(
            provider_id=number,
            name=f"Studio {number}",
            wins_without_bet=plan.wins_without_bet,
            cancel_after_win=plan.cancel_after_win,
        )
        self._registry.provider_tokens[_provider_token(plan)] = number
        self._registry.games[number, GAME] = a_game(provider_id=number, game_code=GAME)

    def _let_in(self, plan: AgentPlan, player: int) -> None:
        user_code = 400_000_000 + plan.agent_id * 1_000 + player
        self._registry.users[user_code] = a_user(
            agent_id=plan.agent_id, user_code=user_code, name=_account(plan, player)
        )
        for provider in self.plan.providers:
            self._open(plan.agent_id, provider.provider_id, user_code)

    def _open(self, agent_id: int, provider_id: int, user_code: int) -> tuple[str, Session]:
        self._gplay_id += 1
        now_ms = self._now_ms()
        session = replace(
            a_session(gplay_id=self._gplay_id, provider_id=provider_id, game_code=GAME),
            agent_id=agent_id,
            user_code=user_code,
            account=self._registry.users[user_code].name,
            opened_at_ms=now_ms,
            last_call_at_ms=now_ms,
        )
        token = f"mns_{self._gplay_id:06d}" + "simulated" * 4
        self._registry.add_session(token, session)
        return token, session

    def _seat(self, token: str, session: Session) -> Seat:
        return Seat(
            agent_id=session.agent_id,
            gplay_id=session.gplay_id,
            session=token,
            exponent=self._registry.agents[session.agent_id].currency.exponent,
        )

    def _now_ms(self) -> int:
        return self._wall_ms + int((self._history.now() - self._started_at) * 1_000)


def _account(plan: AgentPlan, player: int) -> str:
    return f"player-{plan.agent_id}-{player}"


def _provider_token(plan: ProviderPlan) -> str:
    return f"mnp_{plan.provider_id:04d}" + "simulated" * 4
