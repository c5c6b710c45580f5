"""Balancer V2's stable pools: those of June 2021 and of June 2022, and the composable ones, which
hold their own tokens and have rates.

Source: StablePool.sol of the tasks 20210624 and 20220609, ComposableStablePool.sol of 20220906 and
later. A composable pool keeps each rate for a while and asks its provider anew in the first swap
after that: the rates of a state are those that the next swap uses. Each block the pool's own
getRate, at the rates it keeps, is held to ours. Phantom and meta stable pools are refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from watcher.errors import DecodeError, MathError, RefusedTarget
from watcher.math.exact.balancer_fixed_point import div_down
from watcher.math.exact.balancer_stable import StableMath
from watcher.math.exact.balancer_v2_fees import stable_fees_due
from watcher.protocols import balancer_v2, erc20
from watcher.protocols import balancer_v2_composable as composable
from watcher.protocols.adapter import Adapter, Entry, Identification
from watcher.protocols.balancer_events import V2_EVENTS
from watcher.protocols.balancer_v2 import (
    ACTUAL_SUPPLY,
    ONE,
    RECOVERY_MODE,
    SCALING_FACTORS,
    SWAP_FEE,
    has,
)
from watcher.protocols.balancer_v2_composable import BPT_INDEX, RATE, is_composable, upscaled
from watcher.protocols.interface import one_word, view
from watcher.state.balancer_stable import (
    AMPLIFICATION_PRECISION,
    BalancerStable,
    BalancerStableVariant,
    problems,
)
from watcher.state.call import Answer, Call, Slot
from watcher.state.target import Param, Target

PROTOCOL = "balancer_v2_stable"

_POOL = "balancer/StablePool"
AMPLIFICATION = view(_POOL, "getAmplificationParameter")
LAST_INVARIANT = view(_POOL, "getLastInvariant")

LAST_INVARIANT_SLOT, LAST_AMPLIFICATION_SLOT = 10, 11
"""Where the pools of June 2021 keep what no function of theirs tells."""

MOST_AMPLIFICATION = 5_000 * AMPLIFICATION_PRECISION


def identify(entry: Entry) -> Identification:
    """Ask the Vault for the coins, and the pool for what only some versions have."""
    pool = entry.address
    answers = yield balancer_v2.first_calls(pool)
    pool_id, vault = balancer_v2.named(pool, answers)
    *registration, amplification, rate, index, last, supply = yield [
        *balancer_v2.registration_calls(pool_id, vault),
        AMPLIFICATION.call(pool),
        RATE.call(pool),
        BPT_INDEX.call(pool),
        LAST_INVARIANT.call(pool),
        ACTUAL_SUPPLY.call(pool),
    ]
    found = balancer_v2.registered(pool, pool_id, vault, registration)
    count = len(found.tokens)
    scaling, *rest = yield [
        SCALING_FACTORS.call(pool, length=count),
        *composable.first_calls(pool, found.tokens),
        *(call for coin in found.tokens for call in erc20.metadata_calls(coin)),
    ]
    if not has(AMPLIFICATION, amplification):
        raise RefusedTarget(f"{pool} is no stable pool: it has no amplification; remove the entry")
    more, metadata = rest[: count + 2], rest[count + 2 :]
    variant: BalancerStableVariant = "v2"
    params: dict[str, Param] = {}
    if has(BPT_INDEX, index):
        if not has(ACTUAL_SUPPLY, supply):
            raise RefusedTarget(f"{pool} is a phantom stable pool, which is not read here")
        params = composable.params(pool, found.tokens, index, more)
    elif more[0].ok or not has(RATE, rate):
        raise RefusedTarget(f"{pool} is a stable pool of a version that is not read here")
    elif not has(LAST_INVARIANT, last):
        variant = "v2_first"
    elif not scaling.ok:
        raise RefusedTarget(f"{pool} is a stable pool of a version that is not read here")
    return balancer_v2.target_of(
        entry,
        protocol=PROTOCOL,
        kind=BalancerStable.KIND,
        found=found,
        tokens=balancer_v2.decode_tokens(found, metadata),
        share=erc20.decode_metadata(pool, answers[3:]),
        params={"variant": variant, **params},
    )


def calls(target: Target) -> list[Call]:
    pool, count = target.address, len(target.tokens)
    own: list[Call] = [AMPLIFICATION.call(pool), RATE.call(pool)]
    if is_composable(target):
        own += [ACTUAL_SUPPLY.call(pool), *composable.calls(target)]
        return [*balancer_v2.calls(target), *own]
    own += [erc20.TOTAL_SUPPLY.call(pool), SWAP_FEE.call(balancer_v2.collector_of(target))]
    if _variant(target) == "v2_first":
        own += [Slot(pool, LAST_INVARIANT_SLOT), Slot(pool, LAST_AMPLIFICATION_SLOT)]
    else:
        own += [
            LAST_INVARIANT.call(pool),
            RECOVERY_MODE.call(pool),
            SCALING_FACTORS.call(pool, length=count),
        ]
    return [*balancer_v2.calls(target), *own]


def decode(target: Target, answers: Sequence[Answer]) -> BalancerStable:
    held = balancer_v2.decode(target, answers[: balancer_v2.CALLS])
    amplification, rate, supply, *rest = answers[balancer_v2.CALLS :]
    value, _, precision = AMPLIFICATION.decode(amplification)
    if precision != AMPLIFICATION_PRECISION:
        raise DecodeError(f"{target.label} counts its amplification in other parts than thousands")
    holds_itself, count = is_composable(target), len(target.tokens)
    state = BalancerStable(
        variant=_variant(target),
        balances=held.balances,
        scaling_factors=balancer_v2.scaling_factors(target),
        rates=(ONE,) * count,
        amplification=int(value),
        swap_fee=held.swap_fee,
        aggregate_swap_fee=0,
        minimum_trade=0,
        surge_threshold=ONE,
        surge_max_fee=0,
        protocol_fees_due=(),
        total_supply=(ACTUAL_SUPPLY if holds_itself else erc20.TOTAL_SUPPLY).integer(supply),
        bpt_index=int(target.params["bpt_index"]) if holds_itself else count,
        decimals=tuple(token.decimals for token in target.tokens),
        paused=held.paused,
    )
    problem = next(problems(state), None)
    if problem is not None:
        raise DecodeError(f"{target.label} answered what no pool is: {problem}")
    if holds_itself:
        kept, used = composable.kept_and_used(target, state, rest)
        require_rate(kept, rate)
        return used
    require_rate(state, rate)
    return replace(state, protocol_fees_due=_fees_due(target, state, rest))


def require_rate(state: BalancerStable, answer: Answer) -> None:
    """A revert agrees with a state that our arithmetic refuses."""
    try:
        expected = div_down(
            _math(state, state.amplification).calculate_invariant(upscaled(state)),
            state.total_supply,
        )
    except MathError:
        if answer.ok:
            raise DecodeError("getRate() answers where the arithmetic reverts") from None
        return
    answered = RATE.integer(answer)
    if answered != expected:
        raise DecodeError(f"getRate() answers {answered} where the arithmetic gives {expected}")


def _fees_due(target: Target, state: BalancerStable, answers: Sequence[Answer]) -> tuple[int, ...]:
    """What the first pools pay the protocol at the next join or exit; none before the first one,
    nor in recovery mode."""
    collected, *rest = answers
    percentage = SWAP_FEE.integer(collected)
    if state.variant == "v2_first":
        invariant, amplification = (one_word(each, "a slot of the pool") for each in rest)
    else:
        invariant, amplification = LAST_INVARIANT.integers(rest[0])
        (recovering,) = RECOVERY_MODE.decode(rest[1])
        percentage = 0 if recovering else percentage
        (factors,) = SCALING_FACTORS.decode(rest[2], length=len(state.balances))
        if factors != state.scaling_factors:
            raise DecodeError(f"{target.label} scales its coins otherwise than by their decimals")
    if state.total_supply == 0:
        return ()
    known = AMPLIFICATION_PRECISION <= amplification <= MOST_AMPLIFICATION
    if not known or not 0 < invariant <= 2 * sum(upscaled(state)):
        raise DecodeError(f"{target.label} does not tell its invariant at the last join or exit")
    try:
        return stable_fees_due(
            _math(state, amplification),
            upscaled(state),
            last_invariant=invariant,
            percentage=percentage,
        )
    except MathError as error:
        raise DecodeError(f"what the protocol is due cannot be told: {error}") from None


def _math(state: BalancerStable, amplification: int) -> StableMath:
    return StableMath("rounded" if state.variant == "v2_first" else "plain", amplification)


def _variant(target: Target) -> BalancerStableVariant:
    return "v2_first" if target.params.get("variant") == "v2_first" else "v2"


ADAPTER = Adapter(
    protocol=PROTOCOL,
    kind=BalancerStable.KIND,
    title="Balancer V2 stable pools",
    identify=identify,
    calls=calls,
    decode=decode,
    events=V2_EVENTS,
    not_covered=(
        (
            "What an asset manager has taken out of the Vault: the balances count it, and a "
            "swap could not pay it."
        ),
    ),
)
