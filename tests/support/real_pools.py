"""Real pools of CryptoSwap, Solidly and Kyber DMM in a `Story`: born and filled in its first block,
asked and moved in its second, whose time the story's delay sets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tests.support.real_stableswaps import ADMIN_DELAY, MAKER, WEALTH, Story
from watcher.devnet.calldata import returned
from watcher.devnet.deploy.site import created_address
from watcher.devnet.deploy.solidly_pools import clone_address
from watcher.devnet.sources import crypto_swap
from watcher.math.exact.cryptoswap import Pool as CryptoPool
from watcher.math.exact.kyber_dmm import Pool as KyberPool
from watcher.math.exact.solidly import Pool as SolidlyPool
from watcher.state.token import Address

ELAPSED = ADMIN_DELAY + 1
"""Seconds from a story's first block to its second."""

ZERO_FEE = 420
"""What the factory takes for no fee at all."""

PAIR = "(uint256,uint256)"


@dataclass(frozen=True, slots=True)
class Question:
    """A call of the second block and the types of its answer."""

    number: int
    types: str


@dataclass(frozen=True, slots=True)
class Place:
    """Where a story's pool stands."""

    story: Story
    pool: Address
    share: Address
    coins: tuple[Address, ...]

    def ask(self, signature: str, *args: Any, types: str = "(uint256)") -> Question:
        return Question(self.story.later(self.pool, signature, *args), types)

    def holding(self, coin: Address, owner: Address = MAKER) -> Question:
        return Question(self.story.later(coin, "balanceOf(address)", owner), "(uint256)")

    def act(self, to: Address, signature: str, *args: Any) -> Question:
        """A move, of which only the success counts."""
        return Question(self.story.later(to, signature, *args), "()")

    def answers(self, questions: Sequence[Question]) -> list[tuple[Any, ...] | None]:
        """None where it reverted."""
        replies = self.story.play()
        return [
            returned("f()" + each.types, replies[each.number].data.hex())
            if replies[each.number].ok
            else None
            for each in questions
        ]


def crypto_place(
    story: Story,
    pool: CryptoPool,
    coins: tuple[Address, Address],
    *,
    window: int,
    deposit: Sequence[int],
    trade: tuple[int, int, int] | None,
) -> Place:
    """CurveCryptoSwap2, with its first deposit and, unless None, a trade in the same block. What
    the decimals of its coins are it is told, not the coins."""
    decimals = tuple(18 - (len(str(precision)) - 1) for precision in pool.precisions)
    share = story.create("CryptoToken")
    made = story.create(
        crypto_swap(decimals),
        *(MAKER, MAKER, pool.A, pool.gamma, pool.mid_fee, pool.out_fee),
        *(pool.allowed_extra_profit, pool.fee_gamma, pool.adjustment_step, 5 * 10**9, window),
        pool.price_scale[0],
        libraries={"token": share, "coin0": coins[0], "coin1": coins[1]},
    )
    story.send(share, "set_minter(address)", made)
    for coin in coins:
        story.send(coin, "mint(address,uint256)", MAKER, WEALTH)
        story.send(coin, "approve(address,uint256)", made, 2**256 - 1)
    story.send(made, "add_liquidity(uint256[2],uint256)", tuple(deposit), 0)
    if trade is not None:
        story.send(made, "exchange(uint256,uint256,uint256,uint256)", *trade, 0)
    return Place(story, made, share, coins)


def solidly_place(
    story: Story, pool: SolidlyPool, deposit: tuple[int, int], gift: tuple[int, int]
) -> Place:
    """An Aerodrome pool with its first deposit, and a gift that is made its reserves."""
    decimals = [len(str(unit)) - 1 for unit in pool.units]
    coins = two_tokens(story, decimals)
    implementation = story.create("AerodromePool")
    factory = story.create("AerodromePoolFactory", implementation)
    story.send(factory, "createPool(address,address,bool)", *coins, pool.stable)
    made = clone_address(factory, implementation, coins, stable=pool.stable)
    story.send(factory, "setCustomFee(address,uint256)", made, pool.fee or ZERO_FEE)
    for coin, amount in zip(coins, deposit, strict=True):
        story.send(coin, "mint(address,uint256)", MAKER, WEALTH)
        story.send(coin, "transfer(address,uint256)", made, amount)
    story.send(made, "mint(address)", MAKER)
    for coin, amount in zip(coins, gift, strict=True):
        story.send(coin, "transfer(address,uint256)", made, amount)
    story.send(made, "sync()")
    return Place(story, made, made, coins)


def kyber_place(
    story: Story,
    pool: KyberPool,
    deposit: tuple[int, int],
    *,
    trade: tuple[int, int, int] | None,
) -> Place:
    """A Kyber DMM pool with its first deposit and, unless None, a trade: coin, in and out."""
    coins = two_tokens(story, (18, 18))
    factory = story.create("KyberDMMFactory", MAKER)
    story.send(factory, "createPool(address,address,uint32)", *coins, pool.amp_bps)
    made = created_address(factory, 1)
    if pool.government_fee_bps:
        fees = "setFeeConfiguration(address,uint16)"
        story.send(factory, fees, factory, pool.government_fee_bps)
    for coin, amount in zip(coins, deposit, strict=True):
        story.send(coin, "mint(address,uint256)", MAKER, WEALTH)
        story.send(coin, "transfer(address,uint256)", made, amount)
    story.send(made, "mint(address)", MAKER)
    if trade is not None:
        coin_in, amount_in, amount_out = trade
        story.send(coins[coin_in], "transfer(address,uint256)", made, amount_in)
        story.send(made, SWAP, *swap_amounts(coin_in, amount_out), MAKER, b"")
    return Place(story, made, made, coins)


SWAP = "swap(uint256,uint256,address,bytes)"


def swap_amounts(coin_in: int, amount_out: int) -> tuple[int, int]:
    return (amount_out, 0) if coin_in else (0, amount_out)


def two_tokens(story: Story, decimals: Sequence[int]) -> tuple[Address, Address]:
    """token0 and token1: a pair orders them by address, and so are their decimals given."""
    known = [story.next_address(ahead) for ahead in (0, 1)]
    order = sorted((0, 1), key=lambda k: int(known[k], 16))
    places = {created: decimals[position] for position, created in enumerate(order)}
    made = [story.create("Token", "Coin", "C", places[k]) for k in (0, 1)]
    assert made == known
    return made[order[0]], made[order[1]]
