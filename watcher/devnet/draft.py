"""The next block while it is composed: it reads the head and keeps account of what it plans."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from watcher.devnet.calldata import call_data
from watcher.devnet.local_chain import CALL_GAS, Reader, Transaction
from watcher.devnet.places import (
    BalancerPool,
    CoinPool,
    Feed,
    LendingMarket,
    MorphoLoan,
    Pair,
    PegModule,
    TickPool,
    Vault,
    WatchedVault,
)
from watcher.devnet.world import World
from watcher.math.exact.concentrated import Pool as PoolState
from watcher.state.token import Address, Token, to_address


@dataclass(frozen=True, slots=True)
class Round:
    """A feed's newest answer, in its own decimals, and the block time that it was given at."""

    id: int
    answer: int
    updated_at: int


class Draft:
    """Reserves, prices and answers are those after the transactions planned so far.

    What an actor pays with is minted or wrapped for it, so no scene depends on an earlier one.
    """

    def __init__(self, world: World, reader: Reader, *, seconds: int | None = None) -> None:
        self.world = world
        self.block_seconds = reader.block_seconds
        self.seconds = self.block_seconds if seconds is None else seconds
        self.timestamp = reader.head().timestamp + self.seconds
        self.transactions: list[Transaction] = []
        self._reader = reader
        self._reserves: dict[str, tuple[int, int]] = {}
        self._pools: dict[str, PoolState] = {}
        self._rounds: dict[str, Round] = {}

    def send(
        self,
        sender: Address,
        to: Address,
        signature: str,
        *args: Any,
        label: str,
        value: int = 0,
        gas: int = CALL_GAS,
    ) -> None:
        """Plan a call; `label` is what it is called should it fail."""
        data = call_data(signature, *args)
        self.transactions.append(Transaction(sender, to, data, label, value=value, gas=gas))

    def fund(self, holder: Address, token: Token, amount: int) -> None:
        """Give `holder` an amount: wrapped from its ether, or minted."""
        label = f"providing {token.symbol}"
        if token == self.world.weth:
            self.send(holder, token.address, "deposit()", label=label, value=amount)
        else:
            mint = "mint(address,uint256)"
            self.send(holder, token.address, mint, holder, amount, label=label)

    def read(self, contract: Address, signature: str, *args: Any) -> tuple[Any, ...]:
        """What a contract answers as of the head, without what is planned."""
        return self._reader.read(contract, signature, *args)

    def reserves(self, pair: Pair) -> tuple[int, int]:
        """Of token0 and token1."""
        if pair.address not in self._reserves:
            reserve0, reserve1, _ = self._reader.read(
                pair.address, "getReserves()(uint112,uint112,uint32)"
            )
            self._reserves[pair.address] = reserve0, reserve1
        return self._reserves[pair.address]

    def plan_reserves(self, pair: Pair, reserve0: int, reserve1: int) -> None:
        self._reserves[pair.address] = reserve0, reserve1

    def pool_state(self, pool: TickPool) -> PoolState:
        """Its price and liquidity; its positions are those that it was deployed with."""
        if pool.address not in self._pools:
            sqrt_price_x96, tick, *_ = self._reader.read(
                pool.address, "slot0()(uint160,int24,uint16,uint16,uint16,uint8,bool)"
            )
            (liquidity,) = self._reader.read(pool.address, "liquidity()(uint128)")
            infos = [
                self._reader.read(pool.address, "ticks(int24)(uint128,int128)", tick)
                for tick in pool.ticks
            ]
            self._pools[pool.address] = PoolState(
                sqrt_price_x96=sqrt_price_x96,
                tick=tick,
                liquidity=liquidity,
                fee0=pool.fee,
                fee1=pool.fee,
                tick_spacing=pool.tick_spacing,
                ticks=pool.ticks,
                liquidity_net=tuple(net for _, net in infos),
            )
        return self._pools[pool.address]

    def plan_pool_state(self, pool: TickPool, state: PoolState) -> None:
        self._pools[pool.address] = state

    def round(self, feed: Feed) -> Round:
        if feed.aggregator not in self._rounds:
            round_id, answer, _, updated_at, _ = self._reader.read(
                feed.aggregator, "latestRoundData()(uint80,int256,uint256,uint256,uint80)"
            )
            self._rounds[feed.aggregator] = Round(round_id, answer, updated_at)
        return self._rounds[feed.aggregator]

    def plan_round(self, feed: Feed, answer: int) -> Round:
        planned = Round(self.round(feed).id + 1, answer, self.timestamp)
        self._rounds[feed.aggregator] = planned
        return planned

    def held(self, pool: CoinPool, coin: Token) -> int:
        """As of the head, without what is planned; what waits for the administrator included."""
        (balance,) = self._reader.read(coin.address, "balanceOf(address)(uint256)", pool.address)
        return int(balance)

    def vault_balances(self, pool: BalancerPool) -> dict[Token, int]:
        """As of the head, without what is planned; without a pool's own tokens."""
        if not pool.pool_id:
            get = "getBalance(address)(uint256)"
            return {
                coin: int(self._reader.read(pool.vault, get, coin.address)[0])
                for coin in pool.coins
            }
        tokens = "getPoolTokens(bytes32)(address[],uint256[],uint256)"
        _, balances, _ = self._reader.read(pool.vault, tokens, pool.pool_id)
        held = zip(pool.coins, balances, strict=True)
        return {coin: int(amount) for coin, amount in held if coin.address != pool.address}

    def total_debt(self, vault: WatchedVault) -> int:
        """As of the head, without what is planned."""
        (debt,) = self._reader.read(vault.address, "totalDebt()(uint256)")
        return int(debt)

    def stable_held(self, module: PegModule) -> int:
        """As of the head, without what is planned."""
        balance = "balanceOf(address)(uint256)"
        (held,) = self._reader.read(module.stable.address, balance, module.address)
        return int(held)

    def borrowed(self, loan: MorphoLoan) -> int:
        """As of the head, with the interest up to the last that was written."""
        market = "market(bytes32)(uint128,uint128,uint128,uint128,uint128,uint128)"
        found = self._reader.read(loan.morpho, market, bytes.fromhex(loan.market_id[2:]))
        return int(found[2])

    def owed_to(self, market: LendingMarket) -> tuple[Address, int]:
        """Who of the world's borrowers owes the most to a market, and how much, as of the head and
        as stored."""
        if market.protocol == "compound_v2":
            at, owed = market.address, "borrowBalanceStored(address)(uint256)"
        else:
            at, owed = self._debt_token(market), "balanceOf(address)(uint256)"
        debts = [
            (int(self._reader.read(at, owed, account)[0]), account) for account in market.accounts
        ]
        debt, account = max(debts)
        return account, debt

    def _debt_token(self, market: LendingMarket) -> Address:
        """Of variable debt."""
        words = ",".join(["uint256"] * 7 + ["uint256"] + ["address"] * 4 + ["uint256"] * 3)
        reserve = f"getReserveData(address)({words})"
        return to_address(self._reader.read(market.address, reserve, market.token.address)[10])

    def total_supply(self, vault: Vault) -> int:
        """As of the head, without what is planned."""
        (supply,) = self._reader.read(vault.address, "totalSupply()(uint256)")
        return int(supply)

    def total_assets(self, vault: Vault | WatchedVault) -> int:
        """As of the head, without what is planned."""
        (assets,) = self._reader.read(vault.address, "totalAssets()(uint256)")
        return int(assets)

    def shares(self, vault: Vault | WatchedVault, holder: Address) -> int:
        """As of the head, without what is planned."""
        (shares,) = self._reader.read(vault.address, "balanceOf(address)(uint256)", holder)
        return int(shares)
