"""States by plain `eth_call`s, one getter after the other: what adapters are compared with.

What no getter says (a fee, virtual shares, which ticks there are) is said by whoever asks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from eth_utils.crypto import keccak

from watcher.devnet.local_chain import LocalChain
from watcher.state import (
    Address,
    Concentrated,
    ConstantProduct,
    PairOracle,
    PriceFeed,
    PythPrice,
    RedemptionRate,
    ShareVault,
    Target,
    TickOracle,
    to_address,
)
from watcher.state.concentrated import ConcentratedVariant
from watcher.state.token import ZERO_ADDRESS

ROUND = "latestRoundData()(uint80,int256,uint256,uint256,uint80)"
GLOBAL_STATE = "globalState()(uint160,int24,uint16,uint8,uint16,bool)"
PANCAKE_SLOT0 = "slot0()(uint160,int24,uint16,uint16,uint16,uint32,bool)"
SLOT0 = "slot0()(uint160,int24,uint16,uint16,uint16,uint8,bool)"
TICK = "ticks(int24)(uint128,int128,uint256,uint256,int56,uint160,uint32,bool)"
FIRST_TICK, LAST_TICK = -887_272, 887_272


@dataclass(frozen=True)
class Plain:
    """Plain `eth_call`s of one contract."""

    chain: LocalChain
    address: Address

    def get(self, signature: str, *args: Any) -> Any:
        return self.chain.read(self.address, signature, *args)

    def integer(self, name: str, *args: Any, inputs: str = "", kind: str = "uint256") -> int:
        return int(self.get(f"{name}({inputs})({kind})", *args)[0])

    def at(self, name: str) -> Plain:
        return Plain(self.chain, to_address(self.get(f"{name}()(address)")[0]))

    def balance(self, holder: Address) -> int:
        return self.integer("balanceOf", holder, inputs="address")

    @property
    def decimals(self) -> int:
        return self.integer("decimals", kind="uint8")


def pair(
    chain: LocalChain, target: Target, *, fee: Fraction, protocol_share: Fraction
) -> ConstantProduct:
    contract = Plain(chain, target.address)
    token0, token1 = contract.at("token0"), contract.at("token1")
    reserve0, reserve1, _ = contract.get("getReserves()(uint112,uint112,uint32)")
    fee_is_on = contract.at("factory").at("feeTo").address != ZERO_ADDRESS
    kept = 1 - fee
    return ConstantProduct(
        reserve0=reserve0,
        reserve1=reserve1,
        balance0=token0.balance(contract.address),
        balance1=token1.balance(contract.address),
        total_supply=contract.integer("totalSupply"),
        k_last=contract.integer("kLast"),
        fee_numerator=kept.numerator,
        fee_denominator=kept.denominator,
        protocol_share_numerator=protocol_share.numerator if fee_is_on else 0,
        protocol_share_denominator=protocol_share.denominator,
        decimals0=token0.decimals,
        decimals1=token1.decimals,
    )


def window(chain: LocalChain, target: Target) -> tuple[int, int]:
    """The first and the last tick that are to be known around the price."""
    pool = Plain(chain, target.address)
    _, tick, *_ = pool.get(SLOT0)
    return window_around(target, tick, pool.integer("tickSpacing", kind="int24"))


def window_around(target: Target, tick: int, spacing: int) -> tuple[int, int]:
    """As `window`, where `spacing` ticks are a bit of the bitmap."""
    words, word = int(target.params["tick_words"]), 256 * spacing
    if (LAST_TICK - FIRST_TICK) // word + 2 <= 2 * words + 1:  # all words are read
        return FIRST_TICK, LAST_TICK
    first, last = (tick // word - words) * word, (tick // word + words + 1) * word - spacing
    return max(FIRST_TICK, first), min(LAST_TICK, last)


def bitmap_ticks(chain: LocalChain, target: Target) -> list[int]:
    """The initialised ticks of the window, word by word of the bitmap."""
    pool = Plain(chain, target.address)
    spacing = pool.integer("tickSpacing", kind="int24")
    first, last = window(chain, target)
    found = []
    for word in range(first // spacing >> 8, (last // spacing >> 8) + 1):
        bits = pool.integer("tickBitmap", word, inputs="int16")
        found += [(256 * word + bit) * spacing for bit in range(256) if bits >> bit & 1]
    return found


def tick_pool(
    chain: LocalChain,
    target: Target,
    ticks: Sequence[int],
    *,
    variant: ConcentratedVariant = "uniswap_v3",
    slot0: str = SLOT0,
    fee_unit: int = 16,
) -> Concentrated:
    """`ticks` are those of the pool as far as they are to be read, or more. `fee_unit` is how many
    times the protocol's fee of token1 counts in `slot0`."""
    pool = Plain(chain, target.address)
    token0, token1 = pool.at("token0"), pool.at("token1")
    price, tick, *_, protocol_fees, _ = pool.get(slot0)
    spacing = pool.integer("tickSpacing", kind="int24")
    first, last = window_around(target, tick, spacing)
    known = tuple(each for each in ticks if first <= each <= last)
    infos = [pool.get(TICK, each)[:2] for each in known]
    fee = pool.integer("fee", kind="uint24")
    return Concentrated(
        variant=variant,
        sqrt_price_x96=price,
        tick=tick,
        liquidity=pool.integer("liquidity", kind="uint128"),
        fee0=fee,
        fee1=fee,
        protocol_fee0=protocol_fees % fee_unit,
        protocol_fee1=protocol_fees // fee_unit,
        tick_spacing=spacing,
        ticks=known,
        liquidity_net=tuple(net for _, net in infos),
        liquidity_gross=tuple(gross for gross, _ in infos),
        known_from=first,
        known_to=last,
        balances=(token0.balance(pool.address), token1.balance(pool.address)),
        decimals0=token0.decimals,
        decimals1=token1.decimals,
    )


def algebra_pool(chain: LocalChain, target: Target, ticks: Sequence[int]) -> Concentrated:
    """`ticks` as of `tick_pool`; a bit of its bitmap is one tick."""
    pool = Plain(chain, target.address)
    token0, token1 = pool.at("token0"), pool.at("token1")
    price, tick, fee, plugins, community_fee, _ = pool.get(GLOBAL_STATE)
    first, last = window_around(target, tick, 1)
    known = tuple(each for each in ticks if first <= each <= last)
    infos = [pool.get("ticks(int24)(uint256,int128)", each) for each in known]
    return Concentrated(
        variant="algebra_integral",
        sqrt_price_x96=price,
        tick=tick,
        liquidity=pool.integer("liquidity", kind="uint128"),
        fee0=fee,
        fee1=fee,
        protocol_fee0=community_fee,
        protocol_fee1=community_fee,
        tick_spacing=pool.integer("tickSpacing", kind="int24"),
        ticks=known,
        liquidity_net=tuple(net for _, net in infos),
        liquidity_gross=tuple(gross for gross, _ in infos),
        known_from=first,
        known_to=last,
        balances=(token0.balance(pool.address), token1.balance(pool.address)),
        decimals0=token0.decimals,
        decimals1=token1.decimals,
        hooked=plugins % 2 == 1,
    )


def v4_pool(chain: LocalChain, target: Target, ticks: Sequence[int]) -> Concentrated:
    """`ticks` as of `tick_pool`; what the PoolManager's own storage says, by StateLibrary's slots:
    the price and fees, then after the fee growths the liquidity, the ticks and the bitmap."""
    manager, key = Plain(chain, target.address), bytes.fromhex(target.key[2:])
    start = int.from_bytes(keccak(key + (6).to_bytes(32)))

    def stored(slot: int) -> int:
        return int.from_bytes(manager.get("extsload(bytes32)(bytes32)", slot.to_bytes(32))[0])

    def tick_slot(tick: int) -> int:
        return int.from_bytes(keccak(tick.to_bytes(32, signed=True) + (start + 4).to_bytes(32)))

    slot0, spacing = stored(start), int(target.params["tick_spacing"])
    tick = (slot0 >> 160) % 2**24
    tick -= 2**24 if tick >> 23 else 0
    first, last = window_around(target, tick, spacing)
    known = tuple(each for each in ticks if first <= each <= last)
    infos = [stored(tick_slot(each)) for each in known]
    nets = [info >> 128 for info in infos]
    return Concentrated(
        variant="uniswap_v4",
        sqrt_price_x96=slot0 % 2**160,
        tick=tick,
        liquidity=stored(start + 3),
        fee0=slot0 >> 208,
        fee1=slot0 >> 208,
        protocol_fee0=(slot0 >> 184) % 2**12,
        protocol_fee1=(slot0 >> 196) % 2**12,
        tick_spacing=spacing,
        ticks=known,
        liquidity_net=tuple(net - (net >> 127 << 128) for net in nets),
        liquidity_gross=tuple(info % 2**128 for info in infos),
        known_from=first,
        known_to=last,
        balances=(),
        decimals0=target.tokens[0].decimals,
        decimals1=target.tokens[1].decimals,
    )


def vault(
    chain: LocalChain,
    target: Target,
    *,
    virtual_assets: int,
    virtual_shares: int,
    refuses_zero: bool,
    **more: Any,
) -> ShareVault:
    """`more` are fees and limits, of a vault that has them."""
    contract = Plain(chain, target.address)
    asset = contract.at("asset")
    return ShareVault(
        total_assets=contract.integer("totalAssets"),
        total_supply=contract.integer("totalSupply"),
        idle_assets=asset.balance(contract.address),
        virtual_assets=virtual_assets,
        virtual_shares=virtual_shares,
        refuses_zero=refuses_zero,
        asset_decimals=asset.decimals,
        share_decimals=contract.decimals,
        **more,
    )


def feed(
    chain: LocalChain,
    target: Target,
    *,
    bounds: tuple[str, str] = ("minSubmissionValue", "maxSubmissionValue"),
) -> PriceFeed:
    """`bounds` are the getters of its aggregator's bounds. What is kept from when the feed was
    identified is as it is now."""
    proxy = Plain(chain, target.address)
    least, most = (proxy.at("aggregator").integer(name, kind="int256") for name in bounds)
    round_id, answer, started_at, updated_at, answered_in = proxy.get(ROUND)
    return PriceFeed(
        answer=answer,
        decimals=proxy.decimals,
        round_id=round_id,
        answered_in_round=answered_in,
        started_at=started_at,
        updated_at=updated_at,
        first_decimals=proxy.decimals,
        first_phase=round_id >> 64,
        min_answer=least,
        max_answer=most,
    )


def tick_oracle(chain: LocalChain, target: Target) -> TickOracle:
    """As v3-periphery's OracleLibrary.consult, the liquidity cut to its highest 32 bits."""
    pool, window = Plain(chain, target.address), int(target.key)
    ticks, seconds = pool.get("observe(uint32[])(int56[],uint160[])", [window, 0])
    liquidity = window * (2**160 - 1) // ((seconds[1] - seconds[0]) << 32)
    cut = max(liquidity.bit_length() - 32, 0)
    return TickOracle(
        window=window,
        mean_tick=(ticks[1] - ticks[0]) // window,
        mean_liquidity=liquidity >> cut << cut,
        sqrt_price_x96=pool.get(SLOT0)[0],
        decimals0=pool.at("token0").decimals,
        decimals1=pool.at("token1").decimals,
    )


def pyth_price(chain: LocalChain, target: Target) -> PythPrice:
    signature = "getPriceUnsafe(bytes32)(int64,uint64,int32,uint256)"
    price_id = bytes.fromhex(target.key[2:])
    return PythPrice(*Plain(chain, target.address).get(signature, price_id))


def redemption_rate(chain: LocalChain, target: Target) -> RedemptionRate:
    """What one whole token converts to, of a vault."""
    token, quote = target.tokens
    contract = Plain(chain, target.address)
    [rate] = contract.get("convertToAssets(uint256)(uint256)", 10**token.decimals)
    return RedemptionRate(rate, quote.decimals)


def pair_oracle(chain: LocalChain, target: Target) -> PairOracle:
    contract = Plain(chain, target.address)
    reserve0, reserve1, last = contract.get("getReserves()(uint112,uint112,uint32)")
    return PairOracle(
        window=int(target.key),
        price0_cumulative_last=contract.integer("price0CumulativeLast"),
        price1_cumulative_last=contract.integer("price1CumulativeLast"),
        timestamp_last=last,
        reserve0=reserve0,
        reserve1=reserve1,
        decimals0=contract.at("token0").decimals,
        decimals1=contract.at("token1").decimals,
    )
