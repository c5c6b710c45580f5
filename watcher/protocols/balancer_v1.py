"""Balancer V1's pools that are finalized: their coins, weights and fee never change any more.

Source: balancer-core's BPool.sol. Each block the pool's own getSpotPrice of its first two coins is
held to ours.
"""

from __future__ import annotations

from collections.abc import Sequence

from watcher.errors import DecodeError, MathError, ReadError, RefusedTarget
from watcher.math.exact.balancer_v1 import BPool, calc_spot_price
from watcher.protocols import erc20
from watcher.protocols.adapter import Adapter, Entry, Identification
from watcher.protocols.balancer_events import V1_EVENTS
from watcher.protocols.interface import Views, arrays_view, require_code, view
from watcher.state.call import Answer, Call, Code
from watcher.state.target import Target
from watcher.state.token import Address, to_address
from watcher.state.weighted import Weighted, problems

PROTOCOL = "balancer_v1"

_POOL = "balancer/BPool"
FINAL_TOKENS = arrays_view(_POOL, "getFinalTokens")
BALANCE = view(_POOL, "getBalance")
WEIGHT = view(_POOL, "getDenormalizedWeight")
SWAP_FEE = view(_POOL, "getSwapFee")
SPOT_PRICE = view(_POOL, "getSpotPrice")
PUBLIC_SWAP = view(_POOL, "isPublicSwap")

ONE = 10**18
MOST_COINS = 8


def identify(entry: Entry) -> Identification:
    """Ask the pool for its final coins."""
    pool = entry.address
    code, tokens, fee, public, *share = yield [
        Code(pool),
        FINAL_TOKENS.call(pool, length=MOST_COINS),
        SWAP_FEE.call(pool),
        PUBLIC_SWAP.call(pool),
        *erc20.metadata_calls(pool),
    ]
    require_code(code, pool)
    try:
        (numbers,) = FINAL_TOKENS.decode(tokens, length=FINAL_TOKENS.length(tokens))
        SWAP_FEE.integer(fee)
        PUBLIC_SWAP.decode(public)
    except ReadError as error:
        raise RefusedTarget(
            f"{pool} is no finalized pool of Balancer V1: {error}; remove the entry"
        ) from None
    coins = [to_address(number.to_bytes(20)) for number in numbers]
    metadata = yield [call for coin in coins for call in erc20.metadata_calls(coin)]
    return Target(
        chain_id=entry.chain_id,
        protocol=PROTOCOL,
        address=pool,
        kind=Weighted.KIND,
        key=entry.key,
        tokens=tuple(
            erc20.decode_metadata(coin, metadata[2 * k : 2 * k + 2]) for k, coin in enumerate(coins)
        ),
        share=erc20.decode_metadata(pool, share),
        name=entry.name,
    )


def calls(target: Target) -> list[Call]:
    pool = target.address
    coins: list[Address] = [token.address for token in target.tokens]
    return [
        SWAP_FEE.call(pool),
        erc20.TOTAL_SUPPLY.call(pool),
        PUBLIC_SWAP.call(pool),
        *(BALANCE.call(pool, coin) for coin in coins),
        *(WEIGHT.call(pool, coin) for coin in coins),
        SPOT_PRICE.call(pool, *coins[:2]),
    ]


def decode(target: Target, answers: Sequence[Answer]) -> Weighted:
    count = len(target.tokens)
    views = Views(SWAP_FEE, erc20.TOTAL_SUPPLY, PUBLIC_SWAP, *[BALANCE] * count, *[WEIGHT] * count)
    *numbers, price = answers
    fee, supply, public, *rest = views.integers(numbers)
    state = Weighted(
        variant="v1",
        balances=tuple(rest[:count]),
        scaling_factors=(1,) * count,
        rates=(ONE,) * count,
        weights=tuple(rest[count:]),
        swap_fee=fee,
        aggregate_swap_fee=0,
        minimum_trade=0,
        minimum_balances=(),
        protocol_fees_due=(),
        total_supply=supply,
        decimals=tuple(token.decimals for token in target.tokens),
        paused=not public,
    )
    problem = next(problems(state), None)
    if problem is not None:
        raise DecodeError(f"{target.label} answered what no pool is: {problem}")
    require_spot_price(state, price)
    return state


def require_spot_price(state: Weighted, answer: Answer) -> None:
    """A revert agrees with a state that our arithmetic refuses."""
    pool = BPool(state.balances, state.weights, state.swap_fee, state.total_supply)
    try:
        expected = calc_spot_price(pool, 0, 1, *state.balances[:2])
    except MathError:
        if answer.ok:
            raise DecodeError("getSpotPrice() answers where the arithmetic reverts") from None
        return
    answered = SPOT_PRICE.integer(answer)
    if answered != expected:
        raise DecodeError(
            f"getSpotPrice() answers {answered} where the arithmetic gives {expected}"
        )


ADAPTER = Adapter(
    protocol=PROTOCOL,
    kind=Weighted.KIND,
    title="Balancer V1 pools",
    identify=identify,
    calls=calls,
    decode=decode,
    events=V1_EVENTS,
    not_covered=(
        (
            "Pools that are not finalized: whoever controls one may change its coins, weights"
            " and fee, so they are refused."
        ),
    ),
)
