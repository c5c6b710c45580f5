"""One figure as a sentence. How its number is written depends on where the sentence stands."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from watcher.math.bridge import feed_price
from watcher.math.catalogue import CATALOGUE
from watcher.report.naming import source_of, symbols, with_names
from watcher.state.block import Block
from watcher.state.measure import Measure
from watcher.state.price_feed import PriceFeed
from watcher.state.pyth_price import PythPrice
from watcher.state.target import Target


@dataclass(frozen=True, slots=True)
class Words:
    """How figures are written: money takes its unit, percent a fraction, duration seconds."""

    money: Callable[[float, str], str]
    percent: Callable[[float], str]
    price: Callable[[float], str]
    figure: Callable[[float], str]
    duration: Callable[[float], str]

    def of_measure(self, measure: Measure, target: Target, labels: Mapping[str, str]) -> str:
        """A figure that decided how its target stands; `labels` are what is watched, by address."""
        names = symbols(target)
        dims = dict(measure.dims)
        match measure.name:
            case "ln_spot_over_reference":
                coin = dims.get("token")
                if coin is None:
                    return self.off_reference(names[target.tokens[0].address], measure.value)
                return self.off_reference(names[coin], -measure.value)
            case "ln_spot_over_time_weighted":
                return self.off_mean(names[target.tokens[0].address], measure.value, target)
            case "price_per_share_change":
                return self.per_share_change(measure.value)
            case "ln_source_over_redemption":
                return self.off_redemption(source_of(dims, labels), measure.value)
            case name:
                is_fraction = CATALOGUE[name].unit == "fraction"
                write = self.percent if is_fraction else self.figure
                return f"{name} {write(measure.value)}"

    def off_reference(self, symbol: str, ln_spot: float) -> str:
        """A logarithm of spot over reference as a person says it."""
        off = math.expm1(ln_spot)
        if off == 0:
            return f"{symbol} at its reference"
        return f"{symbol} {self._beside(off)} reference"

    def off_mean(self, symbol: str, ln_spot: float, target: Target) -> str:
        """A logarithm of spot over the pool's own mean as a person says it."""
        off, window = math.expm1(ln_spot), self.duration(int(target.params["window"]))
        if off == 0:
            return f"{symbol} at its mean over {window}"
        return f"{symbol} {self._beside(off)} its mean over {window}"

    def off_redemption(self, source: str, ln_source: float) -> str:
        """A logarithm of what a source says over what is redeemed as a person says it."""
        off = math.expm1(ln_source)
        if off == 0:
            return f"{source} at the redemption rate"
        return f"{source} {self._beside(off)} the redemption rate"

    def per_share_change(self, change: float) -> str:
        if change == 0:
            return "price per share unchanged"
        sign = "+" if change > 0 else ""
        return f"price per share {sign}{self.percent(change)} in one block"

    def redeems(self, target: Target, measures: Iterable[Measure]) -> str:
        """What a token's contract redeems it for; empty of targets that are no rate."""
        rate = next((one.value for one in measures if one.name == "redemption_rate"), math.nan)
        if math.isnan(rate):
            return ""
        names = symbols(target)
        token, quote = (names[coin.address] for coin in target.tokens)
        return f"1 {token} redeems for {self.price(rate)} {quote}"

    def answer(self, feed: PriceFeed | PythPrice, newest: Block) -> str:
        age = self.duration(newest.timestamp - updated_at(feed))
        return f"{self.price(feed_price(feed))}, {age} old"

    def reason(self, reason: str, target: Target) -> str:
        """Why a figure is unknown, with the names of the target's coins."""
        return with_names(reason, symbols(target))

    def _beside(self, off: float) -> str:
        return f"{self.percent(abs(off))} {'under' if off < 0 else 'over'}"


def updated_at(feed: PriceFeed | PythPrice) -> int:
    return feed.updated_at if isinstance(feed, PriceFeed) else feed.publish_time
