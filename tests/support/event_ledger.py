"""What contracts' own events say of a block, decoded by web3 with the ABIs that the contracts were
compiled with: nothing of our decoders, and the sums counted here."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from eth_utils.abi import event_abi_to_log_topic
from web3 import Web3

from watcher.devnet.artifacts import Artifacts
from watcher.state import Target

CONTRACTS = {
    "uniswap_v2": "UniswapV2Pair",
    "uniswap_v3": "PancakeV3Pool",
    "pancake_v3": "PancakeV3Pool",
    "solidly": "AerodromePool",
    "kyber_dmm": "KyberDMMPool",
    "erc4626": "OpenZeppelinVault",
}
"""The artifact whose ABI has the events, by protocol; Uniswap V3's factory brings its pool along
without an ABI, and Pancake's differs in two events."""


def _event(name: str, **inputs: str) -> dict[str, Any]:
    """Of types, "*" before those that are indexed."""
    return {
        "type": "event",
        "name": name,
        "anonymous": False,
        "inputs": [
            {"name": each, "type": kind.lstrip("*"), "indexed": kind.startswith("*")}
            for each, kind in inputs.items()
        ],
    }


UNISWAP_V3 = {
    "Swap": _event(
        "Swap",
        sender="*address",
        recipient="*address",
        amount0="int256",
        amount1="int256",
        sqrtPriceX96="uint160",
        liquidity="uint128",
        tick="int24",
    ),
    "SetFeeProtocol": _event("SetFeeProtocol", a="uint8", b="uint8", c="uint8", d="uint8"),
}

NO_FLOW = {"Approval", "Transfer", "SetFeeProtocol", "Sync", "UpdateEMA"}

Key = tuple[str, str]
"""Kind of flow and side."""


@dataclass
class Said:
    """By kind and side what the events of one block name of each token (by its place), and the
    change of the reserves that they amount to."""

    sums: dict[Key, list[int]] = field(default_factory=lambda: defaultdict(lambda: [0, 0]))
    change: list[int] = field(default_factory=lambda: [0, 0])

    def add(self, kind: str, side: str, *amounts: int) -> None:
        for place, amount in enumerate(amounts):
            if amount:
                self.sums[kind, side][place] += amount
                self.change[place] += amount * {"in": 1, "out": -1}.get(side, 0)


def said_by_events(
    url: str, artifacts: Artifacts, target: Target, first: int, last: int
) -> dict[int, Said]:
    """By block. Every log of the contract is decoded, or of an event that moves nothing."""
    w3 = Web3(Web3.HTTPProvider(url))
    abi = _events(artifacts, target.protocol)
    contract = w3.eth.contract(address=Web3.to_checksum_address(target.address), abi=abi)
    names = {Web3.to_hex(event_abi_to_log_topic(entry)): entry["name"] for entry in abi}
    found: dict[int, Said] = {}
    logs = w3.eth.get_logs({"address": contract.address, "fromBlock": first, "toBlock": last})
    for log in logs:
        name = names[Web3.to_hex(log["topics"][0])]
        if name in NO_FLOW:
            continue
        args = contract.events[name]().process_log(log)["args"]
        _READ[target.protocol](found.setdefault(log["blockNumber"], Said()), name, args)
    return found


def _events(artifacts: Artifacts, protocol: str) -> Any:
    abi = [entry for entry in artifacts[CONTRACTS[protocol]].abi if entry["type"] == "event"]
    if protocol != "uniswap_v3":
        return abi
    return [UNISWAP_V3.get(entry["name"], entry) for entry in abi]


def _pair(said: Said, name: str, args: Mapping[str, Any]) -> None:
    match name:
        case "Mint":
            said.add("add", "in", args["amount0"], args["amount1"])
        case "Burn":
            said.add("remove", "out", args["amount0"], args["amount1"])
        case "Swap":
            said.add("swap", "in", args["amount0In"], args["amount1In"])
            said.add("swap", "out", args["amount0Out"], args["amount1Out"])
        case "Fees":
            said.add("fee", "out", args["amount0"], args["amount1"])
        case _:
            raise AssertionError(f"{name} is not read")


def _ticks(said: Said, name: str, args: Mapping[str, Any]) -> None:
    match name:
        case "Mint":
            said.add("add", "in", args["amount0"], args["amount1"])
        case "Burn":
            said.add("remove", "owed", args["amount0"], args["amount1"])
        case "Collect":
            said.add("collect", "out", args["amount0"], args["amount1"])
        case "CollectProtocol":
            said.add("fee", "out", args["amount0"], args["amount1"])
        case "Flash":
            said.add("flash", "in", args["paid0"], args["paid1"])
        case "Swap":
            amounts = args["amount0"], args["amount1"]
            said.add("swap", "in", *(max(amount, 0) for amount in amounts))
            said.add("swap", "out", *(max(-amount, 0) for amount in amounts))
        case _:
            raise AssertionError(f"{name} is not read")


def _vault(said: Said, name: str, args: Mapping[str, Any]) -> None:
    match name:
        case "Deposit":
            said.add("add", "in", args["assets"])
        case "Withdraw":
            said.add("remove", "out", args["assets"])
        case _:
            raise AssertionError(f"{name} is not read")


_READ = {
    "uniswap_v2": _pair,
    "uniswap_v3": _ticks,
    "pancake_v3": _ticks,
    "solidly": _pair,
    "kyber_dmm": _pair,
    "erc4626": _vault,
}
