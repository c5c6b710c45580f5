"""Tokens as their contracts describe themselves."""

from __future__ import annotations

from collections.abc import Sequence

from watcher.errors import ReadError, RefusedTarget
from watcher.protocols.interface import TextView, view
from watcher.state.call import Answer, Call
from watcher.state.token import Address, Token

BALANCE_OF = view("erc20/ERC20", "balanceOf")
TOTAL_SUPPLY = view("erc20/ERC20", "totalSupply")
DECIMALS = view("erc20/ERC20", "decimals")
SYMBOL = TextView("symbol")

SYMBOL_LENGTH = 32
MOST_DECIMALS = 77
"""10**78 does not fit a uint256: such a token has no whole unit."""


def metadata_calls(token: Address) -> list[Call]:
    return [DECIMALS.call(token), SYMBOL.call(token)]


def decode_metadata(token: Address, answers: Sequence[Answer]) -> Token:
    """The token of `metadata_calls`. Decimals are never assumed: without them it is refused."""
    decimals_answer, symbol_answer = answers
    try:
        decimals = DECIMALS.integer(decimals_answer)
    except ReadError as error:
        raise RefusedTarget(
            f"token {token} does not say its decimals ({error}): it cannot be watched"
        ) from None
    if decimals > MOST_DECIMALS:
        raise RefusedTarget(
            f"token {token} says it has {decimals} decimals, more than the {MOST_DECIMALS} that "
            "fit 256 bits: it cannot be watched"
        )
    symbol = SYMBOL.decode(symbol_answer, most=SYMBOL_LENGTH)
    return Token(address=token, decimals=decimals, symbol=symbol)
