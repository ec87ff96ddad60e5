"""Templates to pages: one environment that escapes everything and knows no missing value."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from meganodes.backoffice.amounts import amount, duration_text, moment, moment_text
from meganodes.backoffice.assets import asset_url, icon
from meganodes.backoffice.cookies import csrf_token, session_token, take_toast
from meganodes.backoffice.messages import LANGUAGE, browser_words, catalogue
from meganodes.backoffice.navigation import menu
from meganodes.backoffice.office import OFFICE_PATH
from meganodes.backoffice.permissions import Right
from meganodes.backoffice.state_words import word

if TYPE_CHECKING:
    from meganodes.backoffice.page import Visit


@cache
def environment() -> Environment:
    """Make the environment: autoescape everywhere, an undefined name is an error."""
    made = Environment(
        loader=PackageLoader(__package__),
        autoescape=True,
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.install_gettext_translations(catalogue(LANGUAGE), newstyle=True)  # type: ignore[attr-defined]
    made.filters["amount"] = amount
    made.filters["duration"] = duration_text
    made.filters["word"] = word
    made.globals |= {"asset": asset_url, "icon": icon, "Right": Right, "office_path": OFFICE_PATH}
    made.globals |= {"language": LANGUAGE, "browser_words": browser_words}
    return made


def page_html(visit: Visit, title: str, template: str, values: Mapping[str, object]) -> str:
    """Write a page. Every template gets ``visit`` and the helpers below besides its own values."""
    now_ms = visit.office.hub.clock.now_ms()
    zone = ZoneInfo(visit.member.time_zone if visit.member else "UTC")
    session = session_token(visit.request)

    def ago(at_ms: int | None) -> Markup:
        return moment(at_ms, zone, now_ms)

    def exactly(at_ms: int) -> str:
        return moment_text(at_ms, zone)

    def here(**changes: object) -> str:
        """Return this page's address with other parameters; None takes one out."""
        query = dict(visit.request.query_params) | changes
        kept = {name: value for name, value in query.items() if value not in {None, ""}}
        path = visit.request.url.path
        return f"{path}?{urlencode(kept)}" if kept else path

    common = {
        "visit": visit,
        "title": title,
        "csrf": csrf_token(session) if session else "",
        "toast": take_toast(visit.request),
        "menu": menu(visit) if visit.member else (),
        "zone": zone,
        "now_ms": now_ms,
        "ago": ago,
        "exactly": exactly,
        "here": here,
    }
    return environment().get_template(template).render(common | dict(values))
