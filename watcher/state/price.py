"""What a token is judged by."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

from watcher.state.token import Address


class PriceStatus(StrEnum):
    """The closed set of what a price may be."""

    OK = "ok"
    DEGRADED = "degraded"
    UNAVAILABLE = "unavailable"


@dataclass(frozen=True, slots=True)
class Vote:
    """What one source said of a token. `target_id` is what it was read from, "" for a fixed value;
    `value` is NaN where it said nothing, and `reason` why it has no vote, "" where it has one."""

    source: str
    target_id: str
    value: float
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Price:
    """The reference price of one whole token in the unit of account.

    `value` is NaN when there is none, and `reason` then says why; with a value, `reason` is what
    makes it doubtful. `source` is the one whose value it is. `ancestry` lists the targets' ids and
    the addresses that the price was derived from, so that nothing is judged by itself. `updated_at`
    is when its oldest part was published, None where all of it is of the block itself. `dead_band`
    is the relative deviation below which the sources do not move, `confidence` the relative error
    that they admit. `votes` are all sources in the order of the configuration, where there are
    several.
    """

    token: Address
    value: float
    source: str
    ancestry: tuple[str, ...] = ()
    updated_at: int | None = None
    dead_band: float = 0.0
    reason: str = ""
    confidence: float = 0.0
    votes: tuple[Vote, ...] = ()

    @property
    def known(self) -> bool:
        return not math.isnan(self.value)

    @property
    def status(self) -> PriceStatus:
        if not self.known:
            return PriceStatus.UNAVAILABLE
        return PriceStatus.DEGRADED if self.reason else PriceStatus.OK

    def age(self, timestamp: int) -> int:
        """Seconds of block time at `timestamp`; 0 for what is read anew at each block."""
        return 0 if self.updated_at is None else timestamp - self.updated_at


def unknown_price(
    token: Address, reason: str, *, source: str = "none", ancestry: tuple[str, ...] = ()
) -> Price:
    return Price(token=token, value=math.nan, source=source, ancestry=ancestry, reason=reason)
