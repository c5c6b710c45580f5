"""The settings that measures depend on; everything else in the configuration changes no figure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from watcher.state.canonical import canonical_json, content_hash, to_plain
from watcher.state.token import Address


@dataclass(frozen=True, slots=True)
class PriceSource:
    """What one token of one chain is judged by.

    A "chainlink" source names the feed's target and its heartbeat in seconds, after which the
    price is stale; `deviation` is the relative move below which the feed does not answer anew.
    A "fixed" source has a `value` in the unit of account and neither age nor ancestry.
    """

    chain_id: int
    token: Address
    source: Literal["chainlink", "fixed"]
    feed_id: str = ""
    heartbeat: int = 0
    deviation: float = 0.0
    value: float = 0.0


@dataclass(frozen=True, slots=True)
class Settings:
    """`sizes` are trade sizes in the unit of account; prices are looked up in the order given."""

    unit: str
    sizes: tuple[float, ...]
    prices: tuple[PriceSource, ...]

    def to_json(self) -> str:
        return canonical_json(to_plain(self))

    @property
    def hash(self) -> str:
        return content_hash(self.to_json())
