"""Steps of a plan at Saddle's pools and their forks. Source: saddle-contract, Swap.sol."""

from __future__ import annotations

from watcher.protocols.encoding import (
    amounts_of,
    approve,
    coin_of,
    sending,
    single,
    unknown_step,
)
from watcher.state.finding import Action
from watcher.state.kinds import State
from watcher.state.sending import Sending
from watcher.state.target import Target
from watcher.state.token import Address

LATE = 2**40
"""A deadline that no block reaches."""

SWAP = "swap(uint8,uint8,uint256,uint256,uint256)"
ADD = "addLiquidity(uint256[],uint256,uint256)"
REMOVE = "removeLiquidityOneToken(uint256,uint8,uint256,uint256)"


def encode(action: Action, target: Target, state: State, actor: Address) -> list[Sending]:
    pool = target.address
    match action.verb:
        case "swap":
            token, amount = single(action.gives)
            bought, _ = single(action.takes)
            places = coin_of(target, token), coin_of(target, bought)
            return [approve(token, pool, amount), sending(pool, SWAP, *places, amount, 0, LATE)]
        case "add":
            approved = [approve(token, pool, amount) for token, amount in action.gives]
            return [*approved, sending(pool, ADD, amounts_of(target, action.gives), 0, LATE)]
        case "remove":
            share, burned = single(action.gives)
            paid, _ = single(action.takes)
            place = coin_of(target, paid)
            approval = approve(share, pool, burned)
            return [approval, sending(pool, REMOVE, burned, place, 0, LATE)]
    raise unknown_step(action, target)
