"""What stands at an address, for people: token, router, factory, proxy, account or nothing.

It says what a contract looks like, never that it is one: adapters alone recognise what is watched.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from eth_utils.crypto import keccak

from watcher.errors import ReadError, RefusedTarget
from watcher.protocols import erc20
from watcher.protocols.interface import View, selector, view
from watcher.state.call import Answer, Balance, Call, Code, Slot, Static
from watcher.state.token import ZERO_ADDRESS, Address, Token, to_address

FACTORY = view("uniswap_v2/UniswapV2Router", "factory")
WETH = view("uniswap_v2/UniswapV2Router", "WETH")
WETH9 = view("uniswap_v3/PeripheryImmutableState", "WETH9")
ALL_PAIRS_LENGTH = view("uniswap_v2/UniswapV2Factory", "allPairsLength")
TICK_SPACING_OF_FEE = view("uniswap_v3/UniswapV3Factory", "feeAmountTickSpacing")
A_FEE = 3_000
"""Every Uniswap V3 factory is born with this tier."""

NONSENSE = selector("imbalance_watcher_asks_what_nobody_has()")

IMPLEMENTATION_SLOT = int.from_bytes(keccak(text="eip1967.proxy.implementation")) - 1
BEACON_SLOT = int.from_bytes(keccak(text="eip1967.proxy.beacon")) - 1
"""EIP-1967."""

_CLONE = re.compile(rb"\x36\x3d\x3d\x37\x3d\x3d\x3d\x36\x3d\x73(.{20})\x5a\xf4", re.DOTALL)
"""EIP-1167: the code of a minimal proxy names what it delegates to."""
_DELEGATED = re.compile(rb"\xef\x01\x00(.{20})", re.DOTALL)
"""EIP-7702: an account that lets a contract act for it."""


class Sight(StrEnum):
    """What a contract looks like."""

    NOTHING = "nothing"
    ACCOUNT = "account"
    TOKEN = "token"  # noqa: S105 - an ERC-20, no secret
    ROUTER = "router"
    FACTORY = "factory"
    ANSWERS_ANYTHING = "answers anything"
    CONTRACT = "contract"


@dataclass(frozen=True, slots=True)
class Sighting:
    """`implementation` is what a proxy delegates to, `beacon` where it asks for that; `factory` is
    a router's. `balance` is in wei, `code_bytes` the length of the code."""

    sight: Sight
    code_bytes: int
    balance: int
    token: Token | None = None
    factory: Address | None = None
    implementation: Address | None = None
    beacon: Address | None = None


def calls(address: Address) -> list[Call]:
    return [
        Code(address),
        Balance(address),
        Slot(address, IMPLEMENTATION_SLOT),
        Slot(address, BEACON_SLOT),
        Static(to=address, data=NONSENSE, return_cap=32),
        *erc20.metadata_calls(address),
        erc20.TOTAL_SUPPLY.call(address),
        erc20.BALANCE_OF.call(address, address),
        FACTORY.call(address),
        WETH.call(address),
        WETH9.call(address),
        ALL_PAIRS_LENGTH.call(address),
        TICK_SPACING_OF_FEE.call(address, A_FEE),
    ]


def look(address: Address, answers: Sequence[Answer]) -> Sighting:
    """Judge the answers of `calls`; whatever a contract answers, this raises nothing."""
    code, balance, implementation, beacon, nonsense, *views = answers
    token, factory = _token(address, views[:4]), _address(FACTORY, views[4])
    delegate = _delegate(code.data) or stored_address(implementation)
    sighting = Sighting(
        sight=Sight.CONTRACT,
        code_bytes=code.length,
        balance=int.from_bytes(balance.data),
        implementation=delegate,
        beacon=stored_address(beacon),
    )
    is_account = _DELEGATED.fullmatch(code.data) is not None
    if not code.length or is_account:
        used = is_account or sighting.balance > 0
        return _with(sighting, Sight.ACCOUNT if used else Sight.NOTHING)
    if nonsense.ok and nonsense.length >= 32:
        return _with(sighting, Sight.ANSWERS_ANYTHING)
    if factory is not None and any(_address(*one) for one in _wraps(views)):
        return _with(sighting, Sight.ROUTER, factory=factory)
    if _number(ALL_PAIRS_LENGTH, views[7]) is not None or _number(TICK_SPACING_OF_FEE, views[8]):
        return _with(sighting, Sight.FACTORY)
    if token is not None:
        return _with(sighting, Sight.TOKEN, token=token)
    return sighting


def _with(
    sighting: Sighting, sight: Sight, *, token: Token | None = None, factory: Address | None = None
) -> Sighting:
    return Sighting(
        sight=sight,
        code_bytes=sighting.code_bytes,
        balance=sighting.balance,
        token=token,
        factory=factory,
        implementation=sighting.implementation,
        beacon=sighting.beacon,
    )


def _wraps(views: Sequence[Answer]) -> list[tuple[View, Answer]]:
    """How a router names the wrapped native coin: V2's and V3's."""
    return [(WETH, views[5]), (WETH9, views[6])]


def _token(address: Address, answers: Sequence[Answer]) -> Token | None:
    decimals, symbol, supply, balance = answers
    if _number(erc20.TOTAL_SUPPLY, supply) is None or _number(erc20.BALANCE_OF, balance) is None:
        return None
    try:
        return erc20.decode_metadata(address, [decimals, symbol])
    except RefusedTarget:
        return None


def _number(asked: View, answer: Answer) -> int | None:
    try:
        return asked.integer(answer)
    except ReadError:
        return None


def _address(asked: View, answer: Answer) -> Address | None:
    try:
        found = asked.address(answer)
    except ReadError:
        return None
    return None if found == ZERO_ADDRESS else found


def _delegate(code: bytes) -> Address | None:
    found = _CLONE.match(code) or _DELEGATED.fullmatch(code)
    return to_address(found[1]) if found else None


def stored_address(answer: Answer) -> Address | None:
    """The address in a slot; whatever is none there is somebody's own use of it."""
    if len(answer.data) != 32 or any(answer.data[:12]) or not any(answer.data):
        return None
    return to_address(answer.data[12:])
