"""Exact quotes for any state: dispatch by kind to `math.exact`.

Coins are named by their index in the state's own order. A pool's coins are 0 and 1; a vault's
asset is 0 and its share is 1, so that depositing sells 0 for 1 and redeeming sells 1 for 0. All
amounts are in smallest units; each function raises MathError where the contract reverts.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction

from watcher.errors import MathError
from watcher.math.exact import constant_product, shares
from watcher.math.exact.shares import ShareTotals
from watcher.state.constant_product import ConstantProduct
from watcher.state.kinds import State
from watcher.state.price_feed import PriceFeed
from watcher.state.share_vault import ShareVault


@dataclass(frozen=True, slots=True)
class Quote:
    """An exchange at one state; `coin_in` and `coin_out` are indices."""

    coin_in: int
    coin_out: int
    amount_in: int
    amount_out: int


def quote_exact_in(state: State, coin_in: int, amount_in: int) -> Quote:
    """What `amount_in` of coin `coin_in` pays, fees included, as the contract executes it."""
    _require_coin(coin_in)
    match state:
        case ConstantProduct():
            reserve_in, reserve_out = _reserves(state, coin_in)
            amount_out = constant_product.get_amount_out(
                amount_in,
                reserve_in,
                reserve_out,
                fee_numerator=state.fee_numerator,
                fee_denominator=state.fee_denominator,
            )
            _require_swap(state, coin_in, amount_in, amount_out)
        case ShareVault():
            convert = shares.preview_redeem if coin_in else shares.preview_deposit
            amount_out = convert(amount_in, share_totals(state))
        case PriceFeed():
            raise MathError("a price feed exchanges nothing")
    return Quote(coin_in, 1 - coin_in, amount_in, amount_out)


def quote_exact_out(state: State, coin_in: int, amount_out: int) -> Quote:
    """What `amount_out` of the other coin costs, as the protocol's router asks for it."""
    _require_coin(coin_in)
    match state:
        case ConstantProduct():
            reserve_in, reserve_out = _reserves(state, coin_in)
            amount_in = constant_product.get_amount_in(
                amount_out,
                reserve_in,
                reserve_out,
                fee_numerator=state.fee_numerator,
                fee_denominator=state.fee_denominator,
            )
            _require_swap(state, coin_in, amount_in, amount_out)
        case ShareVault():
            convert = shares.preview_withdraw if coin_in else shares.preview_mint
            amount_in = convert(amount_out, share_totals(state))
        case PriceFeed():
            raise MathError("a price feed exchanges nothing")
    return Quote(coin_in, 1 - coin_in, amount_in, amount_out)


def without_fee(state: State) -> State:
    """The same state with a fee of zero: what separates price impact from slippage."""
    match state:
        case ConstantProduct():
            return replace(state, fee_numerator=1, fee_denominator=1)
        case _:
            return state


def spot_price(state: State) -> Fraction:
    """The fee-less marginal price of coin 0 in coin 1, smallest unit per smallest unit, exactly."""
    match state:
        case ConstantProduct():
            if state.reserve0 == 0 or state.reserve1 == 0:
                raise MathError("INSUFFICIENT_LIQUIDITY")
            return Fraction(state.reserve1, state.reserve0)
        case ShareVault():
            return 1 / assets_per_share(state)
        case PriceFeed():
            raise MathError("a price feed exchanges nothing")


def assets_per_share(state: ShareVault) -> Fraction:
    """The unrounded price of one smallest unit of share in smallest units of asset."""
    vault_assets = state.total_assets + state.virtual_assets
    vault_shares = state.total_supply + state.virtual_shares
    if vault_shares == 0:
        return Fraction(1)
    if vault_assets == 0:
        raise MathError("the vault has shares and no assets")
    return Fraction(vault_assets, vault_shares)


def add_liquidity(
    state: ConstantProduct, amount0: int, amount1: int
) -> constant_product.LiquidityAdded:
    """LP tokens for sending both amounts and calling `mint`; a donation that lies in the pair
    already counts for whoever mints next."""
    return constant_product.mint(
        state.balance0 + amount0 - state.reserve0,
        state.balance1 + amount1 - state.reserve1,
        reserve0=state.reserve0,
        reserve1=state.reserve1,
        total_supply=state.total_supply,
        protocol_minted=_protocol_minted(state),
    )


def remove_liquidity(state: ConstantProduct, liquidity: int) -> constant_product.LiquidityRemoved:
    """What sending `liquidity` LP tokens and calling `burn` pays."""
    return constant_product.burn(
        liquidity,
        balance0=state.balance0,
        balance1=state.balance1,
        total_supply=state.total_supply,
        protocol_minted=_protocol_minted(state),
    )


def share_totals(state: ShareVault) -> ShareTotals:
    return ShareTotals(
        total_assets=state.total_assets,
        total_supply=state.total_supply,
        virtual_assets=state.virtual_assets,
        virtual_shares=state.virtual_shares,
        refuses_zero=state.refuses_zero,
    )


def _protocol_minted(state: ConstantProduct) -> int:
    return constant_product.protocol_liquidity(
        state.reserve0,
        state.reserve1,
        total_supply=state.total_supply,
        k_last=state.k_last,
        share_numerator=state.protocol_share_numerator,
        share_denominator=state.protocol_share_denominator,
    )


def _require_swap(state: ConstantProduct, coin_in: int, amount_in: int, amount_out: int) -> None:
    reserve_in, reserve_out = _reserves(state, coin_in)
    balances = (state.balance0, state.balance1)
    constant_product.require_swap(
        amount_in,
        amount_out,
        reserve_in=reserve_in,
        reserve_out=reserve_out,
        balance_in=balances[coin_in],
        balance_out=balances[1 - coin_in],
        fee_numerator=state.fee_numerator,
        fee_denominator=state.fee_denominator,
    )


def _reserves(state: ConstantProduct, coin_in: int) -> tuple[int, int]:
    pair = (state.reserve0, state.reserve1)
    return pair[coin_in], pair[1 - coin_in]


def _require_coin(coin_in: int) -> None:
    if coin_in not in (0, 1):
        raise MathError(f"coin {coin_in} does not exist: there are 0 and 1")
