"""The page of a round: what happened to the money, for whoever holds its link.

The page is made anew for every visit, and a link that was not signed here, or no longer leads
anywhere, always gets one and the same page.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode

from meganodes.hub.languages import LANGUAGES
from meganodes.hub.round_page import tell_round
from meganodes.hub.round_page_link import RoundLinkFault
from meganodes.player_pages.pages import page, reader_language, round_closed
from meganodes.player_pages.rendering import round_page
from meganodes.player_pages.round_sheet import round_sheet
from meganodes.player_pages.round_texts import round_words
from meganodes.player_pages.texts import Topic

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from meganodes.hub.core import Hub

_GONE: Final = 410
_NOT_FOUND: Final = 404


async def visit(hub: Hub, request: Request) -> Response:
    """Answer a visit."""
    language = reader_language(request)
    link_text = request.query_params.get("t", "")
    found = await tell_round(hub, link_text, language)
    if found is RoundLinkFault.EXPIRED:
        return round_closed(request, Topic.ROUND_EXPIRED, _GONE)
    if isinstance(found, RoundLinkFault):
        return round_closed(request, Topic.ROUND_UNKNOWN, _NOT_FOUND)
    sheet = round_sheet(found, round_words(language))
    links = {code: "?" + urlencode({"t": link_text, "lang": code}) for code in LANGUAGES.values()}
    return page(round_page(sheet, language, links))
