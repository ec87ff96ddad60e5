"""A made-up catalogue for tests and demonstrations: much like the trade's, and nobody's.

The same wishes give the same catalogue, byte for byte, on every machine: what looks like chance is
drawn from hashes of the seed. Providers and games differ from all others by their place alone.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, NamedTuple, TypeVar

from meganodes.directory.records import CatalogueProvider, Game, ProviderFields, Status
from meganodes.hub.catalogue_words import themed, words
from meganodes.protocol.commands import Category

PROVIDERS_MAX: Final = 200
GAMES_MAX: Final = 100_000
_FIRST_DAY: Final = date(2016, 1, 4)
_DAYS: Final = 3_800
_REEL_KINDS: Final = (("video", 55), ("classic", 15), ("ways", 12), ("jackpot", 10), ("cluster", 8))
_CURRENCIES: Final = ("USD", "GBP", "KRW", "JPY", "THB", "BRL", "TRY", "IDR", "MYR", "CNY")

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What catalogue is wanted; ``first_id`` is the number of its first provider."""

    providers: int = 20
    games: int = 5_000
    seed: int = 1
    first_id: int = 101


def generate_catalogue(wishes: Wishes) -> tuple[CatalogueProvider, ...]:
    """Make the catalogue: so many providers with so many games between them, at least one each."""
    assert 0 < wishes.providers <= min(PROVIDERS_MAX, wishes.games), "each provider gets a game"
    shares = _shares(wishes)
    names = _provider_names(wishes)
    return tuple(
        _provider(wishes, index, names[index], games) for index, games in enumerate(shares)
    )


class _Draws:
    """Numbers drawn from a seed and a label, one after the other."""

    def __init__(self, seed: int, *label: object) -> None:
        self._label = "/".join(map(str, (seed, *label)))
        self._numbers = self._stream()

    def _stream(self) -> Iterator[int]:
        block = 0
        while True:
            digest = hashlib.sha256(f"{self._label}/{block}".encode()).digest()
            block += 1
            for start in range(0, len(digest), 4):
                yield int.from_bytes(digest[start : start + 4], "big")

    def below(self, limit: int) -> int:
        return next(self._numbers) % limit

    def of(self, choices: Sequence[_T]) -> _T:
        return choices[self.below(len(choices))]

    def happens(self, of_thousand: int) -> bool:
        return self.below(1_000) < of_thousand

    def weighed(self, choices: Sequence[tuple[str, int]]) -> str:
        left = self.below(sum(weight for _, weight in choices))
        for choice, weight in choices:
            left -= weight
            if left < 0:
                return choice
        raise AssertionError("the weights add up")


def _category_of(index: int) -> Category:
    """One provider in seven has live tables, one in ten small games, all others reels."""
    if index % 7 == 3:  # noqa: PLR2004 - the fourth, the eleventh, ...
        return Category.LIVE
    return Category.MINI if index % 10 == 8 else Category.SLOTS  # noqa: PLR2004 - the ninth, ...


def _shares(wishes: Wishes) -> list[int]:
    """Share the games out: a few large providers, a long tail, live tables and small games few."""
    weights = []
    for index in range(wishes.providers):
        is_large = _category_of(index) is Category.SLOTS
        weights.append(1_000_000 // (index + 6) if is_large else 25_000)
    left = wishes.games - wishes.providers
    total = sum(weights)
    shares = [1 + left * weight // total for weight in weights]
    shares[0] += wishes.games - sum(shares)
    return shares


def _provider_names(wishes: Wishes) -> list[dict[str, str]]:
    """Name providers so that their beginnings repeat as late as possible."""
    table = words()
    draws = _Draws(wishes.seed, "providers")
    beginnings = list(table.provider_beginnings)
    shuffled = [beginnings.pop(draws.below(len(beginnings))) for _ in range(len(beginnings))]
    firsts = [draws.below(len(table.provider_ends)) for _ in shuffled]
    names = []
    for index in range(wishes.providers):
        turn, place = divmod(index, len(shuffled))
        beginning = shuffled[place]
        end = table.provider_ends[(firsts[place] + turn) % len(table.provider_ends)]
        house = draws.of(table.provider_houses)
        names.append(
            {language: f"{beginning[language]}{end[language]} {house}" for language in end}
        )
    return names


def _provider(
    wishes: Wishes, index: int, names: Mapping[str, str], games: int
) -> CatalogueProvider:
    provider_id = wishes.first_id + index
    draws = _Draws(wishes.seed, "provider", index)
    some = tuple(code for code in _CURRENCIES if draws.happens(750))
    fields = ProviderFields(
        name=names["en"],
        names={language: name for language, name in names.items() if language != "en"},
        status=Status.NORMAL,
        currencies=("EUR", *some) if draws.happens(200) else (),
    )
    return CatalogueProvider(
        provider_id=provider_id,
        fields=fields,
        games=tuple(sorted(_games(wishes, index, _slug(names["en"]), games), key=_by_code)),
    )


def _by_code(game: Game) -> str:
    return game.game_code


class _Title(NamedTuple):
    names: Mapping[str, str]
    category: Category
    sub_category: str


def _games(wishes: Wishes, index: int, house: str, wanted: int) -> Iterator[Game]:
    taken: dict[str, int] = {}
    coded = _CODE_FORMS[_Draws(wishes.seed, "codes", index).below(len(_CODE_FORMS))]
    for number in range(wanted):
        draws = _Draws(wishes.seed, "game", index, number)
        title = _title(draws, _category_of(index), number)
        times = taken[title.names["en"]] = taken.get(title.names["en"], 0) + 1
        names = _numbered(title.names, times)
        code = coded(_slug(names["en"]), number)
        yield Game(
            provider_id=wishes.first_id + index,
            game_code=code,
            name=names["en"],
            names=names,
            category=title.category,
            sub_category=title.sub_category,
            image=f"https://img.example/{house}/{code}.png",
            image_narrow=f"https://img.example/{house}/{code}-narrow.png",
            launch_enable=not draws.happens(15),
            status=Status.MAINTENANCE if draws.happens(10) else Status.NORMAL,
            reg_date=_reg_date(draws),
        )


def _title(draws: _Draws, category: Category, number: int) -> _Title:
    table = words()
    if category is Category.LIVE:
        kind, names = draws.of(table.live)
        room = f"{'ABCDEFGH'[draws.below(8)]}{number + 1:02}"
        return _Title({code: f"{name} {room}" for code, name in names.items()}, category, kind)
    theme = draws.of(table.themes)
    if category is Category.MINI or draws.happens(40):
        kind, names = draws.of(table.mini)
        return _Title(themed(theme, names), Category.MINI, kind)
    names = themed(theme, draws.of(table.reels))
    if draws.happens(350):
        edition = draws.of(table.editions)
        names = {code: f"{name} {edition[code]}" for code, name in names.items()}
    return _Title(names, Category.SLOTS, draws.weighed(_REEL_KINDS))


def _numbered(names: Mapping[str, str], times: int) -> dict[str, str]:
    """Tell games of one provider apart whose names would be the same."""
    return {code: f"{name} {times}" if times > 1 else name for code, name in names.items()}


def _reg_date(draws: _Draws) -> str:
    """Give a working hour of a day; newer days are more frequent, as the trade grows."""
    days = max(draws.below(_DAYS), draws.below(_DAYS))
    return f"{_FIRST_DAY + timedelta(days=days)}T{8 + draws.below(10):02}:00:00Z"


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


_CODE_FORMS: Final = (
    lambda slug, _number: slug,
    lambda slug, _number: slug.replace("-", "_"),
    lambda slug, _number: "".join(part.capitalize() for part in slug.split("-")),
    lambda slug, number: f"vs{10 + number % 5 * 10}{slug.replace('-', '')}",
    lambda _slug, number: str(1001 + number),
)
"""How providers make codes: some of words, some of numbers, which then repeat between them."""
