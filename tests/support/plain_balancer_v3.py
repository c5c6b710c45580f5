"""Balancer V3's pools by plain `eth_call`s: the Vault's own account of each, without what yields
owe."""

from __future__ import annotations

from typing import Any

from tests.support.plain import Plain
from watcher.devnet.deploy.balancer_v3 import MINIMUM_TRADE
from watcher.devnet.local_chain import LocalChain
from watcher.devnet.places import BalancerV3Pool
from watcher.state import BalancerStable, Weighted

ONE = 10**18
_INFO = "(uint8,address,bool)[]"
DATA = f"(bytes32,address[],{_INFO},uint256[],uint256[],uint256[],uint256[])"


def weighted_pool(chain: LocalChain, known: BalancerV3Pool) -> Weighted:
    pool = Plain(chain, known.address)
    return Weighted(
        variant="v3",
        weights=pool.get("getNormalizedWeights()(uint256[])")[0],
        minimum_balances=pool.get("getMinTokenBalances()(uint256[])")[0],
        **_held(chain, known),
    )


def stable_pool(chain: LocalChain, known: BalancerV3Pool) -> BalancerStable:
    pool = Plain(chain, known.address)
    return BalancerStable(
        variant="v3",
        amplification=pool.get("getAmplificationParameter()(uint256,bool,uint256)")[0],
        surge_threshold=ONE,
        surge_max_fee=0,
        bpt_index=len(known.coins),
        **_held(chain, known),
    )


def _held(chain: LocalChain, known: BalancerV3Pool) -> dict[str, Any]:
    """Where no yield is owed: whatever changed a rate, a trade followed."""
    vault, pool = Plain(chain, known.vault), known.address
    (data,) = vault.get(f"getPoolData(address)({DATA})", pool)
    paused = vault.get("isPoolPaused(address)(bool)", pool)[0]
    _, _, swap_part = vault.get("getPoolConfig(address)(bool[4],uint256,uint256)", pool)
    return {
        "balances": data[3],
        "scaling_factors": data[6],
        "rates": data[5],
        "swap_fee": vault.integer("getStaticSwapFeePercentage", pool, inputs="address"),
        "aggregate_swap_fee": swap_part,
        "minimum_trade": MINIMUM_TRADE,
        "protocol_fees_due": (),
        "total_supply": vault.integer("totalSupply", pool, inputs="address"),
        "decimals": tuple(coin.decimals for coin in known.coins),
        "paused": paused or vault.get("isVaultPaused()(bool)")[0],
    }
