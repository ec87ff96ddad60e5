"""What became of a round, for the people who played it: the link to its page, and what it shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode

from meganodes.directory.launch_address import render_launch_url
from meganodes.hub.accounts import own_user
from meganodes.hub.refusal import Refusal
from meganodes.hub.round_page_link import (
    LINK_SECONDS,
    RoundLink,
    RoundLinkFault,
    read_link,
    write_link,
)
from meganodes.hub.round_page_steps import (
    PageStep,
    RoundSums,
    is_undone,
    steps_of,
    sums_of,
    was_played,
)
from meganodes.protocol.codes import ApiCode
from meganodes.protocol.currency import Currency, currency

if TYPE_CHECKING:
    from meganodes.directory.records import Agent
    from meganodes.domain.transaction import Transaction
    from meganodes.hub.core import Hub

ROUND_PATH: Final = "/v4/game/round"


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundWanted:
    """Which round of which user.

    ``provider_id`` and ``game_code`` say more about it, unless they are left out (None, "").
    """

    user_code: int
    round_id: str
    provider_id: int | None = None
    game_code: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundUrl:
    """The address of a round's page, good for an hour."""

    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundStory:
    """A round as its page shows it, with names in the reader's language.

    ``game_names`` are the titles played in it, by their codes. ``replay_url`` is the provider's
    own, None where it offers
    none or nothing was played. ``time_zone`` is the agent's.
    """

    round_id: str
    closed: bool
    currency: Currency
    time_zone: str
    provider_name: str
    game_names: dict[str, str]
    steps: tuple[PageStep, ...]
    sums: RoundSums
    replay_url: str | None


async def round_url(hub: Hub, agent: Agent, wanted: RoundWanted) -> RoundUrl | Refusal:
    """Give the address of a round's page (contract 2.2, round-details).

    2002, 1010 as for every user; 2013 when nothing was recorded in such a round. A round_id is the
    provider's: when several have used it for this user, provider_id must say which (1002), because
    a page about another round than the one meant is worse than a question.
    """
    user = await own_user(hub, agent, wanted.user_code)
    if isinstance(user, Refusal):
        return user
    found = await _rounds(hub, agent, wanted)
    if not found:
        return Refusal(code=ApiCode.ROUND_NOT_FOUND)
    if len(found) > 1:
        return _which_provider(found)
    return RoundUrl(url=_address(hub, found[0][0]))


async def _rounds(hub: Hub, agent: Agent, wanted: RoundWanted) -> list[tuple[Transaction, ...]]:
    """Read the rounds that are meant, each as its rows."""
    keys = await hub.reads.rounds_named(agent.agent_id, wanted.user_code, wanted.round_id)
    asked = [key for key in keys if wanted.provider_id in {None, key.provider_id}]
    rounds = [await hub.journal.round_rows(key) for key in asked]
    return [rows for rows in rounds if rows and _is_of_game(rows, wanted.game_code)]


def _is_of_game(rows: Sequence[Transaction], game_code: str) -> bool:
    return not game_code or any(row.game_code == game_code for row in rows)


def _which_provider(found: Sequence[Sequence[Transaction]]) -> Refusal:
    providers = ", ".join(str(rows[0].provider_id) for rows in found)
    return Refusal(
        code=ApiCode.VALIDATION_ERROR,
        field="provider_id",
        reason=f"provider_id must say whose round this is: {providers} have one of this round_id.",
    )


def _address(hub: Hub, first: Transaction) -> str:
    link = RoundLink(
        agent_id=first.agent_id,
        trans_id=first.trans_id,
        expires_at=hub.clock.now_ms() // 1_000 + LINK_SECONDS,
    )
    query = urlencode({"t": write_link(link, hub.directory.round_link_keys[0])})
    return f"{hub.settings.public_url.rstrip('/')}{ROUND_PATH}?{query}"


async def tell_round(hub: Hub, link_text: str, language: str) -> RoundStory | RoundLinkFault:
    """Tell the round a link leads to; ``language`` is a code like de, for the names."""
    link = read_link(link_text, hub.directory.round_link_keys, hub.clock.now_ms())
    if isinstance(link, RoundLinkFault):
        return link
    agent = hub.directory.agent(link.agent_id)
    first = await hub.journal.fetch(link.agent_id, link.trans_id)
    if agent is None or first is None:
        return RoundLinkFault.UNKNOWN
    rows = await hub.journal.round_rows(first.round_key)
    steps = steps_of(rows, await _undone_at_ms(hub, rows))
    return RoundStory(
        round_id=first.round_id,
        closed=(await hub.journal.round(first.round_key)).closed,
        currency=currency(first.currency),
        time_zone=agent.time_zone,
        provider_name=_provider_name(hub, first.provider_id, language),
        game_names={
            row.game_code: _game_name(hub, row.provider_id, row.game_code, language) for row in rows
        },
        steps=steps,
        sums=sums_of(steps),
        replay_url=_replay_url(hub, first) if was_played(steps) else None,
    )


async def _undone_at_ms(hub: Hub, rows: Sequence[Transaction]) -> dict[int, int]:
    """Find when each stake that came back did so; a row's history ends with its present state."""
    found = {}
    for row in filter(is_undone, rows):
        events = await hub.journal.events(row.agent_id, row.trans_id)
        reached = [event.at_ms for event in events if event.from_state != event.to_state]
        found[row.trans_id] = reached[-1]
    return found


def _provider_name(hub: Hub, provider_id: int, language: str) -> str:
    provider = hub.directory.provider(provider_id)
    return provider.names.get(language, provider.name) if provider else str(provider_id)


def _game_name(hub: Hub, provider_id: int, game_code: str, language: str) -> str:
    game = hub.directory.game(provider_id, game_code)
    return game.names.get(language, game.name) if game else game_code


def _replay_url(hub: Hub, row: Transaction) -> str | None:
    provider = hub.directory.provider(row.provider_id)
    if provider is None or not provider.replay_url:
        return None
    values = {
        "round_id": row.round_id,
        "game_code": row.game_code,
        "user_code": str(row.user_code),
    }
    return render_launch_url(provider.replay_url, values)
