"""States for hypothesis and by hand, of every size that the contracts can hold."""

# Tests know the numbers from here.
# ruff: noqa: PLC0414

from __future__ import annotations

from dataclasses import replace

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
from tests.support.strategies_compound import aave_reserves, compound_markets
from tests.support.strategies_lending import lockboxes, morpho_markets, peg_modules, set_tokens
from tests.support.strategies_oracles import (
    pair_oracles,
    pyth_prices,
    redemption_rates,
    tick_oracles,
)
from tests.support.strategies_pools import cryptos, kybers, solidlies
from tests.support.strategies_simple import FEES as FEES
from tests.support.strategies_simple import Trade as Trade
from tests.support.strategies_simple import address as address
from tests.support.strategies_simple import feed as feed
from tests.support.strategies_simple import feeds as feeds
from tests.support.strategies_simple import pool as pool
from tests.support.strategies_simple import pools as pools
from tests.support.strategies_simple import trades as trades
from tests.support.strategies_simple import vault as vault
from tests.support.strategies_simple import vaults as vaults
from tests.support.strategies_stable import metapool as metapool
from tests.support.strategies_stable import metapools as metapools
from tests.support.strategies_stable import stable as stable
from tests.support.strategies_stable import stables as stables
from tests.support.strategies_ticks import VARIANT_NAMES as VARIANT_NAMES
from tests.support.strategies_ticks import ticked as ticked
from tests.support.strategies_ticks import ticked_pools as ticked_pools
from tests.support.strategies_vaults import yearn as yearn
from tests.support.strategies_vaults import yearns
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
    Lockbox,
    MorphoMarket,
    PairOracle,
    PegStability,
    Price,
    PriceFeed,
    PythPrice,
    RedemptionRate,
    SetToken,
    ShareVault,
    Solidly,
    StableSwap,
    StableSwapMeta,
    State,
    Target,
    TickOracle,
    Token,
    Weighted,
    YearnVault,
)
from watcher.state.price import unknown_price
from watcher.state.target import Param

CHAIN = 31337

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
    YearnVault.KIND: yearns(),
    MorphoMarket.KIND: morpho_markets(),
    PegStability.KIND: peg_modules(),
    SetToken.KIND: set_tokens(),
    Lockbox.KIND: lockboxes(),
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
        case YearnVault():
            tokens = (Token(TOKEN0.address, state.decimals, "AAA"),)
            protocol = "yearn_v3" if state.is_v3 else "yearn_v2"
            version = state.version
            return _target(protocol, number, state, tokens, state.decimals, version=version)
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
        case Lockbox():
            (locked,) = _tokens((state.locked_decimals,))
            held_by: dict[str, Param] = {"holders": address(0xE6), "liability": ""}
            return Target(
                CHAIN,
                "lockbox",
                address(number),
                state.KIND,
                "bridge",
                (locked,),
                Token(address(0xE7), state.issued_decimals, "LP"),
                params=held_by,
            )
        case SetToken():
            tokens = _tokens(state.decimals)
            weights = "1/4 1/4 1/2" if state.weights else ""
            params = {"weights": weights, "band": "1/50", "valuer": address(0xE5), "quote": ""}
            return _target("set_token", number, state, tokens, 18, **params)
        case PegStability():
            tokens = _tokens((state.stable_decimals, state.minted_decimals))
            return Target(CHAIN, "venus_psm", address(number), state.KIND, tokens=tokens)
        case MorphoMarket():
            tokens = _tokens((state.loan_decimals, state.collateral_decimals))
            params = {
                "oracle": address(0xE0),
                "irm": address(0xE1),
                "lltv": state.lltv,
                "accounts": f"{address(0xE2)} {address(0xE3)}",
            }
            key = f"0x{number:064x}"
            return Target(
                CHAIN, "morpho_blue", address(0xE4), state.KIND, key, tokens, params=params
            )


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
