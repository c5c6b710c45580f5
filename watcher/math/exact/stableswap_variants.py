"""What differs between the StableSwap contracts of one invariant, one line a contract."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

Variant: TypeAlias = Literal[
    "gen1",
    "lending",
    "ren",
    "three_pool",
    "factory",
    "steth",
    "rate_oracle",
    "aave",
    "ng",
    "ng_early",
    "saddle",
    "connext",
]
"""The contract whose order of operations a pool has.

gen1: sUSD. lending: Compound, USDT, Y, BUSD and PAX, which are gen1 with get_dx. ren: renBTC, sBTC.
three_pool: 3pool and the pools and metapools that share its A without precision. factory: plain
pools and metapools of the factories and of the templates with A_PRECISION. steth: stETH.
rate_oracle: rETH, aETH, wstETH on side chains. aave: Aave, sAave. ng: StableSwap-NG and its
metapools. ng_early: the revision of StableSwap-NG that multiplies D_P coin by coin. saddle: Saddle
and its forks in Solidity. connext: Connext's, which is Saddle with swapOut.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arithmetic:
    """How one contract computes.

    d_product: how get_D forms D**(n+1) / (n**n prod x): dividing by `x*n + 1`, by `x*n`, or by
        each x and once by n**n at the end.
    must_converge: Newton's method that has not converged after 255 rounds reverts; before, its
        last value was taken.
    exchange_margin, view_margin: what exchange and get_dy take off `xp[j] - y` against rounding.
    view_fee_scaled: get_dy takes the fee before it converts to the coin's unit, as exchange does.
    exchange_sets_balances: after an exchange the balances are what x and y convert to, and not the
        old ones with the amounts added and taken.
    needs_input: an exchange of nothing reverts.
    mints_nothing, burns_nothing: 0 LP tokens can be minted, and burned, without a revert.
    burn_margin: added to what remove_liquidity_imbalance burns.
    margin_alone: it may burn that margin alone.
    one_coin: LP tokens can be withdrawn in one coin.
    one_coin_shares_fee: the administrator gets a part of the fee on that.
    withdrawal_capped: a withdrawal in one coin of more LP tokens than the pool has of that coin, at
        18 decimals, reverts.
    priced_when_empty: without LP tokens get_virtual_price answers 0, where others revert.
    rated_average: the dynamic fee of adding and removing sees balances at their rates; Aave's
        takes them raw.
    keeps_prices: every move stores prices, and reverts where they cannot be; in the early revision
        those of remove_liquidity_imbalance are of balances that are not scaled.
    quoter: who asks for an exact output: the pool's own get_dx, the views contract of NG, Connext's
        swapOut, nobody.
    """

    d_product: Literal["plus_one", "each", "all"] = "each"
    must_converge: bool = True
    exchange_margin: int = 1
    view_margin: int = 1
    view_fee_scaled: bool = True
    exchange_sets_balances: bool = False
    needs_input: bool = False
    mints_nothing: bool = True
    burns_nothing: bool = True
    burn_margin: int = 1
    margin_alone: bool = False
    one_coin: bool = True
    one_coin_shares_fee: bool = True
    withdrawal_capped: bool = False
    priced_when_empty: bool = False
    rated_average: bool = True
    keeps_prices: bool = False
    quoter: Literal["pool", "views", "swap_out", "none"] = "none"


_GEN1 = Arithmetic(
    d_product="plus_one",
    must_converge=False,
    exchange_margin=0,
    view_margin=0,
    view_fee_scaled=False,
    exchange_sets_balances=True,
    burn_margin=0,
    one_coin=False,
)

_NG = Arithmetic(
    d_product="all",
    needs_input=True,
    burns_nothing=False,
    keeps_prices=True,
    quoter="views",
)

_SADDLE = Arithmetic(mints_nothing=False, withdrawal_capped=True, priced_when_empty=True)

ARITHMETIC: Mapping[Variant, Arithmetic] = {
    "gen1": _GEN1,
    "lending": replace(_GEN1, quoter="pool"),
    "ren": Arithmetic(must_converge=False, view_fee_scaled=False, margin_alone=True),
    "three_pool": Arithmetic(must_converge=False, view_fee_scaled=False),
    "factory": Arithmetic(),
    "steth": Arithmetic(d_product="plus_one", burn_margin=0, one_coin_shares_fee=False),
    "rate_oracle": Arithmetic(
        view_margin=0, exchange_sets_balances=True, burn_margin=0, quoter="pool"
    ),
    "aave": Arithmetic(
        d_product="plus_one",
        exchange_margin=0,
        view_margin=0,
        view_fee_scaled=False,
        burn_margin=0,
        one_coin_shares_fee=False,
        rated_average=False,
    ),
    "ng": _NG,
    "ng_early": replace(_NG, d_product="each"),
    "saddle": _SADDLE,
    "connext": replace(_SADDLE, burns_nothing=False, quoter="swap_out"),
}
