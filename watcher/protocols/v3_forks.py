"""Protocols that answer as Uniswap V3 does, each by its own `slot0`.

Source: Uniswap v3-core 1.0.1, UniswapV3Pool.sol and UniswapV3Factory.sol.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from watcher.errors import ReadError, RefusedTarget
from watcher.protocols import erc20
from watcher.protocols.adapter import Adapter, Entry, Identification
from watcher.protocols.events import Event
from watcher.protocols.interface import View, Views, require_code, selector, view
from watcher.protocols.tick_calls import encode
from watcher.protocols.tick_events import tick_events
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
from watcher.state.call import Answer, Call, Code
from watcher.state.concentrated import Concentrated, ConcentratedVariant
from watcher.state.target import Target

_POOL = "uniswap_v3/UniswapV3Pool"
_FACTORY = "uniswap_v3/UniswapV3Factory"
TOKEN0 = view(_POOL, "token0")
TOKEN1 = view(_POOL, "token1")
FACTORY = view(_POOL, "factory")
FEE = view(_POOL, "fee")
TICK_SPACING = view(_POOL, "tickSpacing")
LIQUIDITY = view(_POOL, "liquidity")
TICK_BITMAP = view(_POOL, "tickBitmap")
TICKS = view(_POOL, "ticks")
GET_POOL = view(_FACTORY, "getPool")
FEE_AMOUNT_TICK_SPACING = view(_FACTORY, "feeAmountTickSpacing")


@dataclass(frozen=True, slots=True)
class Fork:
    """A protocol of Uniswap V3's interface: its own `slot0`, and in `mark` a view that its pools
    alone answer. `fee_unit` is what the protocol's fee of token1 is multiplied by where both stand
    in one number, `swap` the event of a swap."""

    protocol: str
    title: str
    variant: ConcentratedVariant
    slot0: View
    fee_unit: int
    swap: Event
    mark: View | None = None

    @property
    def views(self) -> Views:
        """What `calls` asks before the ticks."""
        return Views(self.slot0, LIQUIDITY, erc20.BALANCE_OF, erc20.BALANCE_OF)


def adapter_of(fork: Fork, *, title: str) -> Adapter:
    return Adapter(
        protocol=fork.protocol,
        kind=Concentrated.KIND,
        title=title,
        identify=partial(_identify, fork),
        calls=partial(_calls, fork),
        decode=partial(_decode, fork, fork.views),
        options=(TICK_WORDS_OPTION,),
        events=tick_events(fork.swap),
        encode=encode,
        not_covered=NOT_COVERED,
    )


def _identify(fork: Fork, entry: Entry) -> Identification:
    """Ask the pool for its tokens, fee and factory, and the factory whether the pool is its own."""
    pool = entry.address
    marks = [fork.mark] if fork.mark else []
    asked = (TOKEN0, TOKEN1, FACTORY, FEE, TICK_SPACING)
    code, *answers = yield [Code(pool), *(each.call(pool) for each in (*asked, *marks))]
    require_code(code, pool)
    token0_answer, token1_answer, factory_answer, fee_answer, spacing_answer, *marked = answers
    try:
        token0, token1 = TOKEN0.address(token0_answer), TOKEN1.address(token1_answer)
        factory, fee = FACTORY.address(factory_answer), FEE.integer(fee_answer)
        spacing = TICK_SPACING.integer(spacing_answer)
        for mark, answer in zip(marks, marked, strict=True):
            mark.address(answer)
    except ReadError as error:
        raise RefusedTarget(f"{pool} is no {fork.title} pool: {error}; remove the entry") from None
    pool_answer, tier_answer, *metadata = yield [
        GET_POOL.call(factory, token0, token1, fee),
        FEE_AMOUNT_TICK_SPACING.call(factory, fee),
        *erc20.metadata_calls(token0),
        *erc20.metadata_calls(token1),
    ]
    try:
        is_known = GET_POOL.address(pool_answer) == pool
        is_known &= FEE_AMOUNT_TICK_SPACING.integer(tier_answer) == spacing
    except ReadError:
        is_known = False
    if not is_known or not 1 <= spacing < 2**14 or fee >= 1_000_000:
        raise RefusedTarget(
            f"its factory {factory} does not know {pool} as the pool of {token0} and {token1} "
            f"with the fee {fee} and the tick spacing {spacing}: it is no pool of that factory, "
            "remove the entry"
        )
    return Target(
        chain_id=entry.chain_id,
        protocol=fork.protocol,
        address=pool,
        kind=Concentrated.KIND,
        key=entry.key,
        tokens=pair_of((token0, token1), metadata),
        params={
            "factory": factory,
            "fee": fee,
            "tick_spacing": spacing,
            "tick_words": words_of(entry),
        },
        name=entry.name,
    )


def _calls(fork: Fork, target: Target) -> list[Call]:
    pool, slot0 = target.address, fork.slot0
    walk = ticks_call(
        pool,
        spacing=number(target, "tick_spacing"),
        words=number(target, "tick_words"),
        bitmap=selector(TICK_BITMAP.signature),
        info=selector(TICKS.signature),
        current=selector(slot0.signature),
    )
    return [slot0.call(pool), LIQUIDITY.call(pool), *balance_calls(target), walk]


def _decode(fork: Fork, views: Views, target: Target, answers: Sequence[Answer]) -> Concentrated:
    price, tick, _, _, _, fee_protocol, _, liquidity, *balances = views.integers(answers[:-1])
    spacing, fee = number(target, "tick_spacing"), number(target, "fee")
    walked = walk_answered(answers[-1], spacing)
    token0, token1 = target.tokens
    state = Concentrated(
        variant=fork.variant,
        sqrt_price_x96=price,
        tick=tick,
        liquidity=liquidity,
        fee0=fee,
        fee1=fee,
        protocol_fee0=fee_protocol % fork.fee_unit,
        protocol_fee1=fee_protocol // fork.fee_unit,
        tick_spacing=spacing,
        **walked._asdict(),
        balances=tuple(balances),
        decimals0=token0.decimals,
        decimals1=token1.decimals,
    )
    require_pool(target, state, grid=spacing)
    return state
