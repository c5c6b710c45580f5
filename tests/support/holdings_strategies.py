"""Holdings for hypothesis: two tokens, the LP token of their pair, a vault of such LP tokens."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import strategies as st

from tests.support.numbers import DECIMALS, UINT112, sizes
from watcher.math.exact.tick_math import get_sqrt_price_at_tick
from watcher.math.look_through import unquoted
from watcher.state.holdings import (
    HeldPosition,
    Holdings,
    OtherPosition,
    PairShare,
    PositionPool,
    PositionRange,
    Redemption,
    VaultShare,
)

ASSETS, PAIR, VAULT = 2, 2, 3
UINT128 = 2**128 - 1


def pair_share(
    reserves: tuple[int, int] = (10**21, 10**21), *, total_supply: int = 10**21
) -> PairShare:
    return PairShare(
        token=PAIR,
        token0=0,
        token1=1,
        reserve0=reserves[0],
        reserve1=reserves[1],
        balance0=reserves[0],
        balance1=reserves[1],
        at_pair=0,
        total_supply=total_supply,
        k_last=0,
        protocol_share_numerator=0,
        protocol_share_denominator=6,
    )


def vault_share(max_redeem: tuple[int, ...], *redemptions: tuple[int, int]) -> VaultShare:
    return VaultShare(VAULT, PAIR, max_redeem, tuple(Redemption(*one) for one in redemptions))


def position_range(
    liquidity: int = 10**18, *, ticks: tuple[int, int] = (-600, 600), owed: int = 0
) -> PositionRange:
    """No fee was earned there since its account was written."""
    return PositionRange(0, 0, *ticks, 0, 0, 0, 0, liquidity, 0, 0, owed, owed)


def position(liquidity: int = 10**18, *, span: int = 0, owed: int = 0) -> HeldPosition:
    return HeldPosition(0, 1, span, liquidity, 0, 0, owed, owed)


def pool_at(tick: int = 0) -> PositionPool:
    return PositionPool(0, 1, get_sqrt_price_at_tick(tick), tick, 0, 0)


def holdings(
    *balances: tuple[int, ...],
    decimals: tuple[int, int] = (18, 18),
    pair: PairShare | None = None,
    vault: VaultShare | None = None,
    native: tuple[int, ...] = (),
    ranges: tuple[PositionRange, ...] = (),
    positions: tuple[HeldPosition, ...] = (),
    others: tuple[OtherPosition, ...] = (),
    tick: int = 0,
) -> Holdings:
    """By hand: one row of token 0, token 1, LP token and vault share for each holder."""
    rows = balances or ((10**18, 10**18, 0, 0),)
    return Holdings(
        decimals=(*decimals, 18, 18),
        balances=rows,
        native=native,
        wrapped=0,
        pairs=(pair or pair_share(),),
        vaults=(vault or vault_share((0,) * len(rows)),),
        order=(VAULT, PAIR),
        pools=(pool_at(tick),) if ranges else (),
        ranges=ranges,
        positions=positions,
        other_positions=others,
    )


@st.composite
def held(draw: st.DrawFn) -> Holdings:
    """One or two holders; the vault mostly was asked what the look-through needs."""
    holders = draw(st.integers(1, 2))
    rows = tuple(tuple(draw(sizes(0, 2**100)) for _ in range(4)) for _ in range(holders))
    spans = draw(st.integers(0, 2))
    width = st.integers(1, 100)
    ranges = tuple(
        position_range(
            draw(sizes(0, UINT128)),
            ticks=(-60 * draw(width), 60 * draw(width)),
            owed=draw(sizes(0, UINT128)),
        )
        for _ in range(spans)
    )
    positions = [
        position(
            draw(sizes(0, ranges[span].liquidity)),
            span=span,
            owed=draw(sizes(0, ranges[span].owed0)),
        )
        for span in range(spans)
    ]
    state = holdings(
        *rows,
        decimals=(draw(DECIMALS), draw(DECIMALS)),
        pair=pair_share(
            (draw(sizes(1, UINT112)), draw(sizes(1, UINT112))),
            total_supply=draw(sizes(2000, 2**112)),
        ),
        vault=vault_share(tuple(draw(sizes(0, 2**100)) for _ in rows)),
        native=draw(st.sampled_from([(), tuple(10**18 for _ in rows)])),
        ranges=ranges,
        positions=tuple(positions),
        others=draw(st.sampled_from([(), (), (), (OtherPosition(0, 7),)])),
        tick=draw(st.integers(-100, 100)) * 60,
    )
    if draw(st.integers(0, 9)) == 0:
        return state
    return answered(state, draw(sizes(0, 2**80)))


def answered(state: Holdings, assets: int) -> Holdings:
    """With an answer to each redemption that is needed: these assets for all, fewer for fewer."""
    for _, shares in unquoted(state):
        found = Redemption(shares, min(assets, shares))
        vault = state.vaults[0]
        known = replace(vault, redemptions=(*vault.redemptions, found))
        state = replace(state, vaults=(known,))
    return state
