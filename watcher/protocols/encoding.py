"""What makes calls of a plan's steps: pieces that the adapters' `encode` share."""

from __future__ import annotations

from eth_abi.abi import encode

from watcher.errors import NotEncoded
from watcher.protocols.interface import selector
from watcher.state.finding import Action, Deltas
from watcher.state.sending import Sending
from watcher.state.target import Target
from watcher.state.token import NATIVE_COINS, Address


def sending(to: Address, signature: str, *arguments: object) -> Sending:
    """A call of a function whose arguments are no structs."""
    inputs = signature.partition("(")[2].removesuffix(")")
    types = inputs.split(",") if inputs else []
    return Sending(to, signature, selector(signature) + encode(types, arguments))


def transfer(token: Address, to: Address, amount: int) -> Sending:
    return sending(_contract(token), "transfer(address,uint256)", to, amount)


def approve(token: Address, spender: Address, amount: int) -> Sending:
    return sending(_contract(token), "approve(address,uint256)", spender, amount)


def single(changes: Deltas) -> tuple[Address, int]:
    """The one token that is given or taken, and how much. Raises NotEncoded for none or several."""
    if len(changes) != 1:
        raise NotEncoded(f"a step gives or takes {len(changes)} tokens where its call moves one")
    return changes[0]


def coin_of(target: Target, token: Address) -> int:
    """The place of a token among the target's. Raises NotEncoded where it is none of them."""
    for place, each in enumerate(target.tokens):
        if each.address == token:
            return place
    raise NotEncoded(f"{token} is no coin of {target.label}")


def amounts_of(target: Target, changes: Deltas) -> list[int]:
    """Of each of the target's tokens how much, in its order."""
    amounts = [0] * len(target.tokens)
    for token, amount in changes:
        amounts[coin_of(target, token)] = amount
    return amounts


def unknown_step(action: Action, target: Target) -> NotEncoded:
    return NotEncoded(f"no call of {target.protocol} is known for the step `{action.verb}`")


def _contract(token: Address) -> Address:
    if token in NATIVE_COINS:
        raise NotEncoded("a step moves the chain's own coin, which is not granted")
    return token
