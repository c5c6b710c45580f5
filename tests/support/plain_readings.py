"""What each protocol's contracts answer to plain requests, as the state that its adapter reads."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from tests.support import (
    plain,
    plain_balancer,
    plain_balancer_v3,
    plain_compound,
    plain_crypto,
    plain_holdings,
    plain_lending,
    plain_stableswap,
    plain_vaults,
)
from tests.support.plain import Plain
from tests.support.world import LocalWorld
from watcher.devnet.places import BalancerPool, BalancerV3Pool, Pair, Vault
from watcher.state import (
    BalancerStable,
    Concentrated,
    ConstantProduct,
    KyberDMM,
    PriceFeed,
    ShareVault,
    Solidly,
    State,
    Target,
    Weighted,
)


def plain_pair(node: LocalWorld, target: Target) -> ConstantProduct:
    pairs = (*node.world.pairs, *node.world.share_markets)
    known: Pair = next(each for each in pairs if each.address == target.address)
    return plain.pair(node.chain, target, fee=known.fee, protocol_share=known.protocol_share)


def plain_tick_pool(node: LocalWorld, target: Target) -> Concentrated:
    """Its ticks are those where the world's positions end."""
    known = next(each for each in node.world.tick_pools if each.address == target.address)
    return plain.tick_pool(node.chain, target, known.ticks)


def plain_solidly(node: LocalWorld, target: Target) -> Solidly:
    known = next(each for each in node.world.solidly_pools if each.address == target.address)
    pool = Plain(node.chain, target.address)
    token0, token1, factory = pool.at("token0"), pool.at("token1"), pool.at("factory")
    reserve0, reserve1, _ = pool.get("getReserves()(uint256,uint256,uint256)")
    fee = factory.integer("getFee", pool.address, known.stable, inputs="address,bool")
    return Solidly(
        version="v2",
        stable=known.stable,
        reserve0=reserve0,
        reserve1=reserve1,
        balance0=token0.balance(pool.address),
        balance1=token1.balance(pool.address),
        fee=fee,
        fee_denominator=10_000,
        total_supply=pool.integer("totalSupply"),
        decimals0=token0.decimals,
        decimals1=token1.decimals,
    )


def plain_other_ticks(node: LocalWorld, target: Target) -> Concentrated:
    own = [token.address for token in target.tokens]
    known = next(
        each
        for each in node.world.concentrated_pools
        if each.address == target.address and [each.token0.address, each.token1.address] == own
    )
    match target.protocol:
        case "pancake_v3":
            return plain.tick_pool(
                node.chain,
                target,
                known.ticks,
                variant="pancake_v3",
                slot0=plain.PANCAKE_SLOT0,
                fee_unit=2**16,
            )
        case "algebra_integral":
            return plain.algebra_pool(node.chain, target, known.ticks)
        case _:
            return plain.v4_pool(node.chain, target, known.ticks)


def plain_kyber(node: LocalWorld, target: Target) -> KyberDMM:
    pool = Plain(node.chain, target.address)
    token0, token1, factory = pool.at("token0"), pool.at("token1"), pool.at("factory")
    info = "getTradeInfo()(uint112,uint112,uint112,uint112,uint256)"
    reserve0, reserve1, virtual0, virtual1, fee = pool.get(info)
    fee_to, fee_bps = factory.get("getFeeConfiguration()(address,uint16)")
    return KyberDMM(
        reserve0=reserve0,
        reserve1=reserve1,
        virtual_reserve0=virtual0,
        virtual_reserve1=virtual1,
        balance0=token0.balance(pool.address),
        balance1=token1.balance(pool.address),
        amplification_bps=pool.integer("ampBps"),
        fee=fee,
        total_supply=pool.integer("totalSupply"),
        k_last=pool.integer("kLast"),
        government_fee_bps=fee_bps if int(fee_to, 16) else 0,
        decimals0=token0.decimals,
        decimals1=token1.decimals,
    )


def plain_vault(node: LocalWorld, target: Target) -> ShareVault:
    if target.address in {each.address for each in node.world.more_vaults}:
        return plain_vaults.share_vault(node, target)
    known: Vault = next(each for each in node.world.vaults if each.address == target.address)
    return plain.vault(
        node.chain,
        target,
        virtual_assets=1 if known.virtual_shares else 0,
        virtual_shares=10**known.decimals_offset if known.virtual_shares else 0,
        refuses_zero=not known.virtual_shares,
    )


def plain_feed(node: LocalWorld, target: Target) -> PriceFeed:
    return plain.feed(node.chain, target)


def balancer_pool(node: LocalWorld, target: Target) -> BalancerPool:
    pools = node.world.balancer_pools
    return next(each for each in pools if each.address == target.address)


def plain_weighted(node: LocalWorld, target: Target) -> Weighted:
    known = balancer_pool(node, target)
    first = known.name == "b2:WETH/USDC"
    return plain_balancer.weighted_pool(node.chain, known, first=first)


def plain_balancer_stable(node: LocalWorld, target: Target) -> BalancerStable:
    known = balancer_pool(node, target)
    first = known.name == "b2:GUSD/USDC"
    return plain_balancer.stable_pool(node.chain, known, first=first)


def balancer_v3_pool(node: LocalWorld, target: Target) -> BalancerV3Pool:
    pools = node.world.balancer_v3_pools
    return next(each for each in pools if each.address == target.address)


PLAIN: Mapping[str, Callable[[LocalWorld, Target], State]] = {
    "uniswap_v2": plain_pair,
    "uniswap_v3": plain_tick_pool,
    "solidly": plain_solidly,
    "pancake_v3": plain_other_ticks,
    "algebra_integral": plain_other_ticks,
    "uniswap_v4": plain_other_ticks,
    "curve_cryptoswap": lambda node, target: plain_crypto.pool(node.chain, target),
    "kyber_dmm": plain_kyber,
    "curve_stableswap": lambda node, target: plain_stableswap.curve_pool(node.chain, target),
    "saddle": lambda node, target: plain_stableswap.saddle_pool(node.chain, target),
    "balancer_v1": lambda node, target: plain_balancer.first_pool(
        node.chain, balancer_pool(node, target)
    ),
    "balancer_v2_weighted": plain_weighted,
    "balancer_v2_stable": plain_balancer_stable,
    "yearn_v2": lambda node, target: plain_vaults.yearn_v2(node.chain, target),
    "yearn_v3": lambda node, target: plain_vaults.yearn_v3(node.chain, target),
    "balancer_v3_weighted": lambda node, target: plain_balancer_v3.weighted_pool(
        node.chain, balancer_v3_pool(node, target)
    ),
    "balancer_v3_stable": lambda node, target: plain_balancer_v3.stable_pool(
        node.chain, balancer_v3_pool(node, target)
    ),
    "erc4626": plain_vault,
    "aave_v3": lambda node, target: plain_compound.aave_reserve(node.chain, target),
    "compound_v2": lambda node, target: plain_compound.compound_market(node.chain, target),
    "holdings": plain_holdings.holdings,
    "chainlink": plain_feed,
    "pyth": lambda node, target: plain.pyth_price(node.chain, target),
    "redemption_rate": lambda node, target: plain.redemption_rate(node.chain, target),
    "uniswap_v2_twap": lambda node, target: plain.pair_oracle(node.chain, target),
    "uniswap_v3_twap": lambda node, target: plain.tick_oracle(node.chain, target),
    "morpho_blue": plain_lending.morpho_market,
    "venus_psm": plain_lending.peg_module,
    "set_token": plain_lending.set_token,
    "lockbox": plain_lending.lockbox,
}
