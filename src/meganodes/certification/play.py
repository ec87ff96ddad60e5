"""One transaction of a case, written as the bytes of any callback about it."""

from dataclasses import dataclass
from typing import Final

from meganodes.protocol.commands import (
    Category,
    Command,
    Movement,
    Revision,
    authenticate_data,
    balance_data,
    bet_data,
    cancel_data,
    status_data,
    win_data,
)
from meganodes.protocol.ids import cancel_guid

_PROVIDER_ID: Final = 1
_GPLAY_ID: Final = 7_001


@dataclass(frozen=True, slots=True, kw_only=True)
class Play:
    """A bet or a win that a case sends, with its ids for both revisions."""

    account: str
    trans_guid: str
    trans_id: int
    round_id: str
    amount_minor: int
    time_stamp_ms: int
    exponent: int

    def named(self, revision: Revision) -> str:
        """Give the id that goes over the wire."""
        return self.trans_guid if revision is Revision.GUID else str(self.trans_id)

    def movement(self, trans_guid: str | None = None) -> Movement:
        """Give what the wire says about it; a cancel has a guid of its own."""
        return Movement(
            account=self.account,
            gplay_id=_GPLAY_ID,
            trans_guid=trans_guid or self.trans_guid,
            trans_id=self.trans_id,
            time_stamp_ms=self.time_stamp_ms,
            round_id=self.round_id,
            provider_id=_PROVIDER_ID,
            provider_name="Certification",
            game_code="certification",
            game_name="Certification",
            category=Category.SLOTS,
            sub_category="",
            amount_minor=self.amount_minor,
            exponent=self.exponent,
        )

    def data(self, command: Command, revision: Revision, cancel: str | None = None) -> bytes:
        """Render `data` of a callback about it; ``cancel`` is a cancel's guid if not the usual."""
        match command:
            case Command.AUTHENTICATE:
                return authenticate_data(self.account)
            case Command.BALANCE:
                return balance_data(self.account)
            case Command.BET:
                return bet_data(revision, self.movement())
            case Command.WIN:
                return win_data(revision, self.movement())
            case Command.CANCEL:
                own = cancel or cancel_guid(self.trans_guid)
                return cancel_data(revision, self.movement(own), self.trans_guid, self.trans_id)
            case Command.STATUS:
                return status_data(revision, self.account, self.trans_guid, self.trans_id)
