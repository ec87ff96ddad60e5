"""A casino backend on Django: the SDK's ledger behind the SDK's dispatcher, at /callback."""

from __future__ import annotations

import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from meganodes.sdk import Dispatcher, Revision
from meganodes.sdk.dispatcher import run_plain
from meganodes.sdk.ledger import SqliteLedger

ledger = SqliteLedger(os.environ.get("WALLET_FILE", "casino.db"))
ledger.deposit("ada", 100_000, "play money of ada")  # once, however often this program starts

dispatcher = Dispatcher(
    ledger,
    callback_tokens=[os.environ["WALLET_CALLBACK_TOKEN"]],
    revision=Revision(os.environ.get("WALLET_REVISION", "guid")),
    currency_exponent=2,
)


@csrf_exempt
def callback(request: HttpRequest) -> HttpResponse:
    if request.method == "POST":
        answer = run_plain(dispatcher.handle(request.headers, request.body))
    else:
        answer = dispatcher.wrong_method()
    return HttpResponse(answer.body, status=answer.status, headers=answer.headers)


def balances(_request: HttpRequest) -> HttpResponse:
    return JsonResponse({each.name: each.balance_minor for each in ledger.accounts()})


urlpatterns = [path("callback", callback), path("balances", balances)]

if not settings.configured:  # a project of its own has a settings module instead
    settings.configure(ROOT_URLCONF=__name__, ALLOWED_HOSTS=["*"])
application = get_wsgi_application()
