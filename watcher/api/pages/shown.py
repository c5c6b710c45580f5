"""Figures as a page writes them: the number, its unit, and why it is not known."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from watcher.math.catalogue import CATALOGUE
from watcher.report import formats
from watcher.report.naming import source_of, symbols, with_names
from watcher.report.sentences import Words
from watcher.state.measure import Measure
from watcher.state.target import Target

NEAR_PEG = (0.5, 2.0)
"""Prices in this range have five decimals: a hundredth of a per mille off a peg can be seen."""
SIX_DIGITS = 6
LARGE, SMALL = 1e15, 1e-5

PRICES = frozenset(
    {
        "spot_price",
        "reference_price",
        "time_weighted_price",
        "price_per_share",
        "feed_price",
        "oracle_price",
        "redemption_rate",
        "nav_per_share",
        "own_valuation",
    }
)
RATIOS = frozenset({"weakest_health", "account_health", "component_coverage", "share_ratio"})
"""Compared with 1 as they stand: percent would hide that."""
INDEXES = frozenset({"disparity_invariant", "disparity_value", "share_gini"})
"""0 balanced, 1 one coin only."""
SATURATING = frozenset({"lost_depth", "lost_depth_pair"})
SHARES = frozenset({"value_share", "invariant_share", "largest_share", "asset_share"})
FORMS = {
    "token": "tokens at hand",
    "pair": "LP tokens of pairs",
    "position": "positions",
    "vault": "vault shares",
}


@dataclass(frozen=True, slots=True)
class Figure:
    """A number on a page: `text` is "n/a" where `value` is None, and `why` then says why; otherwise
    `why` is empty."""

    text: str
    value: float | None = None
    why: str = ""

    @property
    def known(self) -> bool:
        return self.value is not None


def number(value: float) -> str:
    """Six significant digits, thousands by thin spaces."""
    size = abs(value)
    if value == 0:
        return "0"
    if size >= LARGE or size < SMALL:
        return f"{value:.5e}".replace("-", formats.MINUS)
    return formats.fixed(value, max(0, SIX_DIGITS - 1 - math.floor(math.log10(size))))


def any_price(value: float) -> str:
    """Five decimals near a peg, six significant digits elsewhere."""
    return formats.price(value) if NEAR_PEG[0] < abs(value) < NEAR_PEG[1] else number(value)


WORDS = Words(
    money=formats.money,
    percent=formats.percent,
    price=any_price,
    figure=number,
    duration=formats.age,
)


def figure(measure: Measure, target: Target, unit: str) -> Figure:
    """A measure with its unit. A logarithm of a quotient of two prices is shown as the relative
    difference that it is of."""
    if math.isnan(measure.value):
        return Figure(formats.UNKNOWN, None, with_names(measure.reason, symbols(target)))
    return Figure(_text(measure, target, unit), measure.value)


def off_reference(measure: Measure, target: Target) -> tuple[Figure, str]:
    """A logarithm of spot over reference as sentences say it: how far a coin is from its reference,
    and which; with the first coin of a pool of two, else with the coin that it is priced in."""
    coin = dict(measure.dims).get("token")
    names = symbols(target)
    name = names[coin or target.tokens[0].address]
    if math.isnan(measure.value):
        return Figure(formats.UNKNOWN, None, with_names(measure.reason, names)), name
    off = math.expm1(measure.value if coin is None else -measure.value)
    return Figure(formats.change(formats.percent(off), off), off), name


def unknown(why: str) -> Figure:
    return Figure(formats.UNKNOWN, None, why)


def _text(measure: Measure, target: Target, unit: str) -> str:
    value = measure.value
    if measure.name in PRICES:
        return any_price(value)
    if measure.name in RATIOS | INDEXES:
        return formats.number(value)
    if measure.name in SATURATING:
        return formats.percent(value, 0)
    if measure.name in SHARES:
        return formats.percent(value, 1)
    match CATALOGUE[measure.name].unit if measure.name in CATALOGUE else "":
        case "fraction" | "fraction of a year":
            return formats.percent(value)
        case "natural logarithm" if measure.name.startswith("ln_"):
            off = math.expm1(value)
            return formats.change(formats.percent(off), off)
        case "unit of account":
            return formats.money(value, unit)
        case "token" | "token_in" | "token 0" | "asset":
            return formats.money(value, coin_of(measure, target))
        case _:
            return number(value)


def coin_of(measure: Measure, target: Target) -> str:
    """The symbol of the coin that an amount is in."""
    dims, names = dict(measure.dims), symbols(target)
    address = dims.get("token") or dims.get("token_in")
    if address is None and target.tokens:
        address = target.tokens[0].address
    return names.get(address or "", "")


def unit_of(measure: Measure, target: Target, unit: str) -> str:
    """What a number without a sign of its own is counted in, in words; empty where it has one."""
    if measure.name not in CATALOGUE:
        return ""
    coins = [symbols(target)[coin.address] for coin in target.tokens]
    match CATALOGUE[measure.name].unit:
        case "token 1 per token 0" if coins:
            other = dict(measure.dims).get("token")
            last = symbols(target).get(other or "") or coins[-1]
            return f"{last} per {coins[0]}"
        case "asset per share" if target.share is not None and coins:
            return f"{coins[0]} per {symbols(target)[target.share.address]}"
        case "token 0 per share" if coins:
            return f"{coins[0]} per share"
        case "as the feed says" | "as the oracle counts" | "as its valuer counts" | "ratio" as said:
            return said
        case "natural logarithm" if not measure.name.startswith("ln_"):
            return "natural logarithm"
        case _:
            return ""


def dims_of(
    dims: Iterable[tuple[str, str]], target: Target, unit: str, labels: Mapping[str, str]
) -> str:
    """What a measure is of within its target, in words."""
    given, names = dict(dims), symbols(target)
    said = []
    for name, value in sorted(given.items(), reverse=True):
        match name:
            case "token" | "account":
                said.append(names.get(value, value))
            case "form":
                said.append(FORMS.get(value, value))
            case "token_in":
                said.append(f"{names.get(value, value)} in")
            case "token_out":
                said.append(f"{names.get(value, value)} out")
            case "slippage":
                said.append(f"within {formats.percent(float(value), 1)}")
            case "basis":
                said.append("in value" if value == "value" else "at the pool's own rates")
            case "size":
                said.append(formats.money(float(value), unit))
            case "move":
                said.append(f"to {formats.percent(float(value), 1)}")
            case "source":
                said.append(source_of(given, labels))
            case "address" if "source" in given:
                continue
            case _:
                said.append(f"{name} {value}")
    return ", ".join(said)


def find(measures: Sequence[Measure], name: str, **dims: str) -> Measure | None:
    """The measure of that name whose dims contain `dims`."""
    for measure in measures:
        if measure.name == name and dims.items() <= dict(measure.dims).items():
            return measure
    return None


def all_of(measures: Iterable[Measure], name: str) -> list[Measure]:
    return [measure for measure in measures if measure.name == name]


def worst(measures: Iterable[Measure], name: str) -> Measure | None:
    """The known one of the largest size; one that is unknown where none is known."""
    found = all_of(measures, name)
    known = [measure for measure in found if not math.isnan(measure.value)]
    if known:
        return max(known, key=lambda measure: abs(measure.value))
    return found[0] if found else None


def least(measures: Iterable[Measure], name: str) -> Measure | None:
    """The known one that is least; one that is unknown where none is known."""
    found = all_of(measures, name)
    known = [measure for measure in found if not math.isnan(measure.value)]
    if known:
        return min(known, key=lambda measure: measure.value)
    return found[0] if found else None
