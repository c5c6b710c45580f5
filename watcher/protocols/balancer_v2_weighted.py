"""Balancer V2's weighted pools: those of April 2021, and the later ones that owe the protocol pool
tokens.

Source: WeightedPool.sol of the tasks 20210418, 20220908 and 20230206. Each block the pool's own
getInvariant is held to ours. Pools of one version only are told apart by their functions; those
with a price oracle, whose weights change or that are managed are refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from watcher.errors import DecodeError, MathError, RefusedTarget
from watcher.math.exact.balancer_fixed_point import mul_down
from watcher.math.exact.balancer_v2_fees import weighted_fees_due
from watcher.math.exact.weighted import WeightedMath
from watcher.protocols import balancer_v2, erc20
from watcher.protocols.adapter import Adapter, Entry, Identification
from watcher.protocols.balancer_events import V2_EVENTS
from watcher.protocols.balancer_v2 import ACTUAL_SUPPLY, ONE, SCALING_FACTORS, SWAP_FEE, has
from watcher.protocols.interface import arrays_view, view
from watcher.state.call import Answer, Call
from watcher.state.target import Target
from watcher.state.weighted import Weighted, WeightedVariant, problems

PROTOCOL = "balancer_v2_weighted"

_POOL = "balancer/WeightedPool"
NORMALIZED_WEIGHTS = arrays_view(_POOL, "getNormalizedWeights")
INVARIANT = view(_POOL, "getInvariant")
LAST_INVARIANT = view(_POOL, "getLastInvariant")
ATH_RATE_PRODUCT = view(_POOL, "getATHRateProduct")
MISC_DATA = view(_POOL, "getMiscData")


def identify(entry: Entry) -> Identification:
    """Ask the Vault for the coins, and the pool for what only some versions have."""
    pool = entry.address
    answers = yield balancer_v2.first_calls(pool)
    pool_id, vault = balancer_v2.named(pool, answers)
    *registration, last, ath, supply, misc, invariant = yield [
        *balancer_v2.registration_calls(pool_id, vault),
        LAST_INVARIANT.call(pool),
        ATH_RATE_PRODUCT.call(pool),
        ACTUAL_SUPPLY.call(pool),
        MISC_DATA.call(pool),
        INVARIANT.call(pool),
    ]
    found = balancer_v2.registered(pool, pool_id, vault, registration)
    if has(MISC_DATA, misc):
        raise RefusedTarget(f"{pool} is a pool with a price oracle, which is not read here")
    weights, *metadata = yield [
        NORMALIZED_WEIGHTS.call(pool, length=len(found.tokens)),
        *(call for coin in found.tokens for call in erc20.metadata_calls(coin)),
    ]
    variant: WeightedVariant
    if not weights.ok:
        raise RefusedTarget(f"{pool} is no weighted pool: it has no weights; remove the entry")
    if has(ATH_RATE_PRODUCT, ath) and has(ACTUAL_SUPPLY, supply):
        variant = "v2"
    elif has(LAST_INVARIANT, last) and has(INVARIANT, invariant):
        variant = "v2_first"
    else:
        raise RefusedTarget(f"{pool} is no weighted pool that is known here; remove the entry")
    return balancer_v2.target_of(
        entry,
        protocol=PROTOCOL,
        kind=Weighted.KIND,
        found=found,
        tokens=balancer_v2.decode_tokens(found, metadata),
        share=erc20.decode_metadata(pool, answers[3:]),
        params={"variant": variant},
    )


def calls(target: Target) -> list[Call]:
    pool, count = target.address, len(target.tokens)
    own = [INVARIANT.call(pool), NORMALIZED_WEIGHTS.call(pool, length=count)]
    if _is_first(target):
        collector = balancer_v2.collector_of(target)
        own += [
            erc20.TOTAL_SUPPLY.call(pool),
            LAST_INVARIANT.call(pool),
            SWAP_FEE.call(collector),
        ]
    else:
        own += [ACTUAL_SUPPLY.call(pool), SCALING_FACTORS.call(pool, length=count)]
    return [*balancer_v2.calls(target), *own]


def decode(target: Target, answers: Sequence[Answer]) -> Weighted:
    count = len(target.tokens)
    held = balancer_v2.decode(target, answers[: balancer_v2.CALLS])
    invariant, weights, *rest = answers[balancer_v2.CALLS :]
    (normalized,) = NORMALIZED_WEIGHTS.decode(weights, length=count)
    first = _is_first(target)
    supply = (erc20.TOTAL_SUPPLY if first else ACTUAL_SUPPLY).integer(rest[0])
    state = Weighted(
        variant="v2_first" if first else "v2",
        balances=held.balances,
        scaling_factors=balancer_v2.scaling_factors(target),
        rates=(ONE,) * count,
        weights=normalized,
        swap_fee=held.swap_fee,
        aggregate_swap_fee=0,
        minimum_trade=0,
        minimum_balances=(),
        protocol_fees_due=(),
        total_supply=supply,
        decimals=tuple(token.decimals for token in target.tokens),
        paused=held.paused,
    )
    problem = next(problems(state), None)
    if problem is not None:
        raise DecodeError(f"{target.label} answered what no pool is: {problem}")
    require_invariant(state, invariant)
    if first:
        last, percentage = LAST_INVARIANT.integer(rest[1]), SWAP_FEE.integer(rest[2])
        return replace(state, protocol_fees_due=_fees_due(state, last, percentage))
    (factors,) = SCALING_FACTORS.decode(rest[1], length=count)
    if factors != state.scaling_factors:
        raise DecodeError(f"{target.label} scales its coins otherwise than by their decimals")
    return state


def require_invariant(state: Weighted, answer: Answer) -> None:
    """A revert agrees with a state that our arithmetic refuses."""
    try:
        expected = _invariant(state)
    except MathError:
        if answer.ok:
            raise DecodeError("getInvariant() answers where the arithmetic reverts") from None
        return
    answered = INVARIANT.integer(answer)
    if answered != expected:
        raise DecodeError(
            f"getInvariant() answers {answered} where the arithmetic gives {expected}"
        )


def _invariant(state: Weighted) -> int:
    return _math(state).calculate_invariant(_upscaled(state))


def _fees_due(state: Weighted, last_invariant: int, percentage: int) -> tuple[int, ...]:
    """None of a pool that nobody has joined yet."""
    if state.total_supply == 0:
        return ()
    try:
        return weighted_fees_due(
            _math(state), _upscaled(state), last_invariant=last_invariant, percentage=percentage
        )
    except MathError as error:
        raise DecodeError(f"what the protocol is due cannot be told: {error}") from None


def _upscaled(state: Weighted) -> list[int]:
    factors = state.scaling_factors
    return [mul_down(b, f) for b, f in zip(state.balances, factors, strict=True)]


def _math(state: Weighted) -> WeightedMath:
    return WeightedMath(state.weights, first=state.variant == "v2_first")


def _is_first(target: Target) -> bool:
    return target.params.get("variant") == "v2_first"


ADAPTER = Adapter(
    protocol=PROTOCOL,
    kind=Weighted.KIND,
    title="Balancer V2 weighted pools",
    identify=identify,
    calls=calls,
    decode=decode,
    events=V2_EVENTS,
    not_covered=(
        (
            "Pools with a price oracle, whose weights change or that are managed: their "
            "arithmetic is another, so they are refused."
        ),
        (
            "What an asset manager has taken out of the Vault: the balances count it, and a "
            "swap could not pay it."
        ),
    ),
)
