"""Curve's CryptoSwap pools of two and three coins, of every era, told apart by what they answer.

Which functions a pool has leaves one contract, and its own fee, virtual price and get_dy confirm
its arithmetic, to the unit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from watcher.errors import MathError, ReadError, RefusedTarget
from watcher.math.exact.cryptoswap import Pool as ExactPool
from watcher.math.exact.cryptoswap_swaps import get_dy, get_dy_of_own_D
from watcher.math.exact.cryptoswap_variants import ARITHMETIC
from watcher.math.families.cryptoswap import pool_of
from watcher.protocols import curve, curve_crypto, erc20
from watcher.protocols.adapter import Adapter, Entry, Identification
from watcher.protocols.curve_calls import encode_crypto
from watcher.protocols.curve_events import CRYPTOSWAP_EVENTS
from watcher.protocols.interface import TextView, require_code, selector, view
from watcher.state.call import Answer, Call, Code, Slot
from watcher.state.cryptoswap import CryptoSwap, CryptoSwapVariant
from watcher.state.target import Target
from watcher.state.token import Address, Token

PROTOCOL = "curve_cryptoswap"

_POOL = "curve/CryptoSwap"
TOKEN = view(_POOL, "token")
MATH = view(_POOL, "MATH")
LP_PRICE = view(_POOL, "lp_price")
XCP_PROFIT_A = view(_POOL, "xcp_profit_a")
GET_DY = view(_POOL, "get_dy")
VERSION = TextView("version")

MOST_COINS = 3
MOST_DECIMALS = 18
VERSION_LENGTH = 16
MATHEMATICS: dict[str, CryptoSwapVariant] = {
    "v2.0.0": "twocrypto_ng_early",
    "v2.1.0": "twocrypto_ng",
}
"""What the mathematics contract of twocrypto-NG calls itself."""

ETHER_EXCHANGE = selector("exchange(uint256,uint256,uint256,uint256,bool)")
"""CurveCryptoSwap2ETH can be paid in ether, CurveCryptoSwap2 cannot."""

FLAG_SLOTS = 64
"""v1 keeps `not_adjusted` in one of its first slots, right behind xcp_profit, xcp_profit_a and
virtual_price."""

PROBES = ((1, 1), (1_234, 1_000), (987_654_321, 10_000))
"""What is exchanged to confirm the arithmetic, in whole coins: numerator, denominator."""

Quote: TypeAlias = Callable[[ExactPool, int, int, int], int]


@dataclass(frozen=True, slots=True)
class _Looks:
    """What a pool looks like. `mathematics` is where its arithmetic stands, in twocrypto-NG;
    `profits` are the words that stand before the flag of v1, None in NG."""

    coins: list[Address]
    share: Address
    variant: CryptoSwapVariant
    stored_oracle: bool
    mathematics: Address | None
    profits: tuple[int, ...] | None


def identify(entry: Entry) -> Identification:
    """Ask for the coins, and for all that only some eras have."""
    pool = entry.address
    code, *answers = yield [Code(pool), *_look_calls(pool)]
    require_code(code, pool)
    looks = _look(pool, code, answers)
    described = [*looks.coins, looks.share]
    slots = [] if looks.profits is None else [Slot(pool, place) for place in range(FLAG_SLOTS)]
    found = yield [
        *(call for token in described for call in curve.token_calls(token)),
        *([VERSION.call(looks.mathematics)] if looks.mathematics else []),
        *slots,
    ]
    answers = list(found)
    words = [answers.pop() for _ in slots][::-1]
    version = VERSION.decode(answers.pop(), most=VERSION_LENGTH) if looks.mathematics else ""
    *tokens, share = curve.decode_tokens(described, answers)
    target = _target(entry, looks, tuple(tokens), share, version=version, words=words)
    found = yield [*calls(target), *(GET_DY.call(pool, *probe) for probe in _probes(target))]
    if not _agrees(target, found):
        raise RefusedTarget(
            f"what {pool} answers agrees with no arithmetic of Curve's CryptoSwap that is known "
            "here: it is another's pool, remove the entry"
        )
    return target


def _look_calls(pool: Address) -> list[Call]:
    return [
        *(curve.COINS.call(pool, index) for index in range(MOST_COINS + 1)),
        curve.A.call(pool),
        curve.GAMMA.call(pool),
        curve_crypto.PRICE_SCALE.call(pool),
        *(curve_crypto.PRICE_SCALES.call(pool, k) for k in range(MOST_COINS - 1)),
        TOKEN.call(pool),
        erc20.TOTAL_SUPPLY.call(pool),
        MATH.call(pool),
        LP_PRICE.call(pool),
        curve_crypto.MA_HALF_TIME.call(pool),
        curve_crypto.XCP_PROFIT.call(pool),
        XCP_PROFIT_A.call(pool),
        curve_crypto.CACHED_VIRTUAL_PRICE.call(pool),
    ]


def _look(pool: Address, code: Answer, answers: Sequence[Answer]) -> _Looks:
    """Raises RefusedTarget with what speaks against it."""
    integer = curve.integer_or_none
    coins = curve.listed(curve.COINS, answers[: MOST_COINS + 1])
    a, gamma, scale, *scales, token, supply, math, lp_price, half_time = answers[
        MOST_COINS + 1 : -3
    ]
    if not coins or not 2 <= len(coins) <= MOST_COINS:
        raise RefusedTarget(f"{pool} is no CryptoSwap pool: it names no coins; remove the entry")
    if integer(curve.A, a) is None or integer(curve.GAMMA, gamma) is None:
        raise RefusedTarget(f"{pool} is no CryptoSwap pool: it has no gamma; remove the entry")
    single = integer(curve_crypto.PRICE_SCALE, scale) is not None
    listed = all(integer(curve_crypto.PRICE_SCALES, each) is not None for each in scales)
    if (len(coins) == 2, len(coins) == MOST_COINS) != (single, listed):
        raise RefusedTarget(
            f"{pool} is no CryptoSwap pool: it has no price scale of its {len(coins)} coins; "
            "remove the entry"
        )
    has_half_time = integer(curve_crypto.MA_HALF_TIME, half_time) is not None
    issued = curve.address_or_none(TOKEN, token) if has_half_time else None
    is_v1 = issued is not None
    if not is_v1 and integer(erc20.TOTAL_SUPPLY, supply) is None:
        raise RefusedTarget(f"{pool} is no CryptoSwap pool: it has no LP token; remove the entry")
    is_live = integer(LP_PRICE, lp_price) is not None
    return _Looks(
        coins=coins,
        share=issued or pool,
        variant=_variant(len(coins), is_v1=is_v1, is_eth=is_live or ETHER_EXCHANGE in code.data),
        stored_oracle=is_v1 and not is_live,
        mathematics=None if is_v1 or len(coins) > 2 else curve.address_or_none(MATH, math),
        profits=_profits(pool, answers[-3:]) if is_v1 else None,
    )


def _variant(coins: int, *, is_v1: bool, is_eth: bool) -> CryptoSwapVariant:
    """The contract that has just these functions; twocrypto-NG's is told by its mathematics."""
    if coins == MOST_COINS:
        return "tricrypto" if is_v1 else "tricrypto_ng"
    if not is_v1:
        return "twocrypto_ng"
    return "twocrypto" if is_eth else "twocrypto_early"


def _profits(pool: Address, answers: Sequence[Answer]) -> tuple[int, ...]:
    views = (curve_crypto.XCP_PROFIT, XCP_PROFIT_A, curve_crypto.CACHED_VIRTUAL_PRICE)
    found = map(curve.integer_or_none, views, answers)
    numbers = tuple(each for each in found if each is not None)
    if len(numbers) < len(views):
        raise RefusedTarget(
            f"{pool} is no CryptoSwap pool: it does not tell its profit; remove the entry"
        )
    return numbers


def _target(
    entry: Entry,
    looks: _Looks,
    tokens: tuple[Token, ...],
    share: Token,
    *,
    version: str,
    words: Sequence[Answer],
) -> Target:
    """Raises RefusedTarget."""
    if any(token.decimals > MOST_DECIMALS for token in tokens):
        raise RefusedTarget(f"a coin of {entry.address} has too many decimals for such a pool")
    variant = looks.variant
    if variant == "twocrypto_ng":
        if version not in MATHEMATICS:
            raise RefusedTarget(
                f"{entry.address} computes by mathematics of version {version!r}, which is none "
                "of CryptoSwap's that is known here: remove the entry"
            )
        variant = MATHEMATICS[version]
    params: dict[str, str | int | bool] = {
        "variant": variant,
        "stored_oracle": looks.stored_oracle,
    }
    if looks.profits is not None:
        params["not_adjusted_slot"] = _flag_slot(entry.address, looks.profits, words)
    return Target(
        chain_id=entry.chain_id,
        protocol=PROTOCOL,
        address=entry.address,
        kind=CryptoSwap.KIND,
        key=entry.key,
        tokens=tokens,
        share=share,
        params=params,
        name=entry.name,
    )


def _flag_slot(pool: Address, profits: tuple[int, ...], answers: Sequence[Answer]) -> int:
    """The place behind the three words, where a flag is. Raises RefusedTarget unless it is one."""
    words = [int.from_bytes(each.data) if len(each.data) == 32 else None for each in answers]
    before = len(profits)
    places = [
        at
        for at in range(before, len(words))
        if tuple(words[at - before : at]) == profits and words[at] in (0, 1)
    ]
    if len(places) != 1:
        raise RefusedTarget(
            f"{pool} keeps its profit in no place that is known here: it is another's pool, "
            "remove the entry"
        )
    return places[0]


def _probes(target: Target) -> list[tuple[int, int, int]]:
    last = len(target.tokens) - 1
    pairs = dict.fromkeys([(0, 1), (1, 0), (last, 0)])
    return [
        (i, j, amount * 10 ** target.tokens[i].decimals // part)
        for i, j in pairs
        for amount, part in PROBES
    ]


def _agrees(target: Target, answers: Sequence[Answer]) -> bool:
    """Whether its state is one, and its exchanges are quoted as our arithmetic does."""
    probes = _probes(target)
    try:
        state = decode(target, answers[: -len(probes)])
    except ReadError:
        return False
    answered = [curve.integer_or_none(GET_DY, each) for each in answers[-len(probes) :]]
    pool = pool_of(state)
    # NG's views are another contract's, which a pool may have lost: what it quotes must agree.
    may_be_silent = ARITHMETIC[state.variant].generation == "ng"
    return any(
        all(
            found == expected or (found is None and may_be_silent)
            for found, expected in zip(answered, _quoted(pool, quote, probes), strict=True)
        )
        for quote in _quotes(state.variant)
    )


def _quotes(variant: CryptoSwapVariant) -> Iterator[Quote]:
    """How the view get_dy of such a contract computes: some take the stored D on a ramp too."""
    yield get_dy
    if variant == "tricrypto":
        yield lambda pool, i, j, dx: get_dy(replace(pool, ramping=False), i, j, dx)
    if variant == "twocrypto_early":
        yield get_dy_of_own_D


def _quoted(
    pool: ExactPool, quote: Quote, probes: Sequence[tuple[int, int, int]]
) -> list[int | None]:
    found: list[int | None] = []
    for probe in probes:
        try:
            found.append(quote(pool, *probe))
        except MathError:
            found.append(None)
    return found


def calls(target: Target) -> list[Call]:
    return curve_crypto.reading(curve_crypto.pool_of_target(target))


def decode(target: Target, answers: Sequence[Answer]) -> CryptoSwap:
    return curve_crypto.state(curve_crypto.pool_of_target(target), answers)


ADAPTER = Adapter(
    protocol=PROTOCOL,
    kind=CryptoSwap.KIND,
    title="Curve CryptoSwap pools",
    identify=identify,
    calls=calls,
    decode=decode,
    events=CRYPTOSWAP_EVENTS,
    encode=encode_crypto,
    not_covered=(
        "Whether a pool was killed, which v1 could be in its first two months and stops its swaps.",
        (
            "Pools of two coins whose mathematics contract is a StableSwap, and those with "
            "donations: their arithmetic is another, so they are refused."
        ),
        (
            "Fees that the pool mints for its administrator after or before a move: quotes of a "
            "swap do not depend on them, what a second one in the same block pays may."
        ),
    ),
)
