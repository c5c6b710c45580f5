"""Balancer V3 pools to the wei: what the Vault, with a pool's mathematics, pays and asks.

Source: Vault.sol, BasePoolMath.sol, ScalingHelpers.sol, WeightedPool.sol, StablePool.sol. Balances
are in smallest units and become live ones, of 18 decimals, by a whole scaling factor and a rate of
18 decimals, each conversion rounded against whoever trades. Raises MathError where the Vault, the
pool or the StableSurge hook reverts. Of hooks only that one is known here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest

from watcher.errors import MathError
from watcher.math.exact.balancer_fixed_point import (
    ONE,
    complement,
    div_down,
    div_up,
    divide_down,
    divide_up,
    mul_down,
    mul_up,
    sub,
    uint,
)
from watcher.math.exact.balancer_v3_pools import PoolMath
from watcher.math.exact.stable_surge import Surge

BALANCE_LIMIT = 1 << 128
MINIMUM_TOTAL_SUPPLY = 10**6
MAX_FEE_PERCENTAGE = 999_999 * 10**12


@dataclass(frozen=True, slots=True)
class VaultPool:
    """A pool as the Vault keeps it.

    `live` are its balances of 18 decimals rounded down. Adding meets `balances_up`, which can be a
    unit less, and as live ones `live_up`, rounded up. Of the swap fees `aggregate_fee` is the part
    that leaves the pool. A trade of less than `minimum_trade`, of 18 decimals, reverts.
    """

    math: PoolMath
    balances: tuple[int, ...]
    balances_up: tuple[int, ...]
    live: tuple[int, ...]
    live_up: tuple[int, ...]
    scaling_factors: tuple[int, ...]
    rates: tuple[int, ...]
    swap_fee: int
    aggregate_fee: int
    total_supply: int
    minimum_trade: int
    surge: Surge | None = None


def vault_pool(
    math: PoolMath,
    *,
    balances: tuple[int, ...],
    scaling_factors: tuple[int, ...],
    rates: tuple[int, ...],
    swap_fee: int,
    aggregate_fee: int,
    total_supply: int,
    minimum_trade: int,
    surge: Surge | None = None,
    due_besides: tuple[int, ...] = (),
) -> VaultPool:
    """From what the Vault stores: the live balances follow from the others.

    `balances` are without the yield fees that are due; `due_besides` are, where there are any, the
    units more that are due when something is added.
    """
    balances_up = tuple(
        sub(balance, due) for balance, due in zip_longest(balances, due_besides, fillvalue=0)
    )
    return VaultPool(
        math=math,
        balances=balances,
        balances_up=balances_up,
        live=live_balances(balances, scaling_factors, rates, up=False),
        live_up=live_balances(balances_up, scaling_factors, rates, up=True),
        scaling_factors=scaling_factors,
        rates=rates,
        swap_fee=swap_fee,
        aggregate_fee=aggregate_fee,
        total_supply=total_supply,
        minimum_trade=minimum_trade,
        surge=surge,
    )


def live_balances(
    balances: Sequence[int], scaling_factors: Sequence[int], rates: Sequence[int], *, up: bool
) -> tuple[int, ...]:
    """Balances of 18 decimals at their rates."""
    multiply = mul_up if up else mul_down
    coins = zip(balances, scaling_factors, rates, strict=True)
    return tuple(multiply(balance * factor, rate) for balance, factor, rate in coins)


def compute_yield_fees_due(
    live: int, last_live: int, *, percentage: int, scaling_factor: int, rate: int
) -> int:
    """The part of what a balance has grown by with its rate, in smallest units."""
    if live <= last_live:
        return 0
    return div_down(mul_up(live - last_live, percentage), scaling_factor * rate)


def compute_rate_round_up(rate: int) -> int:
    """One more unless it is whole: rates are rounded down by their providers."""
    return rate if rate % ONE == 0 else rate + 1


def swap_exact_in(pool: VaultPool, i: int, j: int, amount_in: int) -> int:
    """What `amount_in` of coin i pays in coin j."""
    return swapped_in(pool, i, j, amount_in)[0]


def swapped_in(pool: VaultPool, i: int, j: int, amount_in: int) -> tuple[int, int]:
    """What `amount_in` of coin i pays in coin j, and what of the fee leaves the pool in coin i."""
    _require_amount(amount_in)
    given = mul_down(uint(amount_in * pool.scaling_factors[i]), pool.rates[i])
    swap_fee = compute_swap_fee(pool, i, j, given, exact_in=True)
    fee = mul_up(given, swap_fee)
    given = sub(given, fee)
    _require_trade(pool, given)
    calculated = pool.math.out_given_in(pool.live, i, j, given)
    _require_trade(pool, calculated)
    rate = compute_rate_round_up(pool.rates[j])
    amount_out = div_down(calculated, pool.scaling_factors[j] * rate)
    _require_balances(pool, i, j, amount_in=amount_in, amount_out=amount_out, fee=fee)
    return amount_out, _aggregate_fee(pool, i, fee)


def swap_exact_out(pool: VaultPool, i: int, j: int, amount_out: int) -> int:
    """What `amount_out` of coin j costs in coin i."""
    _require_amount(amount_out)
    rate = compute_rate_round_up(pool.rates[j])
    given = mul_up(uint(amount_out * pool.scaling_factors[j]), rate)
    swap_fee = compute_swap_fee(pool, i, j, given, exact_in=False)
    _require_trade(pool, given)
    calculated = pool.math.in_given_out(pool.live, i, j, given)
    _require_trade(pool, calculated)
    fee = divide_up(uint(calculated * swap_fee), complement(swap_fee))
    amount_in = div_up(calculated + fee, pool.scaling_factors[i] * pool.rates[i])
    _require_balances(pool, i, j, amount_in=amount_in, amount_out=amount_out, fee=fee)
    return amount_in


def add_unbalanced(pool: VaultPool, amounts: Sequence[int]) -> int:
    """UNBALANCED: the pool tokens that these amounts mint. The fee is on what a coin grows by in
    excess of the invariant. The balances are rounded up, but for the new ones."""
    scaled = live_balances(amounts, pool.scaling_factors, pool.rates, up=False)
    current = pool.live_up
    after = [sub(b + a, 1) for b, a in zip(current, scaled, strict=True)]
    invariant = pool.math.compute_invariant(current, up=True)
    ratio = div_down(pool.math.compute_invariant(after, up=False), invariant)
    _require_growth(pool, ratio)
    fees = []
    for k, balance in enumerate(current):
        taxable = max(0, after[k] - mul_down(ratio, balance))
        fees.append(mul_up(taxable, pool.swap_fee))
        after[k] = sub(after[k], fees[k])
    grown = sub(pool.math.compute_invariant(after, up=False), invariant)
    minted = divide_down(uint(pool.total_supply * grown), invariant)
    for amount in (minted, *scaled):
        _require_trade_or_none(pool, amount)
    _require_calm(pool, scaled, amounts, fees=fees, sign=1)
    return minted


def add_single_exact_out(pool: VaultPool, bpt: int, i: int) -> int:
    """SINGLE_TOKEN_EXACT_OUT: what minting `bpt` costs in coin i."""
    current = pool.live_up
    new_supply = pool.total_supply + bpt
    ratio = div_up(new_supply, pool.total_supply)
    _require_growth(pool, ratio)
    new_balance = pool.math.compute_balance(current, i, ratio)
    untaxed = divide_down(uint(new_supply * current[i]), pool.total_supply)
    taxable = sub(new_balance, untaxed)
    fee = sub(div_up(taxable, complement(pool.swap_fee)), taxable)
    scaled = sub(new_balance, current[i]) + fee
    for amount in (bpt, scaled):
        _require_trade_or_none(pool, amount)
    amount_in = div_up(scaled, pool.scaling_factors[i] * pool.rates[i])
    _require_calm_in(pool, i, scaled, amount_in, fee=fee, sign=1)
    return amount_in


def add_proportional(pool: VaultPool, bpt: int) -> tuple[int, ...]:
    """PROPORTIONAL: what minting `bpt` costs of every coin."""
    amounts = []
    _require_trade_or_none(pool, bpt)
    for k, balance in enumerate(pool.live_up):
        scaled = divide_up(uint(balance * bpt), pool.total_supply)
        _require_trade_or_none(pool, scaled)
        amounts.append(div_up(scaled, pool.scaling_factors[k] * pool.rates[k]))
    return tuple(amounts)


def remove_proportional(pool: VaultPool, bpt: int) -> tuple[int, ...]:
    """PROPORTIONAL: what burning `bpt` pays of every coin."""
    _require_burn(pool, bpt)
    amounts = []
    for k, balance in enumerate(pool.live):
        scaled = divide_down(uint(balance * bpt), pool.total_supply)
        _require_trade_or_none(pool, scaled)
        amounts.append(div_down(scaled, pool.scaling_factors[k] * pool.rates[k]))
    return tuple(amounts)


def remove_single_exact_in(pool: VaultPool, bpt: int, i: int) -> int:
    """SINGLE_TOKEN_EXACT_IN: what burning `bpt` pays in coin i."""
    current = pool.live
    new_supply = sub(pool.total_supply, bpt)
    ratio = div_up(new_supply, pool.total_supply)
    _require_shrinkage(pool, ratio)
    new_balance = pool.math.compute_balance(current, i, ratio)
    amount = sub(current[i], new_balance)
    before_tax = divide_up(uint(new_supply * current[i]), pool.total_supply)
    fee = mul_up(sub(before_tax, new_balance), pool.swap_fee)
    scaled = sub(amount, fee)
    _require_burn(pool, bpt)
    _require_trade_or_none(pool, scaled)
    amount_out = div_down(scaled, pool.scaling_factors[i] * pool.rates[i])
    if amount_out == 0:
        raise MathError("AmountOutBelowMin")
    _require_calm_in(pool, i, scaled, amount_out, fee=fee, sign=-1)
    return amount_out


def remove_single_exact_out(pool: VaultPool, amount_out: int, i: int) -> int:
    """SINGLE_TOKEN_EXACT_OUT: the pool tokens that `amount_out` of coin i costs."""
    _require_amount(amount_out)
    current = pool.live
    scaled = mul_up(uint(amount_out * pool.scaling_factors[i]), pool.rates[i])
    after = [sub(balance, 1) for balance in current]
    after[i] = sub(after[i], scaled)
    invariant = pool.math.compute_invariant(current, up=True)
    ratio = div_up(pool.math.compute_invariant(after, up=True), invariant)
    _require_shrinkage(pool, ratio)
    taxable = sub(mul_up(ratio, current[i]), after[i])
    fee = sub(div_up(taxable, complement(pool.swap_fee)), taxable)
    after[i] = sub(after[i], fee)
    lost = sub(invariant, pool.math.compute_invariant(after, up=False))
    burned = divide_up(uint(pool.total_supply * lost), invariant)
    _require_burn(pool, burned)
    _require_trade_or_none(pool, scaled)
    _require_calm_in(pool, i, scaled, amount_out, fee=fee, sign=-1)
    return burned


def get_rate(pool: VaultPool) -> int:
    """What a pool token is worth: the invariant, rounded down, over the supply."""
    return div_down(pool.math.compute_invariant(pool.live, up=False), pool.total_supply)


def compute_swap_fee(pool: VaultPool, i: int, j: int, given: int, *, exact_in: bool) -> int:
    """The static one, or the hook's, which sees a swap of `given`, of 18 decimals, free of fee."""
    if pool.surge is None:
        return pool.swap_fee
    quote = pool.math.out_given_in if exact_in else pool.math.in_given_out
    calculated = quote(pool.live, i, j, given)
    amount_in, amount_out = (given, calculated) if exact_in else (calculated, given)
    after = list(pool.live)
    after[i] += amount_in
    after[j] = sub(after[j], amount_out)
    fee = pool.surge.fee(pool.live, after, static_fee=pool.swap_fee)
    if fee > MAX_FEE_PERCENTAGE:
        raise MathError("PercentageAboveMax")
    return fee


def _require_amount(amount: int) -> None:
    if amount == 0:
        raise MathError("AmountGivenZero")


def _require_trade(pool: VaultPool, amount: int) -> None:
    if amount < pool.minimum_trade:
        raise MathError("TradeAmountTooSmall")


def _require_trade_or_none(pool: VaultPool, amount: int) -> None:
    if amount:
        _require_trade(pool, amount)


def _require_growth(pool: VaultPool, ratio: int) -> None:
    if ratio > pool.math.max_invariant_ratio:
        raise MathError("InvariantRatioAboveMax")


def _require_shrinkage(pool: VaultPool, ratio: int) -> None:
    if ratio < pool.math.min_invariant_ratio:
        raise MathError("InvariantRatioBelowMin")


def _require_burn(pool: VaultPool, bpt: int) -> None:
    _require_trade_or_none(pool, bpt)
    if pool.total_supply - bpt < MINIMUM_TOTAL_SUPPLY:
        raise MathError("PoolTotalSupplyTooLow")


def _aggregate_fee(pool: VaultPool, k: int, fee: int) -> int:
    """The part of a fee, of 18 decimals, that leaves the pool, in smallest units."""
    raw = div_down(fee, pool.scaling_factors[k] * pool.rates[k])
    return mul_down(raw, pool.aggregate_fee)


def _require_balances(
    pool: VaultPool, i: int, j: int, *, amount_in: int, amount_out: int, fee: int
) -> None:
    """What the Vault can keep afterwards."""
    balance_in = sub(pool.balances[i] + amount_in, _aggregate_fee(pool, i, fee))
    sub(pool.balances[j], amount_out)
    _live_afterwards(pool, i, balance_in)


def _live_afterwards(pool: VaultPool, k: int, balance: int) -> int:
    live = mul_down(uint(balance * pool.scaling_factors[k]), pool.rates[k])
    if max(balance, live) >= BALANCE_LIMIT:
        raise MathError("BalanceOverflow")
    return live


def _require_calm_in(
    pool: VaultPool, i: int, scaled: int, amount: int, *, fee: int, sign: int
) -> None:
    """`_require_calm` of one coin."""
    none = [0] * len(pool.live)

    def only(value: int) -> list[int]:
        return [*none[:i], value, *none[i + 1 :]]

    _require_calm(pool, only(scaled), only(amount), fees=only(fee), sign=sign)


def _require_calm(
    pool: VaultPool,
    scaled: Sequence[int],
    amounts: Sequence[int],
    *,
    fees: Sequence[int],
    sign: int,
) -> None:
    """What the Vault can keep afterwards, and that the hook lets the pool become so unbalanced.

    `sign` is 1 for adding and -1 for removing. The hook finds the balances before from those after,
    which are without the fees that left.
    """
    after = []
    for k, balance in enumerate(pool.balances_up if sign == 1 else pool.balances):
        left = sub(balance + sign * amounts[k], _aggregate_fee(pool, k, fees[k]))
        after.append(_live_afterwards(pool, k, left))
    if pool.surge is None:
        return
    before = [balance - sign * amount for balance, amount in zip(after, scaled, strict=True)]
    if min(before) < 0 or pool.surge.is_surging(before, after):
        raise MathError("AfterLiquidityHookFailed")
