"""The search box: leads straight to the one thing that is meant, else shows what it may be."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from meganodes.backoffice.office import OFFICE_PATH
from meganodes.backoffice.page import Answer, AnyPage, GoTo, Page, Show, Visit
from meganodes.backoffice.pages.transactions import names, transaction_path
from meganodes.hub.office_search import Hits, hits_of
from meganodes.hub.uses import Use

if TYPE_CHECKING:
    from meganodes.domain.transaction import RoundKey


async def search(visit: Visit) -> Answer:
    """Guess what a text means, among the agents in sight."""
    text = visit.query("q")
    agents = visit.scope.agents()
    hits = await hits_of(visit.office.hub, text, agents)
    if hits.count == 1:
        return GoTo(path=_places(hits)[0])
    values = {
        "sought": text,
        "hits": hits,
        "agent_names": {each.agent_id: each.name for each in agents},
        "round_path": round_path,
        **names(visit),
    }
    return Show(template="transactions/search.html", values=values)


def _places(hits: Hits) -> list[str]:
    """Give the pages of what was found."""
    users = [(each.agent_id, each.user_code) for each in hits.users]
    users += [(each.agent_id, each.user_code) for each in hits.sessions]
    return [
        *(f"{OFFICE_PATH}/a/{each.agent_id}/dashboard" for each in hits.agents),
        *(f"{OFFICE_PATH}/a/{agent_id}/users/{user_code}" for agent_id, user_code in users),
        *map(transaction_path, hits.transactions),
        *map(round_path, hits.rounds),
        *(f"{OFFICE_PATH}/a/{agent_id}/log/{number}" for agent_id, number in hits.attempts),
    ]


def round_path(key: RoundKey) -> str:
    """Return the address of a round's page."""
    place = f"{key.provider_id}/{key.user_code}/{quote(key.round_id, safe='')}"
    return f"{OFFICE_PATH}/a/{key.agent_id}/rounds/{place}"


PAGES: tuple[AnyPage, ...] = (Page(path="/search", title="Search", answer=search, use=Use.SEARCH),)
