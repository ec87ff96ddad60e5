"""Amounts and moments as people read them: exact, with the plain value one hover away."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from markupsafe import Markup

from meganodes.backoffice.messages import say
from meganodes.protocol.currency import Currency

_GROUP = 3
_SECOND_MS = 1000
_MINUTE_MS = 60_000
_HOUR_MS = 60 * _MINUTE_MS
_DAY_MS = 24 * _HOUR_MS
_RECENT_DAYS = 30


def amount_text(minor: int, currency: Currency) -> str:
    """Write an amount with thin groups and the currency's decimals: 1 234.50 EUR.

    ``minor`` is in minor units; nothing is rounded.
    """
    digits = str(abs(minor)).rjust(currency.exponent + 1, "0")
    whole = digits[: len(digits) - currency.exponent]
    decimals = digits[len(digits) - currency.exponent :]
    groups = []
    while whole:
        groups.append(whole[-_GROUP:])
        whole = whole[:-_GROUP]
    text = "\u202f".join(reversed(groups))
    sign = "\u2212" if minor < 0 else ""
    return f"{sign}{text}{'.' if decimals else ''}{decimals}"


def amount(minor: int | None, currency: Currency) -> Markup:
    """Write an amount for a page; its minor units are shown on hover. None: a dash."""
    if minor is None:
        return Markup('<span class="text-secondary">\u2013</span>')
    return Markup('<span class="amount" title="{}">{}&nbsp;{}</span>').format(
        say("%(minor)s minor units", minor=minor), amount_text(minor, currency), currency.code
    )


def moment_text(at_ms: int, zone: ZoneInfo) -> str:
    """Write a moment exactly, in a time zone: 2026-11-22 19:05:07.123 CET."""
    moment = datetime.fromtimestamp(at_ms // 1000, zone)
    return f"{moment:%Y-%m-%d %H:%M:%S}.{at_ms % 1000:03d} {moment:%Z}"


def moment(at_ms: int | None, zone: ZoneInfo, now_ms: int) -> Markup:
    """Write how long ago (or ahead) a moment is; the exact one is shown on hover. None: a dash."""
    if at_ms is None:
        return Markup('<span class="text-secondary">\u2013</span>')
    machine = datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="milliseconds")
    return Markup('<time datetime="{}" title="{}" data-relative>{}</time>').format(
        machine.replace("+00:00", "Z"),
        moment_text(at_ms, zone),
        relative_text(at_ms - now_ms, at_ms, zone),
    )


def relative_text(distance_ms: int, at_ms: int, zone: ZoneInfo) -> str:
    """Say a distance in one unit; beyond a month the date itself."""
    size = abs(distance_ms)
    if size >= _RECENT_DAYS * _DAY_MS:
        return f"{datetime.fromtimestamp(at_ms // 1000, zone):%Y-%m-%d}"
    if size < _SECOND_MS:
        return say("now")
    text = duration_text(size)
    return (
        say("in %(length)s", length=text) if distance_ms > 0 else say("%(length)s ago", length=text)
    )


def duration_text(size_ms: int) -> str:
    """Say a length of time in its largest unit: 350 ms, 12 s, 5 min, 3 h, 2 d."""
    if size_ms < _SECOND_MS:
        return f"{size_ms} ms"
    for unit_ms, name in ((_DAY_MS, "d"), (_HOUR_MS, "h"), (_MINUTE_MS, "min")):
        if size_ms >= unit_ms:
            return f"{size_ms // unit_ms} {name}"
    return f"{size_ms // _SECOND_MS} s"
