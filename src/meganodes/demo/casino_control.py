"""The part of a casino's `/control` that needs no ledger: faults to plan, callbacks to look at."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from meganodes.demo.callback_log import CallbackLog, Received, masked
from meganodes.demo.faults import BadPlan, FaultPlan, read_fault
from meganodes.demo.json_body import fields_of


class CasinoControl:
    """Holds the fault plan and the log, which the casino's callback door works with."""

    def __init__(self) -> None:
        self.faults = FaultPlan()
        self.log = CallbackLog()

    def routes(self) -> list[Route]:
        """Return the endpoints; BadOrder is to be answered by `bad_order`."""
        return [
            Route("/control", self._plan_faults, methods=["POST"]),
            Route("/control/requests", self._show_requests),
            Route("/control/arrivals", self._show_arrivals),
        ]

    async def _plan_faults(self, request: Request) -> JSONResponse:
        fields = await fields_of(request)
        planned = fields.get("next", [])
        if not isinstance(planned, list):
            raise BadPlan("next must be a list of faults")
        faults = [read_fault(fault) for fault in planned]
        if fields.get("clear"):
            self.faults.clear()
        for fault in faults:
            self.faults.add(fault)
        return JSONResponse({"pending": [fault.kind for fault in self.faults.pending()]})

    async def _show_requests(self, request: Request) -> JSONResponse:
        after = request.query_params.get("after", "0")
        if not (after.isascii() and after.isdecimal()):
            raise BadPlan("after must be a number")
        newest = self.log.newest(request.query_params.get("command"), int(after))
        return JSONResponse(
            {"count": self.log.count, "requests": [_shown(received) for received in newest]}
        )

    async def _show_arrivals(self, request: Request) -> JSONResponse:
        return JSONResponse(self.log.arrivals(request.query_params.get("command", "bet")))


def _shown(received: Received) -> dict[str, object]:
    return {
        "number": received.number,
        "at_ms": received.at_ms,
        "duration_ms": received.duration_ms,
        "command": received.subject.command,
        "account": received.subject.account,
        "transaction_id": received.subject.transaction_id,
        "request": masked(received.request),
        "status": received.status,
        "reply": received.reply.decode("utf-8", "replace"),
        "fault": received.fault,
    }
