"""A peg stability module: mints a stablecoin for another coin and takes it back, up to a cap."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

BPS = 10_000
PRICE_DECIMALS = 36


@dataclass(frozen=True, slots=True)
class PegStability:
    """Amounts in smallest units, `fee_in` and `fee_out` of 10,000.

    `held` is what the module holds of the stable coin (token 0), `minted` what it has minted of the
    other (token 1) and not taken back, in dollars of 18 decimals as `mint_cap` is. `oracle_price`
    is what its oracle says of the stable coin, in dollars with 36 decimals less the coin's.
    """

    KIND: ClassVar[str] = "peg_stability"
    VERSION: ClassVar[int] = 1

    held: int
    minted: int
    mint_cap: int
    fee_in: int
    fee_out: int
    oracle_price: int
    paused: bool
    stable_decimals: int
    minted_decimals: int


def problems(state: PegStability) -> Iterator[str]:
    """Why such a module cannot be."""
    if max(state.fee_in, state.fee_out) >= BPS:
        yield f"state.fee_in or state.fee_out is not below {BPS}"
    if state.stable_decimals > PRICE_DECIMALS // 2:
        yield "state.stable_decimals is over 18"
