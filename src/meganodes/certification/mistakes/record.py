"""What is said about one mistake, and the rules that are quoted with it."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """One thing that is wrong with a reply, in words for the developer of a backend."""

    rule: str
    """The rule of the contract that is broken, with its section in front."""
    sentence: str
    """What came, and what the hub makes of it."""
    mend: str
    """What to change."""
    tolerated: bool = False
    """Whether the hub takes the reply all the same; certification does not."""


STATUS_RULE: Final = "3.3: every callback is answered with HTTP 200; a refusal is told by result."
REDIRECT_RULE: Final = "3.3: a redirect is never followed."
ENCODING_RULE: Final = "3.3: the body comes as it is; the request asks for identity."
SIZE_RULE: Final = "3.3: a reply has at most 64 KiB of body and 8 KiB of headers."
JSON_RULE: Final = "3.3: the body is one JSON object in UTF-8, and nothing else."
KEYS_RULE: Final = "3.3: no key comes twice in one object."
TYPE_RULE: Final = "3.3: Content-Type is application/json."
SHAPE_RULE: Final = '3.2: a reply is {"result": n, "status": "OK" or "ERROR", "data": {...}}.'
RESULT_RULE: Final = "3.3: result is a JSON integer; false, 0.0, null and text are not 0."
TABLE_RULE: Final = "3.2: result is 0, one of the checks of the command, 99 or 100."
WORD_RULE: Final = "3.3: status is OK with result 0 and ERROR with every other."
DATA_RULE: Final = "3.2: data is an object with the members of its command."
BALANCE_RULE: Final = "3.2: data.balance is the balance after the movement, as a JSON number."
DECIMALS_RULE: Final = "2.1: amounts are in main units with exactly the currency's decimals."
OVERDRAFT_RULE: Final = "3.3: a balance is 0 or more, unless overdraft is agreed."
ACCOUNT_RULE: Final = "3.3: data.account is the account that was asked, letter by letter."
TRANS_STATUS_RULE: Final = "3.2: data.trans_status is OK or CANCELED."
PERMISSIONS_RULE: Final = "3.2: a permission of the wrong type makes the reply malformed."
