"""Small histories made by hand: targets, states, blocks, and ticks built as the service does."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace

from watcher.math.measures import METHOD_HASH, measure
from watcher.math.settings import PriceSource, Settings
from watcher.math.subject import PREVIOUS, SELF, assemble, computation_key, roles
from watcher.state import (
    Address,
    Block,
    Computation,
    ConstantProduct,
    Input,
    Observation,
    PriceFeed,
    ShareVault,
    State,
    Status,
    Target,
    Token,
    to_address,
)
from watcher.store import InForce, Resumption, Store, TickResult

CHAIN = 31337


def address(number: int) -> Address:
    return to_address(f"0x{number:040x}")


WETH = Token(address(0xE), 18, "WETH")
USDC = Token(address(0xC), 6, "USDC")
FEED = Target(CHAIN, "chainlink", address(0xFEED), "price_feed", name="ETH / USD")
POOL = Target(
    CHAIN,
    "uniswap_v2",
    address(0xA1),
    "constant_product",
    tokens=(WETH, USDC),
    share=Token(address(0xA1), 18, "UNI-V2"),
    params={"fee": "3/1000", "stable": False, "depth": 2**70},
    name="WETH/USDC",
)
VAULT = Target(
    CHAIN,
    "erc4626",
    address(0xA2),
    "share_vault",
    tokens=(WETH,),
    share=Token(address(0xA2), 18, "vWETH"),
    name="vault",
)
TARGETS = (FEED, POOL, VAULT)

SETTINGS = Settings(
    unit="USD",
    sizes=(1_000.0, 100_000.0),
    prices=(
        PriceSource(CHAIN, WETH.address, "chainlink", FEED.id, heartbeat=3_600, deviation=0.005),
        PriceSource(CHAIN, USDC.address, "fixed", value=1.0),
    ),
)

START = 1_700_000_000


def block(number: int, *, fork: str = "", parent: Block | None = None) -> Block:
    """`fork` tells the blocks of one height apart; the parent is by default on the same fork."""
    before = parent.hash if parent else block_hash(number - 1, fork)
    return Block(CHAIN, number, block_hash(number, fork), before, START + 12 * number)


def block_hash(number: int, fork: str = "") -> str:
    return "0x" + hashlib.sha256(f"{number} {fork}".encode()).hexdigest()


def pool_state(weth: int = 1_000, usdc: int = 2_000_000, *, gift: int = 0) -> ConstantProduct:
    """Amounts in whole tokens; `gift` in the smallest unit of WETH."""
    reserve0, reserve1 = weth * 10**18, usdc * 10**6
    return ConstantProduct(
        reserve0=reserve0,
        reserve1=reserve1,
        balance0=reserve0 + gift,
        balance1=reserve1,
        total_supply=44_721 * 10**12,
        k_last=0,
        fee_numerator=997,
        fee_denominator=1000,
        protocol_share_numerator=0,
        protocol_share_denominator=1,
        decimals0=18,
        decimals1=6,
    )


def vault_state(assets: int = 500 * 10**18, supply: int = 400 * 10**18) -> ShareVault:
    return ShareVault(
        total_assets=assets,
        total_supply=supply,
        idle_assets=assets // 3,
        virtual_assets=1,
        virtual_shares=1,
        refuses_zero=False,
        asset_decimals=18,
        share_decimals=18,
    )


def feed_state(dollars: int = 2_000, *, updated_at: int = START) -> PriceFeed:
    return PriceFeed(
        answer=dollars * 10**8,
        decimals=8,
        round_id=2**64 + 1,
        answered_in_round=2**64 + 1,
        started_at=updated_at,
        updated_at=updated_at,
    )


def ok(target: Target, state: State) -> Observation:
    return Observation(target.id, Status.OK, state)


def failed(target: Target, status: Status = Status.UNAVAILABLE, detail: str = "") -> Observation:
    return Observation(target.id, status, detail=detail)


CALM = (ok(FEED, feed_state()), ok(POOL, pool_state()), ok(VAULT, vault_state()))


class Watch:
    """Keeps what is in force as the service does, and turns readings into ticks."""

    def __init__(self, store: Store, *, settings: Settings = SETTINGS) -> None:
        self.store = store
        self.settings = settings
        store.register(TARGETS)
        store.save_settings(settings)
        self.resumption = store.resume(CHAIN)

    def read(
        self,
        at: Block,
        *observations: Observation,
        safe: int | None = None,
        finalized: int | None = None,
    ) -> TickResult:
        """Commit what was read at a block; a target that is not named is as it was."""
        tick = replace(self.tick(at, *observations), safe=safe, finalized=finalized)
        self.store.commit_tick(tick)
        self.follow(tick)
        return tick

    def tick(self, at: Block, *observations: Observation) -> TickResult:
        before = self.resumption.in_force
        changed = tuple(
            each
            for each in observations
            if each.target_id not in before or before[each.target_id].observation != each
        )
        after = before | {each.target_id: InForce(each, at.hash) for each in changed}
        found = [self._computation(target, at, before, after) for target in TARGETS]
        keys = self.resumption.computation_keys
        computations = tuple(each for each in found if keys.get(each.target_id) != each.key)
        return TickResult(at, self.settings.hash, changed, computations)

    def follow(self, tick: TickResult) -> None:
        """Take over what a committed tick says."""
        fresh = {each.target_id: InForce(each, tick.block.hash) for each in tick.observations}
        keys = {each.target_id: each.key for each in tick.computations}
        self.resumption = Resumption(
            tick.block,
            self.resumption.in_force | fresh,
            self.resumption.computation_keys | keys,
        )

    def rewind(self, ancestor: Block) -> int:
        orphaned = self.store.rewind(CHAIN, ancestor.hash)
        self.resumption = self.store.resume(CHAIN)
        return orphaned

    def _computation(
        self,
        target: Target,
        at: Block,
        before: Mapping[str, InForce],
        after: Mapping[str, InForce],
    ) -> Computation:
        used: dict[str, InForce] = {}
        for role, target_id in roles(target, self.settings).items():
            source = before if role == PREVIOUS else after
            if target_id in source:
                used[role] = source[target_id]
        observed = {role: each.observation for role, each in used.items()}
        subject = assemble(target, observed, timestamp=at.timestamp, settings=self.settings)
        assert subject.state is not None or SELF in observed or target.id not in after
        [measures] = measure([subject], self.settings)
        key = computation_key(
            subject, observed, settings_hash=self.settings.hash, method_hash=METHOD_HASH
        )
        inputs = tuple(
            Input(role, each.observation.target_id, each.block_hash) for role, each in used.items()
        )
        return Computation(target.id, key, inputs, measures)
