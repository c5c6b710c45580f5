"""Aave's own reserves in any state, of underlyings of 6 and 18 decimals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from eth_utils.crypto import keccak

from tests.support.simulation import SENDER, Result, Step, entry_of, simulate, step
from tests.support.world import LocalWorld
from watcher.devnet.local_chain import LocalChain
from watcher.devnet.places import LendingMarket
from watcher.state import Address, to_address

# PoolStorage.sol, solc 0.8.10: `_reserves` comes after VersionedInitializable's 52 slots.
RESERVES = 52
# IncentivizedERC20.sol has `_userState`, `_allowances` and `_totalSupply`: in AToken.sol after
# VersionedInitializable, in VariableDebtToken.sol after EIP712Base and DebtTokenBase too.
USER_STATES = (52, 56)
TOTAL_SUPPLY = 2
"""After the user states."""
WORDS = ",".join(["uint256"] * 8 + ["address"] * 4 + ["uint256"] * 3)


@dataclass(frozen=True, slots=True)
class Kept:
    """What a reserve keeps: indexes and rates in rays, and when it was last touched."""

    liquidity_index: int
    liquidity_rate: int
    variable_borrow_index: int
    variable_borrow_rate: int
    updated_at: int


@dataclass(frozen=True, slots=True)
class RealReserve:
    """One asset of the deployed pool, and the tokens that it issues."""

    chain: LocalChain
    market: LendingMarket
    a_token: Address
    variable: Address

    def run(
        self,
        kept: Kept,
        steps: Sequence[Step],
        *,
        time: int,
        scaled: tuple[int, int],
        own: tuple[int, int] = (0, 0),
    ) -> list[Result]:
        """The steps' results at a time, as the pool's getters must confirm. `scaled` are the total
        supply and debt, `own` the sender's of both."""
        storage = self._reserve(kept)
        tokens = (self.a_token, self.variable)
        for token, slot, total, held in zip(tokens, USER_STATES, scaled, own, strict=True):
            storage |= {
                (token, slot + TOTAL_SUPPLY): total,
                (token, entry_of(slot, SENDER)): held,
            }
        results = simulate(self.chain, storage, [self.data(), *steps], time=time)
        words = results[0].integers()
        assert (words[1], words[2], words[3], words[4], words[6]) == (
            *(kept.liquidity_index, kept.liquidity_rate),
            *(kept.variable_borrow_index, kept.variable_borrow_rate, kept.updated_at),
        )
        return results[1:]

    def data(self) -> Step:
        return self.of_pool("getReserveData")

    def of_pool(self, name: str) -> Step:
        return step(self.market.address, f"{name}(address)", self.market.token.address)

    def _reserve(self, kept: Kept) -> dict[tuple[Address, int], int]:
        first = _place(RESERVES, self.market.token.address)
        pool = self.market.address
        older = int(self.chain.request("eth_getStorageAt", pool, hex(first + 3), "latest"), 16)
        rest = older >> 168 << 168
        return {
            (pool, first + 1): kept.liquidity_index | kept.liquidity_rate << 128,
            (pool, first + 2): kept.variable_borrow_index | kept.variable_borrow_rate << 128,
            (pool, first + 3): rest | kept.updated_at << 128,
        }


def real_reserves(site: LocalWorld) -> list[RealReserve]:
    """Those of the local world."""
    found = []
    for market in site.world.lending_markets:
        if market.protocol != "aave_v3":
            continue
        data = site.chain.read(market.address, f"getReserveData(address)({WORDS})", _asset(market))
        tokens = to_address(data[8]), to_address(data[10])
        found.append(RealReserve(site.chain, market, *tokens))
    return found


def _asset(market: LendingMarket) -> Address:
    return market.token.address


def _place(slot: int, key: Address) -> int:
    return int.from_bytes(keccak(bytes(12) + bytes.fromhex(key[2:]) + slot.to_bytes(32)))
