"""Curve's CryptoSwap without a node: how the eras are told apart, what is refused and decoded."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.answers import EMPTY, REVERTED, Fake, FakeChain, Reply, words
from tests.support.crypto_contracts import (
    COINS,
    FLAG,
    MATHEMATICS,
    NOW,
    POOL,
    SHARE,
    Contract,
    crypto_chain,
    possible,
)
from tests.support.numbers import usually
from tests.support.strategies_pools import crypto, cryptos
from tests.support.vectors.vector import EXACT_IN, Fields, read_vectors
from watcher.errors import DecodeError, NoCode, RefusedTarget, RevertedCall
from watcher.math.exact import cryptoswap_swaps as swaps
from watcher.math.exact.cryptoswap import Pool, get_virtual_price
from watcher.math.exact.cryptoswap_variants import ARITHMETIC
from watcher.math.families.cryptoswap import pool_of
from watcher.protocols import Entry
from watcher.protocols.curve_cryptoswap import ADAPTER, ETHER_EXCHANGE
from watcher.protocols.curve_stableswap import ADAPTER as STABLESWAP
from watcher.state import CryptoSwap, Target, to_address
from watcher.state.cryptoswap import CryptoSwapVariant

SHARED = Path(__file__).parents[3] / "shared" / "data" / "vectors"
VARIANTS: tuple[CryptoSwapVariant, ...] = get_args(CryptoSwapVariant)
EVERY = pytest.mark.parametrize("variant", VARIANTS)
ENTRY = Entry(1, "curve_cryptoswap", POOL, name="pool")


def pool(variant: CryptoSwapVariant) -> CryptoSwap:
    """Off balance, its price oracle away from its scale and last price."""
    coins = ARITHMETIC[variant].coins
    prices = (1_500 * 10**18, 3 * 10**16)[: coins - 1]
    state = crypto(
        (10**24, 2 * 10**24, 3 * 10**24)[:coins],
        variant=variant,
        prices=prices,
        decimals=(6, 18, 8)[:coins],
        A=540_000,
        gamma=10**14,
    )
    return replace(
        state,
        price_oracle=tuple(p + p // 50 for p in prices),
        last_prices=tuple(p + p // 20 for p in prices),
    )


def found(chain: FakeChain) -> Target:
    return chain.identify(ADAPTER, ENTRY)


@usually
@given(drawn=cryptos())
def test_what_a_contract_of_each_era_answers_is_its_state(drawn: CryptoSwap) -> None:
    state, contract = possible(drawn)
    chain = crypto_chain(state, contract)
    target = found(chain)
    assert target.params["variant"] == state.variant
    is_v1 = ARITHMETIC[state.variant].generation == "v1"
    assert target.params["stored_oracle"] == is_v1
    assert target.params.get("not_adjusted_slot") == (FLAG if is_v1 else None)
    assert target.share is not None
    assert target.share.address == (SHARE if is_v1 else POOL)
    assert [token.address for token in target.tokens] == list(COINS[: len(state.balances)])
    assert tuple(token.decimals for token in target.tokens) == state.decimals
    assert (target.kind, target.name) == ("cryptoswap", "pool")
    assert chain.read(ADAPTER, target) == state


def test_a_pool_of_the_factory_tells_its_average_at_the_block() -> None:
    state = pool("twocrypto")
    contract = Contract(live=True, moved=NOW - 1_000)
    chain = crypto_chain(state, contract)
    target = found(chain)
    assert target.params == {
        "variant": "twocrypto",
        "stored_oracle": False,
        "not_adjusted_slot": FLAG,
    }
    assert chain.read(ADAPTER, target) == state


@pytest.mark.parametrize("variant", ["twocrypto_early", "tricrypto"])
def test_the_average_of_the_first_is_brought_up_to_the_block(variant: CryptoSwapVariant) -> None:
    """After one half time it has gone half of its way to the last price, after many all of it."""
    state = pool(variant)
    for elapsed, expected in (
        (0, state.price_oracle),
        (
            600,
            tuple((a + b) // 2 for a, b in zip(state.price_oracle, state.last_prices, strict=True)),
        ),
        (600 * 64, state.last_prices),
    ):
        chain = crypto_chain(state, Contract(moved=NOW - elapsed))
        read = chain.read(ADAPTER, found(chain))
        assert read == replace(state, price_oracle=expected)


def test_one_that_moved_after_the_block_is_none() -> None:
    chain = crypto_chain(pool("tricrypto"), Contract(moved=NOW))
    target = found(chain)
    later = crypto_chain(pool("tricrypto"), Contract(moved=NOW + 1))
    with pytest.raises(DecodeError, match="moved at 1700000001, after the block"):
        later.read(ADAPTER, target)
    never = crypto_chain(pool("tricrypto"), Contract(moved=NOW - 1, half_time=0))
    with pytest.raises(DecodeError, match="its price oracle has no value at the block"):
        never.read(ADAPTER, target)


@EVERY
@pytest.mark.parametrize(
    ("until", "v1", "ng"),
    [
        (0, (False, False), (False, False)),
        (1, (True, True), (False, False)),
        (NOW - 1, (True, True), (False, False)),
        (NOW, (True, True), (False, True)),
        (NOW + 1, (True, True), (True, True)),
    ],
)
def test_a_ramp_goes_on_until_its_end_or_in_v1_until_a_move_has_seen_it(
    variant: CryptoSwapVariant, until: int, v1: tuple[bool, bool], ng: tuple[bool, bool]
) -> None:
    chain = crypto_chain(pool(variant), Contract(code=ETHER_EXCHANGE))
    target = replace(found(chain), params={"variant": variant, "stored_oracle": False})
    read = crypto_chain(pool(variant), Contract(until=until)).read(ADAPTER, target)
    assert isinstance(read, CryptoSwap)
    expected = v1 if ARITHMETIC[variant].generation == "v1" else ng
    assert (read.ramping, read.loss_allowed) == expected


def test_the_flag_of_v1_is_read_from_its_storage() -> None:
    state = replace(pool("twocrypto"), not_adjusted=True)
    contract = Contract(code=ETHER_EXCHANGE)
    chain = crypto_chain(state, contract)
    target = found(chain)
    assert chain.read(ADAPTER, target) == state
    fake = chain.contracts[POOL]
    chain.contracts[POOL] = replace(fake, slots={**fake.slots, FLAG: 2})
    with pytest.raises(DecodeError, match="keeps 2 where its flag not_adjusted was"):
        chain.read(ADAPTER, target)


@pytest.mark.parametrize("quote", [swaps.get_dy_of_own_D, swaps.get_dy])
def test_the_first_of_two_coins_had_two_views(quote: Callable[..., int]) -> None:
    chain = crypto_chain(pool("twocrypto_early"), Contract(), quote=quote)
    assert found(chain).params["variant"] == "twocrypto_early"
    if quote is swaps.get_dy_of_own_D:
        later = crypto_chain(pool("twocrypto"), Contract(code=ETHER_EXCHANGE), quote=quote)
        with pytest.raises(RefusedTarget, match="agrees with no arithmetic"):
            found(later)


def test_on_a_ramp_the_views_of_tricrypto_take_the_stored_invariant() -> None:
    state = replace(pool("tricrypto"), ramping=True, loss_allowed=True, amplification=600_000)

    def stored(pool: Pool, i: int, j: int, dx: int) -> int:
        return swaps.get_dy(replace(pool, ramping=False), i, j, dx)

    exchange = pool_of(state), 0, 1, 10**9
    assert stored(*exchange) != swaps.get_dy(*exchange)
    chain = crypto_chain(state, Contract(until=NOW + 5), quote=stored)
    assert chain.read(ADAPTER, found(chain)) == state


@EVERY
def test_a_quote_that_is_another_is_refused(variant: CryptoSwapVariant) -> None:
    def more(pool: Pool, i: int, j: int, dx: int) -> int:
        return swaps.get_dy(pool, i, j, dx) + 1

    _, contract = possible(pool(variant))
    with pytest.raises(RefusedTarget, match="agrees with no arithmetic"):
        found(crypto_chain(pool(variant), contract, quote=more))


@EVERY
def test_views_that_answer_nothing_are_forgiven_in_ng(variant: CryptoSwapVariant) -> None:
    """They are another contract's there; and one revision of the first has none that answers."""
    _, contract = possible(pool(variant))
    chain = crypto_chain(
        pool(variant), contract, instead={"get_dy(uint256,uint256,uint256)": REVERTED}
    )
    if variant == "twocrypto_early" or ARITHMETIC[variant].generation == "ng":
        assert found(chain).params["variant"] == variant
        return
    with pytest.raises(RefusedTarget, match="agrees with no arithmetic"):
        found(chain)


@EVERY
@pytest.mark.parametrize("signature", ["fee()", "get_virtual_price()"])
@pytest.mark.parametrize("reply", [REVERTED, words(10**18 + 12_345)], ids=["reverts", "another"])
def test_its_own_fee_and_virtual_price_must_agree(
    variant: CryptoSwapVariant, signature: str, reply: Reply
) -> None:
    state, contract = possible(pool(variant))
    target = found(crypto_chain(state, contract))
    wrong = crypto_chain(state, contract, instead={signature: reply})
    with pytest.raises((DecodeError, RevertedCall), match=re.escape(signature)):
        wrong.read(ADAPTER, target)


@EVERY
def test_an_empty_pool_is_one(variant: CryptoSwapVariant) -> None:
    full, contract = possible(pool(variant))
    state = replace(
        full,
        balances=(0,) * len(full.balances),
        invariant=0,
        total_supply=0,
        xcp_profit=0,
        virtual_price=0,
    )
    chain = crypto_chain(state, contract)
    assert chain.read(ADAPTER, found(chain)) == state
    answers = crypto_chain(state, contract, instead={"get_virtual_price()": words(10**18)})
    with pytest.raises(DecodeError, match="answers where the arithmetic reverts"):
        answers.read(ADAPTER, found(chain))


@pytest.mark.parametrize(
    ("variant", "instead", "sentence"),
    [
        ("twocrypto", {"coins(uint256)": REVERTED}, "names no coins"),
        ("twocrypto", {"gamma()": REVERTED}, "has no gamma"),
        ("twocrypto", {"A()": EMPTY}, "has no gamma"),
        ("twocrypto", {"price_scale()": REVERTED}, "no price scale of its 2 coins"),
        ("tricrypto", {"price_scale(uint256)": REVERTED}, "no price scale of its 3 coins"),
        ("twocrypto", {"price_scale(uint256)": words(1)}, "no price scale of its 2 coins"),
        ("tricrypto_ng", {"totalSupply()": REVERTED}, "has no LP token"),
        ("twocrypto", {"ma_half_time()": REVERTED}, "has no LP token"),
        ("twocrypto", {"xcp_profit_a()": REVERTED}, "does not tell its profit"),
    ],
)
def test_what_lacks_a_function_is_none(
    variant: CryptoSwapVariant, instead: dict[str, Reply], sentence: str
) -> None:
    _, contract = possible(pool(variant))
    with pytest.raises(RefusedTarget, match=sentence):
        found(crypto_chain(pool(variant), contract, instead=instead))


def test_mathematics_that_are_not_known_are_refused() -> None:
    """Pools of two coins by the StableSwap invariant look the same but for that."""
    chain = crypto_chain(pool("twocrypto_ng"), Contract())
    chain.contracts[MATHEMATICS] = Fake({})
    with pytest.raises(RefusedTarget, match="mathematics of version '', which is none"):
        found(chain)


@pytest.mark.parametrize(
    "slots",
    [
        {},  # no such storage
        {FLAG: 2},  # no flag
        {FLAG - 2: 1},  # another profit before it
        {10: 1, 11: 2, 12: 3},  # beside the right one: is no trouble
    ],
)
def test_a_flag_is_where_the_profits_are(slots: dict[int, int]) -> None:
    contract = Contract(code=ETHER_EXCHANGE)
    chain = crypto_chain(pool("twocrypto"), contract)
    fake = chain.contracts[POOL]
    chain.contracts[POOL] = replace(fake, slots={**fake.slots, **slots} if slots else {})
    if 10 in slots:
        assert found(chain).params["not_adjusted_slot"] == FLAG
        return
    with pytest.raises(RefusedTarget, match="keeps its profit in no place that is known"):
        found(chain)


def test_two_places_that_could_be_the_flag_are_none() -> None:
    state, contract = pool("twocrypto"), Contract(code=ETHER_EXCHANGE)
    chain = crypto_chain(state, contract)
    fake = chain.contracts[POOL]
    again = {at - 20: value for at, value in fake.slots.items()}
    chain.contracts[POOL] = replace(fake, slots={**fake.slots, **again})
    with pytest.raises(RefusedTarget, match="keeps its profit in no place"):
        found(chain)


def test_where_nothing_is_there_is_no_pool() -> None:
    nobody = to_address("0x" + "ab" * 20)
    with pytest.raises(NoCode, match=f"nothing is deployed at {nobody}"):
        FakeChain({}).identify(ADAPTER, replace(ENTRY, address=nobody))


@EVERY
def test_stableswap_takes_none_of_them(variant: CryptoSwapVariant) -> None:
    _, contract = possible(pool(variant))
    chain = crypto_chain(pool(variant), contract)
    with pytest.raises(RefusedTarget, match="it has no A alone"):
        chain.identify(STABLESWAP, replace(ENTRY, protocol="curve_stableswap"))


@usually
@given(decimals=st.integers(19, 77), variant=st.sampled_from(VARIANTS))
def test_coins_of_too_many_decimals_are_refused(decimals: int, variant: CryptoSwapVariant) -> None:
    _, contract = possible(pool(variant))
    chain = crypto_chain(pool(variant), contract)
    coin = chain.contracts[COINS[1]]
    chain.contracts[COINS[1]] = replace(
        coin, replies={**coin.replies, "decimals()": words(decimals)}
    )
    with pytest.raises(RefusedTarget, match="too many decimals"):
        found(chain)


FAMILIES: dict[str, tuple[CryptoSwapVariant, Contract]] = {
    "curve_twocrypto": ("twocrypto", Contract(live=True)),
    "curve_tricrypto": ("tricrypto", Contract()),
    "curve_tricrypto_ng": ("tricrypto_ng", Contract()),
    "curve_twocrypto_ng": ("twocrypto_ng", Contract()),
}


def known(fields: Fields, variant: CryptoSwapVariant) -> CryptoSwap:
    """A pool's numbers as they stood on its chain."""
    precisions = fields.integers("precision_mul")
    scale, oracle, last = (
        fields.integers(name) if isinstance(fields.values[name], list) else (fields.integer(name),)
        for name in ("price_scale", "price_oracle", "last_prices")
    )
    return CryptoSwap(
        variant=variant,
        balances=fields.integers("balances"),
        amplification=fields.integer("A"),
        gamma=fields.integer("gamma"),
        invariant=fields.integer("D"),
        price_scale=scale,
        price_oracle=oracle,
        last_prices=last,
        mid_fee=fields.integer("mid_fee"),
        out_fee=fields.integer("out_fee"),
        fee_gamma=fields.integer("fee_gamma"),
        allowed_extra_profit=fields.integer("allowed_extra_profit"),
        adjustment_step=fields.integer("adjustment_step"),
        xcp_profit=fields.integer("xcp_profit"),
        virtual_price=fields.integer("virtual_price"),
        total_supply=fields.integer("lp_supply"),
        not_adjusted=False,
        ramping=False,
        loss_allowed=False,
        decimals=tuple(18 - (len(str(precision)) - 1) for precision in precisions),
    )


@pytest.mark.skipif(not SHARED.is_dir(), reason="no ../shared/data/vectors")
@pytest.mark.parametrize("family", FAMILIES)
def test_real_pools_are_read_to_what_they_answered(family: str) -> None:
    """Their numbers through the adapter, and their own quotes from its state. The virtual price
    that a pool had stored is the one of its last move: a later withdrawal has raised it a little,
    or an administrator's claim has lowered it."""
    variant, contract = FAMILIES[family]
    quotes = 0
    for vector in read_vectors(SHARED / f"{family}.json"):
        state = known(vector.state, variant)
        chain = crypto_chain(state, contract)
        target = found(chain)
        assert target.params["variant"] == variant
        read = chain.read(ADAPTER, target)
        assert read == state
        pool = pool_of(state)
        assert abs(get_virtual_price(pool) - state.virtual_price) < state.virtual_price // 10**4
        if vector.kind == EXACT_IN:
            quotes += 1
            exchange = vector.token_in, vector.token_out, vector.amount_in
            assert swaps.get_dy(pool, *exchange) == vector.expected()
    assert quotes
