"""Adding to and removing from CryptoSwap pools to the wei. Sources as in `cryptoswap`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from watcher.errors import MathError
from watcher.math.exact.cryptoswap import (
    FEE_DENOMINATOR,
    Pool,
    calc_token_fee,
    current_D,
    fee,
    get_xcp,
    invariant,
    scaled,
    unscaled,
)
from watcher.math.exact.cryptoswap_cubic import get_y
from watcher.math.exact.cryptoswap_newton import DIVISION, OVERFLOW, UNDERFLOW, WAD
from watcher.math.exact.cryptoswap_prices import tweak_price
from watcher.math.exact.cryptoswap_swaps import TELLING, with_price
from watcher.math.exact.fixed_point import checked


@dataclass(frozen=True, slots=True)
class Added:
    """`liquidity` is what is minted, `pool` the pool afterwards."""

    liquidity: int
    pool: Pool


@dataclass(frozen=True, slots=True)
class Removed:
    """`amounts` are what is paid, `pool` the pool afterwards."""

    amounts: tuple[int, ...]
    pool: Pool


def add_liquidity(pool: Pool, amounts: Sequence[int]) -> Added:
    """What `add_liquidity(amounts)` mints; the first deposit mints xcp. MathError where it reverts.

    What the pool claims for its administrator besides is not part of it.
    """
    if min(amounts) < 0 or not any(amounts):
        raise MathError("no coins to add")
    old, balances = _added(pool, amounts)
    xp = scaled(pool, balances)
    amountsp = [new - before for new, before in zip(xp, old, strict=True)]
    old_D = current_D(pool)
    D = invariant(pool, xp)
    if old_D == 0:
        return _first(pool, balances, D)
    d_token = _minted(pool, D, old_D)
    if d_token == 0:
        raise MathError("nothing minted")
    d_token -= calc_token_fee(pool, amountsp, xp) * d_token // FEE_DENOMINATOR + 1
    supply = pool.total_supply + checked(d_token, 256, UNDERFLOW)
    moved = replace(pool, balances=balances, total_supply=supply)
    prices = None
    if pool.rules.generation == "v1" and d_token > TELLING:
        prices = _prices_of_deposit(moved, amounts, d_token)
    return Added(d_token, tweak_price(moved, xp, last_prices=prices, new_D=D))


def calc_token_amount(pool: Pool, amounts: Sequence[int]) -> int:
    """The view's estimate of what adding `amounts` mints; the first deposit is not its."""
    n = pool.rules.coins
    old, balances = _added(pool, amounts)
    amountsp = scaled(pool, amounts)
    two_v1 = n == 2 and pool.rules.generation == "v1"
    xp = [a + b for a, b in zip(old, amountsp, strict=True)] if two_v1 else scaled(pool, balances)
    old_D = invariant(pool, old) if pool.variant == "twocrypto_early" else current_D(pool)
    d_token = _minted(pool, invariant(pool, xp), old_D)
    d_token -= calc_token_fee(pool, amountsp, xp) * d_token // FEE_DENOMINATOR + 1
    return checked(d_token, 256, UNDERFLOW)


def remove_liquidity(pool: Pool, amount: int) -> Removed:
    """What burning `amount` LP tokens pays in all coins: one token's less, but for the last of NG.

    No fee is taken.
    """
    supply = pool.total_supply
    if not 0 <= amount <= supply:
        raise MathError(UNDERFLOW)
    if supply == 0:
        raise MathError(DIVISION)
    whole = pool.rules.generation == "ng" and amount == supply
    counted = checked(amount if whole else amount - 1, 256, UNDERFLOW)
    paid = tuple(balance * counted // supply for balance in pool.balances)
    left = tuple(balance - out for balance, out in zip(pool.balances, paid, strict=True))
    after = replace(
        pool, balances=left, D=pool.D - pool.D * counted // supply, total_supply=supply - amount
    )
    return Removed(paid, after)


def remove_liquidity_one_coin(pool: Pool, token_amount: int, i: int) -> Removed:
    """What burning LP tokens pays in one coin. Raises MathError where it reverts.

    What the pool claims for its administrator besides is not part of it.
    """
    withdrawn = _withdrawn(pool, token_amount, i, D0=current_D(pool))
    balances = list(pool.balances)
    balances[i] = checked(balances[i] - withdrawn.dy, 256, UNDERFLOW)
    moved = replace(pool, balances=tuple(balances), total_supply=pool.total_supply - token_amount)
    prices = None
    if pool.rules.generation == "v1":
        # It marks a ramp as over where there was none, and then takes no loss for one.
        moved = replace(moved, loss_allowed=True)
        if min(withdrawn.dy, token_amount) > TELLING:
            prices = _prices_of_withdrawal(pool, i, withdrawn)
    after = tweak_price(moved, withdrawn.xp, last_prices=prices, new_D=withdrawn.D)
    after = replace(after, loss_allowed=pool.loss_allowed)
    paid = tuple(withdrawn.dy if k == i else 0 for k in range(len(balances)))
    return Removed(paid, after)


def calc_withdraw_one_coin(pool: Pool, token_amount: int, i: int) -> int:
    """The view's estimate: v1 computes D anew, NG takes the fee of the balances as they are."""
    if pool.rules.generation == "v1":
        D0 = invariant(pool, scaled(pool, pool.balances))
        return _withdrawn(pool, token_amount, i, D0=D0).dy
    return _withdrawn(pool, token_amount, i, D0=current_D(pool), viewed=True).dy


@dataclass(frozen=True, slots=True)
class _Withdrawn:
    """`D` is left of `D0`, `dD` of which the LP tokens were worth."""

    dy: int
    xp: list[int]
    D: int
    D0: int
    dD: int  # noqa: N815 — the contract's name


def _withdrawn(
    pool: Pool,
    token_amount: int,
    i: int,
    *,
    D0: int,
    viewed: bool = False,
) -> _Withdrawn:
    supply = pool.total_supply
    if not 0 <= token_amount <= supply:
        raise MathError("token amount more than supply")
    if not 0 <= i < pool.rules.coins:
        raise MathError("coin out of range")
    if 0 in (supply, D0):
        raise MathError(DIVISION)
    xp = scaled(pool, pool.balances)
    share = fee(pool, xp)
    if pool.rules.generation == "ng" and not viewed:
        share = _fee_after(pool, xp, token_amount, i)
    dD = token_amount * D0 // supply
    D = D0 - checked(dD - (share * dD // (2 * FEE_DENOMINATOR) + 1), 256, UNDERFLOW)
    y, _ = get_y(pool.rules, pool.A, pool.gamma, xp, D, i)
    dy = unscaled(pool, i, checked(xp[i] - y, 256, UNDERFLOW))
    xp[i] = y
    return _Withdrawn(dy, xp, D, D0, dD)


def _fee_after(pool: Pool, xp: Sequence[int], token_amount: int, i: int) -> int:
    """NG's fee: of about the balances after it, the highest where that is too far."""
    correction = xp[i] * pool.rules.coins * token_amount // pool.total_supply
    if correction >= xp[i]:
        return pool.out_fee
    return fee(pool, [x - correction if k == i else x for k, x in enumerate(xp)])


def _added(pool: Pool, amounts: Sequence[int]) -> tuple[list[int], tuple[int, ...]]:
    """The balances at the price scale before, and the balances after."""
    balances = tuple(
        checked(balance + checked(amount, 256, UNDERFLOW), 256, OVERFLOW)
        for balance, amount in zip(pool.balances, amounts, strict=True)
    )
    return scaled(pool, pool.balances), balances


def _minted(pool: Pool, D: int, old_D: int) -> int:
    """LP tokens for a growth of the invariant, before the fee."""
    if old_D == 0:
        raise MathError(DIVISION)
    grown = checked(pool.total_supply * D, 256, OVERFLOW) // old_D
    return checked(grown - pool.total_supply, 256, UNDERFLOW)


def _first(pool: Pool, balances: tuple[int, ...], D: int) -> Added:
    d_token = get_xcp(pool, D, pool.price_scale)
    if d_token == 0:
        raise MathError("nothing minted")
    after = replace(
        pool,
        balances=balances,
        D=D,
        virtual_price=WAD,
        xcp_profit=WAD,
        total_supply=pool.total_supply + d_token,
    )
    return Added(d_token, after)


def _prices_of_deposit(pool: Pool, amounts: Sequence[int], d_token: int) -> tuple[int, ...] | None:
    """v1 takes a price from a deposit of one coin: what its excess has bought of the others."""
    given = [k for k, amount in enumerate(amounts) if amount]
    if len(given) != 1:
        return None
    (ix,) = given
    supply, precision = pool.total_supply, pool.precisions[ix]
    others = _worth_of_others(pool, ix) * d_token // supply
    excess = amounts[ix] * precision - d_token * pool.balances[ix] * precision // supply
    price = _quotient(others * WAD, excess)
    if ix == 0 and pool.rules.coins == 2:
        return with_price(pool.last_prices, 1, _quotient(WAD * WAD, price))
    return with_price(pool.last_prices, ix, price)


def _prices_of_withdrawal(pool: Pool, i: int, withdrawn: _Withdrawn) -> tuple[int, ...] | None:
    """v1 takes a price from a withdrawal in one coin, by the pool as it was before."""
    precision = pool.precisions[i]
    others = _worth_of_others(pool, i) * withdrawn.dD // withdrawn.D0
    own = withdrawn.dD * pool.balances[i] * precision // withdrawn.D0
    price = _quotient(others * WAD, withdrawn.dy * precision - own)
    if i == 0 and pool.rules.coins == 2:
        return with_price(pool.last_prices, 1, _quotient(WAD * WAD, price))
    return with_price(pool.last_prices, i, price)


def _worth_of_others(pool: Pool, ix: int) -> int:
    """The other coins' balances in coin 0 at the last prices; of two coins, in their own units."""
    total = 0
    for k, (balance, precision) in enumerate(zip(pool.balances, pool.precisions, strict=True)):
        if k == ix:
            continue
        if k == 0 or pool.rules.coins == 2:
            total += balance * precision
        else:
            total += balance * pool.last_prices[k - 1] * precision // WAD
    return total


def _quotient(x: int, y: int) -> int:
    if y <= 0:
        raise MathError(UNDERFLOW if y else DIVISION)
    return x // y
