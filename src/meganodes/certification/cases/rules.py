"""The rules that cases quote, in the words of the contract."""

from meganodes.certification.case import Rule

REPLY = Rule(
    'HTTP 200, {"result": 0, "status": "OK", "data": {...}}, or '
    '{"result": n, "status": "ERROR", "data": {"balance": ...}}.',
    "contract 3.2",
)
READING = Rule(
    "A reply is read strictly where money depends on it: one JSON object in UTF-8, `result` an "
    "integer of the command's table.",
    "contract 3.3",
)
TOLERATED = Rule(
    "Accepted with a note in the API log: numeric text, extra keys, a missing or odd `status`, a "
    "byte order mark, `Content-Type` other than JSON.",
    "contract 3.3",
)
CONNECTION = Rule(
    "Replies carry no transaction id, and a connection that is one reply off books a stranger's "
    "balance.",
    "contract 3.3",
)
NEW_CONNECTION = Rule("What goes wrong in the field: a retry under a new connection.", "contract 5")
DEADLINES = Rule(
    "Deadlines, one total each: bet and balance 2 s, all others 4 s, connect included.",
    "contract 3.3",
)
TOKEN = Rule("Further results: 99 internal failure, 100 wrong Callback-Token.", "contract 3.2")
TOKEN_FIELD = Rule("What goes wrong in the field: wrong token accepted.", "contract 5")
SIGNATURE = Rule(
    "`webhook-signature`: `v1,` and base64 HMAC-SHA256 of `id.timestamp.body` with the agent's "
    "signing secret.",
    "contract 3.1",
)
CHECK_21 = Rule("Check 21: does the account exist? Refusal: `result` 21.", "contract 3.2")
CHECK_22 = Rule("Check 22: is the player active? Refusal: `result` 22.", "contract 3.2")
CHECK_31 = Rule(
    "Check 31: is the balance at least `amount`? Refusal: `result` 31 and `data.balance`.",
    "contract 3.2",
)
CHECK_41 = Rule(
    "Check 41: is this transaction id new? Refusal: `result` 41 and `data.balance`.",
    "contract 3.2",
)
CHECK_42 = Rule(
    "Check 42: does this transaction id exist? Refusal: `result` 42 and `data.balance`.",
    "contract 3.2",
)
CHECK_43 = Rule(
    "Check 43: does the transaction named by `cancel_trans_guid` exist? Refusal: `result` 43 and "
    "`data.balance` (revision `id`: 42).",
    "contract 3.2",
)
ORDER = Rule("`check`: comma-joined, no blanks, in the order to evaluate.", "contract 3.1")
ACCOUNT = Rule(
    "What goes wrong in the field: an account that exists in another letter case.", "contract 5"
)
AUTHENTICATE = Rule("Success data: authenticate `account`, `balance`.", "contract 3.2")
BALANCE_AFTER = Rule(
    "Success data: balance, bet, win, cancel `balance` (after the movement).", "contract 3.2"
)
ZERO = Rule("A bet of amount 0 and a win of amount 0 must be taken.", "contract 5")
ONCE = Rule("A duplicate may be answered 41 or 0: the money must have moved once.", "contract 5")
OWED = Rule(
    "21 and 22 do not end a win or a cancel: money is owed to a locked player too.",
    "contract 3.4",
)
CANCEL = Rule(
    "Cancel: its own `trans_guid` and `cancel_trans_guid` naming the original (revision `id`: "
    "`trans_id` of the original). The whole amount of the bet is given back.",
    "contract 3.1, 4",
)
CANCEL_OF_WIN = Rule("Revision `id`: also the cancel of a win.", "contract 5")
CANCEL_FIELD = Rule(
    "What goes wrong in the field: cancel before its bet then the late bet, cancel with a wrong "
    "amount, cancel of an unknown id creating money.",
    "contract 5",
)
ONE_CANCEL = Rule(
    "A cancel's guid is the bet's and `-c`, for ever, whoever asks and however often. Repeated "
    "cancel moves nothing.",
    "contract 3.1, reliability 2.9",
)
STATUS = Rule(
    "Status reply: `account`, `trans_guid`, `trans_status` (revision `id`: `trans_id`, "
    "`trans_status`); `trans_status` `OK` or `CANCELED`.",
    "contract 3.2",
)
STATUS_UNKNOWN = Rule("Status for an unknown id must be 42.", "contract 5")
TRUTH = Rule("`status` truthful.", "reliability 2.9")
TOMBSTONE = Rule("Tombstone: bet after its cancel refused.", "reliability 2.9")
REFUSED_STAYS = Rule("Refused id stays refused.", "reliability 2.9")
PARALLEL = Rule("Parallel duplicates (20 at once): one debit.", "reliability 2.9")
OVERSPENDING = Rule(
    "What goes wrong in the field: two bets at once overspending, the same id sent twice at once.",
    "contract 5",
)
SEVERAL = Rule(
    "A win is sent after every bet recorded in its round is decided; several wins in any order. "
    "Several stakes are sent as their sum or as several bets.",
    "contract 3.4, 4",
)
PRIZE = Rule(
    "win: checks 21,22,41, and no other. Providers set to `wins_without_bet` send prizes and free "
    "rounds.",
    "contract 3.1, 4",
)
AMOUNT = Rule(
    "Amounts are JSON numbers in main units with exactly the currency's decimals.",
    "contract 2.1",
)
AMOUNT_FIELD = Rule(
    "What goes wrong in the field: cents for units, decimals truncated.", "contract 5"
)
DECIMALS = Rule(
    "A balance with fewer or more decimals than the currency is accepted with a note; "
    "certification fails it.",
    "contract 3.3",
)
AMOUNT_BOUNDS = Rule("0 <= amount <= 2^53-1 minor units, zero is valid.", "contract 2.1")
FAILURE = Rule("Reply: HTTP 200. Further results: 99 internal failure.", "contract 3.2")
TESTED = Rule(
    "callback-test sends one authenticate for the account `callback_test`.", "contract 2.2"
)
IDLE = Rule(
    "What goes wrong in the field: slow first answer after idling, replies above the deadline.",
    "contract 5",
)
P99 = Rule("p99 under 1 s.", "reliability 2.9")
WINDOW = Rule(
    "Signatures carry `webhook-timestamp`, Unix seconds of the attempt; five minutes either way "
    "are allowed.",
    "contract 3.1",
)
