"""What a token is judged by."""

from __future__ import annotations

import math
from dataclasses import dataclass

from watcher.state.token import Address


@dataclass(frozen=True, slots=True)
class Price:
    """The reference price of one whole token in the unit of account.

    `value` is NaN when there is none, and `reason` then says why. `ancestry` lists the ids of the
    targets that the price was derived from, so that nothing is judged by itself. `dead_band` is the
    relative deviation below which the source does not move.
    """

    token: Address
    value: float
    source: str
    ancestry: tuple[str, ...] = ()
    updated_at: int | None = None
    dead_band: float = 0.0
    reason: str = ""

    @property
    def known(self) -> bool:
        return not math.isnan(self.value)


def unknown_price(token: Address, reason: str, *, source: str = "none") -> Price:
    return Price(token=token, value=math.nan, source=source, reason=reason)
