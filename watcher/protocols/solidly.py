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
from watcher.protocols.interface import Views, require_code, view
from watcher.state.call import Answer, Call, Code
from watcher.state.solidly import Solidly
from watcher.state.target import Target
from watcher.state.token import ZERO_ADDRESS, Address

PROTOCOL = "solidly"

_POOL = "solidly/Pool"
_FACTORY = "solidly/PoolFactory"
TOKEN0 = view(_POOL, "token0")
TOKEN1 = view(_POOL, "token1")
FACTORY = view(_POOL, "factory")
STABLE = view(_POOL, "stable")
GET_RESERVES = view(_POOL, "getReserves")
GET_POOL = view(_FACTORY, "getPool")
GET_FEE = view(_FACTORY, "getFee")
STATE = Views(GET_RESERVES, erc20.BALANCE_OF, erc20.BALANCE_OF, erc20.TOTAL_SUPPLY, GET_FEE, STABLE)
"""What `calls` asks."""
FEE_DENOMINATOR = 10_000
LATEST_TIME = 2**64 - 1
"""Reserves may be any number of 256 bits; the time beside them tells answers that are none."""


def identify(entry: Entry) -> Identification:
    """Ask the pool for its tokens, curve and factory, and the factory whether it is its own."""
    pool = entry.address
    code, token0_answer, token1_answer, factory_answer, stable_answer, *share = yield [
        Code(pool),
        TOKEN0.call(pool),
        TOKEN1.call(pool),
        FACTORY.call(pool),
        STABLE.call(pool),
        *erc20.metadata_calls(pool),
    ]
    require_code(code, pool)
    try:
        token0, token1 = TOKEN0.address(token0_answer), TOKEN1.address(token1_answer)
        factory = FACTORY.address(factory_answer)
        (stable,) = map(bool, STABLE.decode(stable_answer))
    except ReadError as error:
        raise RefusedTarget(
            f"{pool} is no Velodrome V2 or Aerodrome pool: {error}; remove the entry"
        ) from None
    if factory == ZERO_ADDRESS:
        raise RefusedTarget(
            f"{pool} has no factory: it is what pools are cloned from, give the address of a pool"
        )
    pool_answer, fee_answer, *metadata = yield [
        GET_POOL.call(factory, token0, token1, stable),
        GET_FEE.call(factory, pool, stable),
        *erc20.metadata_calls(token0),
        *erc20.metadata_calls(token1),
    ]
    if not _is(pool, pool_answer):
        raise RefusedTarget(
            f"its factory {factory} does not know {pool} as its pool of {token0} and {token1}: it "
            "is no pool of Velodrome V2 or Aerodrome, remove the entry"
        )
    try:
        GET_FEE.integer(fee_answer)
    except ReadError as error:
        raise RefusedTarget(
            f"its factory {factory} does not tell the fee of {pool} as Velodrome V2's does: "
            f"{error}; remove the entry"
        ) from None
    return Target(
        chain_id=entry.chain_id,
        protocol=PROTOCOL,
        address=pool,
        kind=Solidly.KIND,
        key=entry.key,
        tokens=(
            erc20.decode_metadata(token0, metadata[:2]),
            erc20.decode_metadata(token1, metadata[2:]),
        ),
        share=erc20.decode_metadata(pool, share),
        params={"factory": factory, "stable": stable},
        name=entry.name,
    )


def calls(target: Target) -> list[Call]:
    pool = target.address
    token0, token1 = target.tokens
    factory = Address(str(target.params["factory"]))
    return [
        GET_RESERVES.call(pool),
        erc20.BALANCE_OF.call(token0.address, pool),
        erc20.BALANCE_OF.call(token1.address, pool),
        erc20.TOTAL_SUPPLY.call(pool),
        GET_FEE.call(factory, pool, bool(target.params["stable"])),
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


def _is(pool: Address, answer: Answer) -> bool:
    """Whether the factory answered this pool; one that answers otherwise or not at all is none."""
    try:
        return GET_POOL.address(answer) == pool
    except ReadError:
        return False


ADAPTER = Adapter(
    protocol=PROTOCOL,
    kind=Solidly.KIND,
    title="Velodrome V2 and Aerodrome",
    identify=identify,
    calls=calls,
    decode=decode,
)
