"""Steps of a plan at pools that ask for their pay while they are called: Uniswap V3 and its forks.

The actor is a contract that pays whichever pool calls it back (foundry/src/Payer.sol).
Source: Uniswap v3-core 1.0.1, UniswapV3Pool.sol and TickMath.sol.
"""

from __future__ import annotations

from watcher.math.exact.tick_math import MAX_SQRT_PRICE, MIN_SQRT_PRICE
from watcher.protocols.encoding import coin_of, sending, single, unknown_step
from watcher.state.finding import Action
from watcher.state.kinds import State
from watcher.state.sending import Sending
from watcher.state.target import Target
from watcher.state.token import Address

SWAP = "swap(address,bool,int256,uint160,bytes)"


def encode(action: Action, target: Target, state: State, actor: Address) -> list[Sending]:
    if action.verb != "swap":
        raise unknown_step(action, target)
    token_in, amount_in = single(action.gives)
    zero_for_one = coin_of(target, token_in) == 0
    limit = MIN_SQRT_PRICE + 1 if zero_for_one else MAX_SQRT_PRICE - 1
    return [sending(target.address, SWAP, actor, zero_for_one, amount_in, limit, b"")]
