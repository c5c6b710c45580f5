"""The local world's treasury with more in it, and what really burning, closing and redeeming all of
it pays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tests.support.answers import drive
from tests.support.world import LocalWorld
from watcher.devnet.artifacts import Artifacts
from watcher.devnet.calldata import call_data
from watcher.devnet.deploy.pools import FAR_FUTURE, PAIR_GAS
from watcher.devnet.deploy.site import Site
from watcher.devnet.deploy.tick_pools import POSITION_GAS
from watcher.devnet.local_chain import LocalChain, Transaction
from watcher.devnet.world import World
from watcher.errors import Unavailable
from watcher.math.exact.fixed_point import UINT256_MAX
from watcher.protocols import ADAPTERS, Entry
from watcher.protocols.adapter import read
from watcher.state import (
    Address,
    Answer,
    Balance,
    Call,
    Holdings,
    Static,
    Target,
    Token,
    to_address,
)
from watcher.state.target import Param

ADAPTER = ADAPTERS["holdings"]
CHAIN_ID = 31337
UINT128_MAX = 2**128 - 1

MINT = "mint((address,address,uint24,int24,int24,uint256,uint256,uint256,uint256,address,uint256))"
DECREASE = "decreaseLiquidity((uint256,uint128,uint256,uint256,uint256))"
COLLECT = "collect((uint256,address,uint128,uint128))"
POSITION = (
    "positions(uint256)(uint96,address,address,address,uint24,int24,int24,uint128,uint256,uint256,"
    "uint128,uint128)"
)
EXACT_IN = "exactInputSingle((address,address,uint24,address,uint256,uint256,uint256,uint160))"
TRANSFER = "transfer(address,uint256)"


@dataclass(frozen=True, slots=True)
class Estate:
    """A treasury on a real chain. `burned` are the LP tokens (those of `pairs`) and vault shares
    that it may hold, in an order in which each comes before what it pays in."""

    chain: LocalChain
    world: World
    holder: Address
    plain: tuple[Token, ...]
    burned: tuple[Address, ...]
    pairs: tuple[Address, ...]
    managers: tuple[Address, ...]

    def send(
        self, sender: Address, to: Address, signature: str, *args: Any, value: int = 0
    ) -> None:
        data = call_data(signature, *args)
        sent = Transaction(sender, to, data, signature, value=value, gas=POSITION_GAS)
        self.chain.mine([sent])

    def balance(self, token: Address, holder: Address | None = None) -> int:
        (found,) = self.chain.read(token, "balanceOf(address)(uint256)", holder or self.holder)
        return int(found)

    def entry(self, **options: Param) -> Entry:
        listed = [*(token.address for token in self.plain), *self.burned]
        given: dict[str, Param] = {
            "tokens": " ".join(listed),
            "native": self.world.weth.address,
            "position_managers": " ".join(self.managers),
            **options,
        }
        known = {name: value for name, value in given.items() if value != ""}
        return Entry(CHAIN_ID, "holdings", self.holder, "treasury", "treasury", options=known)

    def identify(self, **options: Param) -> Target:
        return drive(ADAPTER, self.entry(**options), self._answers)

    def read(self, target: Target) -> Holdings:
        state = read(ADAPTER, target, self._answers)
        assert isinstance(state, Holdings)
        return state

    def _answers(self, calls: Sequence[Call]) -> list[Answer]:
        """One plain request each: nothing of our own reading."""
        return [self._answer(call) for call in calls]

    def _answer(self, call: Call) -> Answer:
        if isinstance(call, Balance):
            found = int(self.chain.request("eth_getBalance", call.address, "latest"), 16)
            return Answer(True, found.to_bytes(32), 32)
        assert isinstance(call, Static)
        request = {"to": call.to, "data": "0x" + call.data.hex()}
        try:
            data = bytes.fromhex(self.chain.request("eth_call", request, "latest")[2:])
        except Unavailable:  # what Anvil says to a revert
            return Answer(False, b"", 0)
        return Answer(True, data, len(data))

    def nfts(self) -> list[tuple[Address, int]]:
        """All position NFTs that the treasury owns, by its managers' own word."""
        return [
            (manager, self._nft(manager, at))
            for manager in self.managers
            for at in range(self.balance(manager))
        ]

    def _nft(self, manager: Address, at: int) -> int:
        signature = "tokenOfOwnerByIndex(address,uint256)(uint256)"
        return int(self.chain.read(manager, signature, self.holder, at)[0])

    def liquidity(self, manager: Address, nft: int) -> int:
        return int(self.chain.read(manager, POSITION, nft)[7])

    def decrease(self, manager: Address, nft: int, liquidity: int, owner: Address) -> None:
        self.send(owner, manager, DECREASE, (nft, liquidity, 0, 0, FAR_FUTURE))

    def close(self, manager: Address, nft: int) -> None:
        liquidity = self.liquidity(manager, nft)
        if liquidity:
            self.decrease(manager, nft, liquidity, self.holder)
        order = (nft, self.holder, UINT128_MAX, UINT128_MAX)
        self.send(self.holder, manager, COLLECT, order)

    def redeem(self, token: Address) -> None:
        """Burn all LP tokens, or redeem all shares, of one contract."""
        held = self.balance(token)
        if held == 0:
            return
        if token in self.pairs:
            self.send(self.holder, token, TRANSFER, token, held)
            self.send(self.holder, token, "burn(address)", self.holder)
            return
        signature = "redeem(uint256,address,address)"
        self.send(self.holder, token, signature, held, self.holder, self.holder)

    def liquidate(self) -> None:
        """Everything, in this order."""
        for manager, nft in self.nfts():
            self.close(manager, nft)
        for token in self.burned:
            self.redeem(token)

    def swap_pair(self, sold: Token, part: int) -> None:
        """Sell a part (in basis points of what the pair holds) to the world's WETH/USDC pair."""
        pair, trader = self.world.pair("WETH/USDC"), self.world.actors.trader
        amount = self._funded(sold, self.balance(sold.address, pair.address) * part // 10_000)
        path = [sold.address, pair.other(sold).address]
        assert pair.router is not None
        signature = "swapExactTokensForTokens(uint256,uint256,address[],address,uint256)"
        self.send(trader, pair.router, signature, amount, 0, path, trader, FAR_FUTURE)

    def swap_ticks(self, sold: Token, part: int) -> None:
        """The same in the world's pool of these tokens with ticks."""
        pool, trader = self.world.tick_pool("v3:WETH/USDC"), self.world.actors.trader
        amount = self._funded(sold, self.balance(sold.address, pool.address) * part // 10_000)
        bought = pool.other(sold).address
        order = (sold.address, bought, pool.fee, trader, FAR_FUTURE, amount, 0, 0)
        self.send(trader, pool.router, EXACT_IN, order)

    def _funded(self, token: Token, amount: int) -> int:
        trader = self.world.actors.trader
        if token == self.world.weth:
            self.send(trader, token.address, "deposit()", value=amount)
        else:
            self.send(trader, token.address, "mint(address,uint256)", trader, amount)
        return amount

    def give(self, token: Token, to: Address, amount: int) -> None:
        self.send(self.world.actors.trader, token.address, "mint(address,uint256)", to, amount)


def estate(node: LocalWorld, artifacts: Artifacts) -> Estate:
    """Eight plain assets, an LP token, three positions of which two share a range that somebody
    else is in too, two vaults, and an LP token whose underlying is four contracts deep."""
    chain, world, actors = node.chain, node.world, node.world.actors
    (treasury,) = world.treasuries
    site = Site(chain, artifacts)
    more = [_token(site, actors.builder, symbol, places) for symbol, places in MORE]
    lp = world.pair("WETH/USDC").address
    inner = site.create(actors.builder, "OpenZeppelinVault", lp, "inner", "ozLP", 3)
    outer = site.create(actors.builder, "SolmateVault", inner, "outer", "smLP")
    site.mine()
    plain = (*(world.token(symbol) for symbol in PLAIN), *more)
    for token in more:
        mint = "mint(address,uint256)"
        site.send(
            actors.builder, token.address, mint, treasury.address, 12_345 * 10**token.decimals
        )
    site.mine()
    deep = _deep_pair(site, world, lp=lp, inner=inner, outer=outer, holder=treasury.address)
    vaults = [world.vault(name).address for name in ("oz-usdc", "solmate-weth")]
    found = Estate(
        chain=chain,
        world=world,
        holder=treasury.address,
        plain=plain,
        burned=(deep, outer, inner, lp, *vaults),
        pairs=(deep, lp),
        managers=(treasury.positions,),
    )
    _more_positions(found)
    return found


PLAIN = ("WETH", "USDC", "DAI", "WBTC", "GUSD")
MORE = (("ONE", 18), ("TWO", 8), ("SIX", 6))


def _token(site: Site, builder: Address, symbol: str, decimals: int) -> Token:
    return Token(site.create(builder, "Token", symbol, symbol, decimals), decimals, symbol)


def _deep_pair(
    site: Site, world: World, *, lp: Address, inner: Address, outer: Address, holder: Address
) -> Address:
    """The LP token of a pair of DAI and a vault's share, in the hands of `holder`."""
    builder, dai = world.actors.builder, world.token("DAI").address
    pair_of = world.pair("WETH/USDC").address
    (factory,) = site.chain.read(pair_of, "factory()(address)")
    amount = 10**15
    deposit = "deposit(uint256,address)"
    for vault, asset in ((inner, lp), (outer, inner)):
        site.send(builder, asset, "approve(address,uint256)", vault, UINT256_MAX)
        held = amount * (1 if asset == lp else 1_000)
        site.send(builder, vault, deposit, held, builder)
    create = "createPair(address,address)"
    site.send(builder, to_address(factory), create, outer, dai, gas=PAIR_GAS)
    site.send(builder, dai, "mint(address,uint256)", builder, 10**24)
    site.mine()
    signature = "getPair(address,address)(address)"
    deep = to_address(site.chain.read(to_address(factory), signature, outer, dai)[0])
    site.send(builder, outer, TRANSFER, deep, 7 * 10**17)
    site.send(builder, outer, TRANSFER, holder, 10**17)
    site.send(builder, dai, TRANSFER, deep, 10**23 + 1)
    site.send(builder, deep, "mint(address)", holder)
    site.mine()
    return deep


def _more_positions(found: Estate) -> None:
    """Two of the treasury's beside the one it has: in the same range, and out of range; and one of
    the builder's in the same range."""
    world, holder = found.world, found.holder
    (manager,) = found.managers
    builder = world.actors.builder
    pool = world.tick_pool("v3:WETH/USDC")
    ((_, nft),) = found.nfts()
    lower, upper = found.chain.read(manager, POSITION, nft)[5:7]
    for owner in (holder, builder):
        for token in (pool.token0, pool.token1):
            found.send(owner, token.address, "approve(address,uint256)", manager, UINT256_MAX)
    found.send(builder, world.weth.address, "deposit()", value=100 * 10**18)
    found.send(builder, world.token("USDC").address, "mint(address,uint256)", builder, 10**12)
    amounts = {world.weth: 3 * 10**18, world.token("USDC"): 9_000 * 10**6}
    desired = [amounts[token] for token in (pool.token0, pool.token1)]
    orders: Sequence[tuple[Address, int, int]] = (
        (holder, lower, upper),
        (builder, lower, upper),
        (holder, lower - 20_000, lower - 10_000),
    )
    for owner, low, high in orders:
        order = (pool.token0.address, pool.token1.address, pool.fee, low, high, *desired, 0, 0)
        found.send(owner, manager, MINT, (*order, owner, FAR_FUTURE))
