"""The graph of prices: independence, votes, and why there is no price."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from tests.support.strategies import CHAIN, address, feed, pool, ticked, vault
from watcher.math.prices import CIRCULAR, NOT_INDEPENDENT, Book, decide, graph_of
from watcher.math.prices.pools import read_pair, read_pool, read_redemption
from watcher.math.settings import PriceSource, Settings, Votes
from watcher.math.subject import EARLIER, PRICE, SELF, assemble, roles, windows
from watcher.math.vault_measures import vault_measures
from watcher.state import (
    Address,
    Observation,
    PairOracle,
    Price,
    PriceStatus,
    State,
    Status,
    Target,
    TickOracle,
    Token,
)
from watcher.state.token import NATIVE_COINS, ZERO_ADDRESS

NOW = 100_000
COIN = Token(address(0xA0), 18, "COIN")
DOLLAR = Token(address(0xB0), 18, "USD")
SHARE = Token(address(0xC0), 18, "SHARE")
FEED = Target(CHAIN, "chainlink", address(1), "price_feed")
PAIR = Target(CHAIN, "uniswap_v2", address(2), "constant_product", tokens=(COIN, DOLLAR))
OTHER = Target(CHAIN, "uniswap_v2", address(3), "constant_product", tokens=(COIN, DOLLAR))
MEAN = Target(
    CHAIN,
    "uniswap_v3_twap",
    address(4),
    "tick_oracle",
    "600",
    (COIN, DOLLAR),
    params={"window": 600},
)
SUMS = replace(MEAN, protocol="uniswap_v2_twap", address=PAIR.address, kind="pair_oracle")
VAULT = Target(CHAIN, "erc4626", SHARE.address, "share_vault", tokens=(COIN,), share=SHARE)


def source(kind: str, target: Target, **more: object) -> PriceSource:
    known = PriceSource(CHAIN, COIN.address, "fixed", target.id, address=target.address)
    return replace(known, source=kind, quote=DOLLAR.address, **more)  # type: ignore[arg-type]


PEGGED = PriceSource(CHAIN, DOLLAR.address, "fixed", value=1.0)
FED = replace(source("chainlink", FEED), quote="", heartbeat=3_600)
SPOT = source("spot", PAIR)
FURTHER = source("spot", OTHER)
TIMED = source("uniswap_v3_twap", MEAN, window=600)
SUMMED = source("uniswap_v2_twap", SUMS, window=600)
REDEEMED = replace(source("redemption", VAULT), token=SHARE.address, quote=COIN.address)


def book(
    *sources: PriceSource,
    judged: Target | None = None,
    earlier: dict[str, Observation] | None = None,
    **states: State,
) -> Book:
    """The states are those of the targets of the same names; a feed answers 2,000 unless told."""
    targets = {"fed": FEED, "pair": PAIR, "other": OTHER, "mean": MEAN, "sums": SUMS, "safe": VAULT}
    found: dict[str, State] = {"fed": feed(2_000 * 10**8, updated_at=NOW), **states}
    observed = {
        targets[name].id: Observation(targets[name].id, Status.OK, state)
        for name, state in found.items()
    }
    settings = Settings("USD", (1.0,), (*sources, PEGGED))
    return Book(settings, CHAIN, observed, earlier or {}, timestamp=NOW, judged=judged)


def pair(price: int, *, coins: int = 1_000) -> State:
    return pool(coins * 10**18, price * coins * 10**18)


def test_a_pools_spot_is_in_its_quote_token_and_that_in_money() -> None:
    dear = replace(PEGGED, value=1.02)
    found = Book(
        Settings("USD", (1.0,), (SPOT, dear)),
        CHAIN,
        {PAIR.id: Observation(PAIR.id, Status.OK, pair(2_000))},
        {},
        timestamp=NOW,
    ).price(COIN.address)
    assert found.value == pytest.approx(2_040.0)
    assert (found.ancestry, found.age(NOW), found.status) == (
        (PAIR.id, PAIR.address),
        0,
        PriceStatus.OK,
    )
    assert found.confidence == pytest.approx(0.003)


def test_a_pool_as_its_own_only_source_has_no_independent_reference() -> None:
    """Null, never 0, whether the pool is the source itself or what a quote token comes from."""
    for sources in ((SPOT,), (SUMMED,), (SPOT, SUMMED)):
        found = book(*sources, judged=PAIR, pair=pair(2_000)).price(COIN.address)
        assert (math.isnan(found.value), found.reason) == (True, NOT_INDEPENDENT)
    through = replace(SPOT, derived_from=(FEED.address,))
    assert (
        book(through, judged=FEED, pair=pair(2_000)).price(COIN.address).reason == NOT_INDEPENDENT
    )
    share = book(REDEEMED, SPOT, judged=PAIR, pair=pair(2_000), safe=vault()).price(SHARE.address)
    assert not share.known
    assert NOT_INDEPENDENT in share.reason


def test_holdings_are_not_judged_by_a_pool_whose_shares_they_hold() -> None:
    """Whoever holds a pool moves its price, its spot as well as its mean."""
    lp = Token(PAIR.address, 18, "LP")
    held = Target(
        CHAIN, "holdings", address(8), "holdings", "us", (COIN, DOLLAR, lp), params={"assets": 2}
    )
    for sources in ((SPOT,), (SUMMED,), (SPOT, SUMMED)):
        found = book(*sources, judged=held, pair=pair(2_000)).price(COIN.address)
        assert (math.isnan(found.value), found.reason) == (True, NOT_INDEPENDENT)
    both = book(SPOT, FED, judged=held, pair=pair(1_000)).price(COIN.address)
    assert (both.value, both.votes) == (2_000, ())
    elsewhere = replace(held, tokens=(COIN, DOLLAR, lp), params={"assets": 3})
    assert book(SPOT, judged=elsewhere, pair=pair(1_000)).price(COIN.address).value == 1_000
    graph = graph_of(Settings("USD", (1.0,), (SPOT, PEGGED)))
    assert (graph.judges(held), graph.judges(elsewhere)) == (True, False)


def test_a_vaults_share_is_not_judged_by_its_own_conversion() -> None:
    assert book(REDEEMED, FED, safe=vault()).price(SHARE.address).value == pytest.approx(2_000)
    own = book(REDEEMED, FED, judged=VAULT, safe=vault())
    assert own.price(SHARE.address).reason == NOT_INDEPENDENT
    assert own.price(COIN.address).value == 2_000


def test_the_judged_has_no_vote_either() -> None:
    """A pool far off, with a second one like it, must not outvote the feed that judges it."""
    for judged, value in ((None, 3_000), (PAIR, 2_000)):
        judging = book(
            FED, SPOT, FURTHER, judged=judged, pair=pair(3_000), other=pair(3_000)
        ).price(COIN.address)
        assert judging.value == pytest.approx(value)
    assert PAIR.id not in judging.ancestry
    assert (judging.value, judging.status) == (2_000, PriceStatus.DEGRADED)
    assert "chainlink and spot disagree by more than 0.02" in judging.reason


def test_an_outlier_loses_its_vote_and_the_reason_is_kept() -> None:
    found = book(FED, SPOT, FURTHER, pair=pair(2_500), other=pair(2_010)).price(COIN.address)
    assert (found.value, found.status) == (2_000, PriceStatus.OK)
    assert [vote.reason for vote in found.votes] == ["", "further than 0.05 from the median", ""]
    assert found.votes[1].value == pytest.approx(2_500)
    assert PAIR.id not in found.ancestry
    assert {FEED.id, OTHER.id} <= set(found.ancestry)


def test_a_stale_feed_loses_its_vote_and_the_others_go_on() -> None:
    stale = feed(9 * 10**8, updated_at=NOW - 3_601)
    found = book(FED, SPOT, FURTHER, fed=stale, pair=pair(2_000), other=pair(2_010))
    price = found.price(COIN.address)
    assert price.value == pytest.approx(2_000)
    assert price.source == "spot"
    assert price.votes[0].reason == "the feed is stale (heartbeat 3600 s)"
    assert math.isnan(price.votes[0].value)
    assert price.status is PriceStatus.OK


def test_few_that_are_left_of_many_make_a_degraded_price() -> None:
    thin = replace(SPOT, least_depth=1e9), replace(FURTHER, least_depth=1e9)
    found = book(FED, *thin, pair=pair(2_000), other=pair(2_000)).price(COIN.address)
    assert (found.value, found.status) == (2_000, PriceStatus.DEGRADED)
    assert found.reason == "only 1 of 3 sources have a vote"


def test_a_thin_pool_has_no_vote() -> None:
    """2,000,000 of the quote token stand in it: 1% moves it for 9,975."""
    for least, known in ((9_975.0, True), (9_976.0, False)):
        thin = replace(SPOT, least_depth=least)
        found = book(thin, pair=pair(2_000)).price(COIN.address)
        assert found.known is known
    assert found.reason == "the pool is thin (least depth 9976)"


def test_without_a_vote_the_price_says_each_reason() -> None:
    stale = feed(updated_at=1)
    found = book(FED, SPOT, fed=stale, pair=pool(0, 0)).price(COIN.address)
    assert found.status is PriceStatus.UNAVAILABLE
    assert found.reason == (
        "no source has a vote: chainlink: the feed is stale (heartbeat 3600 s); "
        "spot: a side of the pool is empty"
    )


def quoted(source: str, value: float, *, dead_band: float = 0.0) -> Price:
    return Price(COIN.address, value, source, ancestry=(source,), dead_band=dead_band)


def test_the_median_is_always_what_a_source_said() -> None:
    votes = Votes(outlier=1.0, disagreement=1.0)
    for values, chosen in (
        ((3.0, 1.0, 2.0), 2.0),
        ((1.0, 2.0), 1.0),
        ((2.0, 1.0), 2.0),
        ((1.3, 1.0, 1.2, 1.1), 1.2),
        ((1.3, 1.0, 1.1, 1.2), 1.1),
    ):
        candidates = [quoted(str(row), value) for row, value in enumerate(values)]
        assert decide(COIN.address, candidates, votes).value == chosen


def test_one_contract_has_one_vote_which_its_first_source_casts() -> None:
    """A pool's mean and its spot must not outvote a feed together."""
    candidates = [quoted("feed", 1.0), quoted("mean", 2.0), quoted("spot", 2.0)]
    read = ["0xF", "0xA", "0xA"]
    two = decide(COIN.address, candidates, Votes(), contracts=read)
    assert (two.value, two.status) == (1.0, PriceStatus.DEGRADED)
    assert [vote.reason for vote in two.votes] == ["", "", "its contract has a vote by mean"]
    assert "spot" not in two.ancestry
    silent = [candidates[0], replace(candidates[1], value=math.nan, reason="old"), candidates[2]]
    cast = decide(COIN.address, silent, Votes(), contracts=read)
    assert [vote.reason for vote in cast.votes] == ["", "old", ""]


def test_two_that_differ_are_both_kept_and_doubtful() -> None:
    far = decide(COIN.address, [quoted("a", 1.0), quoted("b", 2.0)], Votes())
    assert (far.value, far.reason) == (1.0, "a and b disagree by more than 0.02")
    assert [vote.reason for vote in far.votes] == ["", ""]
    near = decide(COIN.address, [quoted("a", 1.0), quoted("b", 1.019)], Votes())
    assert near.status is PriceStatus.OK


def test_what_a_feed_may_lag_is_no_disagreement() -> None:
    candidates = [quoted("a", 1.0, dead_band=0.01), quoted("b", 1.029)]
    assert decide(COIN.address, candidates, Votes()).status is PriceStatus.OK
    lagging = [quoted("a", 1.0), quoted("b", 1.0), quoted("c", 1.06, dead_band=0.02)]
    assert decide(COIN.address, lagging, Votes(disagreement=1.0)).votes[2].reason == ""


def test_a_circle_ends_and_says_so() -> None:
    back = replace(SPOT, token=DOLLAR.address, quote=COIN.address)
    settings = Settings("USD", (1.0,), (SPOT, back))
    observed = {PAIR.id: Observation(PAIR.id, Status.OK, pair(2_000))}
    found = Book(settings, CHAIN, observed, {}, timestamp=NOW).price(COIN.address)
    assert CIRCULAR in found.reason


@pytest.mark.parametrize("coin", NATIVE_COINS)
def test_the_native_coin_is_worth_what_it_is_wrapped_into(coin: Address) -> None:
    wrapped = PriceSource(CHAIN, coin, "wrapped", quote=COIN.address)
    banded = replace(FED, deviation=0.005)
    found, worth = (book(banded, wrapped).price(one) for one in (coin, COIN.address))
    assert (found.token, found.source, found.value) == (coin, "wrapped", 2_000.0)
    for name in ("value", "ancestry", "updated_at", "dead_band", "confidence", "reason"):
        assert getattr(found, name) == getattr(worth, name)


def test_the_native_coin_is_not_judged_by_what_judges_its_wrapper_alone() -> None:
    wrapped = PriceSource(CHAIN, ZERO_ADDRESS, "wrapped", quote=COIN.address)
    stale = book(FED, wrapped, fed=feed(2_000 * 10**8, updated_at=1)).price(ZERO_ADDRESS)
    assert stale.reason == f"no reference for {COIN.address}: the feed is stale (heartbeat 3600 s)"
    own = book(SPOT, wrapped, judged=PAIR, pair=pair(2_000)).price(ZERO_ADDRESS)
    assert math.isnan(own.value)
    assert NOT_INDEPENDENT in own.reason


EXTREMES = (0, 1, 2**112 - 1, 2**256 - 1)


@pytest.mark.parametrize("reserve0", EXTREMES)
@pytest.mark.parametrize("reserve1", EXTREMES)
def test_reserves_at_their_limits_give_a_finite_price_or_none(reserve0: int, reserve1: int) -> None:
    """FAULTS 30."""
    state = pool(reserve0, reserve1, decimals=(0, 77))
    reading = read_pair(state, is_token0=True)
    if reserve0 and reserve1:
        assert 0 < reading.value < math.inf
        assert reading.value == pytest.approx(reserve1 / reserve0 / 10**77)
    else:
        assert (math.isnan(reading.value), reading.reason) == (True, "a side of the pool is empty")
    assert not book(SPOT, pair=pool(0, reserve1)).price(COIN.address).known


def test_states_at_their_limits_are_finite_or_explicitly_undefined() -> None:
    """FAULTS 30 for pools with ticks and vaults."""
    dead = replace(ticked(), sqrt_price_x96=0)
    assert read_pool(dead, is_token0=True).reason == "the pool has no price yet"
    assert read_pool(ticked(), is_token0=False).value == pytest.approx(1.0)
    for assets in EXTREMES:
        for supply in EXTREMES:
            reading = read_redemption(vault(assets, supply))
            assert math.isnan(reading.value) == bool(reading.reason)
            assert reading.reason or 0 < reading.value < math.inf


def mean_of(tick: int, *, liquidity: int = 10**24) -> TickOracle:
    return TickOracle(600, tick, liquidity, 2**96, 18, 18)


def test_a_mean_over_ticks_is_read_both_ways_and_has_a_depth() -> None:
    found = book(TIMED, mean=mean_of(6_932)).price(COIN.address)
    assert found.value == pytest.approx(2.0, rel=1e-4)
    turned = replace(TIMED, token=DOLLAR.address, quote=COIN.address)
    settings = Settings("USD", (1.0,), (turned, replace(PEGGED, token=COIN.address)))
    observed = {MEAN.id: Observation(MEAN.id, Status.OK, mean_of(6_932))}
    back = Book(settings, CHAIN, observed, {}, timestamp=NOW).price(DOLLAR.address)
    assert back.value == pytest.approx(1 / found.value)
    # Liquidity of 10**6 whole tokens: sqrt(2) * 0.00499 of the quote move the price by 1%.
    for least, known in ((7_053.0, True), (7_054.0, False)):
        thin = book(replace(TIMED, least_depth=least), mean=mean_of(6_932))
        assert thin.price(COIN.address).known is known


def sums(at: int, price0: int, reserves: tuple[int, int]) -> PairOracle:
    return PairOracle(600, price0 << 112, 0, at % 2**32, *reserves, 18, 18)


def test_a_mean_over_sums_needs_what_was_in_force_when_it_began() -> None:
    """A price of 2 for 300 s, then of 4 for 300 s, of which nothing is written yet."""
    begun = sums(NOW - 5_000, 7, (10**18, 2 * 10**18))
    # Until NOW - 300 the price was 2: 4,700 s of it were written then.
    now = sums(NOW - 300, 7 + 2 * 4_700, (10**18, 4 * 10**18))
    earlier = {SUMS.id: Observation(SUMS.id, Status.OK, begun)}
    found = book(SUMMED, earlier=earlier, sums=now).price(COIN.address)
    assert found.value == pytest.approx(3.0)
    alone = book(SUMMED, sums=now).price(COIN.address)
    assert alone.reason == "the pool was not watched for the whole window"


def test_the_sums_wrap_as_the_contracts_do() -> None:
    start = 2**32 - 100
    begun = replace(sums(start, 0, (10**18, 10**18)), price0_cumulative_last=2**256 - 5)
    now = replace(begun, timestamp_last=(start + 200) % 2**32)
    now = replace(
        now, price0_cumulative_last=(begun.price0_cumulative_last + (200 << 112)) % 2**256
    )
    settings = Settings("USD", (1.0,), (SUMMED, PEGGED))
    held = {SUMS.id: Observation(SUMS.id, Status.OK, now)}
    before = {SUMS.id: Observation(SUMS.id, Status.OK, begun)}
    found = Book(settings, CHAIN, held, before, timestamp=start + 700).price(COIN.address)
    assert found.value == pytest.approx(1.0)


def test_a_sum_may_wrap_within_the_window() -> None:
    begun = replace(sums(NOW - 600, 0, (10**18, 10**18)), price0_cumulative_last=2**256 - 5)
    settings = Settings("USD", (1.0,), (SUMMED, PEGGED))
    held = {SUMS.id: Observation(SUMS.id, Status.OK, begun)}
    found = Book(settings, CHAIN, held, held, timestamp=NOW).price(COIN.address)
    assert found.value == pytest.approx(1.0)


def test_the_roles_are_every_source_that_may_judge_and_where_a_mean_began() -> None:
    settings = Settings("USD", (1.0,), (FED, SPOT, SUMMED, PEGGED))
    coin = PRICE + COIN.address
    assert roles(OTHER, settings) == {
        SELF: OTHER.id,
        coin: FEED.id,
        f"{coin}:2": PAIR.id,
        f"{coin}:3": SUMS.id,
        EARLIER + SUMS.id: SUMS.id,
    }
    assert roles(PAIR, settings) == {SELF: PAIR.id, coin: FEED.id}
    assert windows(OTHER, settings) == {SUMS.id: 600}
    assert windows(SUMS, Settings("USD", (1.0,), ())) == {SUMS.id: 600}


def test_a_vault_is_compared_with_the_market_of_its_share() -> None:
    market = replace(source("spot", OTHER), token=SHARE.address)
    settings = Settings("USD", (1.0,), (FED, REDEEMED, market, PEGGED))
    # A share that redeems 1 coin, worth 2,000, is sold for 1,000; the pool's token 1 is the share.
    observed = {
        VAULT.id: Observation(VAULT.id, Status.OK, vault(10**21, 10**21)),
        FEED.id: Observation(FEED.id, Status.OK, feed(updated_at=NOW)),
        OTHER.id: Observation(OTHER.id, Status.OK, pool(10**24, 10**21)),
    }
    used = {role: observed[found] for role, found in roles(VAULT, settings).items()}
    subject = assemble(VAULT, used, timestamp=NOW, settings=settings)
    assert subject.prices[SHARE.address].ancestry == (OTHER.id, OTHER.address)
    columns = {column.name: column for column in vault_measures([subject], settings)}
    column = columns["ln_market_over_redemption"]
    assert column.values[0] == pytest.approx(math.log(1_000 / 2_000))


def test_an_address_is_compared_whatever_its_kind() -> None:
    """A pool's own time-weighted price is another target at the same address."""
    settings = Settings("USD", (1.0,), (replace(TIMED, address=str(Address(PAIR.address))), PEGGED))
    assert roles(PAIR, settings) == {SELF: PAIR.id}
