"""What composable stable pools of Balancer V2 have besides: their own tokens among their coins,
rates that they keep for a while, and pool tokens that they owe the protocol.

Source: ComposableStablePool.sol with its Rates, Storage and ProtocolFees.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from watcher.errors import DecodeError, MathError, ReadError, RefusedTarget
from watcher.math.exact.balancer_fixed_point import mul_down
from watcher.math.exact.balancer_stable import StableMath
from watcher.math.exact.balancer_v2_fees import LastJoinExit, composable_supply
from watcher.protocols import balancer_v2, erc20
from watcher.protocols.balancer_v2 import ONE, RATE_PROVIDERS, SCALING_FACTORS, has
from watcher.protocols.interface import block_time, view
from watcher.state.balancer_stable import BalancerStable
from watcher.state.call import Answer, BlockTime, Call
from watcher.state.target import Param, Target
from watcher.state.token import Address

_POOL = "balancer/StablePool"
BPT_INDEX = view(_POOL, "getBptIndex")
RATE = view(_POOL, "getRate")
RATE_CACHE = view(_POOL, "getTokenRateCache")
LAST_JOIN_EXIT = view(_POOL, "getLastJoinExitData")
EXEMPT = view(_POOL, "isTokenExemptFromYieldProtocolFee")
FEE_CACHE = view(_POOL, "getProtocolFeePercentageCache")

NONE = "none"
"""The provider of a coin that has no rate."""
UNKNOWN = "unknown"
"""Of later versions, which do not tell it coin by coin."""
SWAP_FEES, YIELD_FEES = 0, 2
"""The protocol's fees by their numbers."""


def first_calls(pool: Address, tokens: Sequence[Address]) -> list[Call]:
    """What only these pools answer."""
    count = len(tokens)
    exempt = (EXEMPT.call(pool, token) for token in tokens)
    return [RATE_PROVIDERS.call(pool, length=count), LAST_JOIN_EXIT.call(pool), *exempt]


def params(
    pool: Address, tokens: Sequence[Address], index: Answer, answers: Sequence[Answer]
) -> dict[str, Param]:
    """The facts of a pool that has a BPT index. Raises RefusedTarget."""
    rated, joined, *exempt = answers
    if not has(LAST_JOIN_EXIT, joined):
        raise RefusedTarget(f"{pool} is a phantom stable pool, which is not read here")
    place = BPT_INDEX.integer(index)
    if place >= len(tokens) or tokens[place] != pool:
        raise RefusedTarget(f"{pool} does not hold its own tokens where it says; remove the entry")
    try:
        found = balancer_v2.providers(rated, len(tokens))
    except ReadError as error:
        raise RefusedTarget(f"{pool} does not tell its rate providers: {error}") from None
    others = [each for k, each in enumerate(exempt) if k != place]
    known = all(has(EXEMPT, each) for each in others)
    flags = ["1" if each.ok and EXEMPT.decode(each)[0] else "0" for each in exempt] if known else []
    return {
        "bpt_index": place,
        "rate_providers": " ".join(each or NONE for each in found),
        "exempt_from_yield_fee": " ".join(flags) or UNKNOWN,
    }


def is_composable(target: Target) -> bool:
    return "bpt_index" in target.params


def calls(target: Target) -> list[Call]:
    pool = target.address
    asked: list[Call] = [
        erc20.TOTAL_SUPPLY.call(pool),
        SCALING_FACTORS.call(pool, length=len(target.tokens)),
        LAST_JOIN_EXIT.call(pool),
        FEE_CACHE.call(pool, SWAP_FEES),
        FEE_CACHE.call(pool, YIELD_FEES),
        BlockTime(target.address),
    ]
    for place, provider in _rated(target):
        asked += [RATE_CACHE.call(pool, target.tokens[place].address), RATE.call(provider)]
    return asked


@dataclass(frozen=True, slots=True)
class _Rates:
    """By coins: those that the pool keeps, those of its last join or exit, those that the next swap
    uses."""

    kept: tuple[int, ...]
    old: tuple[int, ...]
    used: tuple[int, ...]


def kept_and_used(
    target: Target, state: BalancerStable, answers: Sequence[Answer]
) -> tuple[BalancerStable, BalancerStable]:
    """The state at the rates that the pool keeps, which its own views are about, and at those that
    the next swap, join or exit uses. `state` has getActualSupply's supply. Raises DecodeError where
    the two differ and what the protocol is due at the latter cannot be told."""
    supply, scaling, joined, swap_part, yield_part, clock, *rated = answers
    rates = _rates(target, clock, rated)
    (factors,) = SCALING_FACTORS.decode(scaling, length=len(rates.kept))
    kept = replace(state, rates=rates.kept)
    if factors != tuple(map(mul_down, kept.scaling_factors, kept.rates)):
        raise DecodeError(f"{target.label} scales its coins otherwise than by their rates")
    if rates.used == rates.kept:
        return kept, kept
    amplification, invariant = LAST_JOIN_EXIT.integers(joined)
    flags = str(target.params["exempt_from_yield_fee"]).split()
    if flags == [UNKNOWN]:
        raise DecodeError(f"{target.label} is due to ask for its rates, and does not tell its fees")
    others = [k for k in range(len(rates.old)) if k != state.bpt_index]
    with_rate = {place for place, _ in _rated(target)}
    last = LastJoinExit(
        stable=StableMath("plain", amplification),
        invariant=invariant,
        old_rates=tuple(rates.old[k] for k in others),
        rated=tuple(k in with_rate for k in others),
        exempt=tuple(flags[k] == "1" for k in others),
        swap_part=FEE_CACHE.integer(swap_part),
        yield_part=FEE_CACHE.integer(yield_part),
    )
    virtual = erc20.TOTAL_SUPPLY.integer(supply) - state.balances[state.bpt_index]
    if _supply(kept, last, virtual) != kept.total_supply:
        raise DecodeError("getActualSupply() answers otherwise than the arithmetic")
    used = replace(kept, rates=rates.used)
    return kept, replace(used, total_supply=_supply(used, last, virtual))


def upscaled(state: BalancerStable) -> list[int]:
    """The balances of 18 decimals, without the pool's own tokens."""
    coins = zip(state.balances, state.scaling_factors, state.rates, strict=True)
    scaled = [mul_down(balance, mul_down(factor, rate)) for balance, factor, rate in coins]
    return scaled[: state.bpt_index] + scaled[state.bpt_index + 1 :]


def _rates(target: Target, clock: Answer, rated: Sequence[Answer]) -> _Rates:
    kept, old, used = ([ONE] * len(target.tokens) for _ in range(3))
    for row, (place, _) in enumerate(_rated(target)):
        cached, old[place], _, expires = RATE_CACHE.integers(rated[2 * row])
        kept[place] = used[place] = cached
        if block_time(clock) > expires:
            used[place] = RATE.integer(rated[2 * row + 1])
    if 0 in used:
        raise DecodeError(f"a rate of {target.label} is 0")
    return _Rates(tuple(kept), tuple(old), tuple(used))


def _supply(state: BalancerStable, last: LastJoinExit, virtual: int) -> int:
    rates = state.rates[: state.bpt_index] + state.rates[state.bpt_index + 1 :]
    try:
        return composable_supply(last, upscaled(state), rates=rates, virtual_supply=virtual)
    except MathError as error:
        raise DecodeError(f"what the protocol is due cannot be told: {error}") from None


def _rated(target: Target) -> list[tuple[int, Address]]:
    """The places of the coins that have a rate, and who tells it."""
    names = str(target.params["rate_providers"]).split()
    return [(place, Address(name)) for place, name in enumerate(names) if name != NONE]
