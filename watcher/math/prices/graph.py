"""The graph of prices: tokens, and the sources that lead from one to another."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from watcher.math.settings import PriceSource, Settings
from watcher.state.holdings import Holdings
from watcher.state.target import Target
from watcher.state.token import Address


class Graph:
    """The sources of all tokens of one settings, in the order of the configuration."""

    def __init__(self, settings: Settings) -> None:
        self._sources: dict[tuple[int, str], list[PriceSource]] = {}
        self._origins: set[tuple[int, str]] = set()
        for source in settings.prices:
            self._sources.setdefault((source.chain_id, source.token), []).append(source)
            self._origins.update((source.chain_id, one) for one in source.ancestry)

    def sources(self, chain_id: int, token: str) -> list[PriceSource]:
        return self._sources.get((chain_id, token), [])

    def judges(self, target: Target) -> bool:
        """Whether any price comes from `target`."""
        return any((target.chain_id, one) in self._origins for one in _own(target))

    def independent(self, chain_id: int, token: str, judged: Target | None) -> list[PriceSource]:
        """Those of `token` that do not themselves come from `judged`."""
        found = self.sources(chain_id, token)
        if judged is None:
            return found
        own = _own(judged)
        return [source for source in found if own.isdisjoint(source.ancestry)]

    def reachable(
        self, chain_id: int, tokens: Iterable[str], judged: Target | None
    ) -> list[PriceSource]:
        """All sources that the prices of `tokens` may use, through every quote token."""
        waiting, seen = list(tokens), set[str]()
        found: list[PriceSource] = []
        while waiting:
            token = waiting.pop(0)
            if token in seen:
                continue
            seen.add(token)
            for source in self.independent(chain_id, token, judged):
                found.append(source)
                if source.quote:
                    waiting.append(source.quote)
        return found


def _own(target: Target) -> set[str]:
    """What prices may not come from that judge `target`: itself, and the pairs and vaults whose
    shares its holders have, since whoever holds a pool moves its price."""
    own = {target.id, str(target.address)}
    if target.kind == Holdings.KIND:
        looked_through = target.tokens[plain_tokens(target) :]
        own.update(token.address for token in looked_through)
    return own


class _Same:
    """Settings by identity: comparing two by value would take longer than the prices do."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    def __hash__(self) -> int:
        return id(self.settings)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other.settings is self.settings


@lru_cache(maxsize=64)
def _graph(same: _Same) -> Graph:
    return Graph(same.settings)


def graph_of(settings: Settings) -> Graph:
    return _graph(_Same(settings))


def plain_tokens(target: Target) -> int:
    """How many of the tokens of holdings are held for themselves: they stand first."""
    return int(target.params.get("assets", len(target.tokens)))


def priced_tokens(target: Target) -> tuple[Address, ...]:
    """The tokens whose prices the measures of `target` use: its coins, and a vault's share."""
    coins = tuple(token.address for token in target.tokens)
    if target.share is None or target.kind != "share_vault":
        return coins
    return (*coins, target.share.address)
