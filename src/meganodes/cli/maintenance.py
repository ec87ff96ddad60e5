"""``meganodes provider maintenance``: games that cannot be opened, now or at a time planned."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

import typer

from meganodes.bootstrap.wiring import Office
from meganodes.cli.context import person, run_in_office
from meganodes.cli.moments import moment_ms, shown_moment
from meganodes.cli.output import WRONG_USAGE, fail, say, show_rows
from meganodes.directory.faults import DirectoryFault, FieldFault
from meganodes.directory.maintenance import status_at
from meganodes.directory.records import Game, NewWindow, Provider, Status, Window

_COLUMNS = ("provider_id", "provider", "game", "window", "from", "to", "running", "reason")
_ONE_THING = "give one of --now, --from, --end and --withdraw, or none of them to see what there is"
Rows = list[dict[str, object]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wanted:
    """What the options ask for; None and False stand for options that were not given."""

    name: str | None
    game: str | None
    from_ms: int | None
    to_ms: int | None
    now: bool
    end: bool
    withdraw: int | None
    reason: str | None

    def plans(self) -> bool:
        return self.now or self.from_ms is not None

    def usage_fault(self) -> str | None:
        asked = [self.now, self.from_ms is not None, self.end, self.withdraw is not None]
        if sum(asked) > 1:
            return _ONE_THING
        if self.to_ms is not None and not self.plans():
            return "--to needs --from or --now"
        if (any(asked) or self.game is not None) and self.name is None:
            return "name the provider"
        return None


def maintenance(  # noqa: PLR0913 - the options of the published command
    context: typer.Context,
    name: Annotated[str | None, typer.Argument(help="The provider's name or number.")] = None,
    *,
    game: Annotated[str | None, typer.Option(help="Only this game, by its code.")] = None,
    begin: Annotated[
        int | None, typer.Option("--from", parser=moment_ms, metavar="TIME", help="When it begins.")
    ] = None,
    to: Annotated[
        int | None, typer.Option("--to", parser=moment_ms, metavar="TIME", help="When it is over.")
    ] = None,
    now: Annotated[bool, typer.Option("--now", help="It begins at once.")] = False,
    end: Annotated[bool, typer.Option("--end", help="End what is going on.")] = False,
    withdraw: Annotated[
        int | None, typer.Option(help="Take back the window of this number, not yet begun.")
    ] = None,
    reason: Annotated[str | None, typer.Option(help="Why, for the audit and the list.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for machines.")] = False,
) -> None:
    """Plan, begin or end maintenance of a provider or a game; without an option list all of it.

    TIME is ISO 8601 with an offset: 2026-12-24T18:00:00Z. Without --to it lasts until --end.
    """
    wanted = _Wanted(
        name=name,
        game=game,
        from_ms=begin,
        to_ms=to,
        now=now,
        end=end,
        withdraw=withdraw,
        reason=reason,
    )
    fault = wanted.usage_fault()
    if fault is not None:
        fail([fault], status=WRONG_USAGE)
    said, rows = run_in_office(context, lambda office: _serve(office, wanted))
    if said and not as_json:
        say(said)
    if as_json or not said:
        show_rows(_COLUMNS, rows, as_json=as_json, empty="No maintenance is planned or going on.")


async def _serve(office: Office, wanted: _Wanted) -> tuple[str, Rows]:
    """Do what is wanted; give what is to be said, and what the provider's windows are then."""
    provider = None if wanted.name is None else _provider(office, wanted.name)
    said = ""
    if provider is not None and wanted.plans():
        said = await _plan(office, provider, wanted)
    elif provider is not None and wanted.end:
        said = await _end(office, provider, wanted)
    elif provider is not None and wanted.withdraw is not None:
        said = await _withdraw(office, provider, wanted.withdraw, wanted.reason)
    rows = [
        row
        for each in office.directory.providers()
        if provider is None or each.provider_id == provider.provider_id
        for row in _rows(office, each)
        if wanted.game in {None, row["game"]}
    ]
    return said, rows


def _provider(office: Office, name: str) -> Provider:
    known = office.directory.providers()
    for provider in known:
        if provider.name.lower() == name.lower():
            return provider
    for provider in known:
        if str(provider.provider_id) == name:
            return provider
    raise DirectoryFault([FieldFault("name", f"there is no provider called {name}")])


def _title(provider: Provider, game_code: str | None) -> str:
    return provider.name if game_code is None else f"{game_code} of {provider.name}"


async def _plan(office: Office, provider: Provider, wanted: _Wanted) -> str:
    window = await office.directory.plan_maintenance(
        NewWindow(
            provider_id=provider.provider_id,
            game_code=wanted.game,
            from_ms=wanted.from_ms,
            to_ms=wanted.to_ms,
            reason=wanted.reason,
        ),
        person(),
    )
    until = (
        f"until {shown_moment(window.to_ms)}" if window.to_ms is not None else "until it is ended"
    )
    title = _title(provider, wanted.game)
    is_running = window.has(office.clock.now_ms())
    verb = "is in maintenance since" if is_running else "will be in maintenance from"
    return f"{title} {verb} {shown_moment(window.from_ms)}, {until} (window {window.window_id})."


async def _end(office: Office, provider: Provider, wanted: _Wanted) -> str:
    ended = await office.directory.end_maintenance(
        provider.provider_id, wanted.game, person(), wanted.reason
    )
    title = _title(provider, wanted.game)
    if not ended:
        return f"{title} is not in maintenance."
    whole = office.directory.provider(provider.provider_id)
    is_off = whole is not None and status_at(whole, office.clock.now_ms()) is Status.MAINTENANCE
    rest = f", but all of {provider.name} still is" if is_off and wanted.game else ""
    return f"{title} is no longer in maintenance{rest}."


async def _withdraw(office: Office, provider: Provider, number: int, reason: str | None) -> str:
    of_provider = {window.window_id for window in _windows(office, provider)}
    if number not in of_provider:
        raise DirectoryFault([FieldFault("window", f"{provider.name} has no window {number}")])
    window = await office.directory.withdraw_maintenance(number, person(), reason)
    return f"Window {window.window_id} of {_title(provider, window.game_code)} is withdrawn."


def _windows(office: Office, provider: Provider) -> Iterator[Window]:
    yield from provider.windows
    for game in office.directory.games_of(provider.provider_id):
        yield from game.windows


def _rows(office: Office, provider: Provider) -> Iterator[dict[str, object]]:
    now_ms = office.clock.now_ms()
    things: list[Provider | Game] = [provider, *office.directory.games_of(provider.provider_id)]
    for thing in things:
        game_code = thing.game_code if isinstance(thing, Game) else None
        which: dict[str, object] = {
            "provider_id": provider.provider_id,
            "provider": provider.name,
            "game": game_code,
        }
        if thing.status is Status.MAINTENANCE:
            by_hand: dict[str, object] = dict.fromkeys(("window", "from", "to"))
            yield which | by_hand | {"running": True, "reason": "status"}
        for window in thing.windows:
            if not window.is_over(now_ms):
                yield which | _shown(window, now_ms)


def _shown(window: Window, now_ms: int) -> dict[str, object]:
    return {
        "window": window.window_id,
        "from": shown_moment(window.from_ms),
        "to": shown_moment(window.to_ms),
        "running": window.has(now_ms),
        "reason": window.reason,
    }
