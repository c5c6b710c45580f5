"""The contracts decide: what burning, closing and redeeming everything pays is what we computed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import fsum

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.effort import examples
from tests.support.real_holdings import COLLECT, POSITION, Estate, estate
from tests.support.strategies import fixed
from tests.support.world import LocalWorld
from watcher.chain.client import open_chain
from watcher.chain.reader import Reader
from watcher.devnet.artifacts import Toolchain
from watcher.devnet.deploy.site import Site, created_address
from watcher.errors import ReadError, RefusedTarget
from watcher.math.look_through import LookedThrough, look_through
from watcher.math.measures import measure
from watcher.math.settings import Settings
from watcher.math.subject import Subject
from watcher.protocols.holdings_reading import position_key
from watcher.service.observe import Observer, observe
from watcher.state import Address, Answer, Block, Call, Holdings, Price, Target

pytestmark = pytest.mark.anvil

SETTINGS = Settings(unit="USD", sizes=(), prices=())
PRICES = (3_000.0, 1.0, 0.9995, 60_000.0, 1.01, 7.5, 0.02, 123.0)


@pytest.fixture(scope="module")
def rich(fork_site: LocalWorld, toolchain: Toolchain) -> Estate:
    return estate(fork_site, toolchain.artifacts)


@pytest.fixture
def treasury(rich: Estate) -> Iterator[Estate]:
    """What a test does to it is undone."""
    snapshot = rich.chain.snapshot()
    try:
        yield rich
    finally:
        rich.chain.revert(snapshot)


def places(target: Target) -> dict[Address, int]:
    return {token.address: place for place, token in enumerate(target.tokens)}


def touch(found: Estate) -> None:
    """Somebody burns a little, from when on the pair knows its kLast while fees are on."""
    pair, builder = found.world.pair("WETH/USDC").address, found.world.actors.builder
    found.send(builder, pair, "transfer(address,uint256)", pair, 10**12)
    found.send(builder, pair, "burn(address)", builder)


def require_paid(found: Estate, target: Target, state: Holdings, through: LookedThrough) -> None:
    """Each token's balance after all was liquidated is what was computed, to the wei."""
    place = places(target)
    native = sum(state.native)
    for token in found.plain:
        computed = through.amounts[place[token.address]]
        wrapped = native if token == found.world.weth else 0
        assert found.balance(token.address) + wrapped == computed, token.symbol
    for token_address in found.burned:
        assert found.balance(token_address) == through.amounts[place[token_address]] == 0


def test_a_treasury_is_worth_what_burning_and_redeeming_all_of_it_pays(treasury: Estate) -> None:
    usdc, weth = treasury.world.token("USDC"), treasury.world.weth
    play(treasury, Move("fee", first=True, size=1))
    for sold, part in ((usdc, 300), (weth, 450), (usdc, 25)):
        treasury.swap_pair(sold, part)
        treasury.swap_ticks(sold, part)
    treasury.give(usdc, treasury.world.vault("oz-usdc").address, 123_456_789)
    target = treasury.identify()
    state = treasury.read(target)
    assert (len(treasury.plain), len(state.positions), len(state.pairs)) == (8, 3, 2)
    assert len(state.vaults) == 4
    assert min(state.pairs[1].k_last, state.pairs[1].protocol_share_numerator) > 0
    through = look_through(state)
    place = places(target)
    prices = {
        token.address: fixed(token.address, price)
        for token, price in zip(treasury.plain, PRICES, strict=True)
    }
    [figures] = measure([Subject(target, state, None, prices)], SETTINGS)
    value = {each.name: each.value for each in figures}["holdings_value"]

    before = [treasury.balance(token.address) for token in treasury.plain]
    treasury.liquidate()
    require_paid(treasury, target, state, through)
    after = [treasury.balance(token.address) for token in treasury.plain]
    assert [new > old for old, new in zip(before, after, strict=True)] == [True] * 3 + [False] * 5
    native = [sum(state.native) if token == weth else 0 for token in treasury.plain]
    assert value == pytest.approx(
        fsum(
            (held + own) / 10**token.decimals * price
            for held, own, token, price in zip(after, native, treasury.plain, PRICES, strict=True)
        ),
        rel=1e-14,
    )
    assert place[treasury.burned[0]] < place[treasury.burned[1]] < place[treasury.burned[2]]


def test_each_by_itself_pays_its_part(treasury: Estate) -> None:
    """The first position, LP token and vault share alone: the same as together, since none of them
    changes what another pays."""
    treasury.swap_pair(treasury.world.token("USDC"), 200)
    treasury.swap_ticks(treasury.world.token("USDC"), 200)
    target = treasury.identify()
    state = treasury.read(target)
    through = look_through(state)
    place = places(target)
    gained: dict[Address, int] = {token.address: 0 for token in treasury.plain}
    held = {address: sum(row[place[address]] for row in state.balances) for address in gained}

    def alone(act: object, *arguments: object) -> None:
        snapshot = treasury.chain.snapshot()
        assert callable(act)
        act(*arguments)
        for address in gained:
            gained[address] += treasury.balance(address) - held[address]
        treasury.chain.revert(snapshot)

    for manager, nft in treasury.nfts():
        alone(treasury.close, manager, nft)
    *_, lp, oz, solmate = treasury.burned
    for token in (lp, oz, solmate):
        alone(treasury.redeem, token)
    deep, outer, inner, *_ = treasury.burned
    snapshot = treasury.chain.snapshot()
    for token in (deep, outer, inner):
        treasury.redeem(token)
    inside = treasury.balance(lp) - sum(row[place[lp]] for row in state.balances)
    dai = treasury.world.token("DAI").address
    gained[dai] += treasury.balance(dai) - held[dai]
    treasury.chain.revert(snapshot)
    assert inside > 0
    for plain in treasury.plain:
        address = plain.address
        native = sum(state.native) if plain == treasury.world.weth else 0
        rest = through.amounts[place[address]] - held[address] - native
        if plain.symbol in ("WETH", "USDC"):
            assert rest > gained[address], "the LP tokens inside come on top"
        else:
            assert rest == gained[address]


def test_the_last_to_leave_a_range_gets_what_the_pool_still_owes(treasury: Estate) -> None:
    """Somebody with hardly anything in the range has the manager's account written often, each time
    rounded down, and leaves: the pool then owes the manager less than its NFTs are owed."""
    world, (manager,) = treasury.world, treasury.managers
    builder, pool = world.actors.builder, world.tick_pool("v3:WETH/USDC").address
    other = treasury.nfts()[1][1] + 1
    treasury.decrease(manager, other, treasury.liquidity(manager, other) - 100, builder)
    for sold in (world.token("USDC"), world.weth) * 6:
        treasury.swap_ticks(sold, 7)
        treasury.decrease(manager, other, 1, builder)
    treasury.decrease(manager, other, treasury.liquidity(manager, other), builder)
    order = (other, builder, 2**128 - 1, 2**128 - 1)
    treasury.send(builder, manager, COLLECT, order)
    target = treasury.identify()
    state = treasury.read(target)
    through = look_through(state)

    snapshot = treasury.chain.snapshot()
    owed = [0, 0]
    for _, nft in treasury.nfts()[:2]:
        treasury.decrease(manager, nft, treasury.liquidity(manager, nft), treasury.holder)
        for coin, amount in enumerate(treasury.chain.read(manager, POSITION, nft)[10:]):
            owed[coin] += amount
    lower, upper = treasury.chain.read(manager, POSITION, treasury.nfts()[0][1])[5:7]
    account = "positions(bytes32)(uint128,uint256,uint256,uint128,uint128)"
    left = treasury.chain.read(pool, account, position_key(manager, lower, upper))[3:]
    assert [ours > theirs for ours, theirs in zip(owed, left, strict=True)] == [True, True]
    treasury.chain.revert(snapshot)

    treasury.liquidate()
    require_paid(treasury, target, state, through)


@dataclass(frozen=True)
class Move:
    """Something that happens to what the treasury has."""

    what: str
    first: bool
    size: int


MOVES = st.builds(
    Move,
    st.sampled_from(
        ["pair", "pair", "ticks", "ticks", "ticks", "earn", "stray", "part", "other", "fee", "back"]
    ),
    st.booleans(),
    st.integers(1, 3_000),
)


def play(found: Estate, move: Move) -> None:
    """`size` is in basis points."""
    world, (manager,) = found.world, found.managers
    usdc, builder = world.token("USDC"), world.actors.builder
    sold = usdc if move.first else world.weth
    pair = world.pair("WETH/USDC").address
    match move.what:
        case "pair":
            found.swap_pair(sold, move.size)
        case "ticks":
            found.swap_ticks(sold, move.size)
        case "earn":
            found.give(usdc, world.vault("oz-usdc").address, move.size * 10**7 + 1)
        case "stray":
            found.send(builder, pair, "transfer(address,uint256)", pair, move.size * 10**7 + 3)
        case "part":
            nft = found.nfts()[move.size % 3][1]
            part = found.liquidity(manager, nft) * move.size // 10_000
            if part:
                found.decrease(manager, nft, part, found.holder)
        case "other":
            nft = found.nfts()[1][1] + 1
            part = found.liquidity(manager, nft) * move.size // 10_000
            if part:
                found.decrease(manager, nft, part, builder)
        case "fee":
            (factory,) = found.chain.read(pair, "factory()(address)")
            to = world.actors.keeper if move.first else "0x" + "00" * 20
            found.send(builder, factory, "setFeeTo(address)", to)
            touch(found)
        case _:
            nft = found.nfts()[move.size % 3][1]
            found.close(manager, nft)


@settings(max_examples=examples(20, deep=300))
@given(moves=st.lists(MOVES, max_size=8))
def test_whatever_was_traded_before_every_token_is_right_to_the_wei(
    rich: Estate, moves: list[Move]
) -> None:
    snapshot = rich.chain.snapshot()
    try:
        for move in moves:
            play(rich, move)
        target = rich.identify()
        state = rich.read(target)
        through = look_through(state)
        for place, amount in enumerate(through.amounts):
            assert sum(through.by_form[place].values()) == amount
        rich.liquidate()
        require_paid(rich, target, state, through)
    finally:
        rich.chain.revert(snapshot)


def test_a_cycle_is_refused_with_its_way(treasury: Estate, toolchain: Toolchain) -> None:
    """A vault of the LP tokens of a pair of its own shares: nothing on a chain forbids it."""
    world, chain = treasury.world, treasury.chain
    builder = world.actors.builder
    usdc = world.token("USDC").address
    (factory,) = chain.read(world.pair("WETH/USDC").address, "factory()(address)")
    site = Site(chain, toolchain.artifacts)
    vault = created_address(builder, chain.nonce(builder) + 1)
    treasury_gas = 4_000_000
    site.send(builder, factory, "createPair(address,address)", vault, usdc, gas=treasury_gas)
    site.mine()
    (pair,) = chain.read(factory, "getPair(address,address)(address)", vault, usdc)
    made = site.create(builder, "OpenZeppelinVault", pair, "ring", "RING", 0)
    assert made == vault
    site.mine()
    with pytest.raises(RefusedTarget, match=f"RING {vault} -> UNI-V2 0x.* -> RING {vault}"):
        treasury.identify(tokens=vault)
    assert treasury.identify(tokens=vault, opaque=vault).params["shares"] == ""


async def test_one_round_a_block_until_something_new_is_held(treasury: Estate) -> None:
    """A position that comes is seen in the same block, by further rounds; one that goes needs none,
    since all that is left was asked for already."""
    target = treasury.identify()
    usdc, holder = treasury.world.token("USDC"), treasury.holder
    async with open_chain(treasury.chain.chain_id, treasury.chain.url) as client:
        counting = Counting(client.reader)
        observer = Observer(counting, [target])

        async def observed() -> tuple[int, Holdings]:
            before = counting.rounds
            found = await observer.observe(await client.headers.head())
            state = found[target.id].state
            assert isinstance(state, Holdings), found[target.id].detail
            assert state == treasury.read(target)
            return counting.rounds - before, state

        rounds, first = await observed()
        assert (rounds > 1, len(first.positions)) == (True, 3)
        assert (await observed())[0] == 1
        treasury.swap_ticks(usdc, 50)
        rounds, traded = await observed()
        assert (rounds, traded != first) == (1, True)

        (manager,) = treasury.managers
        nft = treasury.nfts()[0][1]
        away = ("transferFrom(address,address,uint256)", holder, treasury.world.actors.keeper, nft)
        treasury.send(holder, manager, *away)
        rounds, fewer = await observed()
        assert (rounds, len(fewer.positions)) == (1, 2)
        back = ("transferFrom(address,address,uint256)", treasury.world.actors.keeper, holder, nft)
        treasury.send(treasury.world.actors.keeper, manager, *back)
        rounds, again = await observed()
        assert (rounds > 1, len(again.positions)) == (True, 3)
        assert (await observed())[0] == 1


async def test_a_lockbox_is_one_token_of_several_addresses(treasury: Estate) -> None:
    """Accounts without code may be among them."""
    world = treasury.world
    usdc, actors = world.token("USDC"), world.actors
    others = (actors.keeper, world.vault("oz-usdc").address)
    treasury.give(usdc, actors.keeper, 11)
    target = treasury.identify(
        tokens=usdc.address, addresses=" ".join(others), native="", position_managers=""
    )
    assert target.tokens == (usdc,)
    async with open_chain(treasury.chain.chain_id, treasury.chain.url) as client:
        found = await observe(client.reader, await client.headers.head(), [target])
    state = found[target.id].state
    assert isinstance(state, Holdings)
    held = [treasury.balance(usdc.address, one) for one in (treasury.holder, *others)]
    assert min(held) > 0
    assert [row[0] for row in state.balances] == held
    assert look_through(state).amounts == (sum(held),)


def test_a_position_in_tokens_that_are_not_named_is_said_and_not_valued(treasury: Estate) -> None:
    dai = treasury.world.token("DAI").address
    target = treasury.identify(tokens=dai)
    state = treasury.read(target)
    assert state.positions == ()
    assert [one.token_id for one in state.other_positions] == [nft for _, nft in treasury.nfts()]
    [figures] = measure([Subject(target, state, None, priced(target))], SETTINGS)
    values = {each.name: each for each in figures}
    nft = treasury.nfts()[0][1]
    manager = treasury.managers[0]
    assert values["holdings_value"].reason == (
        f"position {nft} of {manager} is in tokens that `tokens` does not name"
    )
    assert values["holdings_value_partial"].value > 0


def priced(target: Target) -> dict[Address, Price]:
    return {token.address: fixed(token.address, 1.0) for token in target.tokens}


class Counting:
    """Counts the rounds of reads."""

    def __init__(self, reader: Reader) -> None:
        self.reader, self.rounds = reader, 0

    async def read(self, block: Block, calls: Sequence[Call]) -> list[Answer | ReadError]:
        self.rounds += 1
        return await self.reader.read(block, calls)
