"""Uniswap V3 and its forks of the same arithmetic and interface; fee and spacing are the pool's.

Source: Uniswap v3-core 1.0.1, UniswapV3Pool.sol and UniswapV3Factory.sol.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from watcher.errors import DecodeError, ReadError, RefusedTarget
from watcher.math.exact.tick_math import MAX_TICK, MIN_TICK, get_sqrt_price_at_tick
from watcher.protocols import erc20
from watcher.protocols.adapter import Adapter, Entry, Identification, Option
from watcher.protocols.interface import Views, require_code, selector, view
from watcher.protocols.options import small_integer
from watcher.state.call import Answer, Call, Code, Ticks
from watcher.state.concentrated import Concentrated
from watcher.state.target import Target
from watcher.state.ticks import WORD_BITS, TickWalk, walk_of

PROTOCOL = "uniswap_v3"

_POOL = "uniswap_v3/UniswapV3Pool"
_FACTORY = "uniswap_v3/UniswapV3Factory"
TOKEN0 = view(_POOL, "token0")
TOKEN1 = view(_POOL, "token1")
FACTORY = view(_POOL, "factory")
FEE = view(_POOL, "fee")
TICK_SPACING = view(_POOL, "tickSpacing")
SLOT0 = view(_POOL, "slot0")
LIQUIDITY = view(_POOL, "liquidity")
TICK_BITMAP = view(_POOL, "tickBitmap")
TICKS = view(_POOL, "ticks")
GET_POOL = view(_FACTORY, "getPool")
FEE_AMOUNT_TICK_SPACING = view(_FACTORY, "feeAmountTickSpacing")
STATE = Views(SLOT0, LIQUIDITY, erc20.BALANCE_OF, erc20.BALANCE_OF)
"""What `calls` asks before the ticks."""

TICK_WORDS = 64
"""Words of the bitmap each way from the price. At a spacing of 1 they reach a fifth and five times
the price, at 10 all that trades; wider spacings have no more words than these two ways hold."""

MOST_TICK_WORDS = 6_932
"""All words at a spacing of 1."""


def identify(entry: Entry) -> Identification:
    """Ask the pool for its tokens, fee and factory, and the factory whether the pool is its own."""
    pool = entry.address
    code, *answers = yield [
        Code(pool),
        TOKEN0.call(pool),
        TOKEN1.call(pool),
        FACTORY.call(pool),
        FEE.call(pool),
        TICK_SPACING.call(pool),
    ]
    require_code(code, pool)
    token0_answer, token1_answer, factory_answer, fee_answer, spacing_answer = answers
    try:
        token0, token1 = TOKEN0.address(token0_answer), TOKEN1.address(token1_answer)
        factory, fee = FACTORY.address(factory_answer), FEE.integer(fee_answer)
        spacing = TICK_SPACING.integer(spacing_answer)
    except ReadError as error:
        raise RefusedTarget(f"{pool} is no Uniswap V3 pool: {error}; remove the entry") from None
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
        protocol=PROTOCOL,
        address=pool,
        kind=Concentrated.KIND,
        key=entry.key,
        tokens=(
            erc20.decode_metadata(token0, metadata[:2]),
            erc20.decode_metadata(token1, metadata[2:]),
        ),
        params={
            "factory": factory,
            "fee": fee,
            "tick_spacing": spacing,
            "tick_words": entry.options.get("tick_words", TICK_WORDS),
        },
        name=entry.name,
    )


def calls(target: Target) -> list[Call]:
    pool = target.address
    token0, token1 = target.tokens
    return [
        SLOT0.call(pool),
        LIQUIDITY.call(pool),
        erc20.BALANCE_OF.call(token0.address, pool),
        erc20.BALANCE_OF.call(token1.address, pool),
        _ticks_call(target),
    ]


def decode(target: Target, answers: Sequence[Answer]) -> Concentrated:
    sqrt_price_x96, tick, _, _, _, fee_protocol, _, liquidity, *balances = STATE.integers(
        answers[:-1]
    )
    walk = walk_of(answers[-1])
    if not walk.whole:
        raise DecodeError(f"the walk over the ticks ended before word {walk.reached}")
    spacing = _number(target, "tick_spacing")
    ticks, net, gross = walk.ticks()
    token0, token1 = target.tokens
    known_from, known_to = _known(walk, spacing)
    state = Concentrated(
        variant="uniswap_v3",
        sqrt_price_x96=sqrt_price_x96,
        tick=tick,
        liquidity=liquidity,
        fee0=_number(target, "fee"),
        fee1=_number(target, "fee"),
        protocol_fee0=fee_protocol % 16,
        protocol_fee1=fee_protocol >> 4,
        tick_spacing=spacing,
        ticks=ticks,
        liquidity_net=net,
        liquidity_gross=gross,
        known_from=known_from,
        known_to=known_to,
        balances=tuple(balances),
        decimals0=token0.decimals,
        decimals1=token1.decimals,
    )
    _require_pool(target, state)
    return state


def _ticks_call(target: Target) -> Ticks:
    spacing, words = _number(target, "tick_spacing"), _number(target, "tick_words")
    first, last = _word_of(MIN_TICK, spacing), _word_of(MAX_TICK, spacing)
    count = last - first + 1
    return Ticks(
        target.address,
        spacing,
        first,
        last,
        bitmap=selector(TICK_BITMAP.signature),
        info=selector(TICKS.signature),
        current=selector(SLOT0.signature),
        reach=count if count <= 2 * words + 1 else words,
    )


def _known(walk: TickWalk, spacing: int) -> tuple[int, int]:
    """The lowest and the highest tick of the words that were walked."""
    lowest = WORD_BITS * walk.first * spacing
    highest = (WORD_BITS * walk.last + WORD_BITS - 1) * spacing
    return max(lowest, MIN_TICK), min(highest, MAX_TICK)


def _word_of(tick: int, spacing: int) -> int:
    return tick // spacing // WORD_BITS


def _require_pool(target: Target, state: Concentrated) -> None:
    """Raise DecodeError where no real pool can be so."""
    problem = next(state.problems(), None)
    if problem is None and state.sqrt_price_x96:
        problem = _contradiction(target, state)
    if problem is not None:
        raise DecodeError(f"{target.label} answered what no pool is: {problem}")


def _contradiction(target: Target, state: Concentrated) -> str | None:
    if not MIN_TICK <= state.tick < MAX_TICK:
        return "the current tick is out of the range of ticks"
    # a price that fell exactly to a tick's has crossed it
    below, above = (get_sqrt_price_at_tick(state.tick + i) for i in (0, 1))
    if not below <= state.sqrt_price_x96 <= above:
        return "the price is not that of the current tick"
    if any(tick % state.tick_spacing for tick in state.ticks):
        return "a tick is no multiple of the spacing"
    if (state.known_from, state.known_to) != (MIN_TICK, MAX_TICK):
        return None
    passed = bisect_right(state.ticks, state.tick)
    if sum(state.liquidity_net[:passed]) != state.liquidity or sum(state.liquidity_net) != 0:
        return "the ticks do not add up to the liquidity"
    return None


def _number(target: Target, name: str) -> int:
    value = target.params[name]
    if not isinstance(value, int):
        raise DecodeError(f"{target.label}: params.{name} is not a number")
    return value


ADAPTER = Adapter(
    protocol=PROTOCOL,
    kind=Concentrated.KIND,
    title="Uniswap V3 and forks",
    identify=identify,
    calls=calls,
    decode=decode,
    options=(
        Option(
            "tick_words",
            small_integer(1, MOST_TICK_WORDS),
            "words of 256 ticks that are read each way from the price, 64 unless told; all where "
            "there are no more",
        ),
    ),
    not_covered=(
        (
            "Ticks beyond the range that was read: a swap that would leave it has no quote, and "
            "says so."
        ),
        (
            "Whose a position is: a pool knows only the sum of them, holdings read those of named "
            "addresses."
        ),
    ),
)
