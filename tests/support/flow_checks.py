"""What is stored of flows against the chain: its events as web3 decodes them, and what the
contracts' own getters say of the reserves."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import pairwise

from eth_utils.crypto import keccak

from tests.support.event_ledger import Key, said_by_events
from tests.support.world import LocalWorld
from watcher.devnet.artifacts import Toolchain
from watcher.devnet.calldata import call_data
from watcher.protocols import ADAPTERS
from watcher.state import Address, Target, to_address
from watcher.state.flow import Side
from watcher.store import FlowRecord, Store

PAIRS = ("uniswap_v2", "solidly", "kyber_dmm")
BALANCER = ("balancer_v1", "balancer_v2_weighted", "balancer_v2_stable")
ADMINISTERED = ("curve_stableswap", "saddle")
FIRST_CURVE = "curve:sUSD"
COIN_BALANCE = {
    "first": "balances(int128)",
    "curve_stableswap": "balances(uint256)",
    "curve_cryptoswap": "balances(uint256)",
    "saddle": "getTokenBalance(uint8)",
}
"""The getter of one coin's balance, by protocol; the first generation's is another."""


def held(node: LocalWorld, target: Target, number: int) -> list[int]:
    """What the contract's own getters say of the reserves at a block, asked plainly."""

    def ask(to: Address, signature: str, *args: object) -> list[int]:
        call = {"to": to, "data": call_data(signature, *args)}
        data = bytes.fromhex(node.chain.request("eth_call", call, hex(number))[2:])
        return [int.from_bytes(data[at : at + 32]) for at in range(0, len(data), 32)]

    if target.protocol in PAIRS:
        return ask(target.address, "getReserves()")[:2]
    if target.protocol == "erc4626":
        return ask(target.address, "totalAssets()")
    if target.protocol == "balancer_v1":
        balance_of = "getBalance(address)"
        return [ask(target.address, balance_of, token.address)[0] for token in target.tokens]
    if target.protocol in COIN_BALANCE:
        view = COIN_BALANCE["first" if target.name == FIRST_CURVE else target.protocol]
        return [ask(target.address, view, place)[0] for place in range(len(target.tokens))]
    if "pool_id" in target.params:
        pool_id = bytes.fromhex(str(target.params["pool_id"])[2:])
        words = ask(to_address(str(target.params["vault"])), "getPoolTokens(bytes32)", pool_id)
        # Behind three words of head and the tokens with their number.
        return words[3 + len(target.tokens) + 2 :][: len(target.tokens)]
    return [ask(token.address, "balanceOf(address)", target.address)[0] for token in target.tokens]


def stored(target: Target, records: Sequence[FlowRecord]) -> dict[int, dict[Key, list[int]]]:
    """By block, kind and side, the sums of what is stored."""
    places = {token.address: place for place, token in enumerate(target.tokens)}
    found: dict[int, dict[Key, list[int]]] = {}
    for record in records:
        sums: dict[Key, list[int]] = defaultdict(lambda: [0] * len(places))
        for flow in record.window.decoded.flows:
            for amount in flow.amounts:
                if amount.side is not Side.RESERVE:
                    sums[flow.kind.value, amount.side.value][places[amount.token]] += amount.raw
        if sums:
            found[record.block.number] = dict(sums)
    return found


def to_administrator(
    node: LocalWorld, target: Target, first: int
) -> dict[tuple[str, int], list[int]]:
    """What leaves the balances of a StableSwap pool for its administrator, who has what the pool
    holds beyond its balances, by name and block."""

    def beyond(number: int) -> list[int]:
        holding = []
        for token in target.tokens:
            call = {"to": token.address, "data": call_data("balanceOf(address)", target.address)}
            holding.append(int(node.chain.request("eth_call", call, hex(number)), 16))
        own = held(node, target, number)
        return [has - of for has, of in zip(holding, own, strict=True)]

    last = node.chain.head().number
    values = [beyond(number) for number in range(first, last + 1)]
    changes = [
        [before - now for before, now in zip(one, two, strict=True)]
        for one, two in pairwise(values)
    ]
    return {(target.name, first + 1 + k): one for k, one in enumerate(changes) if any(one)}


def left_over(record: FlowRecord, name: str) -> dict[str, float]:
    return {
        dict(one.dims)["token"]: one.value for one in record.window.measures if one.name == name
    }


def check_target(
    node: LocalWorld,
    toolchain: Toolchain,
    store: Store,
    target: Target,
    *,
    first: int,
    given: dict[tuple[str, int], list[int]] | None = None,
) -> set[str]:
    """All that is stored of one target against the chain. `given` is what it was given otherwise,
    by name and block. The kinds of its flows."""
    last = node.chain.head().number
    records = store.flows(target.id, first=first)
    said = said_by_events(node.chain.url, toolchain.artifacts, target, first, last)
    expected = {number: dict(one.sums) for number, one in said.items() if one.sums}
    assert stored(target, records) == expected, target.label
    by_number = {record.block.number: record for record in records}
    for number in range(first + 1, last + 1):
        before, now = held(node, target, number - 1), held(node, target, number)
        none = [0] * len(target.tokens)
        change = said[number].change if number in said else none
        extra = (given or {}).get((target.name, number), none)
        for place in range(len(target.tokens)):
            # Exactly, by the chain's own getters and web3's events.
            assert before[place] + change[place] + extra[place] == now[place], (target.name, number)
        if number not in by_number:
            assert before == now
            continue
        record = by_number[number]
        unexplained, corrected = (
            left_over(record, name) for name in ("unexplained_flow", "corrected_flow")
        )
        is_pair = target.protocol in PAIRS
        for place, token in enumerate(target.tokens):
            over, rest = (corrected, unexplained) if is_pair else (unexplained, corrected)
            assert over[token.address] == extra[place] / 10**token.decimals, (target.name, number)
            assert rest[token.address] == 0.0, (target.name, number)
    return {flow.kind.value for record in records for flow in record.window.decoded.flows}


def decoded_targets(targets: Iterable[Target]) -> list[Target]:
    return [one for one in targets if ADAPTERS[one.protocol].events is not None]


def gifts(node: LocalWorld, toolchain: Toolchain, target: Target, first: int) -> dict[int, int]:
    """What a vault got of its asset by block but for deposits, from the token's own transfers."""
    transfer = "0x" + keccak(text="Transfer(address,address,uint256)").hex()
    word = "0x" + target.address[2:].lower().rjust(64, "0")
    [asset] = target.tokens
    net: dict[int, int] = defaultdict(int)
    for place, sign in ((2, 1), (1, -1)):
        topics: list[object] = [transfer, None, None]
        topics[place] = word
        asked = {"address": asset.address, "fromBlock": hex(first), "topics": topics}
        for log in node.chain.request("eth_getLogs", asked):
            net[int(log["blockNumber"], 16)] += sign * int(log["data"], 16)
    last = node.chain.head().number
    said = said_by_events(node.chain.url, toolchain.artifacts, target, first, last)
    for number, one in said.items():
        net[number] -= one.change[0]
    return {number: amount for number, amount in net.items() if amount}
