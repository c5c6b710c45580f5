"""Balancer V2 pools to the wei: what the Vault, with a pool's mathematics, pays and asks.

Source: BasePool.sol, BaseWeightedPool.sol, StablePool.sol, ComposableStablePool.sol. Balances are
in smallest units and become ones of 18 decimals by `scaling_factors`, themselves of 18 decimals:
10**18 for a coin of 18, 10**30 for one of 6, times the rate of a coin that has one. Raises
MathError where the pool or the Vault reverts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from watcher.errors import MathError
from watcher.math.exact import weighted
from watcher.math.exact.balancer_fixed_point import (
    complement,
    div_down,
    div_up,
    mul_down,
    mul_up,
    sub,
)
from watcher.math.exact.balancer_stable import StableMath
from watcher.math.exact.weighted import WeightedMath

BALANCE_LIMIT = 1 << 112
"""A balance of the Vault has 112 bits."""


@dataclass(frozen=True, slots=True)
class VaultPool:
    """A pool as the Vault keeps it.

    `total_supply` is what a join or an exit meets: with the pool tokens that the protocol is due by
    then (getActualSupply), without those that a composable pool holds of itself. `bpt_index` says
    where among the balances these are, None where a pool does not hold itself. `fees_due` are of 18
    decimals: what the first pools pay the protocol out of their balances before joins and exits.
    """

    math: WeightedMath | StableMath
    balances: tuple[int, ...]
    scaling_factors: tuple[int, ...]
    swap_fee: int
    total_supply: int
    bpt_index: int | None = None
    fees_due: tuple[int, ...] = ()

    def upscaled(self) -> list[int]:
        """Of 18 decimals, without the pool's own tokens."""
        return self.without_bpt(
            [mul_down(b, f) for b, f in zip(self.balances, self.scaling_factors, strict=True)]
        )

    def without_bpt(self, values: Sequence[int]) -> list[int]:
        return [value for k, value in enumerate(values) if k != self.bpt_index]

    def skip_bpt(self, i: int) -> int:
        """The index of coin i among those without the pool's own tokens."""
        return i - (self.bpt_index is not None and i > self.bpt_index)

    def settled(self) -> list[int]:
        """`upscaled` without what the protocol is due."""
        balances = self.upscaled()
        due = self.fees_due or (0,) * len(balances)
        return [sub(balance, fee) for balance, fee in zip(balances, due, strict=True)]


def swap_given_in(pool: VaultPool, i: int, j: int, amount_in: int) -> int:
    """What `amount_in` of coin i pays in coin j; the fee is taken off the input, rounded up."""
    _require_amount(amount_in)
    if pool.bpt_index in (i, j):
        amount = mul_down(amount_in, pool.scaling_factors[i])
        scaled = _swap_with_bpt(pool, i, j, amount, given_in=True)
    else:
        amount = sub(amount_in, mul_up(amount_in, pool.swap_fee))
        scaled = _out_given_in(pool, i, j, mul_down(amount, pool.scaling_factors[i]))
    amount_out = div_down(scaled, pool.scaling_factors[j])
    _require_vault(pool, i, j, amount_in=amount_in, amount_out=amount_out)
    return amount_out


def swap_given_out(pool: VaultPool, i: int, j: int, amount_out: int) -> int:
    """What `amount_out` of coin j costs in coin i; the fee comes on top, rounded up."""
    _require_amount(amount_out)
    scaled = mul_down(amount_out, pool.scaling_factors[j])
    if pool.bpt_index in (i, j):
        needed = _swap_with_bpt(pool, i, j, scaled, given_in=False)
        amount_in = div_up(needed, pool.scaling_factors[i])
    else:
        needed = div_up(_in_given_out(pool, i, j, scaled), pool.scaling_factors[i])
        amount_in = div_up(needed, complement(pool.swap_fee))
    _require_vault(pool, i, j, amount_in=amount_in, amount_out=amount_out)
    return amount_in


def join_exact_tokens_in(pool: VaultPool, amounts: Sequence[int]) -> int:
    """EXACT_TOKENS_IN_FOR_BPT_OUT: the pool tokens that these amounts mint."""
    if pool.bpt_index is not None and amounts[pool.bpt_index]:
        raise MathError("a pool takes no tokens of its own in a join")
    balances = pool.settled()
    scaled = pool.without_bpt(
        [mul_down(a, f) for a, f in zip(amounts, pool.scaling_factors, strict=True)]
    )
    minted = pool.math.calc_bpt_out_given_exact_tokens_in(
        balances, scaled, supply=pool.total_supply, swap_fee=pool.swap_fee
    )
    _require_invariant(pool, [b + a for b, a in zip(balances, scaled, strict=True)])
    for k, amount in enumerate(amounts):
        _require_room(pool.balances[k] + amount if k != pool.bpt_index else 0)
    return minted


def join_exact_bpt_out(pool: VaultPool, bpt: int, i: int) -> int:
    """TOKEN_IN_FOR_EXACT_BPT_OUT: what minting `bpt` costs in coin i."""
    balances, k = pool.settled(), pool.skip_bpt(i)
    scaled = _token_in(pool, balances, bpt, k)
    amount_in = div_up(scaled, pool.scaling_factors[i])
    _require_invariant(pool, _with(balances, k, balances[k] + scaled))
    _require_room(pool.balances[i] + amount_in)
    return amount_in


def join_all_tokens_in(pool: VaultPool, bpt: int) -> tuple[int, ...]:
    """ALL_TOKENS_IN_FOR_EXACT_BPT_OUT: what minting `bpt` costs of every coin."""
    balances = pool.settled()
    scaled = weighted.calc_all_tokens_in_given_exact_bpt_out(
        balances, bpt, supply=pool.total_supply
    )
    return _downscaled(pool, scaled, div_up)


def exit_exact_bpt_in(pool: VaultPool, bpt: int) -> tuple[int, ...]:
    """EXACT_BPT_IN_FOR_TOKENS_OUT: what burning `bpt` pays of every coin."""
    _require_supply(pool, bpt)
    balances = pool.settled()
    scaled = weighted.calc_tokens_out_given_exact_bpt_in(balances, bpt, supply=pool.total_supply)
    _require_invariant(pool, [sub(b, a) for b, a in zip(balances, scaled, strict=True)])
    return _downscaled(pool, scaled, div_down)


def exit_exact_bpt_in_for_one(pool: VaultPool, bpt: int, i: int) -> int:
    """EXACT_BPT_IN_FOR_ONE_TOKEN_OUT: what burning `bpt` pays in coin i."""
    _require_supply(pool, bpt)
    balances, k = pool.settled(), pool.skip_bpt(i)
    scaled = _token_out(pool, balances, bpt, k)
    _require_invariant(pool, _with(balances, k, sub(balances[k], scaled)))
    return div_down(scaled, pool.scaling_factors[i])


def exit_exact_tokens_out(pool: VaultPool, amounts: Sequence[int]) -> int:
    """BPT_IN_FOR_EXACT_TOKENS_OUT: the pool tokens that these amounts cost."""
    balances = pool.settled()
    scaled = pool.without_bpt(
        [mul_down(a, f) for a, f in zip(amounts, pool.scaling_factors, strict=True)]
    )
    burned = pool.math.calc_bpt_in_given_exact_tokens_out(
        balances, scaled, supply=pool.total_supply, swap_fee=pool.swap_fee
    )
    _require_supply(pool, burned)
    _require_invariant(pool, [sub(b, a) for b, a in zip(balances, scaled, strict=True)])
    return burned


def get_rate(pool: VaultPool) -> int:
    """What a pool token is worth: the invariant over the supply, of a weighted pool times its
    number of coins. Of 18 decimals, rounded down."""
    balances = pool.settled()
    if isinstance(pool.math, WeightedMath):
        invariant = pool.math.calculate_invariant(balances)
        return div_down(invariant * len(balances), pool.total_supply)
    return div_down(pool.math.calculate_invariant(balances), pool.total_supply)


def _out_given_in(pool: VaultPool, i: int, j: int, amount: int) -> int:
    balances, i, j = pool.upscaled(), pool.skip_bpt(i), pool.skip_bpt(j)
    if isinstance(pool.math, WeightedMath):
        return pool.math.calc_out_given_in(balances[i], balances[j], amount, i=i, j=j)
    return pool.math.calc_out_given_in(balances, i, j, amount)


def _in_given_out(pool: VaultPool, i: int, j: int, amount: int) -> int:
    balances, i, j = pool.upscaled(), pool.skip_bpt(i), pool.skip_bpt(j)
    if isinstance(pool.math, WeightedMath):
        return pool.math.calc_in_given_out(balances[i], balances[j], amount, i=i, j=j)
    return pool.math.calc_in_given_out(balances, i, j, amount)


def _swap_with_bpt(pool: VaultPool, i: int, j: int, amount: int, *, given_in: bool) -> int:
    """A composable pool sells its tokens as a join and buys them as an exit, of one coin."""
    balances = pool.upscaled()
    if j == pool.bpt_index:
        k = pool.skip_bpt(i)
        if given_in:
            answer = _bpt_out(pool, balances, amount, k)
            balances[k] += amount
        else:
            answer = _token_in(pool, balances, amount, k)
            balances[k] += answer
    else:
        k = pool.skip_bpt(j)
        if given_in:
            answer = _token_out(pool, balances, amount, k)
            balances[k] = sub(balances[k], answer)
            _require_supply(pool, amount)
        else:
            answer = _bpt_in(pool, balances, amount, k)
            balances[k] = sub(balances[k], amount)
            _require_supply(pool, answer)
    _require_invariant(pool, balances)
    return answer


def _bpt_out(pool: VaultPool, balances: Sequence[int], amount: int, k: int) -> int:
    amounts = _with([0] * len(balances), k, amount)
    return pool.math.calc_bpt_out_given_exact_tokens_in(
        balances, amounts, supply=pool.total_supply, swap_fee=pool.swap_fee
    )


def _bpt_in(pool: VaultPool, balances: Sequence[int], amount: int, k: int) -> int:
    amounts = _with([0] * len(balances), k, amount)
    return pool.math.calc_bpt_in_given_exact_tokens_out(
        balances, amounts, supply=pool.total_supply, swap_fee=pool.swap_fee
    )


def _token_in(pool: VaultPool, balances: Sequence[int], bpt: int, k: int) -> int:
    supply, fee = pool.total_supply, pool.swap_fee
    if isinstance(pool.math, WeightedMath):
        return pool.math.calc_token_in_given_exact_bpt_out(
            balances[k], bpt, i=k, supply=supply, swap_fee=fee
        )
    return pool.math.calc_token_in_given_exact_bpt_out(
        balances, bpt, i=k, supply=supply, swap_fee=fee
    )


def _token_out(pool: VaultPool, balances: Sequence[int], bpt: int, k: int) -> int:
    supply, fee = pool.total_supply, pool.swap_fee
    if isinstance(pool.math, WeightedMath):
        return pool.math.calc_token_out_given_exact_bpt_in(
            balances[k], bpt, i=k, supply=supply, swap_fee=fee
        )
    return pool.math.calc_token_out_given_exact_bpt_in(
        balances, bpt, i=k, supply=supply, swap_fee=fee
    )


def _downscaled(
    pool: VaultPool, scaled: Sequence[int], divide: Callable[[int, int], int]
) -> tuple[int, ...]:
    """In smallest units, 0 of the pool's own tokens."""
    factors = pool.without_bpt(pool.scaling_factors)
    amounts = [divide(amount, factor) for amount, factor in zip(scaled, factors, strict=True)]
    if pool.bpt_index is not None:
        amounts.insert(pool.bpt_index, 0)
    return tuple(amounts)


def _with(values: Sequence[int], k: int, value: int) -> list[int]:
    changed = list(values)
    changed[k] = value
    return changed


def _require_amount(amount: int) -> None:
    if amount == 0:
        raise MathError("UNKNOWN_AMOUNT_IN_FIRST_SWAP")


def _require_vault(pool: VaultPool, i: int, j: int, *, amount_in: int, amount_out: int) -> None:
    _require_room(pool.balances[i] + amount_in)
    sub(pool.balances[j], amount_out)


def _require_room(balance: int) -> None:
    if balance >= BALANCE_LIMIT:
        raise MathError("BALANCE_TOTAL_OVERFLOW")


def _require_supply(pool: VaultPool, bpt: int) -> None:
    if bpt > pool.total_supply:
        raise MathError("ERC20_BURN_EXCEEDS_BALANCE")


def _require_invariant(pool: VaultPool, balances: Sequence[int]) -> None:
    """Joins and exits keep the invariant that they leave, and revert where there is none."""
    if isinstance(pool.math, WeightedMath):
        pool.math.calculate_invariant(balances)
    else:
        pool.math.calculate_invariant(balances, up=True)
