"""The pages of the Back Office, one module per resource; PAGES is all there is."""

from typing import Final

from meganodes.backoffice.page import AnyPage
from meganodes.backoffice.pages import (
    account,
    agents,
    audit,
    dashboard,
    errors,
    home,
    log,
    open_work,
    rounds,
    search,
    settings,
    sign_in,
    staff,
    transactions,
    users,
)

PAGES: Final[tuple[AnyPage, ...]] = (
    *home.PAGES,
    *sign_in.PAGES,
    *account.PAGES,
    *agents.PAGES,
    *dashboard.PAGES,
    *settings.PAGES,
    *staff.PAGES,
    *audit.PAGES,
    *users.PAGES,
    *errors.PAGES,
    *log.PAGES,
    *open_work.PAGES,
    *transactions.PAGES,
    *rounds.PAGES,
    *search.PAGES,
)
