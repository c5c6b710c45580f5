"""Steps of a plan at ERC-4626 vaults. Source: EIP-4626."""

from __future__ import annotations

from watcher.protocols.encoding import approve, coin_of, sending, single, transfer, unknown_step
from watcher.state.finding import Action
from watcher.state.kinds import State
from watcher.state.sending import Sending
from watcher.state.target import Target
from watcher.state.token import Address

DEPOSIT = "deposit(uint256,address)"
REDEEM = "redeem(uint256,address,address)"


def encode(action: Action, target: Target, state: State, actor: Address) -> list[Sending]:
    vault = target.address
    token, amount = single(action.gives)
    match action.verb:
        case "deposit":
            coin_of(target, token)
            return [approve(token, vault, amount), sending(vault, DEPOSIT, amount, actor)]
        case "redeem":
            return [sending(vault, REDEEM, amount, actor, actor)]
        case "give":
            return [transfer(token, vault, amount)]
    raise unknown_step(action, target)
