"""Adding to and removing from StableSwap pools to the wei; sources as in `stableswap`.

LP tokens have 18 decimals. Whatever moves the pool away from its proportions pays the liquidity
fee, n / (4 (n - 1)) of the fee of an exchange.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from watcher.errors import MathError
from watcher.math.exact.fixed_point import checked
from watcher.math.exact.stableswap import (
    DIVISION,
    FEE_DENOMINATOR,
    OVERFLOW,
    PRECISION,
    UNDERFLOW,
    Pool,
    dynamic_fee,
    get_D,
    get_y_D,
    liquidity_fee,
    require_coin,
    scaled,
)
from watcher.math.exact.stableswap_oracle import upkeep_oracles


@dataclass(frozen=True, slots=True)
class LiquidityChanged:
    """LP tokens minted or burned, and the pool's balances afterwards."""

    liquidity: int
    balances: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """What one coin is paid out, and the pool's balances afterwards."""

    amount: int
    balances: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Charged:
    """What the pool keeps for itself after the administrator's part, what is left when the whole
    fee is taken off, and the invariant of that."""

    balances: tuple[int, ...]
    left: tuple[int, ...]
    D: int


def add_liquidity(pool: Pool, amounts: Sequence[int]) -> LiquidityChanged:
    """LP tokens that these amounts mint, the imbalance fee taken off.

    Raises MathError where the contract reverts: a first deposit without all coins, or one that
    does not raise D.
    """
    new_balances = _moved(pool, amounts, sign=1)
    if pool.total_supply == 0 and min(amounts) <= 0:
        raise MathError("initial deposit requires all coins")
    D0 = get_D(pool, scaled(pool.balances, pool.rates)) if pool.total_supply else 0
    D1 = get_D(pool, scaled(new_balances, pool.rates))
    if D1 <= D0:
        raise MathError("D should increase")
    if pool.total_supply == 0:
        return LiquidityChanged(D1, new_balances)
    charged = _charge(pool, new_balances, D0=D0, D1=D1)
    grown = checked(charged.D - D0, 256, UNDERFLOW)
    upkeep_oracles(pool, scaled(charged.left, pool.rates), charged.D)
    minted = checked(pool.total_supply * grown, 256, OVERFLOW) // D0
    if minted == 0 and not pool.arithmetic.mints_nothing:
        raise MathError("cannot mint 0")
    return LiquidityChanged(minted, charged.balances)


def calc_token_amount(pool: Pool, amounts: Sequence[int], *, is_deposit: bool) -> int:
    """What the view `calc_token_amount` answers: without fees, except NG's views."""
    if pool.arithmetic.quoter == "views":
        return charged_token_amount(pool, amounts, is_deposit=is_deposit)
    new_balances = _moved(pool, amounts, sign=1 if is_deposit else -1)
    D0 = get_D(pool, scaled(pool.balances, pool.rates))
    D1 = get_D(pool, scaled(new_balances, pool.rates))
    return _share_of(pool, D0, D1, is_deposit=is_deposit)


def charged_token_amount(pool: Pool, amounts: Sequence[int], *, is_deposit: bool) -> int:
    """The same with the liquidity fee taken off, as NG's views answer for any pool."""
    new_balances = _moved(pool, amounts, sign=1 if is_deposit else -1)
    D0 = get_D(pool, scaled(pool.balances, pool.rates))
    D1 = get_D(pool, scaled(new_balances, pool.rates))
    if pool.total_supply == 0:
        return D1
    D2 = _charge(pool, new_balances, D0=D0, D1=D1).D
    return _share_of(pool, D0, D2, is_deposit=is_deposit)


def _share_of(pool: Pool, D0: int, D1: int, *, is_deposit: bool) -> int:
    difference = checked(D1 - D0 if is_deposit else D0 - D1, 256, UNDERFLOW)
    if D0 == 0:
        raise MathError(DIVISION)
    return difference * pool.total_supply // D0


def remove_liquidity(pool: Pool, liquidity: int) -> tuple[int, ...]:
    """The share of each balance that burning `liquidity` pays, rounded down."""
    _require_burn(pool, liquidity)
    return tuple(balance * liquidity // pool.total_supply for balance in pool.balances)


def remove_liquidity_imbalance(pool: Pool, amounts: Sequence[int]) -> LiquidityChanged:
    """LP tokens that withdrawing exactly these amounts burns."""
    new_balances = _moved(pool, amounts, sign=-1)
    D0 = get_D(pool, scaled(pool.balances, pool.rates))
    if pool.total_supply == 0 or D0 == 0:
        raise MathError("zero total supply")
    D1 = get_D(pool, scaled(new_balances, pool.rates))
    charged = _charge(pool, new_balances, D0=D0, D1=D1)
    early = pool.variant == "ng_early"
    upkeep_oracles(pool, charged.left if early else scaled(charged.left, pool.rates), charged.D)
    fallen = checked(D0 - charged.D, 256, UNDERFLOW)
    burned = checked(fallen * pool.total_supply, 256, OVERFLOW) // D0
    if burned == 0 and not pool.arithmetic.margin_alone:
        raise MathError("zero tokens burned")
    burned += pool.arithmetic.burn_margin
    _require_burn(pool, burned)
    return LiquidityChanged(burned, charged.balances)


def calc_withdraw_one_coin(pool: Pool, liquidity: int, i: int) -> int:
    """What `remove_liquidity_one_coin` pays for `liquidity` in coin i, the fee taken off."""
    return remove_liquidity_one_coin(pool, liquidity, i).amount


def remove_liquidity_one_coin(pool: Pool, liquidity: int, i: int) -> Withdrawn:
    """The same, with what it leaves of the pool. Raises MathError where it reverts."""
    if not pool.arithmetic.one_coin:
        raise MathError("the pool has no withdrawal in one coin")
    require_coin(i, len(pool.balances))
    _require_burn(pool, liquidity)
    xp = scaled(pool.balances, pool.rates)
    D0 = get_D(pool, xp)
    if D0 == 0:
        raise MathError(DIVISION)
    D1 = D0 - liquidity * D0 // pool.total_supply
    if pool.arithmetic.withdrawal_capped and liquidity > xp[i]:
        raise MathError("exceeds available")
    new_y = get_y_D(pool, i, xp=xp, D=D1)
    reduced = _reduced(pool, i, xp, new_y=new_y, D0=D0, D1=D1)
    dy = reduced[i] - get_y_D(pool, i, xp=reduced, D=D1)
    # One less, against rounding.
    paid = checked(dy - 1, 256, UNDERFLOW) * PRECISION // pool.rates[i]
    without_fee = checked(xp[i] - new_y, 256, UNDERFLOW) * PRECISION // pool.rates[i]
    fee = checked(without_fee - paid, 256, UNDERFLOW)
    xp[i] = new_y
    upkeep_oracles(pool, xp, D1)
    balances = list(pool.balances)
    balances[i] -= paid
    if pool.arithmetic.one_coin_shares_fee:
        balances[i] -= fee * pool.admin_fee // FEE_DENOMINATOR
    return Withdrawn(paid, tuple(balances))


def _reduced(pool: Pool, i: int, xp: Sequence[int], *, new_y: int, D0: int, D1: int) -> list[int]:
    """Scaled balances less the fee on what each would be moved away from its proportion."""
    fee, multiplier = liquidity_fee(pool), pool.offpeg_fee_multiplier
    ys = (D0 + D1) // (2 * len(xp))
    reduced = []
    for j, x in enumerate(xp):
        if j == i:
            expected, average = x * D1 // D0 - new_y, (x + new_y) // 2
        else:
            expected, average = x - x * D1 // D0, x
        charged = dynamic_fee(average, ys, fee, multiplier)
        taken = charged * checked(expected, 256, UNDERFLOW) // FEE_DENOMINATOR
        reduced.append(checked(x - taken, 256, UNDERFLOW))
    return reduced


def _charge(pool: Pool, new_balances: Sequence[int], *, D0: int, D1: int) -> _Charged:
    """Take the liquidity fee off each coin, on its distance from the proportions before."""
    if D0 == 0:
        raise MathError(DIVISION)
    fee, multiplier = liquidity_fee(pool), pool.offpeg_fee_multiplier
    ys = (D0 + D1) // len(new_balances)
    kept, left = [], []
    for old, new, rate in zip(pool.balances, new_balances, pool.rates, strict=True):
        difference = abs(D1 * old // D0 - new)
        xs = (old + new) * (rate if pool.arithmetic.rated_average else PRECISION) // PRECISION
        charged = dynamic_fee(xs, ys, fee, multiplier) * difference // FEE_DENOMINATOR
        kept.append(new - charged * pool.admin_fee // FEE_DENOMINATOR)
        left.append(checked(new - charged, 256, UNDERFLOW))
    return _Charged(tuple(kept), tuple(left), get_D(pool, scaled(left, pool.rates)))


def _moved(pool: Pool, amounts: Sequence[int], *, sign: int) -> tuple[int, ...]:
    if len(amounts) != len(pool.balances):
        raise MathError(f"{len(amounts)} amounts for {len(pool.balances)} coins")
    for amount in amounts:
        checked(amount, 256, UNDERFLOW)
    moved = zip(pool.balances, amounts, strict=True)
    return tuple(checked(balance + sign * amount, 256, UNDERFLOW) for balance, amount in moved)


def _require_burn(pool: Pool, liquidity: int) -> None:
    if not 0 <= liquidity <= pool.total_supply:
        raise MathError("insufficient LP tokens")
    if liquidity == 0 and not pool.arithmetic.burns_nothing:
        raise MathError("nothing is burned")
    if pool.total_supply == 0:
        raise MathError(DIVISION)
