"""Reading what a set of holders has, round by round: which positions there are is known only from
answers, and what redeeming pays only once the amounts are.

Source of the position managers: Uniswap v3-periphery 1.4.4 NonfungiblePositionManager.sol.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from eth_utils.crypto import keccak

from watcher.errors import DecodeError, ReadError, TooLarge
from watcher.math.look_through import unquoted
from watcher.protocols import erc20, uniswap_v2, uniswap_v3, v3_forks
from watcher.protocols.holdings_plan import PairPlan, Plan, VaultPlan, places, plan_of
from watcher.protocols.interface import Value, View, one_word, view
from watcher.state.call import Answer, Balance, Call, Static
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
from watcher.state.target import Target
from watcher.state.token import ZERO_ADDRESS, Address

_MANAGER = "uniswap_v3/NonfungiblePositionManager"
_POOL = "uniswap_v3/UniswapV3Pool"
TOKEN_OF_OWNER_BY_INDEX = view(_MANAGER, "tokenOfOwnerByIndex")
POSITIONS = view(_MANAGER, "positions")
POOL_POSITIONS = view(_POOL, "positions")
GROWTH0 = view(_POOL, "feeGrowthGlobal0X128")
GROWTH1 = view(_POOL, "feeGrowthGlobal1X128")
MAX_REDEEM = view("erc4626/ERC4626", "maxRedeem")
PREVIEW_REDEEM = view("erc4626/ERC4626", "previewRedeem")

MOST_POSITIONS = 256
"""NFTs that are read of all holders together: anybody may send more."""

Round: TypeAlias = Generator[list[Call], Sequence[Answer], "_Answers"]
Reading: TypeAlias = Generator[list[Call], Sequence[Answer], Holdings]


@dataclass(frozen=True, slots=True)
class _Nft:
    """What `positions` answers of one NFT, and where it is."""

    holder: int
    manager: int
    token_id: int
    token0: Address
    token1: Address
    fee: int
    tick_lower: int
    tick_upper: int
    liquidity: int
    inside_last: tuple[int, int]
    owed: tuple[int, int]

    @property
    def empty(self) -> bool:
        return not (self.liquidity or any(self.owed))


class _Answers:
    """The answers of one round, taken one by one; an error names the contract."""

    def __init__(self, calls: Sequence[Call], answers: Sequence[Answer]) -> None:
        self._next = iter(zip(calls, answers, strict=True))

    def values(self, asked: View) -> tuple[Value, ...]:
        call, answer = next(self._next)
        try:
            return asked.decode(answer)
        except ReadError as error:
            where = call.to if isinstance(call, Static) else ""
            raise type(error)(f"{error} (at {where})") from None

    def integers(self, asked: View) -> tuple[int, ...]:
        return tuple(value for value in self.values(asked) if isinstance(value, int))

    def integer(self, asked: View) -> int:
        (value,) = self.integers(asked)
        return value

    def address(self, asked: View) -> Address:
        (value,) = self.values(asked)
        return Address(str(value))

    def native(self) -> int:
        _, answer = next(self._next)
        return one_word(answer, "the native balance")


def reading(target: Target) -> Reading:
    """The holdings of a target; the first round is always the same. Raises a ReadError."""
    plan, tokens = plan_of(target), [token.address for token in target.tokens]
    got = yield from _ask(_first_calls(plan, tokens))
    native = tuple(got.native() for _ in plan.holders) if plan.wrapped is not None else ()
    balances = tuple(tuple(got.integer(erc20.BALANCE_OF) for _ in tokens) for _ in plan.holders)
    shares = [_share(one, plan, got) for one in plan.shares]
    counts = [
        (manager, holder, got.integer(erc20.BALANCE_OF))
        for manager, _ in enumerate(plan.managers)
        for holder, _ in enumerate(plan.holders)
    ]
    nfts = yield from _nfts(plan, counts)
    known = places(tokens)
    own = [one for one in nfts if one.token0 in known and one.token1 in known]
    pools, ranges, positions = yield from _positions(plan, own, known)
    state = Holdings(
        decimals=tuple(token.decimals for token in target.tokens),
        balances=balances,
        native=native,
        wrapped=plan.wrapped or 0,
        pairs=tuple(one for one in shares if isinstance(one, PairShare)),
        vaults=tuple(one for one in shares if isinstance(one, VaultShare)),
        order=tuple(one.token for one in shares),
        pools=pools,
        ranges=ranges,
        positions=positions,
        other_positions=tuple(
            OtherPosition(one.manager, one.token_id) for one in nfts if one not in own
        ),
    )
    problem = next(state.problems(), None)
    if problem is not None:
        raise DecodeError(f"{target.label} answered what no holdings are: {problem}")
    return (yield from _redeemed(state, tokens))


def _ask(calls: list[Call]) -> Round:
    answers = (yield calls) if calls else ()
    return _Answers(calls, answers)


def _first_calls(plan: Plan, tokens: Sequence[Address]) -> list[Call]:
    calls: list[Call] = []
    if plan.wrapped is not None:
        calls += map(Balance, plan.holders)
    for holder in plan.holders:
        calls += [erc20.BALANCE_OF.call(token, holder) for token in tokens]
    for share in plan.shares:
        if isinstance(share, PairPlan):
            calls += _pair_calls(share, tokens)
        else:
            calls += [MAX_REDEEM.call(tokens[share.token], holder) for holder in plan.holders]
    for manager in plan.managers:
        calls += [erc20.BALANCE_OF.call(manager, holder) for holder in plan.holders]
    return calls


def _pair_calls(plan: PairPlan, tokens: Sequence[Address]) -> Iterator[Call]:
    pair = tokens[plan.token]
    yield uniswap_v2.GET_RESERVES.call(pair)
    for token in (tokens[plan.token0], tokens[plan.token1], pair):
        yield erc20.BALANCE_OF.call(token, pair)
    yield erc20.TOTAL_SUPPLY.call(pair)
    yield uniswap_v2.K_LAST.call(pair)
    yield uniswap_v2.FEE_TO.call(plan.factory)


def _share(share: PairPlan | VaultPlan, plan: Plan, got: _Answers) -> PairShare | VaultShare:
    if isinstance(share, VaultPlan):
        most = tuple(got.integer(MAX_REDEEM) for _ in plan.holders)
        return VaultShare(share.token, share.asset, max_redeem=most, redemptions=())
    reserve0, reserve1, _ = got.integers(uniswap_v2.GET_RESERVES)
    balance0, balance1, at_pair = (got.integer(erc20.BALANCE_OF) for _ in range(3))
    supply, k_last = got.integer(erc20.TOTAL_SUPPLY), got.integer(uniswap_v2.K_LAST)
    is_on = got.address(uniswap_v2.FEE_TO) != ZERO_ADDRESS
    return PairShare(
        token=share.token,
        token0=share.token0,
        token1=share.token1,
        reserve0=reserve0,
        reserve1=reserve1,
        balance0=balance0,
        balance1=balance1,
        at_pair=at_pair,
        total_supply=supply,
        k_last=k_last,
        protocol_share_numerator=share.protocol_share.numerator if is_on else 0,
        protocol_share_denominator=share.protocol_share.denominator,
    )


def _nfts(
    plan: Plan, counts: Sequence[tuple[int, int, int]]
) -> Generator[list[Call], Sequence[Answer], list[_Nft]]:
    """Every position that holds or is owed something, in the managers' order."""
    total = sum(count for *_, count in counts)
    if total > MOST_POSITIONS:
        raise TooLarge(
            f"the holders have {total:,} position NFTs, more than the {MOST_POSITIONS} that are "
            "read: remove `position_managers`, or name fewer holders"
        )
    owned = [(manager, holder, at) for manager, holder, count in counts for at in range(count)]
    got = yield from _ask(
        [
            TOKEN_OF_OWNER_BY_INDEX.call(plan.managers[manager], plan.holders[holder], at)
            for manager, holder, at in owned
        ]
    )
    named = [
        (manager, holder, got.integer(TOKEN_OF_OWNER_BY_INDEX)) for manager, holder, _ in owned
    ]
    got = yield from _ask(
        [POSITIONS.call(plan.managers[manager], token_id) for manager, _, token_id in named]
    )
    found = [_nft(*one, got.values(POSITIONS)) for one in named]
    return [one for one in found if not one.empty]


def _nft(manager: int, holder: int, token_id: int, values: Sequence[Value]) -> _Nft:
    _, _, token0, token1, *numbers = values
    fee, lower, upper, liquidity, last0, last1, owed0, owed1 = map(int, numbers)
    return _Nft(
        holder=holder,
        manager=manager,
        token_id=token_id,
        token0=Address(str(token0)),
        token1=Address(str(token1)),
        fee=fee,
        tick_lower=lower,
        tick_upper=upper,
        liquidity=liquidity,
        inside_last=(last0, last1),
        owed=(owed0, owed1),
    )


_Found: TypeAlias = tuple[
    tuple[PositionPool, ...], tuple[PositionRange, ...], tuple[HeldPosition, ...]
]


def _positions(
    plan: Plan, nfts: Sequence[_Nft], known: dict[Address, int]
) -> Generator[list[Call], Sequence[Answer], _Found]:
    keys = [(plan.factories[one.manager], one.token0, one.token1, one.fee) for one in nfts]
    distinct = list(dict.fromkeys(keys))
    got = yield from _ask([v3_forks.GET_POOL.call(*key) for key in distinct])
    pools = {key: got.address(v3_forks.GET_POOL) for key in distinct}
    if ZERO_ADDRESS in pools.values():
        raise DecodeError("a position is of a pool that its factory does not know")
    spans = [
        (one.manager, distinct.index(key), one.tick_lower, one.tick_upper)
        for one, key in zip(nfts, keys, strict=True)
    ]
    ranges = list(dict.fromkeys(spans))
    addresses = list(pools.values())
    calls: list[Call] = []
    for pool in addresses:
        calls += [view_.call(pool) for view_ in (uniswap_v3.SLOT0, GROWTH0, GROWTH1)]
    for manager, pool_row, lower, upper in ranges:
        pool = addresses[pool_row]
        calls += [v3_forks.TICKS.call(pool, tick) for tick in (lower, upper)]
        calls.append(POOL_POSITIONS.call(pool, position_key(plan.managers[manager], lower, upper)))
    got = yield from _ask(calls)
    return (
        tuple(_pool(known[token0], known[token1], got) for _, token0, token1, _ in distinct),
        tuple(_range(*span, got) for span in ranges),
        tuple(_held(one, ranges.index(span)) for one, span in zip(nfts, spans, strict=True)),
    )


def position_key(owner: Address, tick_lower: int, tick_upper: int) -> bytes:
    """PositionKey.compute: what a pool knows a position of `owner` by."""
    ticks = (tick.to_bytes(3, "big", signed=True) for tick in (tick_lower, tick_upper))
    return keccak(bytes.fromhex(owner[2:]) + b"".join(ticks))


def _pool(token0: int, token1: int, got: _Answers) -> PositionPool:
    sqrt_price_x96, tick, *_ = got.integers(uniswap_v3.SLOT0)
    growth0, growth1 = got.integer(GROWTH0), got.integer(GROWTH1)
    return PositionPool(token0, token1, sqrt_price_x96, tick, growth0, growth1)


def _range(manager: int, pool: int, lower: int, upper: int, got: _Answers) -> PositionRange:
    outside = [got.integers(v3_forks.TICKS)[2:4] for _ in range(2)]
    liquidity, last0, last1, owed0, owed1 = got.integers(POOL_POSITIONS)
    return PositionRange(
        manager=manager,
        pool=pool,
        tick_lower=lower,
        tick_upper=upper,
        lower_outside0_x128=outside[0][0],
        lower_outside1_x128=outside[0][1],
        upper_outside0_x128=outside[1][0],
        upper_outside1_x128=outside[1][1],
        liquidity=liquidity,
        inside_last0_x128=last0,
        inside_last1_x128=last1,
        owed0=owed0,
        owed1=owed1,
    )


def _held(nft: _Nft, span: int) -> HeldPosition:
    return HeldPosition(
        holder=nft.holder,
        token_id=nft.token_id,
        range=span,
        liquidity=nft.liquidity,
        inside_last0_x128=nft.inside_last[0],
        inside_last1_x128=nft.inside_last[1],
        owed0=nft.owed[0],
        owed1=nft.owed[1],
    )


def _redeemed(state: Holdings, tokens: Sequence[Address]) -> Reading:
    """Ask each vault what redeeming the very amounts pays, the outermost first."""
    while missing := unquoted(state):
        got = yield from _ask(
            [PREVIEW_REDEEM.call(tokens[token], shares) for token, shares in missing]
        )
        for token, shares in missing:
            found = Redemption(shares, got.integer(PREVIEW_REDEEM))
            state = replace(
                state,
                vaults=tuple(
                    replace(one, redemptions=(*one.redemptions, found))
                    if one.token == token
                    else one
                    for one in state.vaults
                ),
            )
    return state
