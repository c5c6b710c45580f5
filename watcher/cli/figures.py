"""Measures as rows: what they are called, of which coin, in which unit."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING

from watcher.cli.options import Format
from watcher.cli.output import Row, figure
from watcher.cli.phrases import percent, price, symbols, with_names
from watcher.config import fields
from watcher.errors import InputError
from watcher.math.catalogue import (
    CATALOGUE,
    COIN_POOLS,
    FEED,
    HOLDINGS,
    LENDING,
    LOCKBOX,
    MORPHO,
    PAIR_ORACLE,
    PEG,
    POOL,
    PYTH,
    RATE,
    SET,
    TICK_ORACLE,
    TICK_POOL,
    VAULT,
    YEARN,
)
from watcher.report.naming import source_of
from watcher.state.measure import Measure
from watcher.state.target import Target

if TYPE_CHECKING:
    from watcher.store import Figure

_POOL_MEASURES = (
    "spot_price",
    "reference_price",
    "ln_spot_over_reference",
    "disparity_value",
    "depth_money",
    "arbitrage_value",
)
_MEAN_MEASURES = (
    "time_weighted_price",
    "reference_price",
    "ln_spot_over_time_weighted",
    "ln_time_weighted_over_reference",
)
_COIN_POOL_MEASURES = (
    *_POOL_MEASURES[:3],
    "ln_market_over_redemption",
    "disparity_invariant",
    *_POOL_MEASURES[3:],
)
KEY_MEASURES = {
    **dict.fromkeys(COIN_POOLS, _COIN_POOL_MEASURES),
    POOL: _POOL_MEASURES,
    TICK_POOL: _POOL_MEASURES,
    VAULT: ("price_per_share", "price_per_share_change", "donation_1pct_money"),
    YEARN: ("price_per_share", "price_per_share_change", "idle_share", "withdrawable"),
    HOLDINGS: ("holdings_value", "holdings_value_by_form", "asset_share"),
    **dict.fromkeys(
        LENDING, ("utilization", "withdrawable", "borrow_rate", "weakest_health", "uncovered_debt")
    ),
    FEED: ("feed_price",),
    PYTH: ("feed_price",),
    RATE: ("redemption_rate", "ln_source_over_redemption", "three_way_deviation"),
    TICK_ORACLE: _MEAN_MEASURES,
    PAIR_ORACLE: _MEAN_MEASURES,
    MORPHO: ("utilization", "withdrawable", "account_health", "bad_debt", "bad_debt_money"),
    SET: ("nav_per_share", "own_valuation", "disparity_value", "band_used", "solvency_reference"),
    LOCKBOX: ("solvency_reference", "unbacked", "shortfall_money"),
    PEG: ("solvency_reference", "shortfall_money", "cap_used", "withdrawable"),
}
NO_LABELS: Mapping[str, str] = MappingProxyType({})
FIGURE_COLUMNS = ("measure", "dims", "value", "unit", "reason")
FORMS = {
    "token": "tokens at hand",
    "pair": "LP tokens of pairs",
    "position": "positions",
    "vault": "vault shares",
}
PRICES = frozenset(
    {
        "spot_price",
        "reference_price",
        "time_weighted_price",
        "price_per_share",
        "feed_price",
        "oracle_price",
        "redemption_rate",
    }
)


def requested(names: Sequence[str], kind: str) -> tuple[str, ...]:
    """The measures that were asked for, or the key ones. Raises InputError on an unknown name."""
    known = [name for name, definition in CATALOGUE.items() if kind in definition.kinds]
    for name in names:
        if name in CATALOGUE and name not in known:
            raise InputError(f"{name} is no measure of a {kind}: it has {', '.join(known)}")
        if name not in CATALOGUE:
            raise InputError(fields.unknown(name, known, what="measure"))
    return tuple(names) or KEY_MEASURES.get(kind, ())


def history_columns(rows: Sequence[Row], format_: Format) -> list[str]:
    """For people a column that says nothing is left out."""
    columns = ["block", "time", *FIGURE_COLUMNS]
    return columns if format_ is not Format.TABLE else filled(rows, columns)


def in_order(figures: Iterable[Figure], target: Target) -> list[Figure]:
    """By block, then as in the catalogue, the target's first coin and the smallest size first."""
    measures = list(CATALOGUE)
    coins: list[str] = [coin.address for coin in target.tokens]

    def place(figure: Figure) -> tuple[float, ...]:
        dims = dict(figure.measure.dims)
        coin = dims.get("token_in") or dims.get("token") or ""
        return (
            figure.block.number,
            measures.index(figure.measure.name) if figure.measure.name in CATALOGUE else -1,
            coins.index(coin) if coin in coins else -1,
            float(dims.get("size", 0)),
        )

    return sorted(figures, key=place)


def filled(rows: Sequence[Row], columns: Sequence[str]) -> list[str]:
    return [name for name in columns if any(row.get(name) not in (None, "") for row in rows)]


def figure_row(
    measure: Measure,
    target: Target,
    unit: str,
    format_: Format,
    labels: Mapping[str, str] = NO_LABELS,
) -> Row:
    """One measure: with symbols and rounded for people, with addresses and in full otherwise.
    `labels` are what is watched, by address, for figures that name another contract."""
    if format_ is Format.TABLE:
        return _for_people(measure, target, unit, labels)
    return {
        "measure": measure.name,
        "dims": dict(measure.dims),
        "value": measure.value,
        "unit": _unit(measure, {"unit of account": unit}),
        "reason": measure.reason or None,
    }


def _for_people(measure: Measure, target: Target, unit: str, labels: Mapping[str, str]) -> Row:
    names = symbols(target)
    dims = dict(measure.dims)
    coins = [names[coin.address] for coin in (*target.tokens, *filter(None, [target.share]))]
    called = {"unit of account": unit, "fraction": "", "natural logarithm": "ln"}
    called["as the feed says"] = called["as the oracle counts"] = ""
    if target.kind in (POOL, TICK_POOL, MORPHO, PEG, LOCKBOX, *LENDING):
        called |= dict(zip(("token 0", "token 1"), coins, strict=False))
    if target.kind in COIN_POOLS:
        called |= {"token 0": coins[0], "token 1": names.get(dims.get("token", ""), "")}
    if target.kind in (VAULT, YEARN):
        called |= dict(zip(("asset", "share"), coins, strict=True)) | {"token 0": coins[0]}
    if target.kind == HOLDINGS and "token" in dims:
        called["token"] = names.get(dims["token"], dims["token"])
    if "token_in" in dims:
        called["token_in"] = names.get(dims["token_in"], dims["token_in"])
    return {
        "measure": measure.name,
        "dims": _dims(dims, names, unit, labels),
        "value": _value(measure),
        "unit": _unit(measure, called),
        "reason": with_names(measure.reason, names),
    }


def dims_of(measure: Measure, target: Target, unit: str = "") -> str:
    """What a measure is of within its target, in words."""
    return _dims(dict(measure.dims), symbols(target), unit, NO_LABELS)


def _unit(measure: Measure, called: Mapping[str, str]) -> str:
    """The catalogue's unit with its words replaced, each once."""
    words = re.compile("|".join(map(re.escape, called)))
    return words.sub(lambda found: called[found[0]], CATALOGUE[measure.name].unit)


def _dims(
    dims: Mapping[str, str], names: Mapping[str, str], unit: str, labels: Mapping[str, str]
) -> str:
    said = []
    for name, value in sorted(dims.items(), reverse=True):
        match name:
            case "token":
                said.append(names.get(value, value))
            case "form":
                said.append(FORMS.get(value, value))
            case "token_in":
                said.append(f"{names.get(value, value)} in")
            case "token_out":
                said.append(f"{names.get(value, value)} out")
            case "slippage":
                said.append(f"within {100 * float(value):.3g}%")
            case "basis":
                said.append("in value" if value == "value" else "at the pool's own rates")
            case "size":
                said.append(f"{float(value):,.15g} {unit}")
            case "move":
                said.append(f"to {100 * float(value):.3g}%")
            case "source":
                said.append(source_of(dims, labels))
            case "address" if "source" in dims:
                continue
            case _:
                said.append(f"{name} {value}")
    return ", ".join(said)


def _value(measure: Measure) -> str:
    if math.isnan(measure.value):
        return ""
    if measure.name in PRICES:
        return price(measure.value)
    if CATALOGUE[measure.name].unit == "fraction":
        return percent(measure.value)
    return figure(measure.value)
