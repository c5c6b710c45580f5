"""Steps of a plan at pairs that are paid before they are called: Uniswap V2 and its forks.

A swap asks the pair for the predicted output: the pair itself refuses it where it is too much.
Source: Uniswap v2-core 1.0.1, UniswapV2Pair.sol.
"""

from __future__ import annotations

from watcher.protocols.encoding import (
    amounts_of,
    coin_of,
    sending,
    single,
    transfer,
    unknown_step,
)
from watcher.state.finding import Action
from watcher.state.kinds import State
from watcher.state.sending import Sending
from watcher.state.target import Target
from watcher.state.token import Address

SWAP = "swap(uint256,uint256,address,bytes)"
MINT = "mint(address)"
BURN = "burn(address)"


def encode(action: Action, target: Target, state: State, actor: Address) -> list[Sending]:
    pair = target.address
    match action.verb:
        case "swap":
            token_in, amount_in = single(action.gives)
            token_out, amount_out = single(action.takes)
            coin_of(target, token_in)
            amounts = [0, 0]
            amounts[coin_of(target, token_out)] = amount_out
            paid = transfer(token_in, pair, amount_in)
            return [paid, sending(pair, SWAP, *amounts, actor, b"")]
        case "add":
            amounts_of(target, action.gives)
            paid_all = [transfer(token, pair, amount) for token, amount in action.gives]
            return [*paid_all, sending(pair, MINT, actor)]
        case "remove":
            share, burned = single(action.gives)
            return [transfer(share, pair, burned), sending(pair, BURN, actor)]
        case "give":
            token, amount = single(action.gives)
            return [transfer(token, pair, amount)]
    raise unknown_step(action, target)
