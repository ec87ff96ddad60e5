"""The honest backend's writing: what the wallet decided to the bytes of a reply, in small steps."""

from __future__ import annotations

from collections.abc import Mapping

from meganodes.certification.faulty.records import Agreed, Callback, Decision
from meganodes.protocol.codes import ResultCode
from meganodes.protocol.commands import Command, Revision
from meganodes.protocol.reply_records import HttpReply
from meganodes.protocol.wire import Exact, dump_json


class ReplyWriter:
    """Writes replies of the agreed revision."""

    def __init__(self, agreed: Agreed) -> None:
        self.agreed = agreed

    def rendered(self, callback: Callback, decision: Decision) -> HttpReply:
        return self.sent(decision.result, self.reply_members(callback, decision))

    def reply_members(self, callback: Callback, decision: Decision) -> dict[str, object]:
        """Give `data` of the reply (contract 3.2)."""
        if decision.trans_status:
            return self.status_members(callback, decision)
        told = {"balance": self.told(decision.balance_minor)}
        if callback.command is Command.AUTHENTICATE and decision.result is ResultCode.OK:
            return {"account": callback.account, **told}
        return dict(told)

    def status_members(self, callback: Callback, decision: Decision) -> dict[str, object]:
        if self.agreed.revision is Revision.ID:
            named: dict[str, object] = {"trans_id": int(callback.transaction_id)}
        else:
            named = {"account": callback.account, "trans_guid": callback.transaction_id}
        return {**named, "trans_status": decision.trans_status}

    def told(self, balance_minor: int) -> object:
        """Write a balance in main units, with exactly the currency's decimals."""
        return Exact(balance_minor, self.agreed.exponent)

    def failed(self, result: ResultCode) -> HttpReply:
        """Answer a request that never got to the wallet (99, 100)."""
        return self.sent(result, {})

    def unreadable(self) -> HttpReply:
        return self.failed(ResultCode.INTERNAL_FAILURE)

    def sent(self, result: ResultCode, members: Mapping[str, object]) -> HttpReply:
        word = "OK" if result is ResultCode.OK else "ERROR"
        return self.http(dump_json({"result": int(result), "status": word, "data": members}))

    def http(self, body: bytes) -> HttpReply:
        headers = (
            (b"Content-Type", b"application/json"),
            (b"Content-Length", str(len(body)).encode()),
        )
        return HttpReply(status=200, headers=headers, body=body)
