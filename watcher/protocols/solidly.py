"""Pools of Velodrome V2 and Aerodrome, Solidly's heirs: stable and volatile; the fee is the
factory's, pool by pool, at each block.

Source: Aerodrome's Pool.sol and factories/PoolFactory.sol. Their factory can pause all swaps, which
no figure here knows of.
"""

from __future__ import annotations

from collections.abc import Sequence

from watcher.errors import DecodeError, ReadError, RefusedTarget
from watcher.protocols import erc20
from watcher.protocols.adapter import Adapter, Entry, Identification
from watcher.protocols.events import Field, both, event, flow
from watcher.protocols.interface import Views, view
from watcher.protocols.pair_events import MINT, added, pair_events, removed, swapped
from watcher.protocols.pairs import ask_pair, confirm_pair, factory_of
from watcher.state.call import Answer, Call
from watcher.state.flow import Flow, FlowKind, Side
from watcher.state.log import Log
from watcher.state.solidly import Solidly
from watcher.state.target import Target
from watcher.state.token import ZERO_ADDRESS

PROTOCOL = "solidly"

_POOL = "solidly/Pool"
_FACTORY = "solidly/PoolFactory"
STABLE = view(_POOL, "stable")
GET_RESERVES = view(_POOL, "getReserves")
GET_POOL = view(_FACTORY, "getPool")
GET_FEE = view(_FACTORY, "getFee")
STATE = Views(GET_RESERVES, erc20.BALANCE_OF, erc20.BALANCE_OF, erc20.TOTAL_SUPPLY, GET_FEE, STABLE)
"""What `calls` asks."""
SWAP = event(
    "Swap(address indexed sender, address indexed to, uint256 amount0In, uint256 amount1In, "
    "uint256 amount0Out, uint256 amount1Out)"
)
BURN = event("Burn(address indexed sender, address indexed to, uint256 amount0, uint256 amount1)")
FEES = event("Fees(address indexed sender, uint256 amount0, uint256 amount1)")
FEE_DENOMINATOR = 10_000
LATEST_TIME = 2**64 - 1
"""Reserves may be any number of 256 bits; the time beside them tells answers that are none."""


def identify(entry: Entry) -> Identification:
    """Ask the pool for its tokens, curve and factory, and the factory whether it is its own."""
    claim = yield from ask_pair(entry, "Velodrome V2 or Aerodrome pool", _POOL, STABLE)
    pool, factory, (stable,) = entry.address, claim.factory, claim.facts
    if factory == ZERO_ADDRESS:
        raise RefusedTarget(
            f"{pool} has no factory: it is what pools are cloned from, give the address of a pool"
        )
    target, (fee_answer,) = yield from confirm_pair(
        entry,
        claim,
        kind=Solidly.KIND,
        known=GET_POOL,
        by=(claim.token0, claim.token1, stable),
        also=[GET_FEE.call(factory, pool, stable)],
        params={"stable": bool(stable)},
    )
    try:
        GET_FEE.integer(fee_answer)
    except ReadError as error:
        raise RefusedTarget(
            f"its factory {factory} does not tell the fee of {pool} as Velodrome V2's does: "
            f"{error}; remove the entry"
        ) from None
    return target


def calls(target: Target) -> list[Call]:
    pool = target.address
    token0, token1 = target.tokens
    return [
        GET_RESERVES.call(pool),
        erc20.BALANCE_OF.call(token0.address, pool),
        erc20.BALANCE_OF.call(token1.address, pool),
        erc20.TOTAL_SUPPLY.call(pool),
        GET_FEE.call(factory_of(target), pool, bool(target.params["stable"])),
        STABLE.call(pool),
    ]


def decode(target: Target, answers: Sequence[Answer]) -> Solidly:
    reserve0, reserve1, updated_at, balance0, balance1, supply, fee, stable = STATE.integers(
        answers
    )
    if bool(stable) != target.params["stable"]:
        raise DecodeError(f"{target.label} has another curve than it was identified with")
    if updated_at > LATEST_TIME:
        raise DecodeError(f"the reserves of {target.label} are of a time that no block has")
    if fee >= FEE_DENOMINATOR:
        raise DecodeError(f"the fee of {target.label} is {fee} of {FEE_DENOMINATOR}")
    token0, token1 = target.tokens
    return Solidly(
        version="v2",
        stable=bool(stable),
        reserve0=reserve0,
        reserve1=reserve1,
        balance0=balance0,
        balance1=balance1,
        fee=fee,
        fee_denominator=FEE_DENOMINATOR,
        total_supply=supply,
        decimals0=token0.decimals,
        decimals1=token1.decimals,
    )


def _swapped(target: Target, log: Log, values: Sequence[Field]) -> Flow | None:
    sender, to, *amounts = values
    return swapped(target, log, (sender, *amounts, to))


def _removed(target: Target, log: Log, values: Sequence[Field]) -> Flow | None:
    sender, to, *amounts = values
    return removed(target, log, (sender, *amounts, to))


def _paid(target: Target, log: Log, values: Sequence[Field]) -> Flow | None:
    """A trade's fee, which leaves the reserves for a contract of its own."""
    sender, amount0, amount1 = values
    return flow(log, FlowKind.FEE, sender, both(target, Side.FEE, amount0, amount1))


EVENTS = pair_events(
    event("Sync(uint256 reserve0, uint256 reserve1)"),
    {MINT: added, BURN: _removed, SWAP: _swapped, FEES: _paid},
)

ADAPTER = Adapter(
    protocol=PROTOCOL,
    kind=Solidly.KIND,
    title="Velodrome V2 and Aerodrome",
    identify=identify,
    calls=calls,
    decode=decode,
    events=EVENTS,
    not_covered=(
        (
            "Pools of the first version (Solidly, Velodrome V1): their fee stands elsewhere; "
            "their arithmetic is there for files alone."
        ),
        "A pause of the factory, which stops all swaps: it is not read.",
    ),
)
