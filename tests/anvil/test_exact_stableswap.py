"""The real pools decide: what they pay, mint, burn and keep is what we say, to the wei, and where
they revert we raise."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest
from hypothesis import event, given, reject, settings
from hypothesis import strategies as st

from tests.support.effort import examples
from tests.support.numbers import SHARES, portion, sizes
from tests.support.real_stableswaps import (
    MAKER,
    NG,
    SOLIDITY,
    VYPER,
    WEALTH,
    Birth,
    Dialect,
    Place,
    Story,
    VaultCoin,
    curve_pool,
    filled,
    ng_pool,
    plays,
    saddle_pool,
    vault_share,
)
from tests.support.stableswap_moves import Move, Outcome, Views, play, viewed
from tests.support.strategies import stable
from watcher.chain.anvil import AnvilOptions, run_anvil
from watcher.devnet.artifacts import Artifacts, Toolchain
from watcher.devnet.deploy.site import Site
from watcher.devnet.local_chain import LocalChain
from watcher.errors import MathError
from watcher.math.exact.stableswap import Pool, get_D, scaled
from watcher.math.families.stableswap import pool_of
from watcher.math.quotes import quote_exact_in
from watcher.protocols import ADAPTERS
from watcher.state.call import Answer, Static
from watcher.state.stableswap import StableSwap, StableSwapVariant
from watcher.state.target import Target
from watcher.state.token import Address, Token, to_address

pytestmark = pytest.mark.anvil

on_chain = settings(max_examples=examples(25, deep=200))
MOST_COINS = 4
ERC4626 = 3
"""The asset type of NG for a coin whose rate is its own conversion."""


@dataclass(frozen=True, slots=True)
class Bench:
    """A chain with four coins that anybody may mint."""

    chain: LocalChain
    artifacts: Artifacts
    coins: tuple[Address, ...]


@pytest.fixture(scope="module")
def bench(toolchain: Toolchain) -> Iterator[Bench]:
    options = AnvilOptions(genesis_timestamp=1_700_000_000, automine=False)
    with run_anvil(toolchain.anvil, options) as anvil:
        chain = LocalChain(anvil.url)
        site = Site(chain, toolchain.artifacts)
        builder = to_address(chain.request("eth_accounts")[0])
        coins = tuple(site.create(builder, "Token", "Coin", "C", 18) for _ in range(MOST_COINS))
        site.mine()
        yield Bench(chain, toolchain.artifacts, coins)


@dataclass(frozen=True, slots=True)
class Family:
    """A contract that is deployable, and the pools that it can be."""

    variant: StableSwapVariant
    birth: Birth
    dialect: Dialect
    kinds: tuple[str, ...]
    decimals: tuple[int, ...] | None
    most_admin_fee: int


GEN1 = Family(
    "gen1", curve_pool, VYPER, ("exchange", "add", "remove", "imbalance"), (18, 6, 6, 18), 5 * 10**9
)
CONNEXT = Family(
    "connext",
    saddle_pool,
    SOLIDITY,
    ("exchange", "swap_out", "add", "remove", "imbalance", "one_coin"),
    None,
    10**10 - 1,
)


NG_EARLY = Family(
    "ng_early",
    ng_pool,
    NG,
    ("exchange", "add", "remove", "imbalance", "one_coin"),
    None,
    5 * 10**9,
)
OFFPEG = st.sampled_from([0, 10**10, 2 * 10**10, 50 * 10**10])


@st.composite
def pools(draw: st.DrawFn, family: Family) -> Pool:
    """Out of balance by up to 1000:1, with the LP tokens that its first deposit mints."""
    decimals = family.decimals or tuple(
        draw(st.lists(st.sampled_from([2, 6, 8, 18]), min_size=2, max_size=MOST_COINS))
    )
    size = draw(sizes(1, 10**10))
    parts = [draw(st.integers(1, 1000)) for _ in decimals]
    pool = pool_of(
        stable(
            tuple(size * part * 10**d // 10 + 1 for part, d in zip(parts, decimals, strict=True)),
            variant=family.variant,
            A=draw(sizes(1, 10**6 - 1)),
            fee=draw(st.sampled_from([0, 1, 1_000_000, 4_000_000, 10**8 - 1])),
            # NG's is written in its code
            admin_fee=family.most_admin_fee
            if family is NG_EARLY
            else draw(st.sampled_from([0, 1, family.most_admin_fee])),
            offpeg_fee_multiplier=draw(OFFPEG) if family is NG_EARLY else 0,
            decimals=decimals,
        )
    )
    return with_first_deposit(pool)


def with_first_deposit(pool: Pool) -> Pool:
    """With the LP tokens of its first deposit; some balances let Newton's method go round."""
    try:
        return replace(pool, total_supply=get_D(pool, scaled(pool.balances, pool.rates)))
    except MathError:
        reject()


@st.composite
def moves(draw: st.DrawFn, family: Family, pool: Pool) -> Move:
    """From nothing and one wei to nearly the whole pool, and beyond."""
    n = len(pool.balances)
    kind = draw(st.sampled_from(family.kinds))
    i = draw(st.integers(0, n - 1))
    j = (i + draw(st.integers(1, n - 1))) % n

    def some(whole: int) -> int:
        return draw(
            st.one_of(
                st.builds(portion, st.just(whole), SHARES),
                sizes(0, 2 * whole),
                st.integers(0, 3),
            )
        )

    match kind:
        case "exchange":
            return Move(kind, (i, j, some(4 * pool.balances[i])))
        case "swap_out":
            return Move(kind, (i, j, some(pool.balances[j])))
        case "add" | "imbalance":
            zero = st.booleans()
            amounts = tuple(0 if draw(zero) else some(balance) for balance in pool.balances)
            return Move(kind, amounts)
        case "remove":
            return Move(kind, (some(pool.total_supply),))
        case _:
            return Move(kind, (some(pool.total_supply), i))


def expectations(
    pool: Pool, chosen: list[Move]
) -> tuple[list[tuple[Outcome | None, Views]], list[int]]:
    """What we say of each move and of the views before it, and our supply before each."""
    expected, supplies = [], []
    for move in chosen:
        supplies.append(pool.total_supply)
        views = viewed(pool, move)
        outcome, pool = play(pool, move)
        expected.append((outcome, views))
    return expected, supplies


def agrees(bench: Bench, family: Family, pool: Pool, chosen: list[Move]) -> None:
    expected, supplies = expectations(pool, chosen)
    found = plays(
        Story(bench.chain, bench.artifacts),
        family.birth,
        family.dialect,
        pool=pool,
        coins=bench.coins[: len(pool.balances)],
        moves=chosen,
        supplies=supplies,
    )
    for move, real, (outcome, (price, view)) in zip(chosen, found, expected, strict=True):
        event(f"{move.kind} {'reverts' if outcome is None else 'is done'}")
        assert real.outcome == outcome, move
        assert real.virtual_price == price, move
        if family.dialect.look(move) is not None:
            assert real.view == view, move


@pytest.mark.parametrize("family", [GEN1, CONNEXT, NG_EARLY], ids=lambda family: family.variant)
@on_chain
@given(data=st.data())
def test_every_move_does_to_the_wei_what_we_say(
    bench: Bench, family: Family, data: st.DataObject
) -> None:
    pool = data.draw(pools(family))
    agrees(bench, family, pool, data.draw(st.lists(moves(family, pool), min_size=1, max_size=4)))


@on_chain
@given(data=st.data(), gift=sizes(0, WEALTH), offpeg=OFFPEG)
def test_a_coin_that_is_a_vaults_share_counts_at_the_vaults_rate(
    bench: Bench, data: st.DataObject, gift: int, offpeg: int
) -> None:
    """NG asks convertToAssets of one whole share at every move."""
    coin = VaultCoin(assets=WEALTH, gift=gift)
    pool = with_first_deposit(
        pool_of(
            stable(
                tuple(data.draw(sizes(10**18, 10**28)) for _ in range(2)),
                variant="ng_early",
                A=data.draw(sizes(1, 10**5)),
                offpeg_fee_multiplier=offpeg,
                prices=(coin.rate, 10**18),
            )
        )
    )
    chosen = data.draw(st.lists(moves(NG_EARLY, pool), min_size=1, max_size=3))
    story = Story(bench.chain, bench.artifacts)
    share = vault_share(story, bench.coins[0], coin)

    def birth(story: Story, pool: Pool, coins: tuple[Address, ...]) -> tuple[Address, Address]:
        one = 10**18
        return ng_pool(story, pool, coins, multipliers=(one, one), types=(ERC4626, 0))

    expected, supplies = expectations(pool, chosen)
    found = plays(
        story,
        birth,
        NG,
        pool=pool,
        coins=(share, bench.coins[1]),
        moves=chosen,
        supplies=supplies,
        own=(share,),
    )
    for move, real, (outcome, (price, _)) in zip(chosen, found, expected, strict=True):
        assert real.outcome == outcome, move
        assert real.virtual_price == price, move


@pytest.mark.parametrize("family", [GEN1, CONNEXT, NG_EARLY], ids=lambda family: family.variant)
@on_chain
@given(data=st.data())
def test_what_the_adapter_reads_of_any_pool_quotes_what_the_pool_pays(
    bench: Bench, family: Family, data: st.DataObject
) -> None:
    """Each view in the gas that it is allowed."""
    pool = data.draw(pools(family))
    coins = bench.coins[: len(pool.balances)]
    story = Story(bench.chain, bench.artifacts)
    place = filled(story, family.birth, family.dialect, pool=pool, coins=coins)
    target = target_at(bench, family, place, pool)
    adapter = ADAPTERS[target.protocol]
    asked = [story.read(call) for call in adapter.calls(target) if isinstance(call, Static)]
    i, j = data.draw(st.permutations(range(len(coins))))[:2]
    amount = data.draw(sizes(1, 4 * pool.balances[i]))
    before = story.later(coins[j], "balanceOf(address)", MAKER)
    signature, args = family.dialect.ask(Move("exchange", (i, j, amount)), coins, most=0)
    done = story.later(place.pool, signature, *args)
    after = story.later(coins[j], "balanceOf(address)", MAKER)
    replies = story.play()
    answers = [Answer(one.ok, one.data, len(one.data)) for one in (replies[n] for n in asked)]
    state = adapter.decode(target, answers)
    assert isinstance(state, StableSwap)
    assert pool_of(state) == pool
    try:
        wanted = quote_exact_in(state, i, j, amount).amount_out
    except MathError:
        event("refused")
        assert not replies[done].ok
        return
    assert replies[done].ok
    assert int.from_bytes(replies[after].data) - int.from_bytes(replies[before].data) == wanted


def target_at(bench: Bench, family: Family, place: Place, pool: Pool) -> Target:
    """As `identify` tells it."""
    tokens = tuple(
        Token(coin, 36 - (len(str(rate)) - 1), "C")
        for coin, rate in zip(place.coins, pool.rates, strict=True)
    )
    return Target(
        chain_id=bench.chain.chain_id,
        protocol="saddle" if family is CONNEXT else "curve_stableswap",
        address=place.pool,
        kind=StableSwap.KIND,
        tokens=tokens,
        share=Token(place.share, 18, "LP"),
        params={"variant": family.variant, "stored_rates": family is NG_EARLY},
    )
