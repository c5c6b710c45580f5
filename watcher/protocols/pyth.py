"""Pyth: one contract a chain holds the prices of all ids, as far as they were brought there.

Source: IPyth.sol and PythStructs.sol of @pythnetwork/pyth-sdk-solidity. The key of such a target is
the price's id, 32 bytes in hexadecimal.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from watcher.errors import DecodeError, ReadError, RefusedTarget
from watcher.protocols.adapter import Adapter, Entry, Identification
from watcher.protocols.interface import Views, require_code, view
from watcher.state.call import Answer, Call, Code
from watcher.state.pyth_price import PythPrice
from watcher.state.target import Target
from watcher.state.token import Address

PROTOCOL = "pyth"
GET_PRICE_UNSAFE = view("pyth/IPyth", "getPriceUnsafe")
STATE = Views(GET_PRICE_UNSAFE)
"""What `calls` asks."""

PRICE_ID = re.compile(r"0x[0-9a-f]{64}")
MOST_EXPONENT = 36


def identify(entry: Entry) -> Identification:
    if not PRICE_ID.fullmatch(entry.key):
        raise RefusedTarget(
            f"{entry.address} needs the id of a price: name it in [[prices]], with "
            '`source = "pyth"` and `id = "0x..."`'
        )
    code, answer = yield [Code(entry.address), _call(entry.address, entry.key)]
    require_code(code, entry.address)
    target = Target(
        chain_id=entry.chain_id,
        protocol=PROTOCOL,
        address=entry.address,
        kind=PythPrice.KIND,
        key=entry.key,
        name=entry.name or f"pyth {entry.key[:10]}",
    )
    try:
        decode(target, [answer])
    except ReadError as error:
        raise RefusedTarget(f"{entry.address} has no price of {entry.key}: {error}") from None
    return target


def calls(target: Target) -> list[Call]:
    return [_call(target.address, target.key)]


def decode(target: Target, answers: Sequence[Answer]) -> PythPrice:
    price, conf, expo, publish_time = STATE.integers(answers)
    if abs(expo) > MOST_EXPONENT:
        raise DecodeError(f"{target.label} answered the exponent {expo}, more than any price has")
    return PythPrice(price=price, conf=conf, expo=expo, publish_time=publish_time)


def _call(contract: Address, price_id: str) -> Call:
    return GET_PRICE_UNSAFE.call(contract, bytes.fromhex(price_id[2:]))


ADAPTER = Adapter(
    protocol=PROTOCOL,
    kind=PythPrice.KIND,
    title="Pyth prices",
    identify=identify,
    calls=calls,
    decode=decode,
    is_source=True,
    not_covered=("Prices that nobody brought to the chain: the one off the chain may be newer.",),
)
