"""States of pairs, vaults and feeds, by hand and for hypothesis, and addresses."""

from __future__ import annotations

from dataclasses import dataclass
from math import isqrt

from hypothesis import assume
from hypothesis import strategies as st

from tests.support.numbers import DECIMALS, UINT112, sizes
from watcher.math.exact.constant_product import least_amount_in
from watcher.state import (
    Address,
    ConstantProduct,
    PriceFeed,
    ShareVault,
    to_address,
)


def address(number: int) -> Address:
    return to_address(f"0x{number:040x}")


FEES = st.sampled_from([(997, 1000), (499, 500), (399, 400), (1, 1), (9, 10), (99, 100)])


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
