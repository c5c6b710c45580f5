"""Yearn's vaults. The asset is coin 0 and the share is coin 1, so that depositing sells 0 for 1 and
withdrawing sells 1 for 0. V2 has no exchange for an exact output."""

from __future__ import annotations

from fractions import Fraction

from watcher.errors import MathError
from watcher.math.exact import yearn
from watcher.math.families.family import Family
from watcher.state.yearn_vault import YearnVault

ASSET, SHARE = 0, 1


def exact_in(state: YearnVault, coin_in: int, _coin_out: int, amount_in: int) -> int:
    totals, first = yearn_totals(state), is_first(state)
    if coin_in == SHARE:
        if state.is_v3:
            return yearn.v3_redeem(amount_in, totals)
        return yearn.v2_withdraw(amount_in, totals, first=first)
    _require_open(state)
    if state.is_v3:
        return yearn.v3_deposit(amount_in, totals)
    return yearn.v2_deposit(amount_in, totals, first=first)


def exact_out(state: YearnVault, coin_in: int, _coin_out: int, amount_out: int) -> int:
    if not state.is_v3:
        raise MathError("a vault of Yearn's V2 has no exchange for an exact output")
    totals = yearn_totals(state)
    if coin_in == SHARE:
        return yearn.v3_withdraw(amount_out, totals)
    _require_open(state)
    return yearn.v3_mint(amount_out, totals)


def spot_price(state: YearnVault, coin_in: int, _coin_out: int) -> Fraction:
    """Before rounding."""
    price = assets_per_share(state)
    return price if coin_in == SHARE else 1 / price


def assets_per_share(state: YearnVault) -> Fraction:
    """The unrounded price of one smallest unit of share in smallest units of asset, without the
    profit that is locked."""
    if state.total_supply == 0:
        return Fraction(1)
    free = yearn_totals(state).free_funds
    if free == 0:
        raise MathError("the vault has shares and no assets")
    return Fraction(free, state.total_supply)


def withdrawable(state: YearnVault) -> int:
    """What the vault could pay out now, in smallest units of asset."""
    return yearn.withdrawable(yearn_totals(state))


def is_first(state: YearnVault) -> bool:
    """Whether it is of V2's first revision that is known here."""
    return state.version == "0.3.4"


def yearn_totals(state: YearnVault) -> yearn.Totals:
    return yearn.Totals(
        total_idle=state.total_idle,
        total_debt=state.total_debt,
        total_supply=state.total_supply,
        locked_profit=state.locked_profit,
        locked_shares=state.locked_shares,
        deposit_limit=state.deposit_limit,
        strategies=tuple(
            yearn.Strategy(one.debt, one.assets, one.max_withdraw) for one in state.strategies
        ),
    )


def _require_open(state: YearnVault) -> None:
    if state.shutdown:
        raise MathError("the vault is shut down: it takes no deposits")
    if state.guarded:
        raise MathError("the vault takes deposits of its guests alone")


FAMILY: Family[YearnVault] = Family(
    coins=lambda _: 2,
    exact_in=exact_in,
    exact_out=exact_out,
    spot_price=spot_price,
    without_fee=lambda state: state,
)
