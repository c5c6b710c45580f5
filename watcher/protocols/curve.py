"""What Curve's StableSwap contracts have in common: which functions each era has, and one round of
reads of a pool of plain coins or of a metapool's own two.

Sources: curve-contract, curve-factory and stableswap-ng; `math.exact.stableswap_variants` names the
contracts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from watcher.errors import DecodeError, MathError, ReadError, RefusedTarget
from watcher.math.exact.stableswap import get_virtual_price
from watcher.math.families.stableswap import pool_of
from watcher.protocols import erc20
from watcher.protocols.interface import ListView, View, Views, view
from watcher.state.call import Answer, Call, Slot
from watcher.state.stableswap import MOST_COINS, StableSwap, StableSwapVariant, problems
from watcher.state.target import Target
from watcher.state.token import ETHER, NATIVE_DECIMALS, ZERO_ADDRESS, Address, Token

_POOL = "curve/StableSwap"
_FIRST_POOL = "curve/FirstStableSwap"
COINS = view(_POOL, "coins")
BALANCES = view(_POOL, "balances")
FIRST_COINS = view(_FIRST_POOL, "coins")
FIRST_BALANCES = view(_FIRST_POOL, "balances")
UNDERLYING_COINS = view(_FIRST_POOL, "underlying_coins")
A = view(_POOL, "A")
A_PRECISE = view(_POOL, "A_precise")
FEE = view(_POOL, "fee")
ADMIN_FEE = view(_POOL, "admin_fee")
OFFPEG_FEE_MULTIPLIER = view(_POOL, "offpeg_fee_multiplier")
STORED_RATES = ListView("stored_rates")
VIRTUAL_PRICE = view(_POOL, "get_virtual_price")
GET_DY = view(_POOL, "get_dy")
LP_TOKEN = view(_POOL, "lp_token")
GAMMA = view(_POOL, "gamma")

A_PRECISION = 100
RATE_DECIMALS = 36
"""A rate is 10**(36 - decimals) for a coin that is worth one."""

TOKEN_SLOTS = 24
"""Before `lp_token` there was, the LP token stood in one of the first slots of the pool's storage:
coins, balances, fees and A take fewer."""


@dataclass(frozen=True, slots=True)
class Era:
    """Which functions contracts of one arithmetic have: int128 as the index of a coin, A_precise,
    offpeg_fee_multiplier."""

    first: bool = False
    precise: bool = True
    offpeg: bool = False


_FIRST = Era(first=True, precise=False)
_OFFPEG = Era(offpeg=True)
ERAS: Mapping[StableSwapVariant, Era] = {
    "gen1": _FIRST,
    "ren": _FIRST,
    "three_pool": Era(precise=False),
    "factory": Era(),
    "steth": Era(),
    "aave": _OFFPEG,
    "ng": _OFFPEG,
    "ng_early": _OFFPEG,
}


@dataclass(frozen=True, slots=True)
class Pool:
    """Where a pool is and what it is read by; `rated` where it answers stored_rates."""

    address: Address
    share: Address
    tokens: tuple[Token, ...]
    variant: StableSwapVariant
    rated: bool

    @property
    def era(self) -> Era:
        return ERAS[self.variant]


def reading(pool: Pool) -> list[Call]:
    """Every parameter, in the order in which `state` takes the answers."""
    era, address = pool.era, pool.address
    balances = FIRST_BALANCES if era.first else BALANCES
    return [
        (A_PRECISE if era.precise else A).call(address),
        FEE.call(address),
        ADMIN_FEE.call(address),
        erc20.TOTAL_SUPPLY.call(pool.share),
        *(balances.call(address, coin) for coin in range(len(pool.tokens))),
        *([OFFPEG_FEE_MULTIPLIER.call(address)] if era.offpeg else []),
        *([STORED_RATES.call(address, most=MOST_COINS)] if pool.rated else []),
        VIRTUAL_PRICE.call(address),
    ]


def state(
    pool: Pool, answers: Sequence[Answer], *, rates: Sequence[int] | None = None
) -> StableSwap:
    """The state that `reading` answers. `rates` stand in for those that are not asked.

    Raises DecodeError where no pool can be so, and where the pool's own virtual price is not what
    its arithmetic gives: figures from wrong arithmetic are worse than none.
    """
    *numbers, virtual_price = answers
    if pool.rated:
        rates = STORED_RATES.decode(numbers.pop(), len(pool.tokens))
    elif rates is None:
        rates = [10 ** (RATE_DECIMALS - token.decimals) for token in pool.tokens]
    found = _numbers(pool, numbers, tuple(rates))
    problem = next(problems(found), None)
    if problem is not None:
        raise DecodeError(f"{pool.address} answered what no pool is: {problem}")
    require_virtual_price(found, virtual_price)
    return found


def _numbers(pool: Pool, answers: Sequence[Answer], rates: tuple[int, ...]) -> StableSwap:
    era, coins = pool.era, len(pool.tokens)
    amplification, fee, admin_fee, supply, *rest = _views(era, coins).integers(answers)
    return StableSwap(
        variant=pool.variant,
        balances=tuple(rest[:coins]),
        rates=rates,
        amplification=amplification,
        amplification_precision=A_PRECISION if era.precise else 1,
        fee=fee,
        admin_fee=admin_fee,
        offpeg_fee_multiplier=rest[coins] if era.offpeg else 0,
        withdraw_fee=0,
        total_supply=supply,
        decimals=tuple(token.decimals for token in pool.tokens),
        underlying_decimals=(),
    )


@cache
def _views(era: Era, coins: int) -> Views:
    balances = FIRST_BALANCES if era.first else BALANCES
    offpeg = [OFFPEG_FEE_MULTIPLIER] if era.offpeg else []
    amplification = A_PRECISE if era.precise else A
    return Views(amplification, FEE, ADMIN_FEE, erc20.TOTAL_SUPPLY, *[balances] * coins, *offpeg)


def require_virtual_price(
    found: StableSwap, answer: Answer, *, asked: View = VIRTUAL_PRICE
) -> None:
    """A revert agrees with a state that our arithmetic refuses."""
    try:
        expected = get_virtual_price(pool_of(found))
    except MathError:
        if answer.ok:
            raise DecodeError(f"{asked.name}() answers where the arithmetic reverts") from None
        return
    answered = asked.integer(answer)
    if answered != expected:
        raise DecodeError(
            f"{asked.name}() answers {answered} where the arithmetic gives {expected}"
        )


def pool_of_target(target: Target) -> Pool:
    """Raises DecodeError where the target's facts are not those of such a pool."""
    variant = next((one for one in ERAS if one == target.params.get("variant")), None)
    if variant is None or target.share is None:
        raise DecodeError(f"{target.label}: params.variant is none that is read, or no LP token")
    return Pool(
        address=target.address,
        share=target.share.address,
        tokens=target.tokens,
        variant=variant,
        rated=bool(target.params.get("stored_rates")),
    )


def token_calls(token: Address) -> list[Call]:
    return [] if token == ETHER else erc20.metadata_calls(token)


def decode_tokens(coins: Sequence[Address], answers: Sequence[Answer]) -> tuple[Token, ...]:
    """The tokens of `token_calls`; at most 36 decimals, or there is no rate."""
    left = list(answers)
    found = []
    for coin in coins:
        if coin == ETHER:
            found.append(Token(ETHER, NATIVE_DECIMALS, "ETH"))
            continue
        token = erc20.decode_metadata(coin, [left.pop(0), left.pop(0)])
        if token.decimals > RATE_DECIMALS:
            raise RefusedTarget(f"token {coin} has too many decimals for such a pool")
        found.append(token)
    return tuple(found)


def address_or_none(asked: View, answer: Answer) -> Address | None:
    try:
        found = asked.address(answer)
    except ReadError:
        return None
    return None if found == ZERO_ADDRESS else found


def integer_or_none(asked: View, answer: Answer) -> int | None:
    try:
        return asked.integer(answer)
    except ReadError:
        return None


def listed(asked: View, answers: Sequence[Answer]) -> list[Address] | None:
    """The coins before the first index that answers none; None where one answers behind it."""
    found = [address_or_none(asked, answer) for answer in answers]
    coins = [coin for coin in found if coin is not None]
    return coins if coins == found[: len(coins)] else None


def slot_calls(contract: Address) -> list[Call]:
    return [Slot(contract, index) for index in range(TOKEN_SLOTS)]
