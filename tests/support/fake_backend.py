"""A wallet in memory on the SDK, and callbacks as the hub sends them."""

from __future__ import annotations

from dataclasses import dataclass, field

from meganodes.protocol.commands import (
    Category,
    Command,
    Movement,
    Revision,
    authenticate_data,
    balance_data,
    bet_data,
    cancel_data,
    check_text,
    status_data,
    win_data,
)
from meganodes.protocol.ids import cancel_guid
from meganodes.protocol.signature import parse_secret, sign
from meganodes.protocol.wire import render_callback
from meganodes.sdk import (
    Accepted,
    Authenticate,
    Authenticated,
    Balance,
    Bet,
    Cancel,
    Facts,
    Found,
    Refused,
    Request,
    Status,
    TransStatus,
    Win,
    first_refusal,
)

TOKEN = "mnc_fake-callback-token"
SECRET = "whsec_c2l4dHkgZm91ciBieXRlcyBhcmUgbm90IG5lZWRlZCBoZXJl"
NOW_SECONDS = 1_790_000_000


@dataclass
class FakeWallet:
    """A backend of plain methods with one account; `seen` keeps every request that reached it."""

    account: str = "ada"
    balance_minor: int = 10_000
    active: bool = True
    booked: dict[str, int] = field(default_factory=dict)
    cancelled: set[str] = field(default_factory=set)
    seen: list[Request] = field(default_factory=list)

    def authenticate(self, request: Authenticate) -> Authenticated | Accepted | Refused:
        self.seen.append(request)
        return self._refusal(request) or Authenticated(balance_minor=self.balance_minor)

    def balance(self, request: Balance) -> Accepted | Refused:
        self.seen.append(request)
        return self._refusal(request) or Accepted(balance_minor=self.balance_minor)

    def bet(self, request: Bet) -> Accepted | Refused:
        return self._move(request, request.transaction_id, -request.amount_minor)

    def win(self, request: Win) -> Accepted | Refused:
        return self._move(request, request.transaction_id, request.amount_minor)

    def cancel(self, request: Cancel) -> Accepted | Refused:
        answer = self._move(
            request, request.transaction_id, -self.booked.get(request.original_id, 0)
        )
        if isinstance(answer, Accepted):
            self.cancelled.add(request.original_id)
        return answer

    def status(self, request: Status) -> Found | Refused:
        self.seen.append(request)
        cancelled = request.transaction_id in self.cancelled
        status = TransStatus.CANCELED if cancelled else TransStatus.OK
        return self._refusal(request) or Found(trans_status=status)

    def _move(self, request: Request, transaction_id: str, change_minor: int) -> Accepted | Refused:
        self.seen.append(request)
        refused = self._refusal(request)
        if refused is not None:
            return refused
        self.booked[transaction_id] = change_minor
        self.balance_minor += change_minor
        return Accepted(balance_minor=self.balance_minor)

    def _refusal(self, request: Request) -> Refused | None:
        own = getattr(request, "transaction_id", None)
        return first_refusal(
            request,
            Facts(
                account_known=request.account == self.account,
                active=self.active,
                balance_minor=self.balance_minor,
                transaction_known=own in self.booked,
                original_known=getattr(request, "original_id", None) in self.booked,
            ),
        )


class AsyncFakeWallet:
    """The same wallet with `async def` methods."""

    def __init__(self, wallet: FakeWallet) -> None:
        self.wallet = wallet

    async def authenticate(self, request: Authenticate) -> Authenticated | Accepted | Refused:
        return self.wallet.authenticate(request)

    async def balance(self, request: Balance) -> Accepted | Refused:
        return self.wallet.balance(request)

    async def bet(self, request: Bet) -> Accepted | Refused:
        return self.wallet.bet(request)

    async def win(self, request: Win) -> Accepted | Refused:
        return self.wallet.win(request)

    async def cancel(self, request: Cancel) -> Accepted | Refused:
        return self.wallet.cancel(request)

    async def status(self, request: Status) -> Found | Refused:
        return self.wallet.status(request)


@dataclass(frozen=True, kw_only=True)
class Play:
    """One transaction as a test tells it; `number` makes its ids."""

    number: int = 1
    account: str = "ada"
    amount_minor: int = 150
    exponent: int = 2
    round_id: str = "r-1"
    game_code: str = "toy-slot"

    @property
    def guid(self) -> str:
        return f"mn-{self.number:040x}"

    def movement(self, guid: str | None = None) -> Movement:
        return Movement(
            account=self.account,
            gplay_id=77,
            trans_guid=guid or self.guid,
            trans_id=self.number,
            time_stamp_ms=NOW_SECONDS * 1000,
            round_id=self.round_id,
            provider_id=12,
            provider_name="Toy Studio",
            game_code=self.game_code,
            game_name="Toy Slot",
            category=Category.SLOTS,
            sub_category="",
            amount_minor=self.amount_minor,
            exponent=self.exponent,
        )


def callback(
    command: Command, play: Play | None = None, revision: Revision = Revision.GUID
) -> bytes:
    """Render the body of a callback; a cancel names the bet of the same play."""
    data = data_of(command, play or Play(), revision)
    return render_callback(command, data, check_text(command, revision), NOW_SECONDS)


def data_of(command: Command, play: Play, revision: Revision) -> bytes:
    match command:
        case Command.AUTHENTICATE:
            return authenticate_data(play.account)
        case Command.BALANCE:
            return balance_data(play.account)
        case Command.BET:
            return bet_data(revision, play.movement())
        case Command.WIN:
            return win_data(revision, play.movement())
        case Command.CANCEL:
            own = play.movement(cancel_guid(play.guid))
            return cancel_data(revision, own, play.guid, play.number)
        case Command.STATUS:
            return status_data(revision, play.account, play.guid, play.number)


def callback_headers(body: bytes = b"", token: str = TOKEN, secret: str = SECRET) -> dict[str, str]:
    """Give the headers of a callback, signed."""
    return {
        "Callback-Token": token,
        "Accept": "application/json",
        "Content-Type": "application/json",
        "webhook-id": "msg_1",
        "webhook-timestamp": str(NOW_SECONDS),
        "webhook-signature": sign(parse_secret(secret), "msg_1", NOW_SECONDS, body),
        "MegaNodes-Attempt": "1",
    }
