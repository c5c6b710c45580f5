"""What Curve's CryptoSwap contracts have in common: one round of reads of a pool of any era.

Sources: curve-crypto-contract, curve-factory-crypto, tricrypto-ng and twocrypto-ng;
`math.exact.cryptoswap_variants` names the contracts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import get_args

from watcher.errors import DecodeError, MathError
from watcher.math.exact import cryptoswap as exact
from watcher.math.exact.cryptoswap_prices import price_average
from watcher.math.exact.cryptoswap_variants import ARITHMETIC
from watcher.math.families.cryptoswap import pool_of
from watcher.protocols import curve, erc20
from watcher.protocols.interface import View, Views, block_time, one_word, view
from watcher.state.call import Answer, BlockTime, Call, Slot
from watcher.state.cryptoswap import CryptoSwap, CryptoSwapVariant, problems
from watcher.state.target import Target
from watcher.state.token import Address, Token

_POOL = "curve/CryptoSwap"
_THREE = "curve/TriCryptoSwap"
D = view(_POOL, "D")
MID_FEE = view(_POOL, "mid_fee")
OUT_FEE = view(_POOL, "out_fee")
FEE_GAMMA = view(_POOL, "fee_gamma")
ALLOWED_EXTRA_PROFIT = view(_POOL, "allowed_extra_profit")
ADJUSTMENT_STEP = view(_POOL, "adjustment_step")
XCP_PROFIT = view(_POOL, "xcp_profit")
CACHED_VIRTUAL_PRICE = view(_POOL, "virtual_price")
FUTURE_A_GAMMA_TIME = view(_POOL, "future_A_gamma_time")
PRICE_SCALE = view(_POOL, "price_scale")
PRICE_ORACLE = view(_POOL, "price_oracle")
LAST_PRICES = view(_POOL, "last_prices")
PRICE_SCALES = view(_THREE, "price_scale")
PRICE_ORACLES = view(_THREE, "price_oracle")
ALL_LAST_PRICES = view(_THREE, "last_prices")
LAST_PRICES_TIMESTAMP = view(_POOL, "last_prices_timestamp")
MA_HALF_TIME = view(_POOL, "ma_half_time")

NUMBERS = (
    *(curve.A, curve.GAMMA, D, MID_FEE, OUT_FEE, FEE_GAMMA, ALLOWED_EXTRA_PROFIT, ADJUSTMENT_STEP),
    *(XCP_PROFIT, CACHED_VIRTUAL_PRICE, FUTURE_A_GAMMA_TIME),
)
WORD = 32
CHECKS = 2
"""How many of the last answers are no part of the state."""


@dataclass(frozen=True, slots=True)
class Pool:
    """Where a pool is and what it is read by. `stored_oracle`: its price_oracle() is the average of
    the last move, not brought up to the block. `flag_slot` is the place in its storage of
    `not_adjusted`, which no function tells; None where there is no such flag."""

    address: Address
    share: Address
    tokens: tuple[Token, ...]
    variant: CryptoSwapVariant
    stored_oracle: bool
    flag_slot: int | None


def reading(pool: Pool) -> list[Call]:
    """Every parameter, in the order in which `state` takes the answers."""
    address = pool.address
    return [
        *(number.call(address) for number in NUMBERS),
        erc20.TOTAL_SUPPLY.call(pool.share),
        *(curve.BALANCES.call(address, coin) for coin in range(len(pool.tokens))),
        *_price_calls(address, len(pool.tokens)),
        *([LAST_PRICES_TIMESTAMP.call(address)] if pool.stored_oracle else []),
        *([MA_HALF_TIME.call(address)] if pool.stored_oracle else []),
        BlockTime(address),
        *([] if pool.flag_slot is None else [Slot(address, pool.flag_slot)]),
        curve.FEE.call(address),
        curve.VIRTUAL_PRICE.call(address),
    ]


def _price_calls(address: Address, coins: int) -> list[Call]:
    if coins == 2:
        return [each.call(address) for each in (PRICE_SCALE, PRICE_ORACLE, LAST_PRICES)]
    return [
        each.call(address, k)
        for each in (PRICE_SCALES, PRICE_ORACLES, ALL_LAST_PRICES)
        for k in range(coins - 1)
    ]


@cache
def _views(coins: int, *, stored_oracle: bool) -> Views:
    """Those of `reading` up to the block's time."""
    prices = (PRICE_SCALE, PRICE_ORACLE, LAST_PRICES)
    if coins > 2:
        prices = (PRICE_SCALES, PRICE_ORACLES, ALL_LAST_PRICES)
    return Views(
        *NUMBERS,
        erc20.TOTAL_SUPPLY,
        *[curve.BALANCES] * coins,
        *(each for each in prices for _ in range(coins - 1)),
        *((LAST_PRICES_TIMESTAMP, MA_HALF_TIME) if stored_oracle else ()),
    )


def state(pool: Pool, answers: Sequence[Answer]) -> CryptoSwap:
    """The state that `reading` answers.

    Raises DecodeError where no pool can be so, and where the pool's own fee and virtual price are
    not what its arithmetic gives: figures from wrong arithmetic are worse than none.
    """
    flags = 0 if pool.flag_slot is None else 1
    *numbers, time = answers[: len(answers) - CHECKS - flags]
    not_adjusted = one_word(answers[-CHECKS - 1], "its flag not_adjusted") if flags else 0
    if not_adjusted > 1:
        raise DecodeError(f"{pool.address} keeps {not_adjusted} where its flag not_adjusted was")
    found = _numbers(pool, numbers, block_time(time), not_adjusted=not_adjusted == 1)
    problem = next(problems(found), None)
    if problem is not None:
        raise DecodeError(f"{pool.address} answered what no pool is: {problem}")
    fee, virtual_price = answers[-CHECKS:]
    _require(curve.FEE, fee, lambda: _fee(found))
    _require(curve.VIRTUAL_PRICE, virtual_price, lambda: exact.get_virtual_price(pool_of(found)))
    return found


def _numbers(pool: Pool, answers: Sequence[Answer], now: int, *, not_adjusted: bool) -> CryptoSwap:
    coins, is_ng = len(pool.tokens), ARITHMETIC[pool.variant].generation == "ng"
    numbers = _views(coins, stored_oracle=pool.stored_oracle).integers(answers)
    (A, gamma, D_, mid, out, fee_gamma, extra, step, profit, price, until, supply), rest = (
        numbers[: len(NUMBERS) + 1],
        numbers[len(NUMBERS) + 1 :],
    )
    prices = rest[coins:]
    scale, oracle, last = (
        tuple(prices[at : at + coins - 1]) for at in range(0, 3 * (coins - 1), coins - 1)
    )
    found = CryptoSwap(
        variant=pool.variant,
        balances=tuple(rest[:coins]),
        amplification=A,
        gamma=gamma,
        invariant=D_,
        price_scale=scale,
        price_oracle=oracle,
        last_prices=last,
        mid_fee=mid,
        out_fee=out,
        fee_gamma=fee_gamma,
        allowed_extra_profit=extra,
        adjustment_step=step,
        xcp_profit=profit,
        virtual_price=price,
        total_supply=supply,
        not_adjusted=not_adjusted,
        # v1 goes on until a move has seen the ramp's end.
        ramping=until > now if is_ng else until > 0,
        loss_allowed=until >= now if is_ng else until > 0,
        decimals=tuple(token.decimals for token in pool.tokens),
    )
    if not pool.stored_oracle:
        return found
    moved, half_time = numbers[-2:]
    if moved > now:
        raise DecodeError(f"{pool.address} says that it moved at {moved}, after the block")
    return replace(found, price_oracle=_average(found, elapsed=now - moved, window=half_time))


def _average(found: CryptoSwap, *, elapsed: int, window: int) -> tuple[int, ...]:
    try:
        return price_average(pool_of(found), elapsed=elapsed, window=window)
    except MathError as error:
        raise DecodeError(f"its price oracle has no value at the block: {error}") from None


def _fee(found: CryptoSwap) -> int:
    pool = pool_of(found)
    return exact.fee(pool, exact.scaled(pool, pool.balances))


def _require(asked: View, answer: Answer, computed: Callable[[], int]) -> None:
    """A revert agrees with a state that our arithmetic refuses."""
    try:
        expected = computed()
    except MathError:
        if answer.ok:
            raise DecodeError(f"{asked.signature} answers where the arithmetic reverts") from None
        return
    answered = asked.integer(answer)
    if answered != expected:
        raise DecodeError(
            f"{asked.signature} answers {answered} where the arithmetic gives {expected}"
        )


def pool_of_target(target: Target) -> Pool:
    """Raises DecodeError where the target's facts are not those of such a pool."""
    variant = next(
        (one for one in get_args(CryptoSwapVariant) if one == target.params.get("variant")), None
    )
    if variant is None or target.share is None:
        raise DecodeError(f"{target.label}: params.variant is none that is read, or no LP token")
    slot = target.params.get("not_adjusted_slot")
    return Pool(
        address=target.address,
        share=target.share.address,
        tokens=target.tokens,
        variant=variant,
        stored_oracle=bool(target.params.get("stored_oracle")),
        flag_slot=None if slot is None else int(slot),
    )
