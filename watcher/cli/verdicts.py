"""Each watched target's state in words, and the one figure that says why."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias

from watcher.alerts.health import Grade, health
from watcher.alerts.lateness import RECENT_BLOCKS, is_late
from watcher.cli.figures import labels_of, source_of
from watcher.cli.output import figure
from watcher.cli.phrases import duration, money, percent, price, symbols, with_names
from watcher.config import Config
from watcher.math.bridge import feed_price
from watcher.math.catalogue import CATALOGUE
from watcher.math.prices import graph_of, read_source
from watcher.math.settings import PriceSource
from watcher.protocols import ADAPTERS, Entry
from watcher.state.block import Block
from watcher.state.measure import Measure
from watcher.state.observation import Status
from watcher.state.price_feed import PriceFeed
from watcher.state.pyth_price import PythPrice
from watcher.state.target import Target, target_id

if TYPE_CHECKING:
    from watcher.store import Figure, Store, TargetStatus

FEW, PAGE, PAGES = 50, 1_000, 20
"""Figures looked back through for the moment when a target became what it is."""


@dataclass(frozen=True, slots=True)
class Finding:
    """`since` is a time in seconds, None where it is not known or nobody would ask."""

    grade: Grade
    why: str
    since: int | None = None
    measure: Measure | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """`seen` is what the newest data say, `finding` what is so now: data that are late make blind.
    `newest` is the chain's newest stored block."""

    entry: Entry
    label: str
    finding: Finding
    seen: Finding
    newest: Block | None
    standing: TargetStatus | None

    @property
    def grade(self) -> Grade:
        return self.finding.grade

    @property
    def only_late(self) -> bool:
        return self.grade is Grade.BLIND and self.seen.grade > Grade.BLIND

    @property
    def is_feed(self) -> bool:
        return ADAPTERS[self.entry.protocol].kind in (PriceFeed.KIND, PythPrice.KIND)

    @property
    def id(self) -> str:
        return _id(self.entry)


@dataclass(frozen=True, slots=True)
class Known:
    """Since when a figure had been where it was, when the one of block `newest` was the newest."""

    newest: str
    since: int


Memory: TypeAlias = dict[tuple[str, str, tuple[tuple[str, str], ...], Grade], Known]


def verdicts(
    config: Config, store: Store, *, now: float, memory: Memory | None = None
) -> list[Verdict]:
    """One for each entry of the configuration; what needs a person first, then as in the file.

    Whoever asks again and again hands the same `memory` in, and spares looking far back.
    """
    judge = _Judge(config, store, now, {} if memory is None else memory)
    return sorted(map(judge.verdict, config.entries), key=lambda verdict: verdict.grade)


def _id(entry: Entry) -> str:
    return target_id(entry.chain_id, entry.protocol, entry.address, entry.key)


class _Judge:
    def __init__(self, config: Config, store: Store, now: float, memory: Memory) -> None:
        self.config = config
        self.store = store
        self.now = now
        self.memory = memory
        self.stored = {standing.target.id: standing for standing in store.statuses()}
        self.late = {chain.chain_id: self._is_late(chain.chain_id) for chain in config.chains}

    def verdict(self, entry: Entry) -> Verdict:
        standing = self.stored.get(_id(entry))
        seen = self._seen(standing)
        newest = standing.newest if standing else None
        finding = seen
        if newest is not None and self.late[entry.chain_id]:
            finding = self._with_late_data(seen, newest)
        label = standing.target.label if standing else entry.name
        return Verdict(
            entry=entry,
            label=label or f"{entry.protocol}:{entry.address}",
            finding=finding,
            seen=seen,
            newest=newest,
            standing=standing,
        )

    def _seen(self, standing: TargetStatus | None) -> Finding:
        observation = standing.observation if standing else None
        if standing is None or observation is None or standing.newest is None:
            return Finding(Grade.BLIND, "not read yet: run `watcher once`")
        if observation.status is not Status.OK:
            found = health(observation.status, (), limits=self.config.limits)
            detail = f", {observation.detail}" if observation.detail else ""
            since = standing.since.timestamp if standing.since else None
            return Finding(found.grade, found.why + detail, since)
        if isinstance(observation.state, PriceFeed | PythPrice):
            unusable = self._unusable(standing, observation.state, standing.newest)
            if unusable is not None:
                return unusable
            return Finding(Grade.HEALTHY, _answer(observation.state, standing.newest))
        return self._measured(standing)

    def _measured(self, standing: TargetStatus) -> Finding:
        target = standing.target
        measures = standing.figures.measures if standing.figures else ()
        found = health(Status.OK, measures, limits=self.config.limits)
        if found.measure is None:
            return Finding(found.grade, found.why or _redeems(target, measures))
        why = self._why(found.measure, target, measures)
        is_spot = found.measure.name == "ln_spot_over_reference"
        if is_spot and found.grade in (Grade.BREACHED, Grade.STRAINED):
            why += self._spike(target)
        since = self._since(standing, found.measure, found.grade)
        return Finding(found.grade, why, since, found.measure)

    def _unusable(
        self, standing: TargetStatus, state: PriceFeed | PythPrice, newest: Block
    ) -> Finding | None:
        """Why a feed's answer may not be used as a price, None where it may."""
        source = self._source_from(standing.target)
        if source is None:
            return None
        found = read_source(source, standing.observation, None, timestamp=newest.timestamp)
        if not math.isnan(found.value):
            return None
        why, since, age = found.reason.removeprefix("the feed "), None, newest.timestamp
        updated_at = _updated_at(state)
        age -= updated_at
        if updated_at and age > source.heartbeat:
            why += f", last answer {duration(age)} before"
            since = updated_at + source.heartbeat
        return Finding(Grade.BLIND, why, since)

    def _source_from(self, feed: Target) -> PriceSource | None:
        for source in self.config.settings.prices:
            if source.feed_id == feed.id:
                return source
        return None

    def _why(self, measure: Measure, target: Target, measures: Iterable[Measure]) -> str:
        names = symbols(target)
        if math.isnan(measure.value):
            return with_names(self._with_feed(measure.reason, target), names)
        match measure.name:
            case "ln_spot_over_reference":
                coin = dict(measure.dims).get("token")
                off = (
                    off_reference(names[target.tokens[0].address], measure.value)
                    if coin is None
                    else off_reference(names[coin], -measure.value)
                )
                return off + self._depth(measures)
            case "ln_spot_over_time_weighted":
                return off_mean(names[target.tokens[0].address], measure.value, target)
            case "price_per_share_change":
                return per_share_change(measure.value)
            case "ln_source_over_redemption":
                labels = labels_of((one.target for one in self.stored.values()), target.chain_id)
                return off_redemption(source_of(dict(measure.dims), labels), measure.value)
            case name:
                is_fraction = CATALOGUE[name].unit == "fraction"
                return f"{name} {percent(measure.value) if is_fraction else figure(measure.value)}"

    def _depth(self, measures: Iterable[Measure]) -> str:
        """The thinner side, which is what a person who must leave is up against."""
        deep = [
            measure.value
            for measure in measures
            if measure.name == "depth_money" and not math.isnan(measure.value)
        ]
        return f", depth to 1% {money(min(deep), self.config.settings.unit)}" if deep else ""

    def _spike(self, target: Target) -> str:
        """Whether the pool's own mean over time, where it is watched, still is at the reference."""
        limit = self.config.limits["ln_spot_over_reference"].strained
        for standing in self.stored.values():
            mean = standing.target
            if (mean.chain_id, mean.address) != (target.chain_id, target.address):
                continue
            for one in standing.figures.measures if standing.figures else ():
                if one.name == "ln_time_weighted_over_reference" and abs(one.value) < limit:
                    window = duration(int(mean.params["window"]))
                    off = percent(abs(math.expm1(one.value)))
                    return f", a spike so far: its mean over {window} is {off} off"
        return ""

    def _with_feed(self, reason: str, target: Target) -> str:
        """`reason` with the feed's own name, where one of the target's tokens has a feed."""
        for token in target.tokens:
            for source in graph_of(self.config.settings).sources(target.chain_id, token.address):
                feed = self.stored.get(source.feed_id)
                if feed is not None and token.address in reason:
                    return reason.replace("the feed ", f"feed {feed.target.label} ", 1)
        return reason

    def _since(self, standing: TargetStatus, measure: Measure, grade: Grade) -> int | None:
        """When the figure that decides came to where it is, as far back as anyone would look; no
        further than to the figure that was the newest when this was asked before."""
        if grade is Grade.HEALTHY:
            return None
        target = standing.target
        key = (target.id, measure.name, measure.dims, grade)
        known = self.memory.get(key)
        if known is not None and standing.figures and standing.figures.block.hash == known.newest:
            return known.since
        since, newest = None, None
        for figures in self._backwards(target, measure, page=PAGE if known is None else FEW):
            newest = newest or figures.block.hash
            if known is not None and figures.block.hash == known.newest:
                since = known.since
                break
            before = health(Status.OK, [figures.measure], limits=self.config.limits)
            if before.grade is not grade:
                break
            since = figures.block.timestamp
        if newest is not None and since is not None:
            self.memory[key] = Known(newest, since)
        return since

    def _backwards(self, target: Target, measure: Measure, *, page: int) -> Iterator[Figure]:
        last = None
        for _ in range(PAGES):
            rows = self.store.measure_history(target.id, [measure.name], last=last, limit=page)
            yield from (one for one in reversed(rows) if one.measure.dims == measure.dims)
            if len(rows) < page:
                return
            last, page = rows[0].block.number, PAGE

    def _is_late(self, chain_id: int) -> bool:
        recent = self.store.recent_blocks(chain_id, RECENT_BLOCKS)
        poll_seconds = self.config.chain(chain_id).poll_seconds
        return is_late(recent, poll_seconds=poll_seconds, now=self.now)

    def _with_late_data(self, seen: Finding, newest: Block) -> Finding:
        late = f"no new block for {duration(self.now - newest.timestamp)}"
        if seen.grade <= Grade.BLIND:
            return replace(seen, why=f"{seen.why}; {late}")
        was = f"{late}; was {seen.grade.word}" + (f", {seen.why}" if seen.why else "")
        return Finding(Grade.BLIND, was, newest.timestamp, seen.measure)


def per_share_change(change: float) -> str:
    if change == 0:
        return "price per share unchanged"
    return f"price per share {'+' if change > 0 else ''}{percent(change)} in one block"


def _redeems(target: Target, measures: Iterable[Measure]) -> str:
    """What a token's contract redeems it for; empty of targets that are no rate."""
    rate = next((one.value for one in measures if one.name == "redemption_rate"), math.nan)
    if math.isnan(rate):
        return ""
    names = symbols(target)
    token, quote = (names[coin.address] for coin in target.tokens)
    return f"1 {token} redeems for {price(rate)} {quote}"


def _updated_at(feed: PriceFeed | PythPrice) -> int:
    return feed.updated_at if isinstance(feed, PriceFeed) else feed.publish_time


def _answer(feed: PriceFeed | PythPrice, newest: Block) -> str:
    age = duration(newest.timestamp - _updated_at(feed))
    return f"{price(feed_price(feed))}, {age} old"


def off_mean(symbol: str, ln_spot: float, target: Target) -> str:
    """A logarithm of spot over the pool's own mean as a person says it."""
    off, window = math.expm1(ln_spot), duration(int(target.params["window"]))
    if off == 0:
        return f"{symbol} at its mean over {window}"
    return f"{symbol} {percent(abs(off))} {'under' if off < 0 else 'over'} its mean over {window}"


def off_redemption(source: str, ln_source: float) -> str:
    """A logarithm of what a source says over what is redeemed as a person says it."""
    off = math.expm1(ln_source)
    if off == 0:
        return f"{source} at the redemption rate"
    return f"{source} {percent(abs(off))} {'under' if off < 0 else 'over'} the redemption rate"


def off_reference(symbol: str, ln_spot: float) -> str:
    """A logarithm of spot over reference as a person says it."""
    off = math.expm1(ln_spot)
    if off == 0:
        return f"{symbol} at its reference"
    return f"{symbol} {percent(abs(off))} {'under' if off < 0 else 'over'} reference"
