"""What the adapters of pools with concentrated liquidity share: the walk over the ticks, and what a
state that was made of it must keep to."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import NamedTuple

from watcher.errors import DecodeError
from watcher.math.exact.tick_math import MAX_TICK, MIN_TICK, get_sqrt_price_at_tick
from watcher.protocols import erc20
from watcher.protocols.adapter import Entry, Option
from watcher.protocols.options import small_integer
from watcher.state.call import Answer, Call, Ticks
from watcher.state.concentrated import Concentrated
from watcher.state.target import Target
from watcher.state.ticks import WORD_BITS, TickWalk, walk_of
from watcher.state.token import Address, Token

TICK_WORDS = 64
"""Words of the bitmap each way from the price. At a spacing of 1 they reach a fifth and five times
the price, at 10 all that trades; wider spacings have no more words than these two ways hold."""

MOST_TICK_WORDS = 6_932
"""All words at a spacing of 1."""

TICK_WORDS_OPTION = Option(
    "tick_words",
    small_integer(1, MOST_TICK_WORDS),
    "words of 256 ticks that are read each way from the price, 64 unless told; all where there are "
    "no more",
)

NOT_COVERED = (
    ("Ticks beyond the range that was read: a swap that would leave it has no quote, and says so."),
    (
        "Whose a position is: a pool knows only the sum of them, holdings read those of named "
        "addresses."
    ),
)
"""Of every protocol whose ticks are walked."""


class Walked(NamedTuple):
    """The initialised ticks from `known_from` to `known_to`, ascending, with what each holds."""

    ticks: tuple[int, ...]
    liquidity_net: tuple[int, ...]
    liquidity_gross: tuple[int, ...]
    known_from: int
    known_to: int


def words_of(entry: Entry) -> int:
    """What the entry says of `tick_words`."""
    words = entry.options.get(TICK_WORDS_OPTION.name, TICK_WORDS)
    return int(words)


def pair_of(tokens: Sequence[Address], metadata: Sequence[Answer]) -> tuple[Token, Token]:
    """Two tokens by what they say of themselves, two answers each."""
    token0, token1 = tokens
    return erc20.decode_metadata(token0, metadata[:2]), erc20.decode_metadata(token1, metadata[2:])


def balance_calls(target: Target) -> list[Call]:
    """What the pool holds of both tokens."""
    return [erc20.BALANCE_OF.call(token.address, target.address) for token in target.tokens]


def ticks_call(
    address: Address, *, spacing: int, words: int, bitmap: bytes, info: bytes, current: bytes
) -> Ticks:
    """The walk over `words` words each way from the price, over all where there are no more.
    `spacing` is how many ticks a bit of the bitmap stands for."""
    first, last = _word_of(MIN_TICK, spacing), _word_of(MAX_TICK, spacing)
    count = last - first + 1
    return Ticks(
        address,
        spacing,
        first,
        last,
        bitmap=bitmap,
        info=info,
        current=current,
        reach=count if count <= 2 * words + 1 else words,
    )


def walk_answered(answer: Answer, spacing: int) -> Walked:
    """Raises DecodeError or TooLarge where the walk is not whole."""
    walk = walk_of(answer)
    if not walk.whole:
        raise DecodeError(f"the walk over the ticks ended before word {walk.reached}")
    return Walked(*walk.ticks(), *_known(walk, spacing))


def require_pool(target: Target, state: Concentrated, *, grid: int) -> None:
    """Raise DecodeError where no real pool can be so; its ticks are multiples of `grid`."""
    problem = next(state.problems(), None)
    if problem is None and state.sqrt_price_x96:
        problem = _contradiction(state, grid)
    if problem is not None:
        raise DecodeError(f"{target.label} answered what no pool is: {problem}")


def number(target: Target, name: str) -> int:
    value = target.params[name]
    if not isinstance(value, int):
        raise DecodeError(f"{target.label}: params.{name} is not a number")
    return value


def _known(walk: TickWalk, spacing: int) -> tuple[int, int]:
    """The lowest and the highest tick of the words that were walked."""
    lowest = WORD_BITS * walk.first * spacing
    highest = (WORD_BITS * walk.last + WORD_BITS - 1) * spacing
    return max(lowest, MIN_TICK), min(highest, MAX_TICK)


def _word_of(tick: int, spacing: int) -> int:
    return tick // spacing // WORD_BITS


def _contradiction(state: Concentrated, grid: int) -> str | None:
    if not MIN_TICK <= state.tick < MAX_TICK:
        return "the current tick is out of the range of ticks"
    # a price that fell exactly to a tick's has crossed it
    below, above = (get_sqrt_price_at_tick(state.tick + i) for i in (0, 1))
    if not below <= state.sqrt_price_x96 <= above:
        return "the price is not that of the current tick"
    if any(tick % grid for tick in state.ticks):
        return "a tick is no multiple of the spacing"
    if (state.known_from, state.known_to) != (MIN_TICK, MAX_TICK):
        return None
    passed = bisect_right(state.ticks, state.tick)
    if sum(state.liquidity_net[:passed]) != state.liquidity or sum(state.liquidity_net) != 0:
        return "the ticks do not add up to the liquidity"
    return None
