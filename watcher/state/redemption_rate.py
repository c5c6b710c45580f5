"""What one whole token redeems for, as a contract's own getter says it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class RedemptionRate:
    """`rate` is in units of 10**-decimals: whole tokens of what is redeemed for, for a whole one of
    what is redeemed."""

    KIND: ClassVar[str] = "redemption_rate"
    VERSION: ClassVar[int] = 1

    rate: int
    decimals: int
