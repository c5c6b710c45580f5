"""Swaps in Balancer's pools."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Any

from watcher.devnet.deploy.pools import FAR_FUTURE
from watcher.devnet.draft import Draft
from watcher.devnet.moves.coins import provide_coin
from watcher.devnet.places import BalancerPool
from watcher.devnet.text import amount_text
from watcher.math.exact.fixed_point import UINT256_MAX
from watcher.state.token import Address, Token

_SINGLE = "(bytes32,uint8,address,address,uint256,bytes)"
SWAP = f"swap({_SINGLE},(address,bool,address,bool),uint256,uint256)"
SWAP_V1 = "swapExactAmountIn(address,uint256,address,uint256,uint256)"
SWAP_GAS = 1_500_000
_GIVEN_IN = 0
# Of what the pool holds of the coin that comes in, in basis points.
_SMALL_BPS = (5, 60)


@dataclass(frozen=True, slots=True)
class BalancerSwap:
    """A planned swap; what it pays, its transaction decides."""

    pool: BalancerPool
    coin_in: Token
    coin_out: Token
    amount_in: int

    def __str__(self) -> str:
        return f"{amount_text(self.amount_in, self.coin_in)} for {self.coin_out.symbol}"


def swap(
    draft: Draft, taker: Address, pool: BalancerPool, coins: tuple[Token, Token], amount_in: int
) -> BalancerSwap:
    """Swap `amount_in` of the first of two coins for the second, through the pool's Vault."""
    coin_in, coin_out = coins
    provide_coin(draft, taker, coin_in, amount_in)
    signature, arguments = call_of(pool, coins, amount_in, taker)
    label = f"a swap in {pool.name}"
    draft.send(taker, pool.vault, signature, *arguments, label=label, gas=SWAP_GAS)
    return BalancerSwap(pool, coin_in, coin_out, amount_in)


def call_of(
    pool: BalancerPool, coins: tuple[Token, Token], amount_in: int, taker: Address
) -> tuple[str, tuple[Any, ...]]:
    """The function that swaps, and its arguments."""
    coin_in, coin_out = (coin.address for coin in coins)
    if not pool.pool_id:
        return SWAP_V1, (coin_in, amount_in, coin_out, 0, UINT256_MAX)
    single = (pool.pool_id, _GIVEN_IN, coin_in, coin_out, amount_in, b"")
    return SWAP, (single, (taker, False, taker, False), 0, FAR_FUTURE)


def small_swaps(draft: Draft, random: Random, *, most: int) -> list[BalancerSwap]:
    """Up to `most` of them, a pool each; none of pool tokens."""
    actors = draft.world.actors
    pools = list(draft.world.balancer_pools)
    found = []
    for pool in random.sample(pools, min(random.randint(0, most), len(pools))):
        taker = random.choice((actors.trader, actors.other_trader))
        held = draft.vault_balances(pool)
        coin_in, coin_out = random.sample([each for each in pool.coins if each in held], 2)
        amount = held[coin_in] * random.randint(*_SMALL_BPS) // 10_000
        found.append(swap(draft, taker, pool, (coin_in, coin_out), max(amount, 1)))
    return found
