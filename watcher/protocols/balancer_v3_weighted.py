"""Balancer V3's weighted pools: those of 2024, and the later revision, which keeps a least balance
of each coin.

Source: WeightedPool.sol. Pools whose weights change, and those with a hook that the Vault calls for
swaps or liquidity, are refused.
"""

from __future__ import annotations

from collections.abc import Sequence

from watcher.errors import DecodeError, RefusedTarget
from watcher.math.exact.balancer_v3_pools import WeightedPool
from watcher.math.exact.weighted import WeightedMath
from watcher.protocols import balancer_v3, erc20
from watcher.protocols.adapter import Adapter, Entry, Identification
from watcher.protocols.balancer_v2_weighted import NORMALIZED_WEIGHTS
from watcher.protocols.balancer_v3 import FIRST_CALLS, MOST_COINS
from watcher.protocols.interface import arrays_view
from watcher.state.call import Answer, Call
from watcher.state.target import Target
from watcher.state.weighted import Weighted, WeightedVariant, problems

PROTOCOL = "balancer_v3_weighted"

_POOL = "balancer/WeightedPoolV3"
MIN_TOKEN_BALANCES = arrays_view(_POOL, "getMinTokenBalances")
IMMUTABLE_DATA = arrays_view(_POOL, "getWeightedPoolImmutableData")


def identify(entry: Entry) -> Identification:
    """Ask the pool for its Vault and its weights, and the Vault for the rest."""
    pool = entry.address
    answers = yield [
        *balancer_v3.first_calls(pool),
        NORMALIZED_WEIGHTS.call(pool, length=MOST_COINS),
        MIN_TOKEN_BALANCES.call(pool, length=MOST_COINS),
        IMMUTABLE_DATA.call(pool, length=MOST_COINS),
    ]
    vault = balancer_v3.named(pool, answers)
    weights, least, immutable = answers[FIRST_CALLS:]
    # Pools of changing weights answer them too, but not that they are immutable.
    if not weights.ok or not immutable.ok:
        raise RefusedTarget(f"{pool} is no Balancer V3 pool of fixed weights; remove the entry")
    registration = yield balancer_v3.registration_calls(pool, vault)
    found = balancer_v3.registered(pool, vault, registration)
    balancer_v3.require_no_hook(pool, found)
    metadata = yield balancer_v3.metadata_calls(found)
    variant: WeightedVariant = "v3" if least.ok else "v3_first"
    return balancer_v3.target_of(
        entry,
        protocol=PROTOCOL,
        kind=Weighted.KIND,
        found=found,
        tokens=balancer_v3.decode_tokens(found, metadata),
        share=erc20.decode_metadata(pool, answers[2:FIRST_CALLS]),
        params={"variant": variant},
    )


def calls(target: Target) -> list[Call]:
    pool, count = target.address, len(target.tokens)
    own: list[Call] = [NORMALIZED_WEIGHTS.call(pool, length=count)]
    if not _is_first(target):
        own.append(MIN_TOKEN_BALANCES.call(pool, length=count))
    return [*balancer_v3.calls(target), *own]


def decode(target: Target, answers: Sequence[Answer]) -> Weighted:
    *vault, rate = answers[: balancer_v3.CALLS]
    weights, *least = answers[balancer_v3.CALLS :]
    held, count = balancer_v3.decode(target, vault), len(target.tokens)
    (normalized,) = NORMALIZED_WEIGHTS.decode(weights, length=count)
    minimum: tuple[int, ...] = ()
    if least:
        (minimum,) = MIN_TOKEN_BALANCES.decode(least[0], length=count)
    state = Weighted(
        variant="v3_first" if _is_first(target) else "v3",
        balances=held.balances,
        scaling_factors=held.scaling_factors,
        rates=held.rates,
        weights=normalized,
        swap_fee=held.swap_fee,
        aggregate_swap_fee=held.aggregate_swap_fee,
        minimum_trade=int(target.params["minimum_trade"]),
        minimum_balances=minimum,
        protocol_fees_due=held.due_besides,
        total_supply=held.total_supply,
        decimals=tuple(token.decimals for token in target.tokens),
        paused=held.paused,
    )
    problem = next(problems(state), None)
    if problem is not None:
        raise DecodeError(f"{target.label} answered what no pool is: {problem}")
    balancer_v3.require_rate(WeightedPool(WeightedMath(normalized), minimum), held, rate)
    return state


def _is_first(target: Target) -> bool:
    return target.params.get("variant") == "v3_first"


ADAPTER = Adapter(
    protocol=PROTOCOL,
    kind=Weighted.KIND,
    title="Balancer V3 weighted pools",
    identify=identify,
    calls=calls,
    decode=decode,
    not_covered=(
        (
            "Pools whose weights change, and those with a hook that is called for swaps, adding or "
            "removing: what they pay is not known here, so they are refused."
        ),
        *balancer_v3.NOT_COVERED,
    ),
)
