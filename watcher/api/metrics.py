"""/metrics: how the watching itself does, for Prometheus."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from fastapi import APIRouter, Response
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.registry import Collector

from watcher import __version__
from watcher.alerts.health import Grade
from watcher.api.context import Ctx
from watcher.api.facts import ChainFacts, chain_facts
from watcher.api.standing import Judged
from watcher.api.telemetry import PREFIX, ServiceFigures
from watcher.config import Config
from watcher.state.endpoint_event import EventKind
from watcher.store import Store
from watcher.store.counts import endpoint_event_counts


@dataclass(frozen=True, slots=True)
class Facts:
    """What one scrape is told; `events` by chain, endpoint and kind; `now` in seconds."""

    now: float
    size: int
    chains: tuple[ChainFacts, ...]
    events: Mapping[tuple[int, str, str], int]
    standings: Sequence[Judged]


def router(service: ServiceFigures | None) -> APIRouter:
    made = APIRouter(include_in_schema=False)

    @made.get("/metrics")
    async def metrics(context: Ctx) -> Response:
        standings = await context.standings()
        now = context.now()
        facts = await context.reading.do(_facts, context.config, standings, now=now)
        body = exposition(facts)
        if service is not None:
            body += generate_latest(service.registry)
        return Response(body, media_type=CONTENT_TYPE_PLAIN_0_0_4)

    return made


def exposition(facts: Facts) -> bytes:
    registry = CollectorRegistry()
    registry.register(_History(facts))
    return generate_latest(registry)


def _facts(store: Store, config: Config, standings: Sequence[Judged], *, now: float) -> Facts:
    extent = store.extent()
    chains = chain_facts(store, config, extent, now=now)
    return Facts(now, extent.size, tuple(chains), endpoint_event_counts(store), standings)


class _History(Collector):
    def __init__(self, facts: Facts) -> None:
        self._facts = facts

    def collect(self) -> Iterator[Metric]:
        facts = self._facts
        info = GaugeMetricFamily(f"{PREFIX}_info", "Which program this is.", labels=["version"])
        info.add_metric([__version__], 1)
        yield info
        yield GaugeMetricFamily(
            f"{PREFIX}_database_bytes", "How much the history takes.", value=facts.size
        )
        yield from _chains(facts)
        yield _events(facts)
        yield from _targets(facts.standings)


def _chains(facts: Facts) -> Iterator[Metric]:
    shown: list[tuple[str, str, list[tuple[int, float]]]] = [
        ("chain_blocks", "Stored blocks.", [_of(one, one.blocks) for one in facts.chains]),
        (
            "chain_missing_blocks",
            "Blocks in open gaps.",
            [_of(one, one.missing) for one in facts.chains],
        ),
        (
            "chain_late",
            "1 when no block came for so long that nothing is known of now.",
            [_of(one, one.late) for one in facts.chains],
        ),
    ]
    read = [(one, one.newest) for one in facts.chains if one.newest is not None]
    shown += [
        ("chain_head_block", "The newest stored block.", [_of(c, b.number) for c, b in read]),
        (
            "chain_head_timestamp_seconds",
            "The time of the newest stored block.",
            [_of(c, b.timestamp) for c, b in read],
        ),
        (
            "chain_head_lag_seconds",
            "How long ago that was.",
            [_of(c, facts.now - b.timestamp) for c, b in read],
        ),
    ]
    for name, text, rows in shown:
        family = GaugeMetricFamily(f"{PREFIX}_{name}", text, labels=["chain"])
        for chain_id, value in rows:
            family.add_metric([f"eip155:{chain_id}"], value)
        yield family


def _of(one: ChainFacts, value: float) -> tuple[int, float]:
    return one.chain.chain_id, float(value)


def _events(facts: Facts) -> Metric:
    """Each configured endpoint with each kind, those that never happened too: only from 0 can a
    rate be told."""
    counts = {
        (one.chain.chain_id, options.endpoint.name, kind.value): 0
        for one in facts.chains
        for options in one.chain.endpoints
        for kind in EventKind
    }
    counts |= {key: count for key, count in facts.events.items() if key in counts}
    family = CounterMetricFamily(
        f"{PREFIX}_endpoint_events",
        "What befell the endpoints.",
        labels=["chain", "endpoint", "kind"],
    )
    for (chain_id, endpoint, kind), count in counts.items():
        family.add_metric([f"eip155:{chain_id}", endpoint, kind], count)
    return family


def _targets(standings: Sequence[Judged]) -> Iterator[Metric]:
    counted = Counter((one.entry.chain_id, one.grade) for one in standings)
    chains = sorted({one.entry.chain_id for one in standings})
    family = GaugeMetricFamily(
        f"{PREFIX}_targets", "Targets in each state.", labels=["chain", "state"]
    )
    for chain_id in chains:
        for grade in Grade:
            family.add_metric([f"eip155:{chain_id}", grade.word], counted[chain_id, grade])
    yield family
    graded = GaugeMetricFamily(
        f"{PREFIX}_target_grade",
        "0 breached, 1 blind, 2 strained, 3 healthy; names are those of the configuration.",
        labels=["chain", "target", "name"],
    )
    for one in standings:
        labels = [f"eip155:{one.entry.chain_id}", one.target_id, one.entry.name]
        graded.add_metric(labels, one.grade.value)
    yield graded
