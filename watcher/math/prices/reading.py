"""What one source says of its token, before it is valued in the unit of account."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reading:
    """`value` is in the source's quote token, NaN with the `reason` where there is none; with a
    value, `reason` is what makes it doubtful. `depth` is what moves a pool's price by 1%, in whole
    quote tokens, infinite for what is no pool. Reasons hold no age and no amount, so that they
    change only when the verdict does.
    """

    value: float
    reason: str = ""
    updated_at: int | None = None
    confidence: float = 0.0
    depth: float = math.inf


def nothing(reason: str) -> Reading:
    return Reading(math.nan, reason)


def finite(value: float) -> bool:
    """Whether a float can be a price."""
    return math.isfinite(value) and value > 0
