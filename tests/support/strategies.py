"""States for hypothesis and by hand, of every size that the contracts can hold."""

# Tests know the numbers from here.
# ruff: noqa: PLC0414

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import isqrt
from typing import get_args

from hypothesis import assume
from hypothesis import strategies as st

from tests.support.balancer_strategies import balancer_stables, weighteds
from tests.support.holdings_strategies import held
from tests.support.numbers import DECIMALS as DECIMALS
from tests.support.numbers import SHARES as SHARES
from tests.support.numbers import UINT112 as UINT112
from tests.support.numbers import UINT256 as UINT256
from tests.support.numbers import portion as portion
from tests.support.numbers import sizes as sizes
from tests.support.numbers import usually as usually
from tests.support.strategies_lending import aave_reserves, compound_markets
from tests.support.strategies_oracles import (
    pair_oracles,
    pyth_prices,
    redemption_rates,
    tick_oracles,
)
from tests.support.strategies_pools import cryptos, kybers, solidlies
from tests.support.strategies_stable import metapool as metapool
from tests.support.strategies_stable import metapools as metapools
from tests.support.strategies_stable import stable as stable
from tests.support.strategies_stable import stables as stables
from watcher.math.exact.constant_product import least_amount_in
from watcher.math.exact.tick_math import get_sqrt_price_at_tick
from watcher.math.prices.pools import read_pair_oracle
from watcher.math.subject import Subject
from watcher.protocols.redemption_rate import PROTOCOL, Asked, key_of
from watcher.state import (
    AaveReserve,
    Address,
    BalancerStable,
    CompoundMarket,
    Concentrated,
    ConstantProduct,
    CryptoSwap,
    Holdings,
    KyberDMM,
    PairOracle,
    Price,
    PriceFeed,
    PythPrice,
    RedemptionRate,
    ShareVault,
    Solidly,
    StableSwap,
    StableSwapMeta,
    State,
    Target,
    TickOracle,
    Token,
    Weighted,
    to_address,
)
from watcher.state.concentrated import ConcentratedVariant
from watcher.state.price import unknown_price
from watcher.state.target import Param

CHAIN = 31337


def address(number: int) -> Address:
    return to_address(f"0x{number:040x}")


FEES = st.sampled_from([(997, 1000), (499, 500), (399, 400), (1, 1), (9, 10), (99, 100)])
VARIANT_NAMES: tuple[ConcentratedVariant, ...] = get_args(ConcentratedVariant)


def pool(
    reserve0: int = 10**21,
    reserve1: int = 10**21,
    *,
    fee: tuple[int, int] = (997, 1000),
    decimals: tuple[int, int] = (18, 18),
    total_supply: int = 10**21,
    k_last: int = 0,
    protocol_share: tuple[int, int] = (0, 6),
    drift: tuple[int, int] = (0, 0),
) -> ConstantProduct:
    """A pool by hand; `drift` is balance minus reserve."""
    return ConstantProduct(
        reserve0=reserve0,
        reserve1=reserve1,
        balance0=reserve0 + drift[0],
        balance1=reserve1 + drift[1],
        total_supply=total_supply,
        k_last=k_last,
        fee_numerator=fee[0],
        fee_denominator=fee[1],
        protocol_share_numerator=protocol_share[0],
        protocol_share_denominator=protocol_share[1],
        decimals0=decimals[0],
        decimals1=decimals[1],
    )


@st.composite
def pools(draw: st.DrawFn, least: int = 1, most: int = UINT112) -> ConstantProduct:
    """A pool whose balances are its reserves; no pool has more LP tokens than sqrt(k)."""
    reserve0, reserve1 = draw(sizes(least, most)), draw(sizes(least, most))
    root = isqrt(reserve0 * reserve1)
    return pool(
        reserve0,
        reserve1,
        fee=draw(FEES),
        decimals=(draw(DECIMALS), draw(DECIMALS)),
        total_supply=draw(sizes(1_000, root + 1_001)),
        k_last=draw(st.one_of(st.just(0), sizes(0, reserve0 * reserve1))),
        protocol_share=draw(st.sampled_from([(0, 6), (1, 6), (1, 4), (8, 25)])),
    )


@dataclass(frozen=True)
class Trade:
    """An input that the pool takes and pays something for."""

    state: ConstantProduct
    coin_in: int
    amount_in: int


@st.composite
def trades(draw: st.DrawFn) -> Trade:
    state, coin_in = draw(pools(2)), draw(st.sampled_from([0, 1]))
    side = state.flipped() if coin_in else state
    least = least_amount_in(
        1,
        side.reserve0,
        side.reserve1,
        fee_numerator=state.fee_numerator,
        fee_denominator=state.fee_denominator,
    )
    room = UINT112 - side.reserve0
    assume(least <= room)
    return Trade(state, coin_in, draw(sizes(least, room)))


def vault(
    total_assets: int = 10**21,
    total_supply: int = 10**21,
    *,
    offset: int | None = 0,
    idle_assets: int | None = None,
    decimals: int = 18,
) -> ShareVault:
    """A vault by hand; `offset` None has no virtual shares, as solmate's."""
    virtual = offset is not None
    return ShareVault(
        total_assets=total_assets,
        total_supply=total_supply,
        idle_assets=total_assets if idle_assets is None else idle_assets,
        virtual_assets=1 if virtual else 0,
        virtual_shares=10**offset if offset is not None else 0,
        refuses_zero=not virtual,
        asset_decimals=decimals,
        share_decimals=decimals + (offset or 0),
    )


@st.composite
def vaults(draw: st.DrawFn, most: int = 2**160) -> ShareVault:
    assets = draw(sizes(0, most))
    return vault(
        assets,
        draw(sizes(0, most)),
        offset=draw(st.sampled_from([None, 0, 3, 6, 18])),
        idle_assets=draw(st.one_of(st.none(), st.just(assets // 2))),
        decimals=draw(DECIMALS),
    )


def feed(
    answer: int = 2_000 * 10**8, *, decimals: int = 8, updated_at: int = 1_000, **first: int
) -> PriceFeed:
    """`first` is what was so when it was identified."""
    return PriceFeed(
        answer=answer,
        decimals=decimals,
        round_id=2**64 + 7,
        answered_in_round=2**64 + 7,
        started_at=updated_at,
        updated_at=updated_at,
        **first,
    )


@st.composite
def feeds(draw: st.DrawFn) -> PriceFeed:
    updated_at = draw(st.integers(0, 2**40))
    answer = draw(st.one_of(sizes(0, 2**255 - 1), st.integers(-(2**255), 0)))
    known = draw(st.sets(st.sampled_from(["first_decimals", "first_phase", "min_answer"])))
    first = {name: draw(st.integers(0, 36)) for name in known}
    return feed(answer, decimals=draw(st.integers(0, 36)), updated_at=updated_at, **first)


def ticked(
    positions: Sequence[tuple[int, int, int]] = ((-600, 600, 10**18), (-60, 60, 10**18)),
    *,
    tick: int = 0,
    shift: int = 0,
    fees: tuple[int, int] = (3_000, 3_000),
    protocol_fees: tuple[int, int] = (0, 0),
    spacing: int = 60,
    variant: ConcentratedVariant = "uniswap_v3",
    decimals: tuple[int, int] = (18, 18),
    balances: tuple[int, ...] = (),
) -> Concentrated:
    """A pool with these positions (lower tick, upper tick, liquidity); its price is `shift` above
    the one at its tick."""
    net, gross = Counter[int](), Counter[int]()
    for lower, upper, liquidity in positions:
        net.update({lower: liquidity, upper: -liquidity})
        gross.update({lower: liquidity, upper: liquidity})
    ticks = tuple(sorted(gross))
    return Concentrated(
        variant=variant,
        sqrt_price_x96=get_sqrt_price_at_tick(tick) + shift,
        tick=tick,
        liquidity=sum(amount for lower, upper, amount in positions if lower <= tick < upper),
        fee0=fees[0],
        fee1=fees[1],
        protocol_fee0=protocol_fees[0],
        protocol_fee1=protocol_fees[1],
        tick_spacing=spacing,
        ticks=ticks,
        liquidity_net=tuple(net[index] for index in ticks),
        liquidity_gross=tuple(gross[index] for index in ticks),
        known_from=-887_272,
        known_to=887_272,
        balances=balances,
        decimals0=decimals[0],
        decimals1=decimals[1],
    )


@st.composite
def ticked_pools(draw: st.DrawFn, most: int = 2**100) -> Concentrated:
    """Up to eight positions near each other, the price among or beside them."""
    spacing = draw(st.sampled_from([1, 10, 60, 200]))
    middle = draw(st.integers(-200_000 // spacing, 200_000 // spacing))
    places = st.integers(middle - 400, middle + 400)
    liquidities = st.one_of(sizes(1, most), st.integers(most >> 16, most))
    spans = st.tuples(places, st.integers(1, 400), liquidities)
    positions = [
        (lower * spacing, (lower + width) * spacing, liquidity)
        for lower, width, liquidity in draw(st.lists(spans, min_size=1, max_size=8))
    ]
    fees = st.sampled_from([500, 0, 1, 100, 3_000, 10_000, 250_000])
    return ticked(
        positions,
        tick=middle * spacing + draw(st.integers(-450, 450)) * spacing,
        shift=draw(st.integers(0, 50_000)),
        fees=(draw(fees), draw(fees)),
        protocol_fees=draw(st.sampled_from([(0, 0), (4, 10), (0, 5)])),
        spacing=spacing,
        variant=draw(st.sampled_from(VARIANT_NAMES)),
        decimals=(draw(DECIMALS), draw(DECIMALS)),
        balances=draw(st.sampled_from([(), (10**20, 10**9)])),
    )


# One strategy a kind; the contract tests fail while a kind has none.
STATES: dict[str, st.SearchStrategy[State]] = {
    ConstantProduct.KIND: pools(0),
    Concentrated.KIND: st.builds(
        lambda state, hooked: replace(state, hooked=hooked),
        ticked_pools(),
        st.sampled_from([False, False, True]),
    ),
    ShareVault.KIND: vaults(),
    PriceFeed.KIND: feeds(),
    PythPrice.KIND: pyth_prices(),
    RedemptionRate.KIND: redemption_rates(),
    TickOracle.KIND: tick_oracles(),
    PairOracle.KIND: pair_oracles(),
    Holdings.KIND: held(),
    StableSwap.KIND: stables(),
    StableSwapMeta.KIND: metapools(),
    CryptoSwap.KIND: cryptos(),
    Solidly.KIND: solidlies(),
    KyberDMM.KIND: kybers(),
    Weighted.KIND: weighteds(),
    BalancerStable.KIND: balancer_stables(),
    CompoundMarket.KIND: compound_markets(),
    AaveReserve.KIND: aave_reserves(),
}


def states() -> st.SearchStrategy[State]:
    return st.one_of(*STATES.values())


TOKEN0 = Token(address(0xA0), 18, "AAA")
TOKEN1 = Token(address(0xB0), 18, "BBB")
SHARE = Token(address(0xC0), 18, "LP")
VAULT_SHARE = Token(address(0xC1), 18, "vLP")


def target_of(state: State, *, number: int = 1) -> Target:
    """A target that could have this state."""
    match state:
        case ConstantProduct():
            tokens: tuple[Token, ...] = (
                Token(TOKEN0.address, state.decimals0, "AAA"),
                Token(TOKEN1.address, state.decimals1, "BBB"),
            )
            return _target("uniswap_v2", number, state, tokens, 18)
        case Concentrated():
            pair = (
                Token(TOKEN0.address, state.decimals0, "AAA"),
                Token(TOKEN1.address, state.decimals1, "BBB"),
            )
            return Target(CHAIN, state.variant, address(number), state.KIND, tokens=pair)
        case ShareVault():
            tokens = (Token(TOKEN0.address, state.asset_decimals, "AAA"),)
            return _target("erc4626", number, state, tokens, state.share_decimals)
        case AaveReserve():
            tokens = (Token(TOKEN0.address, state.decimals, "AAA"),)
            return Target(CHAIN, "aave_v3", address(number), state.KIND, TOKEN0.address, tokens)
        case CompoundMarket():
            tokens = (Token(TOKEN0.address, state.decimals, "AAA"),)
            return _target("compound_v2", number, state, tokens, state.share_decimals)
        case PriceFeed():
            return Target(CHAIN, "chainlink", address(number), state.KIND)
        case PythPrice():
            return Target(CHAIN, "pyth", address(number), state.KIND, f"0x{number:064x}")
        case RedemptionRate():
            of = Asked("getRate", state.decimals, TOKEN0.address, TOKEN1.address)
            return Target(
                CHAIN,
                PROTOCOL,
                address(number),
                state.KIND,
                key_of(of),
                (TOKEN0, TOKEN1),
                params={"getter": "getRate", "decimals": state.decimals},
            )
        case TickOracle() | PairOracle():
            pair = (
                Token(TOKEN0.address, state.decimals0, "AAA"),
                Token(TOKEN1.address, state.decimals1, "BBB"),
            )
            protocol = "uniswap_v3_twap" if isinstance(state, TickOracle) else "uniswap_v2_twap"
            return Target(
                CHAIN,
                protocol,
                address(number),
                state.KIND,
                str(state.window),
                pair,
                params={"window": state.window},
            )
        case Holdings():
            own = zip((TOKEN0, TOKEN1, SHARE, VAULT_SHARE), state.decimals, strict=True)
            tokens = tuple(Token(each.address, places, each.symbol) for each, places in own)
            params: dict[str, Param] = {"position_managers": address(0xD0), "assets": 2}
            return Target(
                CHAIN, "holdings", address(number), state.KIND, "treasury", tokens, params=params
            )
        case StableSwap():
            tokens = _tokens((*state.decimals, *state.underlying_decimals))
            return _target("curve_stableswap", number, state, tokens, 18, variant=state.variant)
        case Weighted():
            return _target("balancer", number, state, _tokens(state.decimals), 18)
        case BalancerStable():
            itself = Token(address(number), 18, "LP")
            places = enumerate(_tokens(state.decimals))
            tokens = tuple(itself if k == state.bpt_index else each for k, each in places)
            return _target("balancer", number, state, tokens, 18)
        case StableSwapMeta():
            tokens = _tokens((*state.pool.decimals, *state.base.decimals))
            return _target("curve_metapool", number, state, tokens, 18)
        case CryptoSwap():
            return _target("curve_cryptoswap", number, state, _tokens(state.decimals), 18)
        case Solidly():
            tokens = _tokens((state.decimals0, state.decimals1))
            return _target("solidly", number, state, tokens, 18)
        case KyberDMM():
            tokens = _tokens((state.decimals0, state.decimals1))
            return _target("kyber_dmm", number, state, tokens, 18)


def _tokens(decimals: tuple[int, ...]) -> tuple[Token, ...]:
    return tuple(Token(address(0xA0 + k), d, f"T{k}") for k, d in enumerate(decimals))


def _target(
    protocol: str,
    number: int,
    state: State,
    tokens: tuple[Token, ...],
    decimals: int,
    **params: Param,
) -> Target:
    return Target(
        CHAIN,
        protocol,
        address(number),
        state.KIND,
        tokens=tokens,
        share=Token(address(number), decimals, "LP"),
        params=params,
    )


def fixed(token: Address, value: float, *, ancestry: tuple[str, ...] = ()) -> Price:
    return Price(token=token, value=value, source="fixed", ancestry=ancestry)


def subject_of(
    state: State,
    prices: tuple[float, float] = (1.0, 1.0),
    *,
    number: int = 1,
    previous: State | None = None,
) -> Subject:
    """The state with its prices; the target's number tells equal states apart."""
    target = target_of(state, number=number)
    tokens = dict.fromkeys((TOKEN0.address, TOKEN1.address, *(t.address for t in target.tokens)))
    known = {token: fixed(token, prices[place % 2]) for place, token in enumerate(tokens)}
    if isinstance(state, ShareVault) and target.share is not None:
        known = {
            TOKEN0.address: known[TOKEN0.address],
            target.share.address: fixed(target.share.address, prices[1]),
        }
    mean = None
    if isinstance(state, PairOracle):
        mean = read_pair_oracle(
            state, state, timestamp=state.timestamp_last + 2 * state.window, is_token0=True
        )
    return Subject(target, state, previous, known, mean=mean)


PRICES = st.floats(1e-12, 1e12)


@st.composite
def subjects(draw: st.DrawFn, kind: str | None = None, *, number: int = 1) -> Subject:
    """A target with or without a state, a state before it, and prices; of any kind unless told."""
    state = draw(states() if kind is None else STATES[kind])
    previous = draw(st.none() | st.just(state) | STATES[state.KIND])
    subject = subject_of(state, (draw(PRICES), draw(PRICES)), number=number, previous=previous)
    if draw(st.integers(0, 4)) == 0:
        subject = replace(subject, state=None, reason="target is reverted")
    if draw(st.integers(0, 4)) == 0:
        last = list(subject.prices)[-1]
        unknown = unknown_price(last, "the feed is stale (heartbeat 60 s)")
        subject = replace(subject, prices={**subject.prices, last: unknown})
    if draw(st.integers(0, 9)) == 0:
        own = replace(subject.prices[TOKEN0.address], ancestry=(subject.target.id,))
        subject = replace(subject, prices={**subject.prices, TOKEN0.address: own})
    return subject
