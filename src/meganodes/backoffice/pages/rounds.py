"""A round as one picture for staff: what was staked, what came back, what is still owed."""

from __future__ import annotations

from meganodes.backoffice.messages import say
from meganodes.backoffice.numbers import number_of
from meganodes.backoffice.page import Answer, AnyPage, Missing, Page, Show, Visit
from meganodes.backoffice.pages.transactions import names
from meganodes.backoffice.transaction_words import event_tone
from meganodes.domain.transaction import RoundKey
from meganodes.hub.transaction_story import round_for_staff
from meganodes.protocol.currency import currency


async def show_round(visit: Visit) -> Answer:
    """Show one round of one user."""
    asked = visit.request.path_params
    provider_id, user_code = number_of(asked["provider_id"]), number_of(asked["user_code"])
    if provider_id is None or user_code is None:
        return Missing()
    key = RoundKey(
        agent_id=visit.own_agent.agent_id,
        provider_id=provider_id,
        user_code=user_code,
        round_id=asked["round_id"],
    )
    told = await round_for_staff(visit.office.hub, key)
    if told is None:
        return Missing()
    values = {
        "title": say("Round %(id)s", id=key.round_id),
        "told": told,
        "first": told.rows[0],
        "currency": currency(told.rows[0].currency),
        "tone_of": lambda row: event_tone(row.state),
        **names(visit),
    }
    return Show(template="transactions/round.html", values=values)


PAGES: tuple[AnyPage, ...] = (
    # A round's id is the provider's and may have a slash in it.
    Page(
        path="/a/{agent_id}/rounds/{provider_id}/{user_code}/{round_id:path}",
        title="Round",
        answer=show_round,
    ),
)
