"""What an entry expects of the contract at its address, beyond its protocol.

Addresses come from lists and chats. An entry that also says which tokens a pool has, or how a feed
describes itself, is refused where the chain says otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from watcher.protocols.adapter import Entry
from watcher.state.target import Param, Target
from watcher.state.token import Address, to_address

TOKENS = "tokens"

Expected = Param | tuple[Address, ...]


def parse_expected(value: object) -> Mapping[str, Expected]:
    """`{ tokens = ["0x...", ...], description = "ETH / USD", fee = 500 }`, every key optional.

    Raises ValueError saying what is wrong.
    """
    if not isinstance(value, Mapping) or not value:
        raise ValueError('write what is expected: { tokens = ["0x...", "0x..."] }')
    return {str(key): _parse(str(key), item) for key, item in value.items()}


def contradiction(entry: Entry, target: Target) -> str | None:
    """The first thing that the chain says otherwise than the entry, as a sentence with its cure."""
    for key, expected in entry.expect.items():
        if key == TOKENS:
            problem = _tokens(expected, target)
        elif key not in target.params:
            known = ", ".join(sorted((*target.params, TOKENS)))
            return f"`expect.{key}` is nothing that a {target.protocol} has: it has {known}"
        else:
            problem = _param(key, expected, target.params[key])
        if problem is not None:
            return f"{problem}: fix `expect.{key}`, or remove the entry"
    return None


def _parse(key: str, item: object) -> Expected:
    if key == TOKENS:
        if not isinstance(item, Sequence) or isinstance(item, str):
            raise ValueError("write `tokens` as a list of addresses in the contract's own order")
        return tuple(_address(one) for one in item)
    if not isinstance(item, str | int | bool):
        raise ValueError(f"write `{key}` as a text, a whole number, true or false")
    return item


def _address(item: object) -> Address:
    """Exactly with its EIP-55 checksum: an expectation that is misspelt protects nobody."""
    try:
        checked = to_address(item) if isinstance(item, str) else None
    except ValueError:
        checked = None
    if checked is None or checked != item:
        raise ValueError("write each token as its address with the EIP-55 checksum")
    return checked


def _tokens(expected: Expected, target: Target) -> str | None:
    wanted = expected if isinstance(expected, tuple) else ()
    if len(wanted) != len(target.tokens):
        return f"it has {len(target.tokens)} tokens, the file says {len(wanted)}"
    for row, (address, token) in enumerate(zip(wanted, target.tokens, strict=True)):
        if token.address != address:
            symbol = token.symbol or "a token without a symbol"
            return f"its token {row} is {symbol} at {token.address}, the file says {address}"
    return None


def _param(key: str, expected: Expected, found: Param) -> str | None:
    if isinstance(found, str) and isinstance(expected, str):
        # "STETH / ETH" is how one feed writes what another would call "stETH/ETH".
        agrees = _spelling(found) == _spelling(expected)
    else:
        agrees = type(found) is type(expected) and found == expected
    if agrees:
        return None
    return f"its {key} is {found!r}, the file says {expected!r}"


def _spelling(text: str) -> str:
    return "".join(text.split()).casefold()
