"""A pool that keeps reserve0 * reserve1 constant: Uniswap V2 and its forks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class ConstantProduct:
    """Amounts in each token's smallest unit.

    The fee is the fraction of the input that counts: 997/1000 for Uniswap V2. `balance0` and
    `balance1` are the tokens that the pair really holds; a drift from the reserves is a donation,
    a rebase or a fee on transfer, and decides what adding and removing pay. `k_last` and the
    protocol's share of the growth of sqrt(k), 1/6 for Uniswap V2 and 0 while it is switched off,
    decide how many LP tokens the next `mint` or `burn` first gives to the protocol.
    """

    KIND: ClassVar[str] = "constant_product"
    VERSION: ClassVar[int] = 1

    reserve0: int
    reserve1: int
    balance0: int
    balance1: int
    total_supply: int
    k_last: int
    fee_numerator: int
    fee_denominator: int
    protocol_share_numerator: int
    protocol_share_denominator: int
    decimals0: int
    decimals1: int

    def flipped(self) -> ConstantProduct:
        """The same pool with its two tokens' names exchanged."""
        return ConstantProduct(
            reserve0=self.reserve1,
            reserve1=self.reserve0,
            balance0=self.balance1,
            balance1=self.balance0,
            total_supply=self.total_supply,
            k_last=self.k_last,
            fee_numerator=self.fee_numerator,
            fee_denominator=self.fee_denominator,
            protocol_share_numerator=self.protocol_share_numerator,
            protocol_share_denominator=self.protocol_share_denominator,
            decimals0=self.decimals1,
            decimals1=self.decimals0,
        )
