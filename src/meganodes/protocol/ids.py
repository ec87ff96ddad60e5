"""Names of transactions on the callback wire, the same on every retry, node and rebuilt journal."""

import re
from hashlib import sha256
from typing import Final

_TRANSACTION_ID: Final = re.compile(r"[ -~]{1,64}", re.ASCII)


def trans_guid(installation: str, agent_id: int, provider_id: int, transaction_id: str) -> str:
    """Derive the guid of a provider's transaction: `mn-` and 40 hex digits (contract 3.1)."""
    digest = sha256()
    for part in (installation, str(agent_id), str(provider_id), transaction_id):
        text = part.encode()
        digest.update(b"%d:%b" % (len(text), text))
    return "mn-" + digest.hexdigest()[:40]


def cancel_guid(bet_guid: str) -> str:
    """Give the one guid that every cancel of a bet has, whoever asks (contract 3.1)."""
    return bet_guid + "-c"


def is_transaction_id(text: str) -> bool:
    """Tell whether a provider may name a transaction so: 1 to 64 printable ASCII characters."""
    return _TRANSACTION_ID.fullmatch(text) is not None
