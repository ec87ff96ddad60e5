"""No secret lies anywhere but where it belongs (reliability 3.11).

Every secret of a hub is a canary: all of them are used, by everybody, on every page and in every
call, while a backend gives away what it knows and tables are missing. Afterwards all that was
written is searched, in every form.
"""

from __future__ import annotations

import asyncio
import re
import secrets
from pathlib import Path
from typing import Any, Final

import pytest

from meganodes.backoffice.page import Method
from meganodes.backoffice.pages import PAGES
from meganodes.directory.staff_records import Stage
from tests.support.echoing_backend import CUT, FAILING, REDIRECTING, TORN
from tests.support.main_api import GOOD_BODIES
from tests.support.watched_hub import Visitor, WatchedHub, a_watched_hub

SEARCHED_BYTES_MIN: Final = 50_000_000
BIG_REPLIES: Final = 360
MISSING_TABLES: Final = ("settlement_proposals", "directory_audit", "attempts", "users")
_CALLED_TABLES: Final = ("/v4/user/info", "/v4/game/game-url", "/v4/agent/info")


def a_password() -> str:
    return f"Zq-{secrets.token_hex(12)}"


async def provision(hub: WatchedHub) -> dict[str, Any]:
    """Set an installation up whose secrets are all canaries."""
    key, alert_secret = hub.folder / "master.key", hub.folder / "alert.secret"
    await hub.command("key", "create", str(key))
    await hub.command("alert", "secret", str(alert_secret))
    hub.hunt.plant("master key", key.read_bytes())
    hub.hunt.plant("alert secret", alert_secret.read_text().strip())
    launch_url = hub.backend.url + "?session={session}&game={game_code}"
    made = await hub.made("provider", "add", "Studio", "--id", "7", "--launch-url", launch_url)
    games = hub.folder / "games.json"
    games.write_text(
        '{"providers":[{"provider_id":7,"name":"Studio","games":'
        '[{"game_code":"fruits","name":"Fruits","category":"Slots"}]}]}'
    )
    await hub.command("catalog", "import", str(games))
    for name in ("acme", "rival"):
        url = ("--currency", "EUR", "--callback-url", hub.backend.url)
        made |= {name: await hub.made("agent", "add", name, *url)}
        await hub.command("agent", "assign", name, "--all")
        await hub.command("agent", "approve", name, "--force", "--reason", "a test")
    acme = made["acme"]
    hub.backend.environment = {name: str(text) for name, text in acme.items()}
    return made


async def hired(hub: WatchedHub, role: str, agent: str = "") -> Visitor:
    """Invite somebody by the command line and let them come in."""
    email = f"{role}.{agent or 'hub'}@office.example"
    more = ("--agent", agent) if agent else ()
    words = ("staff", "add", email, "--role", role, *more)
    invited = await hub.command(*words, "--json", meant=True)
    assert invited.status == 0, invited.stderr
    visitor = Visitor(hub=hub, name=f"{role} of {agent or 'hub'}", password=a_password())
    hub.hunt.plant(f"password of {visitor.name}", visitor.password)
    await visitor.accept(invited.stdout)
    return visitor


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


async def play(hub: WatchedHub, made: dict[str, Any]) -> str:
    """Let a player open a game; returns the session."""
    heads = bearer(made["acme"]["api_token"])
    created = await hub.ask("POST", "/v4/user/create", headers=heads, json={"name": "alice"})
    body = {"user_code": created.json()["data"]["user_code"], "provider_id": 7}
    launched = await hub.ask(
        "POST",
        "/v4/game/game-url",
        meant=True,
        headers=heads,
        json={**body, "game_symbol": "fruits"},
    )
    game_url = launched.json()["data"]["game_url"]
    g_token = re.search(r"g_token=(mng_\w+)", game_url)
    assert g_token is not None, game_url
    hub.hunt.plant("launch token", g_token[1])
    path = game_url.removeprefix(hub.url)
    opened = await hub.ask("GET", path, meant=True)
    session = re.search(r"session=(mns_\w+)", opened.headers["location"])
    assert session is not None, opened.headers
    hub.hunt.plant("player's session", session[1])
    again = await hub.client.get(game_url)
    assert again.status_code == 410
    hub.keep_answer("a used launch link", again)
    return session[1]


async def provider_calls(hub: WatchedHub, token: str, session: str) -> None:
    """Bets that go well, wins, cancels, and bets whose replies give everything away."""

    async def ask(command: str, **fields: object) -> dict[str, Any]:
        path, heads = f"/provider/v1/{command}", bearer(token)
        answer = await hub.ask("POST", path, headers=heads, json={"session": session, **fields})
        answered: dict[str, Any] = answer.json()
        return answered

    assert (await ask("authenticate"))["code"] == 0
    assert (await ask("balance"))["code"] == 0
    bet = {"round_id": "r1", "transaction_id": "b1", "amount": "2.00"}
    assert (await ask("bet", **bet))["code"] == 0
    won = {"round_id": "r1", "transaction_id": "w1", "amount": "3.00", "round_closed": True}
    assert (await ask("win", **won))["code"] == 0
    await ask("bet", **{**bet, "transaction_id": "b2"})
    await ask("cancel", transaction_id="c2", cancel_transaction_id="b2")
    await ask("round", round_id="r1")
    await ask("bet", amount="1", nonsense=token)
    for start in range(0, BIG_REPLIES, 20):
        numbers = range(start, min(start + 20, BIG_REPLIES))
        answers = await asyncio.gather(
            *(ask("bet", round_id="big", transaction_id=f"big{n}", amount="1.31") for n in numbers)
        )
        assert {each["code"] for each in answers} == {2006}, answers
    for number, cents in enumerate((FAILING, REDIRECTING, TORN, CUT)):
        await ask("bet", round_id="odd", transaction_id=f"odd{number}", amount=f"1{cents}")
        await ask("balance")


async def main_api_calls(hub: WatchedHub, token: str) -> None:
    """Every call of the Main API, well and badly."""
    for path, body in GOOD_BODIES.items():
        for heads in (bearer(token), bearer(token + "x"), {"authorization": token}, {}):
            is_launch = path.endswith("game-url") and heads == bearer(token)
            for sent in (body, {"token": token, "user_code": token}):
                await hub.ask(
                    "POST", path, headers=heads, json=sent, meant=is_launch and sent == body
                )
        garbage = f'{{"name": "{token}'.encode()
        await hub.ask("POST", f"{path}?token={token}", headers=bearer(token), content=garbage)
    await hub.ask("GET", f"/v4/{token}", headers=bearer(token))
    await hub.ask("GET", f"/office/{token}")
    for path in ("/metrics", "/docs", "/docs/openapi.json", "/health/ready"):
        await hub.ask("GET", path)
    reader, writer = await asyncio.open_connection("127.0.0.1", hub.port)
    writer.write(f"POST /v4/x HTTP/1.1\r\nAuthorization Bearer {token}\r\n\r\n".encode())
    hub.keep("a request that is none", await reader.read())
    writer.close()


async def visit_everything(hub: WatchedHub, visitor: Visitor) -> None:
    """See every page there is; pages that set a second factor up show a seed and are left out."""
    (attempt, trans) = hub.rows("SELECT max(attempt_id), max(trans_id) FROM attempts")[0]
    told = {
        "agent_id": "1",
        "user_code": str(hub.rows("SELECT min(user_code) FROM users")[0][0]),
        "provider_id": "7",
        "round_id": "odd",
        "trans_id": str(trans),
        "attempt_id": str(attempt),
        "cause": "other",
    }
    for page in PAGES:
        if page.method is Method.GET and page.stage is Stage.SIGNED_IN:
            path = re.sub(r"\{([a-z_]+)(?::[a-z]+)?\}", lambda found: told[found[1]], page.path)
            await visitor.get(path, meant=path == "/me/second-factor")


async def every_attempt(hub: WatchedHub, visitor: Visitor) -> None:
    """Look at the bytes of every attempt, and at every transaction's story."""
    newest = "SELECT attempt_id FROM attempts WHERE agent_id = 1 ORDER BY 1 DESC LIMIT 40"
    for (attempt_id,) in hub.rows(newest):
        await visitor.get(f"/a/1/log/{attempt_id}")
    odd = "SELECT trans_id FROM transactions WHERE agent_id = 1 AND round_id <> 'big'"
    for (trans_id,) in hub.rows(odd):
        await visitor.get(f"/a/1/transactions/{trans_id}")


async def change_things(hub: WatchedHub, admin: Visitor) -> None:
    """Set, reissue, reveal, export and fail: what shows a secret on purpose shows it."""
    before = admin.session
    confirmed = await admin.post("/confirm", password=admin.password)
    assert (confirmed.status_code, admin.session != before) == (303, True)
    callback = hub.hunt.canaries["callback_token of acme"].decode()
    shown = await admin.post("/a/1/settings/reveal", meant=True, kind="callback")
    assert callback in shown.text
    shown = await admin.post("/a/1/settings/reveal", meant=True, kind="signing")
    assert hub.hunt.canaries["signing_secret of acme"].decode() in shown.text
    await admin.post("/a/1/settings/reveal", kind="api")
    for kind in ("api", "callback", "signing"):
        made = await admin.post(
            "/a/1/settings/reissue", meant=True, kind=kind, overlap_hours="24", force="true"
        )
        found = re.search(r"mn[ac]_\w{57}|whsec_[\w+/=]{40,}", made.text)
        assert found is not None, made.text[-2000:]
        hub.hunt.plant(f"reissued {kind}", found[0])
    await admin.post("/a/1/settings/callback-url", callback_url=hub.backend.url + "?a=1")
    await admin.post("/a/1/settings/callback-test")
    await admin.post("/a/1/settings/allow-list", allow_list="")
    invited = await admin.post(
        "/staff/invite", meant=True, email="new@office.example", role="viewer", agent="acme"
    )
    link = re.search(r"code=(mnw_\w+)", invited.text)
    assert link is not None, invited.text[-2000:]
    hub.hunt.plant("an invitation that waits", link[1])
    new = await admin.post(
        "/agents/new", meant=True, name="third", currency="EUR", callback_url=hub.backend.url
    )
    for name, found in enumerate(re.findall(r">(mn[ac]_\w{57}|whsec_[\w+/=]+)<", new.text)):
        hub.hunt.plant(f"secret {name} of third", found)


async def choose_bad_passwords(hub: WatchedHub, admin: Visitor) -> None:
    """Passwords that are not taken: two that differ, one too long, one in a form that is wrong."""
    password = a_password()
    hub.hunt.plant("a password that is not taken", password)
    await admin.post("/me/password", password=password, again=password + "x")
    await admin.post("/me/password", password=password, again=password, extra=password)
    await admin.post("/me/password", password=password * 20, again=password * 20)


async def sign_in_badly(hub: WatchedHub, admin: Visitor) -> None:
    """Wrong passwords, passwords in the wrong field, codes in the wrong place."""
    stranger = Visitor(hub=hub, name="stranger", password="")
    email = "admin.hub@office.example"
    # Whoever types a password where the address belongs sees it there again: they, and nobody else.
    await stranger.post("/sign-in", meant=True, email=admin.password, password=email)
    await stranger.post("/sign-in", email=email, password=admin.password + "x")
    await stranger.post("/sign-in", email=email, password=admin.password, code=admin.code())
    await stranger.get(f"/sign-in?next=/office/agents%3Ftoken={admin.session}", meant=True)
    passed = await stranger.post("/sign-in", email=email, password=admin.password)
    assert passed.headers["location"].endswith("/sign-in/code"), passed.text
    await stranger.post("/sign-in/code", code=admin.session)
    done = await stranger.post("/sign-in/code", code=admin.recovery[0])
    assert done.status_code == 303, done.text
    await stranger.post("/sign-out")


async def live_tail(hub: WatchedHub, viewer: Visitor, token: str, session: str) -> None:
    """Watch the log while a bet is refused."""
    bet = {"session": session, "round_id": "live", "transaction_id": "live", "amount": "1.31"}
    heads = {"cookie": f"__Host-meganodes-office={viewer.session}", "accept": "text/event-stream"}
    path = f"{hub.url}/office/a/1/log/live?after=0"
    async with hub.client.stream("GET", path, headers=heads) as stream:
        assert stream.status_code == 200
        await hub.ask("POST", "/provider/v1/bet", headers=bearer(token), json=bet)
        seen = b""
        async for part in stream.aiter_bytes():
            seen += part
            if b"event: row" in seen:
                break
    hub.keep("live tail", seen)


async def break_things(hub: WatchedHub, admin: Visitor, made: dict[str, Any], session: str) -> None:
    """Take tables away from the running hub: every door fails, none says more than a reference."""
    for table in MISSING_TABLES:
        hub.rename_table(table, f"{table}_away")
        try:
            await visit_without(admin)
            for path in _CALLED_TABLES:
                heads = bearer(made["acme"]["api_token"])
                await hub.ask("POST", path, headers=heads, json={"user_code": 1}, meant=False)
            heads = bearer(made["provider_token"])
            body = {"session": session, "round_id": "r9", "transaction_id": table, "amount": "1.00"}
            await hub.ask("POST", "/provider/v1/bet", headers=heads, json=body)
        finally:
            hub.rename_table(f"{table}_away", table)


async def visit_without(admin: Visitor) -> None:
    """Visit what needs the table that is missing."""
    answers = [
        await admin.get(path)
        for path in ("/a/1/open-work", "/audit", "/a/1/log", "/a/1/users", "/a/1/errors")
    ]
    answers.append(await admin.post("/a/1/settings/allow-list", allow_list="10.0.0.0/8"))
    failed = [each for each in answers if each.status_code == 500]
    assert failed, [each.status_code for each in answers]
    assert not any("Traceback" in each.text or "sqlalchemy" in each.text for each in failed)


async def say_things(hub: WatchedHub) -> None:
    """Let the command line speak, and of addresses of databases that have a password."""
    for words in (
        ("doctor",),
        ("agent", "list"),
        ("agent", "show", "acme"),
        ("agent", "show", "acme", "--json"),
        ("staff", "list"),
        ("parked", "list"),
        ("rounds", "open"),
        ("openapi",),
        ("alert", "test"),
        ("backup", str(hub.folder / "copy.db")),
    ):
        await hub.command(*words)
    password = hub.hunt.plant("database password", f"dbpw{secrets.token_hex(10)}")
    for url in (
        f"postgresql://hub:{password}@db.example/hub",
        f"postgresql://hub:{password}@db.example:port/hub",
        f"postgres://hub:{password}@db.example/hub",
        f"postgresql://hub:p@{password}@[::1/hub",
        f"hub:{password}@db.example",
        f"sqlite://hub:{password}@/x",
    ):
        for words in (("doctor",), ("agent", "list"), ("serve",), ("migrate",)):
            await hub.command(*words, MEGANODES_DATABASE_URL=url)
    await hub.command("serve", MEGANODES_DATABASE_PASSWORD=password)


def keep_the_process(hub: WatchedHub) -> None:
    """What others on the machine could see of the hub; it has no children."""
    assert hub.process is not None
    proc = Path(f"/proc/{hub.process.pid}")
    for name in ("environ", "cmdline", "status"):
        hub.keep(f"/proc {name}", (proc / name).read_bytes())
    children = [path.read_text() for path in proc.glob("task/*/children")]
    assert not "".join(children).strip()


@pytest.mark.reliability("I13")
@pytest.mark.slow
@pytest.mark.security("leakage")
async def test_no_canary_lies_where_it_does_not_belong(tmp_path: Path) -> None:
    async with a_watched_hub(tmp_path) as hub:
        made = await provision(hub)
        await hub.start()
        admin = await hired(hub, "admin")
        others = [
            await hired(hub, role, agent)
            for role, agent in (("operator", "acme"), ("viewer", "acme"), ("viewer", "rival"))
        ]
        session = await play(hub, made)
        await provider_calls(hub, made["provider_token"], session)
        await main_api_calls(hub, made["acme"]["api_token"])
        for visitor in (admin, *others):
            await visit_everything(hub, visitor)
        await every_attempt(hub, others[1])
        await live_tail(hub, others[1], made["provider_token"], session)
        await sign_in_badly(hub, admin)
        await change_things(hub, admin)
        await choose_bad_passwords(hub, admin)
        await break_things(hub, admin, made, session)
        await say_things(hub)
        keep_the_process(hub)
        await hub.stop()
        keep_what_was_written(hub)
        hits = hub.hits()
        print(f"{hub.hunt.searched / 1e6:.1f} MB, {len(hub.hunt.canaries)} canaries")
        assert hits == []
        assert hub.hunt.searched >= SEARCHED_BYTES_MIN


def keep_what_was_written(hub: WatchedHub) -> None:
    """Files, spans and alerts; and the backend had the token on every callback, so it was there."""
    hub.keep_files()
    assert hub.spans.taken
    assert hub.alerts.taken
    assert hub.backend.served > BIG_REPLIES
    for number, taken in enumerate(hub.spans.taken + hub.alerts.taken):
        hub.keep(f"sent away {number}", taken)
