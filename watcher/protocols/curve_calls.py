"""Steps of a plan at Curve's StableSwap pools of plain coins and at its CryptoSwap pools.

Source: StableSwap3Pool.vy, the factory's plain pools, CurveStableSwapNG.vy; CurveCryptoSwap2.vy,
CurveTricryptoOptimizedWETH.vy and CurveTwocryptoOptimized.vy.
"""

from __future__ import annotations

from watcher.errors import NotEncoded
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
from watcher.state.stableswap import StableSwap, StableSwapVariant
from watcher.state.target import Target
from watcher.state.token import Address

NG: tuple[StableSwapVariant, ...] = ("ng", "ng_early")
NO_ONE_COIN: tuple[StableSwapVariant, ...] = ("gen1",)
"""Whose pools pay out in all coins alone; another contract changes them."""


def encode(action: Action, target: Target, state: State, actor: Address) -> list[Sending]:
    if not isinstance(state, StableSwap):
        raise unknown_step(action, target)
    if action.verb == "remove" and state.variant in NO_ONE_COIN:
        raise NotEncoded(f"{target.label} itself has no exit in one coin")
    index = "uint128" if state.variant == "ng_early" else "int128"
    return _calls(action, target, index=index, dynamic=state.variant in NG)


def encode_crypto(action: Action, target: Target, state: State, actor: Address) -> list[Sending]:
    return _calls(action, target, index="uint256", dynamic=False)


def _calls(action: Action, target: Target, *, index: str, dynamic: bool) -> list[Sending]:
    """`index` is the type of a coin's place; `dynamic` amounts are a list of any length."""
    pool = target.address
    match action.verb:
        case "swap":
            token, amount = single(action.gives)
            bought, _ = single(action.takes)
            signature = f"exchange({index},{index},uint256,uint256)"
            places = coin_of(target, token), coin_of(target, bought)
            return [approve(token, pool, amount), sending(pool, signature, *places, amount, 0)]
        case "add":
            approved = [approve(token, pool, amount) for token, amount in action.gives]
            amounts = amounts_of(target, action.gives)
            count = "" if dynamic else str(len(amounts))
            signature = f"add_liquidity(uint256[{count}],uint256)"
            return [*approved, sending(pool, signature, amounts, 0)]
        case "remove":
            _, burned = single(action.gives)
            paid, _ = single(action.takes)
            signature = f"remove_liquidity_one_coin(uint256,{index},uint256)"
            return [sending(pool, signature, burned, coin_of(target, paid), 0)]
    raise unknown_step(action, target)
