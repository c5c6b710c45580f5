"""Each watched target's state in words, and the one figure that says why."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING

from watcher.alerts.health import Grade, Health, health
from watcher.cli.output import figure
from watcher.cli.phrases import duration, money, percent, symbols, with_names
from watcher.config import Config
from watcher.math.catalogue import CATALOGUE
from watcher.math.prices import reference_price
from watcher.math.settings import PriceSource
from watcher.math.subject import source_of
from watcher.protocols import ADAPTERS, Entry
from watcher.state.block import Block
from watcher.state.measure import Measure
from watcher.state.observation import Status
from watcher.state.price_feed import PriceFeed
from watcher.state.target import Target, target_id

if TYPE_CHECKING:
    from watcher.store import Store, TargetStatus

LATE_POLLS = 10
LATE_BLOCKS = 5
"""Data is late once nothing came for so many polls and so many usual distances of two blocks."""

RECENT_BLOCKS = 20
PAGE, PAGES = 1_000, 20
"""Figures looked back through for the moment when a target became what it is."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """`since` is a time in seconds, None where it is not known or nobody would ask; `newest` is the
    chain's newest stored block."""

    grade: Grade
    label: str
    entry: Entry
    why: str
    since: int | None
    newest: Block | None
    standing: TargetStatus | None
    measure: Measure | None

    @property
    def is_feed(self) -> bool:
        return ADAPTERS[self.entry.protocol].kind == PriceFeed.KIND

    @property
    def id(self) -> str:
        entry = self.entry
        return target_id(entry.chain_id, entry.protocol, entry.address, entry.key)


def verdicts(config: Config, store: Store, *, now: float) -> list[Verdict]:
    """One for each entry of the configuration; what needs a person first, then as in the file."""
    court = _Court(config, store, now)
    return sorted(map(court.judge, config.entries), key=lambda verdict: verdict.grade)


class _Court:
    def __init__(self, config: Config, store: Store, now: float) -> None:
        self.config = config
        self.store = store
        self.now = now
        self.stored = {status.target.id: status for status in store.statuses()}
        self.late = {chain.chain_id: self._is_late(chain.chain_id) for chain in config.chains}

    def judge(self, entry: Entry) -> Verdict:
        uid = target_id(entry.chain_id, entry.protocol, entry.address, entry.key)
        standing = self.stored.get(uid)
        found, why, since = self._found(standing)
        newest = standing.newest if standing else None
        if newest is not None and self.late[entry.chain_id]:
            found, why, since = self._with_late_data(found, why, since, newest)
        label = standing.target.label if standing else entry.name
        return Verdict(
            grade=found.grade,
            label=label or f"{entry.protocol}:{entry.address}",
            entry=entry,
            why=why,
            since=since,
            newest=newest,
            standing=standing,
            measure=found.measure,
        )

    def _found(self, standing: TargetStatus | None) -> tuple[Health, str, int | None]:
        observation = standing.observation if standing else None
        if standing is None or observation is None or standing.newest is None:
            found = health(None, (), limits=self.config.limits)
            return found, f"{found.why}: run `watcher once`", None
        if observation.status is not Status.OK:
            found = health(observation.status, (), limits=self.config.limits)
            detail = f", {observation.detail}" if observation.detail else ""
            return found, found.why + detail, standing.since.timestamp if standing.since else None
        if isinstance(observation.state, PriceFeed):
            stale = self._stale_feed(standing.target, observation.state, standing.newest)
            if stale is not None:
                return stale
        measures = standing.figures.measures if standing.figures else ()
        found = health(Status.OK, measures, limits=self.config.limits)
        if found.measure is None:
            return found, found.why, None
        why = self._why(found.measure, standing.target, measures)
        since = self._since(standing.target, found.measure, found.grade)
        return found, why, since

    def _stale_feed(
        self, feed: Target, state: PriceFeed, newest: Block
    ) -> tuple[Health, str, int | None] | None:
        """The verdict on a feed whose answer may not be used as a price any more."""
        for source in self.config.settings.prices:
            if source.feed_id == feed.id:
                return self._unusable(source, feed, state, newest)
        return None

    def _unusable(
        self, source: PriceSource, feed: Target, state: PriceFeed, newest: Block
    ) -> tuple[Health, str, int | None] | None:
        standing = self.stored[feed.id]
        price = reference_price(
            source.token, source, standing.observation, timestamp=newest.timestamp
        )
        if price.known:
            return None
        why = price.reason.removeprefix("the feed ")
        since = None
        if newest.timestamp - state.updated_at > source.heartbeat and state.updated_at:
            why += f", last answer {duration(newest.timestamp - state.updated_at)} before"
            since = state.updated_at + source.heartbeat
        return Health(Grade.BLIND, why), why, since

    def _why(self, measure: Measure, target: Target, measures: Iterable[Measure]) -> str:
        names = symbols(target)
        if math.isnan(measure.value):
            return with_names(self._with_feed(measure.reason, target), names)
        match measure.name:
            case "ln_spot_over_reference":
                symbol = names[target.tokens[0].address]
                return off_reference(symbol, measure.value) + self._depth(measures)
            case "price_per_share_change":
                sign = "+" if measure.value > 0 else ""
                return f"price per share {sign}{percent(measure.value)} in one block"
            case name:
                is_fraction = CATALOGUE[name].unit == "fraction"
                return f"{name} {percent(measure.value) if is_fraction else figure(measure.value)}"

    def _depth(self, measures: Iterable[Measure]) -> str:
        """The thinner side, which is what a person who must leave is up against."""
        money_deep = [
            measure.value
            for measure in measures
            if measure.name == "depth_money" and not math.isnan(measure.value)
        ]
        if not money_deep:
            return ""
        return f", depth to 1% {money(min(money_deep), self.config.settings.unit)}"

    def _with_feed(self, reason: str, target: Target) -> str:
        """`reason` with the feed's own name, where one of the target's tokens has a feed."""
        for token in target.tokens:
            source = source_of(token.address, target, self.config.settings)
            feed = self.stored.get(source.feed_id) if source else None
            if feed is not None and token.address in reason:
                return reason.replace("the feed ", f"feed {feed.target.label} ", 1)
        return reason

    def _since(self, target: Target, measure: Measure, grade: Grade) -> int | None:
        """When the figure that decides came to where it is, as far back as anyone would look."""
        since, last = None, None
        if grade is Grade.HEALTHY:
            return None
        for _ in range(PAGES):
            page = self.store.measure_history(target.id, [measure.name], last=last, limit=PAGE)
            for figures in reversed(page):
                if figures.measure.dims != measure.dims:
                    continue
                before = health(Status.OK, [figures.measure], limits=self.config.limits)
                if before.grade is not grade:
                    return since
                since = figures.block.timestamp
            if len(page) < PAGE:
                break
            last = page[0].block.number
        return since

    def _is_late(self, chain_id: int) -> bool:
        recent = self.store.recent_blocks(chain_id, RECENT_BLOCKS)
        if not recent:
            return False
        times = [block.timestamp for block in recent]
        between = [late - early for late, early in pairwise(times)]
        usual = median(between) if between else 0
        patience = LATE_POLLS * self.config.chain(chain_id).poll_seconds + LATE_BLOCKS * usual
        return self.now - recent[0].timestamp > patience

    def _with_late_data(
        self, found: Health, why: str, since: int | None, newest: Block
    ) -> tuple[Health, str, int | None]:
        late = f"data late, no block for {duration(self.now - newest.timestamp)}"
        if found.grade is Grade.BREACHED:
            return found, f"{why}; {late}", since
        if found.grade is Grade.BLIND:
            return found, f"{why}; {late}", since
        return Health(Grade.BLIND, late, found.measure), late, newest.timestamp


def off_reference(symbol: str, ln_spot: float) -> str:
    """A logarithm of spot over reference as a person says it."""
    off = math.expm1(ln_spot)
    if off == 0:
        return f"{symbol} at its reference"
    side = "under" if off < 0 else "over"
    return f"{symbol} {percent(abs(off))} {side} reference"


def healthy_counts(found: Iterable[Verdict]) -> str:
    """ "11 targets, 2 feeds"."""
    listed = list(found)
    feeds = sum(verdict.is_feed for verdict in listed)
    counts: Mapping[str, int] = {"target": len(listed) - feeds, "feed": feeds}
    return ", ".join(
        f"{count} {what}{'s' if count != 1 else ''}" for what, count in counts.items() if count
    )
