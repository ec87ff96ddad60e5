"""Pages that may say only what the catalogue lists: one that says more becomes an error page."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from meganodes.backoffice.messages import LANGUAGE, Catalogue, catalogue
from meganodes.backoffice.rendering import environment


class Strict(Catalogue):
    """The catalogue; a message that is not listed is an error instead of English."""

    def gettext(self, message: str) -> str:
        listed = catalogue(LANGUAGE)
        assert listed.has(message), f"not in the catalogue: {message!r}"
        return listed.gettext(message)


@contextmanager
def only_listed_messages() -> Iterator[None]:
    """Have templates say nothing but what is listed."""
    _install(Strict({}))
    try:
        yield
    finally:
        _install(catalogue(LANGUAGE))


def _install(messages: Catalogue) -> None:
    environment().install_gettext_translations(messages, newstyle=True)  # type: ignore[attr-defined]
