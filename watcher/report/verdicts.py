"""Each watched target's state in words, and the one figure that says why: now, or as it was known
at a block."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TypeAlias

from watcher.alerts.health import FIRST_REASONS, Grade, health
from watcher.alerts.lateness import RECENT_BLOCKS, is_late
from watcher.math.prices import graph_of, read_source
from watcher.math.settings import PriceSource
from watcher.protocols import ADAPTERS, Entry
from watcher.report.alarms import alarms
from watcher.report.naming import labels_of
from watcher.report.sentences import Words, updated_at
from watcher.report.watched import Watched
from watcher.state.block import Block
from watcher.state.measure import Measure
from watcher.state.observation import Status
from watcher.state.price_feed import PriceFeed
from watcher.state.pyth_price import PythPrice
from watcher.state.target import Target, target_id
from watcher.store import Store, TargetStatus, Within

FEW, LOOKED_BACK = 50, 20_000
"""Computations, for the moment when a target became what it is."""


@dataclass(frozen=True, slots=True)
class Finding:
    """`since` is a time in seconds, None where it is not known or nobody would ask. `rule` is whose
    alert says it, "" where a measure or a status does."""

    grade: Grade
    why: str
    since: int | None = None
    measure: Measure | None = None
    rule: str = ""


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
        return id_of(self.entry)


@dataclass(frozen=True, slots=True)
class Known:
    """Since when a figure had been where it was, when block `newest` was the chain's newest."""

    newest: Block
    since: int


Memory: TypeAlias = dict[tuple[str, str, tuple[tuple[str, str], ...], Grade], Known]


def id_of(entry: Entry) -> str:
    return target_id(entry.chain_id, entry.protocol, entry.address, entry.key)


def verdicts(
    watched: Watched, store: Store, words: Words, *, now: float, memory: Memory | None = None
) -> list[Verdict]:
    """One for each entry of the configuration; what needs a person first, then as in the file.
    `now` is in seconds: what is late by then makes blind.

    Whoever asks again and again hands the same `memory` in, and spares looking far back.
    """
    chains = {entry.chain_id for entry in watched.entries}
    late = frozenset(chain for chain in chains if _is_late(watched, store, chain, now))
    standings = store.statuses()
    judge = _Judge(watched, store, words, standings, late=late, now=now, memory=memory)
    return sorted(map(judge.verdict, watched.entries), key=lambda verdict: verdict.grade)


def verdicts_as_of(
    watched: Watched, store: Store, words: Words, *, chain_id: int, number: int
) -> list[Verdict]:
    """The same of one chain's entries as it was known at block `number`: nothing later counts, and
    nothing is late."""
    standings = store.statuses_as_of(chain_id, number)
    judge = _Judge(watched, store, words, standings, at=number)
    mine = [entry for entry in watched.entries if entry.chain_id == chain_id]
    return sorted(map(judge.verdict, mine), key=lambda verdict: verdict.grade)


def verdict_of(
    watched: Watched,
    store: Store,
    words: Words,
    target: Target,
    *,
    number: int | None = None,
    now: float = 0.0,
) -> Verdict:
    """One target's, which the configuration need not name any more; as it was known at block
    `number`, where that is given."""
    related = _related(watched, store, target)
    if number is None:
        late = {target.chain_id} if _is_late(watched, store, target.chain_id, now) else set()
        standings = store.statuses(related)
        judge = _Judge(watched, store, words, standings, late=frozenset(late), now=now)
    else:
        standings = store.statuses_as_of(target.chain_id, number, related)
        judge = _Judge(watched, store, words, standings, at=number)
    entry = next((one for one in watched.entries if id_of(one) == target.id), None)
    return judge.verdict(
        entry or Entry(target.chain_id, target.protocol, target.address, target.name, target.key)
    )


def _related(watched: Watched, store: Store, target: Target) -> set[str]:
    """What a verdict on a target looks at beside it: its tokens' feeds, and its mean over time."""
    graph = graph_of(watched.settings)
    feeds = {
        source.feed_id
        for token in target.tokens
        for source in graph.sources(target.chain_id, token.address)
        if source.feed_id
    }
    means = {
        other.id
        for other in store.targets()
        if (other.chain_id, other.address) == (target.chain_id, target.address)
    }
    return {target.id} | feeds | means


def _is_late(watched: Watched, store: Store, chain_id: int, now: float) -> bool:
    recent = store.recent_blocks(chain_id, RECENT_BLOCKS)
    poll_seconds = watched.poll_seconds.get(chain_id, 0.0)
    return is_late(recent, poll_seconds=poll_seconds, now=now)


class _Judge:
    """`at` is the block as of which it judges, None for the newest."""

    def __init__(
        self,
        watched: Watched,
        store: Store,
        words: Words,
        standings: Iterable[TargetStatus],
        *,
        late: frozenset[int] = frozenset(),
        now: float = 0.0,
        at: int | None = None,
        memory: Memory | None = None,
    ) -> None:
        self.settings, self.limits = watched.settings, watched.limits
        self.store = store
        self.words = words
        self.stored = {standing.target.id: standing for standing in standings}
        targets = {uid: one.target for uid, one in self.stored.items()}
        # Which alerts were open then is not told here: as known at a block, figures alone judge.
        self.alarms = alarms(store, targets, unit=watched.settings.unit) if at is None else {}
        self.late = late
        self.now = now
        self.at = at
        self.memory: Memory = {} if memory is None else memory

    def verdict(self, entry: Entry) -> Verdict:
        standing = self.stored.get(id_of(entry))
        seen = self._alarmed(id_of(entry), self._seen(standing))
        newest = standing.newest if standing else None
        finding = seen
        if newest is not None and entry.chain_id in self.late:
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
            cure = "run `watcher once`" if self.at is None else "ask for a later block"
            return Finding(Grade.BLIND, f"not read yet: {cure}")
        if observation.status is not Status.OK:
            found = health(observation.status, (), limits=self.limits)
            detail = f", {observation.detail}" if observation.detail else ""
            since = standing.since.timestamp if standing.since else None
            return Finding(found.grade, found.why + detail, since)
        if isinstance(observation.state, PriceFeed | PythPrice):
            unusable = self._unusable(standing, observation.state, standing.newest)
            if unusable is not None:
                return unusable
            return Finding(Grade.HEALTHY, self.words.answer(observation.state, standing.newest))
        return self._measured(standing)

    def _measured(self, standing: TargetStatus) -> Finding:
        target = standing.target
        measures = standing.figures.measures if standing.figures else ()
        found = health(Status.OK, measures, limits=self.limits)
        if found.measure is None:
            return Finding(found.grade, found.why or self.words.redeems(target, measures))
        why = self._why(found.measure, target, measures)
        is_spot = found.measure.name == "ln_spot_over_reference"
        if is_spot and found.grade in (Grade.BREACHED, Grade.STRAINED):
            why += self._spike(target)
        since = self._since(target, found.measure, found.grade)
        return Finding(found.grade, why, since, found.measure)

    def _alarmed(self, target_id: str, seen: Finding) -> Finding:
        """Never better than what the rules say."""
        alarm = self.alarms.get(target_id)
        if alarm is None or alarm.grade >= seen.grade:
            return seen
        return Finding(alarm.grade, alarm.why, alarm.since, rule=alarm.rule)

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
        why, since = found.reason.removeprefix("the feed "), None
        updated = updated_at(state)
        age = newest.timestamp - updated
        if updated and age > source.heartbeat:
            why += f", last answer {self.words.duration(age)} before"
            since = updated + source.heartbeat
        return Finding(Grade.BLIND, why, since)

    def _source_from(self, feed: Target) -> PriceSource | None:
        for source in self.settings.prices:
            if source.feed_id == feed.id:
                return source
        return None

    def _why(self, measure: Measure, target: Target, measures: Iterable[Measure]) -> str:
        if math.isnan(measure.value):
            return self.words.reason(self._with_feed(measure.reason, target), target)
        labels = labels_of((one.target for one in self.stored.values()), target.chain_id)
        said = self.words.of_measure(measure, target, labels)
        return said + self._depth(measures) if measure.name == "ln_spot_over_reference" else said

    def _depth(self, measures: Iterable[Measure]) -> str:
        """The thinner side, which is what a person who must leave is up against."""
        deep = [
            measure.value
            for measure in measures
            if measure.name == "depth_money" and not math.isnan(measure.value)
        ]
        return f", depth to 1% {self.words.money(min(deep), self.settings.unit)}" if deep else ""

    def _spike(self, target: Target) -> str:
        """Whether the pool's own mean over time, where it is watched, still is at the reference."""
        limit = self.limits["ln_spot_over_reference"].strained
        for standing in self.stored.values():
            mean = standing.target
            if (mean.chain_id, mean.address) != (target.chain_id, target.address):
                continue
            for one in standing.figures.measures if standing.figures else ():
                if one.name == "ln_time_weighted_over_reference" and abs(one.value) < limit:
                    window = self.words.duration(int(mean.params["window"]))
                    off = self.words.percent(abs(math.expm1(one.value)))
                    return f", a spike so far: its mean over {window} is {off} off"
        return ""

    def _with_feed(self, reason: str, target: Target) -> str:
        """`reason` with the feed's own name, where one of the target's tokens has a feed."""
        for token in target.tokens:
            for source in graph_of(self.settings).sources(target.chain_id, token.address):
                feed = self.stored.get(source.feed_id)
                if feed is not None and token.address in reason:
                    return reason.replace("the feed ", f"feed {feed.target.label} ", 1)
        return reason

    def _since(self, target: Target, measure: Measure, grade: Grade) -> int | None:
        """When the figure that decides came to where it is, as far back as anyone would look."""
        if grade is Grade.HEALTHY:
            return None
        key = (target.id, measure.name, measure.dims, grade)
        standing, known = self.stored[target.id], self.memory.get(key)
        if known is not None and known.newest == standing.newest:
            return known.since
        within = self._same(measure, grade)
        since = self._since_known(target, measure, within, known)
        if since is None:
            since = self.store.within_since(
                target.id, measure, within, number=self.at, most=LOOKED_BACK
            )
        if since is not None and standing.newest is not None:
            self.memory[key] = Known(standing.newest, since)
        return since

    def _since_known(
        self, target: Target, measure: Measure, within: Within, known: Known | None
    ) -> int | None:
        """What was known before, where its block is still on the chain and the figure has been
        within ever since; None where that is not so, or cannot be told from a few figures."""
        newest = self.stored[target.id].newest
        if known is None or newest is None or newest.number < known.newest.number:
            return None
        head = self.store.block_as_of(target.chain_id, known.newest.number)
        if head != known.newest:
            return None
        lately = self.store.within_since(target.id, measure, within, number=self.at, most=FEW)
        return known.since if lately is not None and lately <= head.timestamp else None

    def _same(self, measure: Measure, grade: Grade) -> Within:
        """Which values of the measure have this grade, as `alerts.health` judges them."""
        limits = self.limits[measure.name]
        match grade:
            case Grade.BREACHED:
                return Within(limits.breached)
            case Grade.STRAINED:
                return Within(limits.strained, limits.breached)
            case _:
                return Within(None, but=FIRST_REASONS)

    def _with_late_data(self, seen: Finding, newest: Block) -> Finding:
        late = f"no new block for {self.words.duration(self.now - newest.timestamp)}"
        if seen.grade <= Grade.BLIND:
            return replace(seen, why=f"{seen.why}; {late}")
        was = f"{late}; was {seen.grade.word}" + (f", {seen.why}" if seen.why else "")
        return Finding(Grade.BLIND, was, newest.timestamp, seen.measure)
