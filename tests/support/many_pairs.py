"""A thousand real Uniswap V2 pairs on an Anvil in a second: the real code, its storage written.

Also Multicall3 at its usual address.
"""

from __future__ import annotations

import http.client
import json
import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

from eth_utils.crypto import keccak

from watcher.chain.loopback import rpc
from watcher.chain.multicall import MULTICALL3
from watcher.devnet.artifacts import Artifacts
from watcher.devnet.calldata import creation_data
from watcher.protocols import uniswap_v2
from watcher.state import Address, ConstantProduct, Target, Token, to_address

CHAIN_ID = 31337
FACTORY = to_address(f"0x{0xFAC7:040x}")
FIRST_TOKEN, FIRST_PAIR = 0x70_0000, 0x9A_0000
PAIRS_A_TOKEN = 10
# UniswapV2Pair's storage, in the order of its source; OpenZeppelin's ERC20 has balances in slot 0.
SUPPLY, PAIR_FACTORY, TOKEN0, TOKEN1, RESERVES, K_LAST, UNLOCKED = 0, 5, 6, 7, 8, 11, 12
BALANCES = 0
GET_PAIR = 2
"""UniswapV2Factory's mapping, behind feeTo and feeToSetter."""

AT_ONCE = 2_000

Change = tuple[str, list[Any]]


@dataclass(frozen=True, slots=True)
class Pair:
    """A target, and what its storage holds."""

    target: Target
    reserve0: int
    reserve1: int
    total_supply: int

    @property
    def state(self) -> ConstantProduct:
        """What a reading must give, as it was written into the chain."""
        token0, token1 = self.target.tokens
        return ConstantProduct(
            reserve0=self.reserve0,
            reserve1=self.reserve1,
            balance0=self.reserve0,
            balance1=self.reserve1,
            total_supply=self.total_supply,
            k_last=0,
            fee_numerator=997,
            fee_denominator=1000,
            protocol_share_numerator=0,
            protocol_share_denominator=6,
            decimals0=token0.decimals,
            decimals1=token1.decimals,
        )


def made_up(count: int, *, chain_id: int = CHAIN_ID) -> list[Pair]:
    """`count` pairs of one factory, each with reserves of its own, on no chain yet."""
    rng = random.Random(count)
    tokens = _tokens(count)
    return [_pair(i, tokens, rng, chain_id) for i in range(count)]


def _tokens(count: int) -> list[Token]:
    return [
        Token(to_address(f"0x{FIRST_TOKEN + i:040x}"), 18, f"T{i}")
        for i in range(count // PAIRS_A_TOKEN + PAIRS_A_TOKEN + 1)
    ]


def make_pairs(
    url: str, artifacts: Artifacts, count: int, *, chain_id: int = CHAIN_ID
) -> list[Pair]:
    """`made_up` pairs at the head of the chain."""
    tokens, pairs = _tokens(count), made_up(count, chain_id=chain_id)
    code = {
        name: _runtime(url, artifacts, name)
        for name in ("UniswapV2Factory", "UniswapV2Pair", "Token", "Multicall3")
    }
    changes: list[Change] = [code_change(FACTORY, code["UniswapV2Factory"])]
    changes += [code_change(MULTICALL3, code["Multicall3"])]
    changes += [code_change(token.address, code["Token"]) for token in tokens]
    for pair in pairs:
        changes += [code_change(pair.target.address, code["UniswapV2Pair"]), *_made(pair)]
    send_changes(url, changes)
    rpc(url, "evm_mine")
    return pairs


def trade(url: str, pairs: Sequence[Pair], which: Iterable[int]) -> list[Pair]:
    """Move the reserves of some pairs and mine a block; all pairs as they are then."""
    after = list(pairs)
    for i in which:
        one = pairs[i]
        after[i] = replace(one, reserve0=one.reserve0 + 1_000, reserve1=one.reserve1 - 777)
    changed = [now for now, before in zip(after, pairs, strict=True) if now is not before]
    send_changes(url, [change for pair in changed for change in _reserves(pair)])
    rpc(url, "evm_mine")
    return after


def target_of(address: Address, tokens: tuple[Token, Token], *, chain_id: int = CHAIN_ID) -> Target:
    """A pair of that factory as `identify` would find it."""
    return Target(
        chain_id=chain_id,
        protocol=uniswap_v2.PROTOCOL,
        address=address,
        kind=ConstantProduct.KIND,
        tokens=tokens,
        params={
            "factory": FACTORY,
            "fee_numerator": 997,
            "fee_denominator": 1000,
            "protocol_share_numerator": 1,
            "protocol_share_denominator": 6,
        },
    )


def with_share(target: Target) -> Target:
    """With its LP token, as a store asks for it."""
    return replace(target, share=Token(target.address, 18, "UNI-V2"))


def _pair(number: int, tokens: Sequence[Token], rng: random.Random, chain_id: int) -> Pair:
    token0 = tokens[number // PAIRS_A_TOKEN]
    token1 = tokens[number // PAIRS_A_TOKEN + 1 + number % PAIRS_A_TOKEN]
    address = to_address(f"0x{FIRST_PAIR + number:040x}")
    target = target_of(address, (token0, token1), chain_id=chain_id)
    reserves = [rng.randrange(10**18, 10**25) for _ in range(2)]
    return Pair(target, reserves[0], reserves[1], rng.randrange(10**18, 10**25))


def _made(pair: Pair) -> Iterator[Change]:
    address = pair.target.address
    token0, token1 = (int(token.address, 16) for token in pair.target.tokens)
    yield slot_change(address, SUPPLY, pair.total_supply)
    yield slot_change(address, PAIR_FACTORY, int(FACTORY, 16))
    yield slot_change(address, TOKEN0, token0)
    yield slot_change(address, TOKEN1, token1)
    yield slot_change(address, UNLOCKED, 1)
    inner = mapping_slot(token0, GET_PAIR)
    yield slot_change(FACTORY, mapping_slot(token1, inner), int(address, 16))
    yield from _reserves(pair)


def _reserves(pair: Pair) -> Iterator[Change]:
    address = pair.target.address
    token0, token1 = pair.target.tokens
    yield slot_change(
        address, RESERVES, 1_700_000_000 << 224 | pair.reserve1 << 112 | pair.reserve0
    )
    yield slot_change(token0.address, balance_slot(address), pair.reserve0)
    yield slot_change(token1.address, balance_slot(address), pair.reserve1)


def balance_slot(holder: Address) -> int:
    return mapping_slot(int(holder, 16), BALANCES)


def mapping_slot(key: int, slot: int) -> int:
    """Where a mapping at `slot` has the value of `key`."""
    return int.from_bytes(keccak(key.to_bytes(32, "big") + slot.to_bytes(32, "big")))


def _runtime(url: str, artifacts: Artifacts, name: str) -> str:
    """The code that a creation leaves, immutable values filled in."""
    arguments: dict[str, tuple[tuple[str, ...], tuple[Any, ...]]] = {
        "UniswapV2Factory": (("address",), (FACTORY,)),
        "Token": (("string", "string", "uint8"), ("", "", 18)),
    }
    types, values = arguments.get(name, ((), ()))
    data = creation_data(artifacts[name].bytecode, types, *values)
    return str(rpc(url, "eth_call", [{"data": data}, "latest"]))


def code_change(address: Address, code: str) -> Change:
    return "anvil_setCode", [address, code]


def slot_change(address: Address, slot: int, value: int) -> Change:
    return "anvil_setStorageAt", [address, hex(slot), f"0x{value:064x}"]


def send_changes(url: str, changes: Sequence[Change]) -> None:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=60)
    try:
        for at in range(0, len(changes), AT_ONCE):
            body = [
                {"jsonrpc": "2.0", "id": i, "method": method, "params": params}
                for i, (method, params) in enumerate(changes[at : at + AT_ONCE])
            ]
            headers = {"Content-Type": "application/json"}
            connection.request("POST", "/", json.dumps(body), headers)
            answers = json.loads(connection.getresponse().read())
            failed = [answer["error"] for answer in answers if "error" in answer]
            assert not failed, failed[0]
    finally:
        connection.close()
