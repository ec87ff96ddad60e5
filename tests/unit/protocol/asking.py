"""Builders for tests of reading: a question with defaults and a reply as its bytes."""

from meganodes.protocol.commands import Command, Revision
from meganodes.protocol.replies import HttpReply, Question, Reply, read_reply

JSON = ((b"Content-Type", b"application/json"),)

SUCCESS = {
    Command.AUTHENTICATE: '{"account":"anna","balance":12.50}',
    Command.BALANCE: '{"balance":12.50}',
    Command.BET: '{"balance":12.50}',
    Command.WIN: '{"balance":12.50}',
    Command.CANCEL: '{"balance":12.50}',
    Command.STATUS: '{"account":"anna","trans_guid":"mn-1","trans_status":"OK"}',
}
"""`data` of a good reply of revision guid, in a currency of two decimals."""


def question(
    command: Command = Command.BET,
    *,
    revision: Revision = Revision.GUID,
    exponent: int = 2,
    overdraft_allowed: bool = False,
) -> Question:
    return Question(
        command=command,
        revision=revision,
        account="anna",
        exponent=exponent,
        overdraft_allowed=overdraft_allowed,
    )


def read(
    body: str | bytes,
    asked: Question | Command = Command.BET,
    *,
    status: int = 200,
    headers: tuple[tuple[bytes, bytes], ...] = JSON,
) -> Reply:
    """Read one reply; text is sent as UTF-8."""
    raw = body.encode() if isinstance(body, str) else body
    to_ask = question(asked) if isinstance(asked, Command) else asked
    return read_reply(to_ask, HttpReply(status=status, headers=headers, body=raw))


def success(command: Command) -> str:
    """Give the body of a good reply to a command."""
    return f'{{"result":0,"status":"OK","data":{SUCCESS[command]}}}'


def refusal(result: int, data: str = '{"balance":12.50}') -> str:
    """Give the body of a good refusal."""
    return f'{{"result":{result},"status":"ERROR","data":{data}}}'


def with_data(data: str) -> str:
    """Give the body of a success with this `data`."""
    return f'{{"result":0,"status":"OK","data":{data}}}'


def with_balance(balance: str) -> str:
    """Give the body of a success that reports this balance, written as JSON."""
    return with_data(f'{{"balance":{balance}}}')
