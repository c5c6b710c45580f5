"""Algebra Integral: one pool a pair, whose fee and spacing may change, over ticks that are found by
a tree of bitmaps. A plugin that runs before each swap may set the fee of that swap.

Source: @cryptoalgebra/integral-core 1.2.10, AlgebraPool, AlgebraFactory and Plugins.sol.
"""

from __future__ import annotations

from collections.abc import Sequence

from watcher.errors import ReadError, RefusedTarget
from watcher.protocols import erc20
from watcher.protocols.adapter import Adapter, Entry, Identification
from watcher.protocols.interface import Views, require_code, selector, view
from watcher.protocols.tick_pools import (
    NOT_COVERED,
    TICK_WORDS_OPTION,
    balance_calls,
    number,
    pair_of,
    require_pool,
    ticks_call,
    walk_answered,
    words_of,
)
from watcher.protocols.v3_forks import FACTORY, LIQUIDITY, TICK_SPACING, TOKEN0, TOKEN1
from watcher.state.call import Answer, Call, Code
from watcher.state.concentrated import Concentrated
from watcher.state.target import Target

PROTOCOL = "algebra_integral"

_POOL = "algebra/AlgebraPool"
GLOBAL_STATE = view(_POOL, "globalState")
TICK_TABLE = view(_POOL, "tickTable")
TICKS = view(_POOL, "ticks")
POOL_BY_PAIR = view("algebra/AlgebraFactory", "poolByPair")
STATE = Views(GLOBAL_STATE, LIQUIDITY, TICK_SPACING, erc20.BALANCE_OF, erc20.BALANCE_OF)
"""What `calls` asks before the ticks."""

BEFORE_SWAP_FLAG = 1
"""Plugins.sol: of a pool's configuration."""

GRID = 1
"""Ticks that a bit of `tickTable` stands for, whatever the spacing is."""


def identify(entry: Entry) -> Identification:
    """Ask the pool for its tokens and factory, and the factory whether the pool is its own."""
    pool = entry.address
    asked = (TOKEN0, TOKEN1, FACTORY)
    code, state_answer, *answers = yield [
        Code(pool),
        GLOBAL_STATE.call(pool),
        *(each.call(pool) for each in asked),
    ]
    require_code(code, pool)
    try:
        GLOBAL_STATE.integers(state_answer)
        token0, token1, factory = (
            each.address(answer) for each, answer in zip(asked, answers, strict=True)
        )
    except ReadError as error:
        raise RefusedTarget(
            f"{pool} is no Algebra Integral pool: {error}; remove the entry"
        ) from None
    pool_answer, *metadata = yield [
        POOL_BY_PAIR.call(factory, token0, token1),
        *erc20.metadata_calls(token0),
        *erc20.metadata_calls(token1),
    ]
    try:
        is_known = POOL_BY_PAIR.address(pool_answer) == pool
    except ReadError:
        is_known = False
    if not is_known:
        raise RefusedTarget(
            f"its factory {factory} does not know {pool} as the pool of {token0} and {token1}: it "
            "is no pool of that factory, remove the entry"
        )
    return Target(
        chain_id=entry.chain_id,
        protocol=PROTOCOL,
        address=pool,
        kind=Concentrated.KIND,
        key=entry.key,
        tokens=pair_of((token0, token1), metadata),
        params={"factory": factory, "tick_words": words_of(entry)},
        name=entry.name,
    )


def calls(target: Target) -> list[Call]:
    pool = target.address
    walk = ticks_call(
        pool,
        spacing=GRID,
        words=number(target, "tick_words"),
        bitmap=selector(TICK_TABLE.signature),
        info=selector(TICKS.signature),
        current=selector(GLOBAL_STATE.signature),
    )
    asked = (GLOBAL_STATE, LIQUIDITY, TICK_SPACING)
    return [*(each.call(pool) for each in asked), *balance_calls(target), walk]


def decode(target: Target, answers: Sequence[Answer]) -> Concentrated:
    """The fee is that of a swap at this block as long as no plugin sets another."""
    price, tick, fee, plugins, community_fee, _, liquidity, spacing, *balances = STATE.integers(
        answers[:-1]
    )
    walked = walk_answered(answers[-1], GRID)
    token0, token1 = target.tokens
    state = Concentrated(
        variant="algebra_integral",
        sqrt_price_x96=price,
        tick=tick,
        liquidity=liquidity,
        fee0=fee,
        fee1=fee,
        protocol_fee0=community_fee,
        protocol_fee1=community_fee,
        tick_spacing=spacing,
        **walked._asdict(),
        balances=tuple(balances),
        decimals0=token0.decimals,
        decimals1=token1.decimals,
        hooked=bool(plugins & BEFORE_SWAP_FLAG),
    )
    require_pool(target, state, grid=GRID)
    return state


ADAPTER = Adapter(
    protocol=PROTOCOL,
    kind=Concentrated.KIND,
    title="Algebra Integral",
    identify=identify,
    calls=calls,
    decode=decode,
    options=(TICK_WORDS_OPTION,),
    not_covered=(
        *NOT_COVERED,
        "What a plugin does before a swap: such a pool is flagged and has no quote.",
    ),
)
