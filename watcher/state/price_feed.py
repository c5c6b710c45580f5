"""A price that an oracle publishes: a Chainlink aggregator behind its proxy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class PriceFeed:
    """The latest round. `answer` is signed and scaled by 10**decimals; a proxy's `round_id`
    carries the phase in its bits from 64 up. Times are seconds.

    The rest is as it was when the feed was identified, None where it was not asked or has none:
    its decimals, its proxy's phase, and the least and greatest answer that its aggregator gives.
    """

    KIND: ClassVar[str] = "price_feed"
    VERSION: ClassVar[int] = 1

    answer: int
    decimals: int
    round_id: int
    answered_in_round: int
    started_at: int
    updated_at: int
    first_decimals: int | None = None
    first_phase: int | None = None
    min_answer: int | None = None
    max_answer: int | None = None

    @property
    def phase(self) -> int:
        return self.round_id >> 64
