"""What an operator builds a backend with: protocol and standard library only.

Implement `WalletBackend`, give it to a `Dispatcher`, and mount `meganodes.sdk.asgi.asgi_app` or
`meganodes.sdk.wsgi.wsgi_app` at the callback URL.
"""

from meganodes.protocol.codes import ResultCode
from meganodes.protocol.commands import Revision
from meganodes.protocol.reply_records import Permissions
from meganodes.sdk.backend import (
    Accepted,
    Authenticate,
    Authenticated,
    Balance,
    Bet,
    Cancel,
    Found,
    Movement,
    Refused,
    Request,
    Status,
    TransStatus,
    WalletBackend,
    Win,
)
from meganodes.sdk.checks import Facts, first_refusal
from meganodes.sdk.dispatcher import Dispatcher, HttpAnswer, SignatureCheck
from meganodes.sdk.errors import (
    AccountUnknown,
    BackendFault,
    BadCallback,
    BalanceTooLow,
    DatabaseBusy,
    ReferenceTaken,
    SdkError,
)

__all__ = [
    "Accepted",
    "AccountUnknown",
    "Authenticate",
    "Authenticated",
    "BackendFault",
    "BadCallback",
    "Balance",
    "BalanceTooLow",
    "Bet",
    "Cancel",
    "DatabaseBusy",
    "Dispatcher",
    "Facts",
    "Found",
    "HttpAnswer",
    "Movement",
    "Permissions",
    "ReferenceTaken",
    "Refused",
    "Request",
    "ResultCode",
    "Revision",
    "SdkError",
    "SignatureCheck",
    "Status",
    "TransStatus",
    "WalletBackend",
    "Win",
    "first_refusal",
]
