"""What contracts' own events say of a block, decoded by web3 with the ABIs that the contracts were
compiled with: nothing of our decoders, and the sums counted here."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
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
    "balancer_v1": "BalancerV1Pool",
    "balancer_v2_weighted": "BalancerVault",
    "balancer_v2_stable": "BalancerVault",
    "curve_stableswap": "CurveStableSwapNG",
    "curve_cryptoswap": "CurveCryptoSwap2",
    "saddle": "SaddlePool",
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

NO_FLOW = {"Approval", "Transfer", "SetFeeProtocol", "Sync", "UpdateEMA", "ClaimAdminFee"}

Key = tuple[str, str]
"""Kind of flow and side."""


class Said:
    """By kind and side what the events of one block name of each token (by its place), and the
    change of the reserves that they amount to."""

    def __init__(self, tokens: Sequence[str]) -> None:
        self.tokens = [token.lower() for token in tokens]
        self.sums: dict[Key, list[int]] = defaultdict(lambda: [0] * len(tokens))
        self.change = [0] * len(tokens)

    def of(self, kind: str, side: str, token: str, amount: int) -> None:
        place = self.tokens.index(token.lower())
        self.add(kind, side, *(amount if each == place else 0 for each in range(place + 1)))

    def add(self, kind: str, side: str, *amounts: int) -> None:
        for place, amount in enumerate(amounts):
            if amount:
                self.sums[kind, side][place] += amount
                self.change[place] += amount * {"in": 1, "out": -1, "fee": -1}.get(side, 0)


def said_by_events(
    url: str, artifacts: Artifacts, target: Target, first: int, last: int
) -> dict[int, Said]:
    """By block. Every log of the contract is decoded, or of an event that moves nothing."""
    w3 = Web3(Web3.HTTPProvider(url))
    abi = _events(artifacts, target)
    writer = Web3.to_checksum_address(str(target.params.get("vault", target.address)))
    contract = w3.eth.contract(address=writer, abi=abi)
    tokens = [token.address for token in target.tokens]
    names = {Web3.to_hex(event_abi_to_log_topic(entry)): entry["name"] for entry in abi}
    found: dict[int, Said] = {}
    asked: Any = {"address": writer, "fromBlock": first, "toBlock": last}
    if "pool_id" in target.params:
        asked["topics"] = [None, target.params["pool_id"]]
    for log in w3.eth.get_logs(asked):
        topic = Web3.to_hex(log["topics"][0])
        if topic.endswith("00" * 28):
            continue  # anonymous: a function's selector stands there
        name = names[topic]
        if name in NO_FLOW:
            continue
        args = contract.events[name]().process_log(log)["args"]
        _READ[target.protocol](found.setdefault(log["blockNumber"], Said(tokens)), name, args)
    return found


def _events(artifacts: Artifacts, target: Target) -> Any:
    protocol = target.protocol
    abi = [entry for entry in artifacts[CONTRACTS[protocol]].abi if entry["type"] == "event"]
    if target.name == "curve:sUSD":
        abi = [entry for entry in artifacts["CurveStableSwap"].abi if entry["type"] == "event"]
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
            said.add("fee", "fee", args["amount0"], args["amount1"])
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
            said.add("fee", "fee", args["amount0"], args["amount1"])
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


def _balancer_v1(said: Said, name: str, args: Mapping[str, Any]) -> None:
    match name:
        case "LOG_SWAP":
            said.of("swap", "in", args["tokenIn"], args["tokenAmountIn"])
            said.of("swap", "out", args["tokenOut"], args["tokenAmountOut"])
        case "LOG_JOIN":
            said.of("add", "in", args["tokenIn"], args["tokenAmountIn"])
        case "LOG_EXIT":
            said.of("remove", "out", args["tokenOut"], args["tokenAmountOut"])
        case _:
            raise AssertionError(f"{name} is not read")


def _balancer_v2(said: Said, name: str, args: Mapping[str, Any]) -> None:
    match name:
        case "Swap":
            said.of("swap", "in", args["tokenIn"], args["amountIn"])
            said.of("swap", "out", args["tokenOut"], args["amountOut"])
        case "PoolBalanceChanged":
            kind = "add" if max(args["deltas"]) > 0 else "remove"
            for token, delta, fee in zip(
                args["tokens"], args["deltas"], args["protocolFeeAmounts"], strict=True
            ):
                said.of(kind, "in" if delta > 0 else "out", token, abs(delta))
                said.of(kind, "fee", token, fee)
        case _:
            raise AssertionError(f"{name} is not read")


def _curve(said: Said, name: str, args: Mapping[str, Any]) -> None:
    tokens = said.tokens
    match name:
        case "TokenExchange":
            said.of("swap", "in", tokens[args["sold_id"]], args["tokens_sold"])
            said.of("swap", "out", tokens[args["bought_id"]], args["tokens_bought"])
        case "AddLiquidity":
            said.add("add", "in", *args["token_amounts"])
        case "RemoveLiquidity" | "RemoveLiquidityImbalance":
            said.add("remove", "out", *args["token_amounts"])
        case "RemoveLiquidityOne":
            coin = args["coin_index"] if "coin_index" in args else args["token_id"]
            said.of("remove", "out", tokens[coin], args["coin_amount"])
        case _:
            raise AssertionError(f"{name} is not read")


def _saddle(said: Said, name: str, args: Mapping[str, Any]) -> None:
    tokens = said.tokens
    match name:
        case "TokenSwap":
            said.of("swap", "in", tokens[args["soldId"]], args["tokensSold"])
            said.of("swap", "out", tokens[args["boughtId"]], args["tokensBought"])
        case "AddLiquidity":
            said.add("add", "in", *args["tokenAmounts"])
        case "RemoveLiquidity" | "RemoveLiquidityImbalance":
            said.add("remove", "out", *args["tokenAmounts"])
        case "RemoveLiquidityOne":
            said.of("remove", "out", tokens[args["boughtId"]], args["tokensBought"])
        case _:
            raise AssertionError(f"{name} is not read")


_READ = {
    "uniswap_v2": _pair,
    "uniswap_v3": _ticks,
    "pancake_v3": _ticks,
    "solidly": _pair,
    "kyber_dmm": _pair,
    "erc4626": _vault,
    "balancer_v1": _balancer_v1,
    "balancer_v2_weighted": _balancer_v2,
    "balancer_v2_stable": _balancer_v2,
    "curve_stableswap": _curve,
    "curve_cryptoswap": _curve,
    "saddle": _saddle,
}
