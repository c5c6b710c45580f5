"""A price that an oracle publishes: a Chainlink aggregator behind its proxy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class PriceFeed:
    """The latest round. `answer` is signed and scaled by 10**decimals; a proxy's `round_id`
    carries the phase in its bits from 64 up. Times are seconds."""

    KIND: ClassVar[str] = "price_feed"
    VERSION: ClassVar[int] = 1

    answer: int
    decimals: int
    round_id: int
    answered_in_round: int
    started_at: int
    updated_at: int
