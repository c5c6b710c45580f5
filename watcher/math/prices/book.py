"""The prices of one chain at one block, each computed when it is first asked for."""

from __future__ import annotations

import math
from collections.abc import Mapping

from watcher.math.prices.graph import graph_of
from watcher.math.prices.pools import OUT_OF_RANGE
from watcher.math.prices.reading import finite
from watcher.math.prices.sources import read_source
from watcher.math.prices.votes import decide
from watcher.math.settings import PriceSource, Settings
from watcher.state.observation import Observation
from watcher.state.price import Price, unknown_price
from watcher.state.target import Target
from watcher.state.token import Address

NO_SOURCE = "no price source is configured"
NOT_INDEPENDENT = "no independent reference: each of its sources comes from this target"
CIRCULAR = "it is priced by itself"


class Book:
    """`observed` is what is in force, by target id; `earlier` what was so when the window of a
    source that needs it began. `timestamp` is the block's, in seconds: it decides what is stale.

    With `judged`, no price comes from that target, through however many tokens: its sources are
    left out before anything is voted on.
    """

    def __init__(
        self,
        settings: Settings,
        chain_id: int,
        observed: Mapping[str, Observation],
        earlier: Mapping[str, Observation],
        *,
        timestamp: int,
        judged: Target | None = None,
    ) -> None:
        self._votes = settings.votes
        self._graph = graph_of(settings)
        self._chain_id = chain_id
        self._observed = observed
        self._earlier = earlier
        self._timestamp = timestamp
        self._judged = judged
        self._prices: dict[str, Price] = {}
        self._open: set[str] = set()

    def price(self, token: Address) -> Price:
        """Of one whole token in the unit of account, or NaN with the reason."""
        known = self._prices.get(token)
        if known is not None:
            return known
        if token in self._open:
            return unknown_price(token, CIRCULAR)
        self._open.add(token)
        found = self._prices[token] = self._price(token)
        self._open.discard(token)
        return found

    def _price(self, token: Address) -> Price:
        sources = self._graph.sources(self._chain_id, token)
        if not sources:
            return unknown_price(token, NO_SOURCE)
        independent = self._graph.independent(self._chain_id, token, self._judged)
        if not independent:
            return unknown_price(token, NOT_INDEPENDENT)
        candidates = [self._candidate(source) for source in independent]
        if len(candidates) == 1:
            return candidates[0]
        contracts = [source.address for source in independent]
        return decide(token, candidates, self._votes, contracts=contracts)

    def _candidate(self, source: PriceSource) -> Price:
        """What one source alone says, in the unit of account."""
        token, kind = source.token, source.source
        found = read_source(
            source,
            self._observed.get(source.feed_id),
            self._earlier.get(source.feed_id),
            timestamp=self._timestamp,
        )
        value, depth, reason = found.value, found.depth, found.reason
        ancestry, updated_at = source.ancestry, found.updated_at
        dead_band, confidence = source.deviation, found.confidence
        if math.isnan(value):
            return unknown_price(token, reason, source=kind, ancestry=ancestry)
        if source.quote:
            quote = self.price(Address(source.quote))
            if not quote.known:
                why = f"no reference for {source.quote}: {quote.reason}"
                return unknown_price(token, why, source=kind, ancestry=ancestry)
            value, depth = value * quote.value, depth * quote.value
            reason = reason or quote.reason
            ancestry = tuple(dict.fromkeys((*ancestry, *quote.ancestry)))
            updated_at = min(filter(None, (updated_at, quote.updated_at)), default=None)
            dead_band, confidence = dead_band + quote.dead_band, confidence + quote.confidence
        if not finite(value):
            return unknown_price(token, OUT_OF_RANGE, source=kind, ancestry=ancestry)
        if depth < source.least_depth:
            why = f"the pool is thin (least depth {source.least_depth:.15g})"
            return unknown_price(token, why, source=kind, ancestry=ancestry)
        return Price(
            token=token,
            value=value,
            source=kind,
            ancestry=ancestry,
            updated_at=updated_at,
            dead_band=dead_band,
            reason=reason,
            confidence=confidence,
        )
