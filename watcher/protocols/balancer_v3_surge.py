"""The StableSurge hook of Balancer V3: known by what the Vault calls it for, by its own getters,
and by the fee that the Vault has from it for a swap of our choice: it must be ours each block.

Source: StableSurgeHook.sol and ISurgeHookCommon.sol.
"""

from __future__ import annotations

from collections.abc import Sequence

from watcher.errors import DecodeError, MathError
from watcher.math.exact.balancer_v3 import compute_swap_fee, vault_pool
from watcher.math.exact.balancer_v3_pools import PoolMath
from watcher.math.exact.stable_surge import Surge
from watcher.protocols.balancer_v2 import has
from watcher.protocols.balancer_v3 import Hook
from watcher.protocols.interface import view
from watcher.state.balancer_stable import ONE, BalancerStable
from watcher.state.call import Answer, Call
from watcher.state.token import ZERO_ADDRESS, Address

_HOOK = "balancer/SurgeHook"
THRESHOLD = view(_HOOK, "getSurgeThresholdPercentage")
MAX_FEE = view(_HOOK, "getMaxSurgeFeePercentage")
DYNAMIC_FEE = view("balancer/VaultV3", "computeDynamicSwapFeePercentage")

FLAGS = (False, False, False, True, False, False, False, True, False, True)
"""It is called for the fee, after adding and after removing, and adjusts no amounts."""
NONE = (ONE, 0)
"""The threshold and the greatest fee of a pool without it."""
EVEN, SOLD = 10**6 * ONE, 9 * 10**5 * ONE
"""What the pool would have of each coin, and a swap that unbalances it."""
EXACT_IN = 0


def may_be(hook: Hook) -> bool:
    return hook.flags == FLAGS


def getter_calls(pool: Address, hook: Address) -> list[Call]:
    return [THRESHOLD.call(hook, pool), MAX_FEE.call(hook, pool)]


def answers(getters: Sequence[Answer]) -> bool:
    threshold, max_fee = getters
    return has(THRESHOLD, threshold) and has(MAX_FEE, max_fee)


def fee_call(pool: Address, vault: Address, *, coins: int) -> Call:
    """What the swap of our choice would cost; the fee does not depend on the pool's balances."""
    swap = (EXACT_IN, SOLD, (EVEN,) * coins, 0, 1, ZERO_ADDRESS, b"")
    return DYNAMIC_FEE.call(vault, pool, swap)


def decode(getters: Sequence[Answer]) -> tuple[int, int]:
    """The threshold and the greatest fee."""
    threshold, max_fee = getters
    return THRESHOLD.integer(threshold), MAX_FEE.integer(max_fee)


def require_fee(math: PoolMath, state: BalancerStable, answer: Answer) -> None:
    """A revert agrees with a swap that our arithmetic refuses."""
    coins = len(state.balances)
    pool = vault_pool(
        math,
        balances=(EVEN,) * coins,
        scaling_factors=(1,) * coins,
        rates=(ONE,) * coins,
        swap_fee=state.swap_fee,
        aggregate_fee=state.aggregate_swap_fee,
        total_supply=state.total_supply,
        minimum_trade=state.minimum_trade,
        surge=Surge(state.surge_threshold, state.surge_max_fee),
    )
    try:
        expected = compute_swap_fee(pool, 0, 1, SOLD, exact_in=True)
    except MathError:
        if answer.ok:
            raise DecodeError("the hook has a fee where the arithmetic reverts") from None
        return
    answered = DYNAMIC_FEE.integer(answer)
    if answered != expected:
        raise DecodeError(
            f"the hook's fee is {answered} where the arithmetic of StableSurge gives {expected}"
        )
