"""What is certified: a callback URL, the accounts to play with and how much money may be used."""

from dataclasses import dataclass, field

from meganodes.protocol.commands import Revision
from meganodes.protocol.currency import Currency


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One agent's backend as a certification sees it. Secrets do not show in its representation."""

    url: str
    """The callback URL, for the report; the transport knows where to send."""
    callback_token: str = field(repr=False)
    account: str
    """An account that exists, is active, and holds some money."""
    revision: Revision = Revision.GUID
    currency: Currency
    max_amount_minor: int | None = None
    """Most money that a case may have at stake at a time, in minor units.

    None: ordinary cases stake at most one main unit, and the cases that need an account to run
    empty stake all that it holds for a moment and give it back.
    """
    blocked_account: str | None = None
    """An account that exists and is not active, where the operator has named one."""
    signing_secret: bytes | None = field(default=None, repr=False)
    """Signs every callback when given, as the hub does."""
