"""Calls written as people write them: `transfer(address,uint256)`, `getReserves()(uint112,...)`."""

from __future__ import annotations

from functools import cache
from typing import Any

from eth_abi.abi import decode, encode
from eth_abi.grammar import parse
from eth_utils.crypto import keccak


def call_data(signature: str, *args: Any) -> str:
    """Selector and arguments, `0x...`; the types are those that the signature names."""
    selector, inputs, _ = _parts(signature)
    return "0x" + (selector + encode(inputs, args)).hex()


def creation_data(bytecode: str, types: tuple[str, ...], *args: Any) -> str:
    """Creation code followed by the constructor's arguments."""
    return bytecode + encode(types, args).hex()


def returned(signature: str, data: str) -> tuple[Any, ...]:
    """What a call answered, by the types in the signature's second pair of brackets."""
    _, _, outputs = _parts(signature)
    return decode(outputs, bytes.fromhex(data.removeprefix("0x")))


@cache
def _parts(signature: str) -> tuple[bytes, tuple[str, ...], tuple[str, ...]]:
    call, answers, outputs = signature.partition(")(")
    name, _, inputs = (call if answers else call.removesuffix(")")).partition("(")
    selector = keccak(text=f"{name}({inputs})")[:4]
    return selector, _types(inputs), _types(outputs.removesuffix(")"))


def _types(text: str) -> tuple[str, ...]:
    """Those of a list; a tuple among them is one."""
    return tuple(part.to_type_str() for part in parse(f"({text})").components) if text else ()
