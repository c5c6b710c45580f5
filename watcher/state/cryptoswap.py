"""Pools of the CryptoSwap invariant, Curve's of all eras."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Literal, TypeAlias

CryptoSwapVariant: TypeAlias = Literal[
    "twocrypto_early",
    "twocrypto",
    "tricrypto",
    "tricrypto_ng",
    "twocrypto_ng_early",
    "twocrypto_ng",
]
"""Whose order of operations it is: `math.exact.cryptoswap_variants` says what each one does."""

FEE_DENOMINATOR = 10**10


@dataclass(frozen=True, slots=True)
class CryptoSwap:
    """Amounts in each coin's smallest unit, LP tokens and prices with 18 decimals, fees in parts of
    10**10.

    Prices are of coins 1 and on, in coin 0. `amplification` is A N^N times 10**4; it and `gamma`
    are where they stood on their ramp at the block. `invariant` is the D that the pool has stored.
    `price_oracle` is what a move in the block finds: the average, brought up to the block's time.
    `not_adjusted` is v1's flag of a price scale that is due to move, false in NG. While `ramping`,
    a move computes D anew; where `loss_allowed`, it may lower the virtual price.
    """

    KIND: ClassVar[str] = "cryptoswap"
    VERSION: ClassVar[int] = 1

    variant: CryptoSwapVariant
    balances: tuple[int, ...]
    amplification: int
    gamma: int
    invariant: int
    price_scale: tuple[int, ...]
    price_oracle: tuple[int, ...]
    last_prices: tuple[int, ...]
    mid_fee: int
    out_fee: int
    fee_gamma: int
    allowed_extra_profit: int
    adjustment_step: int
    xcp_profit: int
    virtual_price: int
    total_supply: int
    not_adjusted: bool
    ramping: bool
    loss_allowed: bool
    decimals: tuple[int, ...]


def problems(state: CryptoSwap) -> Iterator[str]:
    """Why such a pool cannot be."""
    coins = 3 if state.variant.startswith("tri") else 2
    if len(state.balances) != coins or len(state.decimals) != coins:
        yield f"state.balances and state.decimals do not hold the {coins} coins of the variant"
    prices = (state.price_scale, state.price_oracle, state.last_prices)
    if any(len(each) != coins - 1 for each in prices):
        yield "state.price_scale, price_oracle and last_prices hold one for each coin but the first"
    if 0 in state.price_scale:
        yield "state.price_scale holds a 0"
    if max(state.mid_fee, state.out_fee) > FEE_DENOMINATOR:
        yield f"a fee of the state is over {FEE_DENOMINATOR}"
    if any(decimals > 18 for decimals in state.decimals):
        yield "state.decimals is over 18"
