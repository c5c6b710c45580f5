"""Exchanges in pools of several coins."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from watcher.devnet.deploy.pools import FAR_FUTURE
from watcher.devnet.draft import Draft
from watcher.devnet.places import CoinPool, Vault
from watcher.devnet.text import amount_text
from watcher.state.token import Address, Token

EXCHANGE_GAS = 1_500_000
# Of what the pool holds of the coin that comes in, in basis points.
_SMALL_BPS = (5, 60)
# A trade brings in what the pool has least of as often as not, so that it stays in shape.
_MENDING_ONE_IN = 2


@dataclass(frozen=True, slots=True)
class CoinTrade:
    """A planned exchange; what it pays, its transaction decides."""

    pool: CoinPool
    coin_in: Token
    coin_out: Token
    amount_in: int

    def __str__(self) -> str:
        return f"{amount_text(self.amount_in, self.coin_in)} for {self.coin_out.symbol}"


def exchange(
    draft: Draft, taker: Address, pool: CoinPool, coins: tuple[int, int], amount_in: int
) -> CoinTrade:
    """Exchange `amount_in` of the first of two coins, named by their places, for the second."""
    coin_in, coin_out = (pool.coins[place] for place in coins)
    provide_coin(draft, taker, coin_in, amount_in)
    order = [*coins, amount_in, 0]
    if pool.exchange.count(",") == len(order):
        order.append(FAR_FUTURE)
    draft.send(
        taker,
        pool.address,
        pool.exchange,
        *order,
        label=f"an exchange in {pool.name}",
        gas=EXCHANGE_GAS,
    )
    return CoinTrade(pool, coin_in, coin_out, amount_in)


def small_exchanges(draft: Draft, random: Random, *, most: int) -> list[CoinTrade]:
    """Up to `most` of them, a pool each."""
    actors = draft.world.actors
    pools = list(draft.world.coin_pools)
    found = []
    for pool in random.sample(pools, min(random.randint(0, most), len(pools))):
        taker = random.choice((actors.trader, actors.other_trader))
        held = [draft.held(pool, coin) for coin in pool.coins]
        coin_in, coin_out = random.sample(range(len(pool.coins)), 2)
        least = _least(pool, held)
        if coin_in != least and not random.randrange(_MENDING_ONE_IN):
            coin_in, coin_out = least, coin_in
        amount = held[coin_in] * random.randint(*_SMALL_BPS) // 10_000
        found.append(exchange(draft, taker, pool, (coin_in, coin_out), max(amount, 1)))
    return found


def _least(pool: CoinPool, held: list[int]) -> int:
    """The coin of which there is the least worth."""
    worth = pool.worth or (1,) * len(held)
    parts = [
        amount * each / 10**coin.decimals
        for amount, each, coin in zip(held, worth, pool.coins, strict=True)
    ]
    return parts.index(min(parts))


def provide_coin(draft: Draft, taker: Address, coin: Token, amount: int) -> None:
    """A vault's shares are bought with more of its asset than they are worth."""
    vault = next((each for each in draft.world.vaults if each.address == coin.address), None)
    if vault is None:
        draft.fund(taker, coin, amount)
        return
    assets = _assets_for(draft, vault, amount)
    draft.fund(taker, vault.asset, assets)
    deposit = "mint(uint256,address)"
    label = f"buying shares of {vault.name}"
    draft.send(taker, vault.address, deposit, amount, taker, label=label)


def _assets_for(draft: Draft, vault: Vault, shares: int) -> int:
    """Twice their worth at the head: the vault may earn in this very block."""
    supply = draft.total_supply(vault)
    return 2 * (shares * draft.total_assets(vault) // max(supply, 1) + 1)
