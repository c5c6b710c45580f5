"""Balancer V3's stable pools: those of 2024, and the later revision, which refuses an imbalance of
10,000.

Source: StablePool.sol. The amplification is where it stands on its ramp at the block. Of hooks that
the Vault calls for swaps or liquidity StableSurge is known; pools with another one are refused.
"""

from __future__ import annotations

from collections.abc import Sequence

from watcher.errors import DecodeError, RefusedTarget
from watcher.math.exact.balancer_stable import StableMath
from watcher.math.exact.balancer_v3_pools import MAX_IMBALANCE_RATIO, StablePool
from watcher.protocols import balancer_v3, erc20
from watcher.protocols import balancer_v3_surge as surge
from watcher.protocols.adapter import Adapter, Entry, Identification
from watcher.protocols.balancer_v2 import has, vault_of
from watcher.protocols.balancer_v2_stable import AMPLIFICATION
from watcher.protocols.balancer_v3 import FIRST_CALLS
from watcher.protocols.interface import view
from watcher.state.balancer_stable import (
    AMPLIFICATION_PRECISION,
    ONE,
    BalancerStable,
    BalancerStableVariant,
    problems,
)
from watcher.state.call import Answer, Call
from watcher.state.target import Param, Target
from watcher.state.token import Address

PROTOCOL = "balancer_v3_stable"

INVARIANT = view("balancer/StablePoolV3", "computeInvariant")

EVEN, UNEVEN = (ONE, ONE), (ONE, ONE * MAX_IMBALANCE_RATIO)
"""Balances that every pool has an invariant of, and that only the first ones have one of."""
ROUND_DOWN = 1


def identify(entry: Entry) -> Identification:
    """Ask the pool for its Vault and its amplification, and the Vault for the rest."""
    pool = entry.address
    answers = yield [
        *balancer_v3.first_calls(pool),
        AMPLIFICATION.call(pool),
        INVARIANT.call(pool, EVEN, ROUND_DOWN),
        INVARIANT.call(pool, UNEVEN, ROUND_DOWN),
    ]
    vault = balancer_v3.named(pool, answers)
    amplification, even, uneven = answers[FIRST_CALLS:]
    if not has(AMPLIFICATION, amplification) or not has(INVARIANT, even):
        raise RefusedTarget(f"{pool} is no stable pool of Balancer V3; remove the entry")
    registration = yield balancer_v3.registration_calls(pool, vault)
    found = balancer_v3.registered(pool, vault, registration)
    variant: BalancerStableVariant = "v3_first" if has(INVARIANT, uneven) else "v3"
    params: dict[str, Param] = {"variant": variant}
    if surge.may_be(found.hook):
        asked = yield surge.getter_calls(pool, found.hook.contract)
        if not surge.answers(asked):
            balancer_v3.require_no_hook(pool, found)
        params["surge_hook"] = found.hook.contract
    else:
        balancer_v3.require_no_hook(pool, found)
    metadata = yield balancer_v3.metadata_calls(found)
    return balancer_v3.target_of(
        entry,
        protocol=PROTOCOL,
        kind=BalancerStable.KIND,
        found=found,
        tokens=balancer_v3.decode_tokens(found, metadata),
        share=erc20.decode_metadata(pool, answers[2:FIRST_CALLS]),
        params=params,
    )


def calls(target: Target) -> list[Call]:
    pool, hook = target.address, _hook(target)
    own: list[Call] = [AMPLIFICATION.call(pool)]
    if hook is not None:
        own += surge.getter_calls(pool, hook)
        own.append(surge.fee_call(pool, vault_of(target), coins=len(target.tokens)))
    return [*balancer_v3.calls(target), *own]


def decode(target: Target, answers: Sequence[Answer]) -> BalancerStable:
    *vault, rate = answers[: balancer_v3.CALLS]
    amplification, *hooked = answers[balancer_v3.CALLS :]
    held, count = balancer_v3.decode(target, vault), len(target.tokens)
    value, _, precision = AMPLIFICATION.decode(amplification)
    if precision != AMPLIFICATION_PRECISION:
        raise DecodeError(f"{target.label} counts its amplification in other parts than thousands")
    threshold, max_fee = surge.decode(hooked[:2]) if hooked else surge.NONE
    state = BalancerStable(
        variant="v3_first" if target.params.get("variant") == "v3_first" else "v3",
        balances=held.balances,
        scaling_factors=held.scaling_factors,
        rates=held.rates,
        amplification=int(value),
        swap_fee=held.swap_fee,
        aggregate_swap_fee=held.aggregate_swap_fee,
        minimum_trade=int(target.params["minimum_trade"]),
        surge_threshold=threshold,
        surge_max_fee=max_fee,
        protocol_fees_due=held.due_besides,
        total_supply=held.total_supply,
        bpt_index=count,
        decimals=tuple(token.decimals for token in target.tokens),
        paused=held.paused,
    )
    problem = next(problems(state), None)
    if problem is not None:
        raise DecodeError(f"{target.label} answered what no pool is: {problem}")
    balancer_v3.require_rate(_math(state), held, rate)
    if hooked:
        surge.require_fee(_math(state), state, hooked[2])
    return state


def _hook(target: Target) -> Address | None:
    named = target.params.get("surge_hook")
    return None if named is None else Address(str(named))


def _math(state: BalancerStable) -> StablePool:
    return StablePool(StableMath("v3", state.amplification), limits_imbalance=state.variant == "v3")


ADAPTER = Adapter(
    protocol=PROTOCOL,
    kind=BalancerStable.KIND,
    title="Balancer V3 stable pools",
    identify=identify,
    calls=calls,
    decode=decode,
    not_covered=(
        (
            "Pools with a hook that is called for swaps, adding or removing, but for one like "
            "StableSurge: what they pay is not known here, so they are refused."
        ),
        (
            "Whether a hook with StableSurge's getters and fee also refuses liquidity as that one "
            "does: no view tells it."
        ),
        *balancer_v3.NOT_COVERED,
    ),
)
