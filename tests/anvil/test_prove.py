"""Plans of findings simulated on the real contracts: what was predicted happens, to the wei, by
both engines, over states that drawn trades have made."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tests.support.effort import examples
from tests.support.proving import (
    CURVE,
    OTHERS,
    PAIRS,
    VAULTS,
    Stage,
    executed,
    part,
    stage_of,
    through,
    worths,
)
from tests.support.world import LocalWorld
from watcher.devnet.artifacts import Toolchain
from watcher.devnet.draft import Draft
from watcher.devnet.moves import coins, vaults
from watcher.devnet.moves.trades import sell, sell_over_ticks
from watcher.devnet.places import CoinPool, TickPool
from watcher.errors import MathError
from watcher.math.exact.concentrated import swap
from watcher.math.exact.shares import preview_deposit
from watcher.math.exploitability.inflation import griefing, inflation, outcome
from watcher.math.exploitability.sandwich import Victim, sandwich
from watcher.math.exploitability.terms import Terms
from watcher.math.exploitability.to_reference import bring_to_reference
from watcher.math.exploitability.trading import Market, Traded, join, leave, lp_token, trade
from watcher.math.families.share_vault import share_totals
from watcher.state import ShareVault, State
from watcher.state.concentrated import Concentrated
from watcher.state.finding import (
    Account,
    Action,
    Finding,
    Proof,
    Role,
    Worth,
    total,
)
from watcher.state.stableswap import StableSwap

pytestmark = pytest.mark.anvil

TOLERANCE = Fraction(1, 20)


@pytest.fixture(scope="module")
def stage(fork_site: LocalWorld, toolchain: Toolchain) -> Stage:
    return stage_of(fork_site, toolchain)


sizes = st.floats(2, 12)
coin = st.integers(0, 1)


@pytest.mark.proves("constant_product", "UniswapV2Pair", moves=("swap", "mint", "burn"))
@settings(max_examples=examples(4, deep=100), phases=[Phase.generate])
@given(name=st.sampled_from(PAIRS), first=coin, before=sizes, size=sizes, price=st.floats(0.5, 2))
def test_pairs(
    stage: Stage, name: str, first: int, before: float, size: float, price: float
) -> None:
    pair = stage.node.world.pair(name)
    state = stage.market(name).state
    held_in = (state.reserve0, state.reserve1)[first]  # type: ignore[union-attr]
    token_in = (pair.token0, pair.token1)[first]
    trader = stage.node.world.actors.trader
    with stage.moved(lambda draft: sell(draft, trader, pair, token_in, part(before, held_in))):
        market = stage.market(name)
        worth = worths(market, price, 1.0)
        assert executed(
            stage, bring_to_reference(market, worth=worth, terms=Terms()), market
        ) or price == pytest.approx(1, rel=0.5)
        victim = Victim(first, 1 - first, part(size, held_in), TOLERANCE)
        squeezed = sandwich(market, victim, worth=worth, terms=Terms())
        assert executed(stage, squeezed, market) or squeezed.reason
        added = join(market, [part(size, held) for held in _balances(market.state)])
        minted = dict(added.taken)[lp_token(market)]
        assert executed(stage, through(market, added, leave(added.market, minted, None)), market)


def _balances(state: State) -> tuple[int, ...]:
    return (state.balance0, state.balance1)  # type: ignore[union-attr]


@settings(max_examples=examples(4, deep=100), phases=[Phase.generate])
@given(number=st.integers(0, 3), first=coin, before=sizes, size=sizes, price=st.floats(0.98, 1.02))
def test_pools_with_ticks(
    stage: Stage, number: int, first: int, before: float, size: float, price: float
) -> None:
    pools = stage.node.world.tick_pools
    pool = pools[number % len(pools)]
    market = stage.market(pool.name)
    with stage.moved(
        lambda draft: _sell_in(draft, pool, first, part(before, _virtual(market, first)))
    ):
        market = stage.market(pool.name)
        spot = _price(market)
        worth = worths(market, spot * price, 1.0)
        found = bring_to_reference(market, worth=worth, terms=Terms())
        assert executed(stage, found, market) or price == pytest.approx(1, rel=0.011)
        victim = Victim(first, 1 - first, part(size, _virtual(market, first)), TOLERANCE)
        try:
            squeezed = sandwich(market, victim, worth=worth, terms=Terms())
        except MathError:
            # the liquidity that there is ends before
            return
        assert executed(stage, squeezed, market) or squeezed.reason


def _sell_in(draft: Draft, pool: TickPool, first: int, amount: int) -> None:
    found = swap(draft.pool_state(pool), amount, zero_for_one=first == 0)
    token = (pool.token0, pool.token1)[first]
    sell_over_ticks(draft, draft.world.actors.trader, pool, token, found)


def _virtual(market: Market, coin_in: int) -> int:
    state = market.state
    assert isinstance(state, Concentrated)
    price = state.sqrt_price_x96
    return (state.liquidity << 96) // price if coin_in == 0 else state.liquidity * price >> 96


def _price(market: Market) -> float:
    """Of a whole token0 in whole tokens1."""
    state = market.state
    assert isinstance(state, Concentrated)
    scale = Fraction(10**state.decimals0, 10**state.decimals1)
    return float(Fraction(state.sqrt_price_x96**2, 2**192) * scale)


@pytest.mark.proves("stableswap", "CurveStableSwapNG", moves=("exchange", "add_liquidity"))
@settings(max_examples=examples(5, deep=100), phases=[Phase.generate])
@given(
    name=st.sampled_from(CURVE),
    first=st.integers(0, 3),
    second=st.integers(0, 2),
    before=sizes,
    size=sizes,
    price=st.floats(0.97, 1.03),
)
def test_stableswap_pools(
    stage: Stage, name: str, first: int, second: int, before: float, size: float, price: float
) -> None:
    pool = stage.node.world.coin_pool(name)
    i, j = _two(pool, first, second)
    market = stage.market(name)
    amount = part(before, _held(market, i))
    trader = stage.node.world.actors.trader
    with stage.moved(lambda draft: coins.exchange(draft, trader, pool, (i, j), amount)):
        market = stage.market(name)
        worth = worths(market, *(price if k == i else 1.0 for k in range(len(pool.coins))))
        found = bring_to_reference(market, worth=worth, terms=Terms())
        assert executed(stage, found, market) or found.reason
        victim = Victim(i, j, part(size, _held(market, i)), TOLERANCE)
        squeezed = sandwich(market, victim, worth=worth, terms=Terms())
        assert executed(stage, squeezed, market) or squeezed.reason
        there = trade(market, i, j, part(size, _held(market, i)))
        steps = [there, trade(there.market, j, i, there.amount_out)]
        if name.startswith("ng:"):
            amounts = [
                part(size, _held(market, k)) if k == i else 0 for k in range(len(pool.coins))
            ]
            steps = [join(market, amounts)]
            steps.append(leave(steps[0].market, dict(steps[0].taken)[lp_token(market)], j))
        assert executed(stage, through(market, *steps), market)


@pytest.mark.parametrize("protocol", OTHERS)
def test_other_pools_as_they_stand(stage: Stage, protocol: str) -> None:
    """There and back in each, and in and out where that is followed."""
    markets = [
        stage.market(name) for name, one in stage.targets.items() if one.protocol == protocol
    ]
    assert markets
    for market in markets:
        i, j = market.coins[-1], market.coins[0]
        there = trade(market, i, j, 10 ** market.target.tokens[i].decimals // 3)
        back = trade(there.market, j, i, there.amount_out)
        assert executed(stage, through(market, there, back), market)
        try:
            steps = _in_and_back(market)
        except MathError:
            assert protocol == "pancake_v3" or getattr(market.state, "withdraw_fee", False)
            continue
        assert executed(stage, through(market, *steps), market)


def _in_and_back(market: Market) -> tuple[Traded, Traded]:
    state = market.state
    amounts = [10**token.decimals // 7 for token in market.target.tokens]
    coin_out: int | None = market.coins[0]
    if market.target.protocol == "kyber_dmm":
        held_of = (state.reserve0, state.reserve1)  # type: ignore[union-attr]
        amounts, coin_out = [held // 1_000 for held in held_of], None
    added = join(market, amounts)
    return added, leave(added.market, dict(added.taken)[lp_token(market)], coin_out)


def _two(pool: CoinPool, first: int, second: int) -> tuple[int, int]:
    count = len(pool.coins)
    i = first % count
    return i, (i + 1 + second % (count - 1)) % count


def _held(market: Market, coin_in: int) -> int:
    assert isinstance(market.state, StableSwap)
    return market.state.balances[coin_in]


@pytest.mark.proves("share_vault", "SolmateVault", "OpenZeppelinVault", moves=("deposit", "redeem"))
@settings(max_examples=examples(4, deep=100), phases=[Phase.generate])
@given(name=st.sampled_from(VAULTS), gift=st.floats(0, 30), size=st.floats(0, 12))
def test_vaults(stage: Stage, name: str, gift: float, size: float) -> None:
    vault = stage.node.world.vault(name)
    depositor = stage.node.world.actors.depositor
    with stage.moved(lambda draft: vaults.give(draft, depositor, vault, int(2**gift))):
        market = stage.market(name)
        state = market.state
        assert isinstance(state, ShareVault)
        worth = Worth(1.0, vault.asset.decimals)
        victim = part(size, state.total_assets)
        for ask in (inflation, griefing):
            found = ask(market.target, state, victim=victim, worth=worth, terms=Terms())
            assert executed(stage, found, market) or found.reason
        assert executed(stage, _in_and_out(market, state, victim), market)


def _in_and_out(market: Market, state: ShareVault, assets: int) -> Finding:
    """A deposit beside a gift, redeemed at once, by our arithmetic."""
    done = outcome(state, first=assets, gift=assets // 7, victim=max(assets // 3, 1))
    asset, share = market.target.tokens[0].address, lp_token(market)
    own = _shares(state, assets)
    gift = ((asset, assets // 7),) if assets // 7 else ()
    back = done.attacker + assets + assets // 7
    spent = max(assets // 3, 1)
    got = ((share, done.victim_shares),)
    target_id = market.target.id
    paid = ((asset, done.victim + spent),) if done.victim + spent else ()
    steps = (
        Action(Role.ATTACKER, "deposit", target_id, ((asset, assets),), ((share, own),)),
        Action(Role.ATTACKER, "give", target_id, gift, ()),
        Action(Role.VICTIM, "deposit", target_id, ((asset, spent),), got),
        Action(Role.ATTACKER, "redeem", target_id, ((share, own),), ((asset, back),)),
        Action(Role.VICTIM, "redeem", target_id, got, paid),
    )
    accounts = (
        Account(Role.ATTACKER, "", total([((asset, done.attacker),)])),
        Account(Role.VICTIM, "", total([((asset, done.victim),)])),
        Account(Role.LIQUIDITY, target_id, total([((asset, done.others),)])),
    )
    return Finding(
        attack="share_price",
        goal="griefing",
        target_ids=(target_id,),
        proof=Proof.EXECUTED,
        accounts=tuple(each for each in accounts if each.deltas or each.role is Role.ATTACKER),
        plan=tuple(each for each in steps if each.gives and dict(each.gives).get(share, 1)),
    )


def _shares(state: ShareVault, assets: int) -> int:
    return preview_deposit(assets, share_totals(state))
