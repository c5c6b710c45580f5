"""The key figures of a target: eight at most, each with its limit, what it was, what it means."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from watcher.alerts.health import Grade, Limits, health
from watcher.api.pages import shown
from watcher.api.pages.shown import Figure
from watcher.math.catalogue import (
    FEED,
    HOLDINGS,
    LENDING,
    LOCKBOX,
    MORPHO,
    PAIR_ORACLE,
    PEG,
    POOLS,
    PYTH,
    RATE,
    RATED_POOLS,
    SET,
    TICK_ORACLE,
    VAULT,
    YEARN,
)
from watcher.report import formats
from watcher.report.naming import symbols
from watcher.state.amount import amounts
from watcher.state.kinds import State
from watcher.state.measure import Measure
from watcher.state.observation import Status
from watcher.state.target import Target

LIMITED = {Grade.BREACHED: "bad", Grade.STRAINED: "warn"}

_OWED = (
    ("utilization", "Utilization", "what is borrowed of what is supplied"),
    ("withdrawable", "Withdrawable now", "the most that all suppliers together can take out"),
    ("total_supplied", "Supplied", "with interest up to the block"),
    ("total_debt", "Owed", "with interest up to the block"),
    ("borrow_rate", "Borrow rate", "a year, at this block"),
    ("weakest_health", "Weakest account", "below 1 anybody may liquidate it; named accounts only"),
)
_LENT = (
    *_OWED,
    ("uncovered_debt", "Uncovered debt", "debt over collateral in full, as the oracle counts"),
    ("known_debt_share", "Debt that is known", "below 95% accounts are seen in part only"),
)
_VAULT = (
    ("price_per_share", "Price per share", "what one share redeems for"),
    ("price_per_share_change", "Change in one block", "a jump is a gift, a loss or a report"),
    ("withdrawable", "Withdrawable now", "what the vault has at hand"),
    ("idle_share", "Idle", "part of the assets at hand"),
    ("vault_utilization", "Utilization", "part of the assets that is placed"),
    ("donation_1pct_money", "A gift that moves it 1%", "what it costs to push the share price"),
    ("ln_market_over_redemption", "Market against redemption", "below 0 leaving by market loses"),
)
_MEAN = (
    ("time_weighted_price", "Mean over its window", "of the pool's own history"),
    ("ln_spot_over_time_weighted", "Spot against the mean", "a spike while the mean stays"),
    ("ln_time_weighted_over_reference", "Mean against reference", "an imbalance that lasts"),
    ("reference_price", "Reference", "of the configured sources"),
)
_FEED = (("feed_price", "Answer", "as the feed says"),)
KEYS: Mapping[str, Sequence[tuple[str, str, str]]] = {
    VAULT: _VAULT,
    YEARN: (*_VAULT[:5], ("known_debt_share", "Debt that is known", "strategies that are named")),
    **dict.fromkeys(LENDING, _LENT),
    MORPHO: (
        *_OWED,
        ("bad_debt_money", "Bad debt", "what no collateral covers"),
        ("known_debt_share", "Debt that is known", "below 95% accounts are seen in part only"),
    ),
    HOLDINGS: (
        ("holdings_value", "Value", "at reference prices"),
        ("holdings_value_partial", "Value of what is priced", "the rest has no reference"),
        ("holdings_value_redeemable", "Redeemable", "without what waits for another's leave"),
        ("asset_largest_share", "Largest asset", "part of the value"),
        ("asset_concentration", "Concentration", "sum of squared parts: 1 is one asset only"),
    ),
    SET: (
        ("solvency_reference", "Solvency at reference", "what it holds over what it owes"),
        ("shortfall_money", "Shortfall", "what is missing to redeem all"),
        ("nav_per_share", "Value of one share", "at reference prices"),
        ("own_valuation", "As its valuer counts", "compare it with the value at reference"),
        ("disparity_value", "Disparity by value", "from the weights that are configured"),
        ("band_used", "Band used", "1 is the edge that is configured"),
    ),
    LOCKBOX: (
        ("solvency_reference", "Solvency", "what is locked over what is issued"),
        ("unbacked", "Unbacked", "issued without a token behind it"),
        ("shortfall_money", "Shortfall", "what is missing to redeem all"),
    ),
    PEG: (
        ("solvency_reference", "Solvency at reference", "what it holds over what it minted"),
        ("shortfall_money", "Shortfall", "what is missing to redeem all"),
        ("withdrawable", "Redeemable now", "what it holds of the stable coin"),
        ("cap_used", "Cap used", "of what it may mint"),
    ),
    RATE: (
        ("redemption_rate", "Redemption rate", "what the contract pays for one"),
        ("ln_source_over_redemption", "Furthest source", "from the rate"),
        ("three_way_deviation", "Spread of all sources", "protocol, redemption and market"),
    ),
    TICK_ORACLE: _MEAN,
    PAIR_ORACLE: _MEAN,
    FEED: _FEED,
    PYTH: _FEED,
}


@dataclass(frozen=True, slots=True)
class Key:
    """`tone` is "bad" or "warn" for the figure that tripped a limit, else ""; `notes` are the
    limit, what it was, and what it means."""

    label: str
    figure: Figure
    notes: tuple[str, ...]
    tone: str = ""

    @property
    def note(self) -> str:
        return "; ".join(filter(None, self.notes))


@dataclass(frozen=True, slots=True)
class Seen:
    """What key figures are made of: the figures now and `ago`, a phrase, before; `state` is None
    where the target was not read well; `prices` are by token, in the unit of account."""

    target: Target
    measures: Sequence[Measure]
    earlier: Sequence[Measure]
    ago: str
    state: State | None
    prices: Mapping[str, float]
    limits: Mapping[str, Limits]
    unit: str


def keys_of(seen: Seen) -> list[Key]:
    if seen.target.kind in POOLS:
        return _of_pool(seen)
    found = []
    for name, label, note in KEYS.get(seen.target.kind, ()):
        measure = shown.worst(seen.measures, name)
        if measure is not None:
            found.append(_key(seen, label, measure, note))
    return found


def _of_pool(seen: Seen) -> list[Key]:
    names = symbols(seen.target)
    found = []
    off = shown.worst(seen.measures, "ln_spot_over_reference")
    if off is not None:
        found.append(_off(seen, off))
    depth = shown.least(seen.measures, "depth_money")
    if depth is not None:
        coin = names[dict(depth.dims)["token_in"]]
        found.append(_key(seen, f"Depth to 1%, selling {coin}", depth, "the thinner side"))
        found.append(_deeper(seen, depth, coin))
    lost = shown.find(seen.measures, "lost_depth")
    if lost is not None:
        found.append(_key(seen, "Depth lost against balance", lost, "worst pair; 100% is the end"))
    disparity = _disparity(seen)
    if disparity is not None:
        found.append(disparity)
    found += _largest(seen, names)
    found.append(_size(seen))
    arbitrage = shown.find(seen.measures, "arbitrage_value")
    if arbitrage is not None:
        found.append(_key(seen, "Arbitrage value", arbitrage, "scenario: gas is not counted"))
    return found[:8]


def _key(seen: Seen, label: str, measure: Measure, note: str) -> Key:
    figure = shown.figure(measure, seen.target, seen.unit)
    if not figure.known:
        return Key(label, figure, (figure.why,))
    unit = shown.unit_of(measure, seen.target, seen.unit)
    return Key(
        label,
        figure,
        (limit_of(measure, seen), _was(seen, measure), unit or "", note),
        _tone(measure, seen.limits),
    )


def limit_of(measure: Measure, seen: Seen) -> str:
    """The next limit, in words: that which was passed last, or the first."""
    limits = seen.limits.get(measure.name)
    if limits is None:
        return ""
    breached = abs(measure.value) >= limits.breached
    word, limit = ("breached", limits.breached) if breached else ("strained", limits.strained)
    return f"{word} from {formats.percent(limit, 1)}"


def _tone(measure: Measure, limits: Mapping[str, Limits]) -> str:
    if measure.name not in limits:
        return ""
    return LIMITED.get(health(Status.OK, [measure], limits=limits).grade, "")


def _was(seen: Seen, measure: Measure) -> str:
    if not seen.ago:
        return ""
    for one in seen.earlier:
        if (one.name, one.dims) == (measure.name, measure.dims) and not math.isnan(one.value):
            return f"was {shown.figure(one, seen.target, seen.unit).text} {seen.ago}"
    return ""


def _off(seen: Seen, off: Measure) -> Key:
    figure, coin = shown.off_reference(off, seen.target)
    label = f"{coin} against its reference"
    if not figure.known:
        return Key(label, figure, (figure.why,))
    before = [
        shown.off_reference(one, seen.target)[0].text
        for one in seen.earlier
        if (one.name, one.dims) == (off.name, off.dims) and not math.isnan(one.value)
    ]
    was = f"was {before[0]} {seen.ago}" if before and seen.ago else ""
    notes = (limit_of(off, seen), was, "without the fee")
    return Key(label, figure, notes, _tone(off, seen.limits))


def _deeper(seen: Seen, depth: Measure, coin: str) -> Key:
    """The same side to 5%, which is not spent when that to 1% is."""
    address = dict(depth.dims)["token_in"]
    label = f"Depth to 5%, selling {coin}"
    ladder = shown.find(seen.measures, "depth_ladder", token_in=address, move="0.05")
    price = seen.prices.get(address, math.nan)
    if ladder is None or math.isnan(ladder.value):
        return Key(label, shown.unknown(ladder.reason if ladder else "not measured"), ())
    if math.isnan(price):
        return Key(label, Figure(formats.money(ladder.value, coin), ladder.value), ("no price",))
    value = ladder.value * price
    return Key(label, Figure(formats.money(value, seen.unit), value), ("from the spot",))


def _disparity(seen: Seen) -> Key | None:
    by_value = shown.find(seen.measures, "disparity_value")
    by_rates = shown.find(seen.measures, "disparity_invariant")
    if by_value is None:
        return None
    value = shown.figure(by_value, seen.target, seen.unit)
    if by_rates is None:
        return _key(seen, "Disparity by value", by_value, "0 balanced, 1 one coin only")
    rates = shown.figure(by_rates, seen.target, seen.unit)
    said = f"{rates.text} / {value.text}"
    why = value.why or rates.why
    note = "0 balanced, 1 one coin only"
    return Key("Disparity, invariant / value", Figure(said, by_rates.value), (why, note))


def _largest(seen: Seen, names: Mapping[str, str]) -> list[Key]:
    name = "invariant_share" if seen.target.kind in RATED_POOLS else "value_share"
    measure = shown.worst(seen.measures, name)
    if measure is None:
        return []
    if math.isnan(measure.value):
        return [
            Key("Largest share", shown.figure(measure, seen.target, seen.unit), (measure.reason,))
        ]
    coin = names[dict(measure.dims)["token"]]
    how = "at the pool's own rates" if name == "invariant_share" else "by value"
    text = f"{coin} {formats.percent(measure.value, 1)}"
    return [Key("Largest share", Figure(text, measure.value), (_was(seen, measure), how))]


def _size(seen: Seen) -> Key:
    """What the pool holds for those who trade in it."""
    if seen.state is None:
        return Key("In the pool", shown.unknown("not read"), ("not read",))
    held = held_of(seen.target, seen.state)
    values = [units * seen.prices.get(address, math.nan) for address, units in held.items()]
    total = math.fsum(values)
    if math.isnan(total):
        missing = next(a for a, v in zip(held, values, strict=True) if math.isnan(v))
        coin = symbols(seen.target).get(missing, missing)
        why = f"no reference price of {coin}"
        return Key("In the pool", shown.unknown(why), (why,))
    return Key("In the pool", Figure(formats.money(total, seen.unit), total), ("at reference",))


def held_of(target: Target, state: State) -> dict[str, float]:
    """What a pool trades with, whole tokens by address."""
    found: dict[str, float] = {}
    for amount in amounts(target, state):
        if amount.field.startswith(("reserve", "balances", "pool.balances")):
            found[amount.token.address] = found.get(amount.token.address, 0.0) + amount.units
    return found
