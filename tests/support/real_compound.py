"""Compound's own markets in any state, of underlyings of 6, 8 and 18 decimals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tests.support.simulation import SENDER, Result, Step, Storage, entry_of, simulate, step
from tests.support.world import LocalWorld
from watcher.devnet.local_chain import LocalChain
from watcher.devnet.places import LendingMarket
from watcher.math.exact.lending_compound import Totals
from watcher.state import Address, to_address

# CToken.sol of 2019, solc 0.5: slots in the order of declaration, ReentrancyGuard first.
RESERVE_FACTOR, ACCRUAL_BLOCK_NUMBER, BORROW_INDEX, TOTAL_BORROWS, TOTAL_RESERVES = range(9, 14)
TOTAL_SUPPLY, ACCOUNT_TOKENS, ACCOUNT_BORROWS = 14, 15, 17
# WhitePaperInterestRateModel: multiplier, then baseRate.
MULTIPLIER, BASE_RATE = 0, 1
TOKEN_BALANCES = 0
"""OpenZeppelin's ERC20._balances."""
WETH_BALANCES = 3


@dataclass(frozen=True, slots=True)
class Loan:
    """What the sender owed when it last borrowed, and the index then."""

    principal: int
    interest_index: int


@dataclass(frozen=True, slots=True)
class RealMarket:
    """A deployed cToken; its model is its own."""

    chain: LocalChain
    market: LendingMarket
    model: Address
    weth: bool

    def run(
        self,
        totals: Totals,
        steps: Sequence[Step],
        *,
        elapsed: int,
        supply: int = 0,
        shares: int = 0,
        reserve_factor: int = 0,
        loan: Loan = Loan(0, 0),
        curve: tuple[int, int] | None = None,
    ) -> list[Result]:
        """The steps' results `elapsed` blocks after interest accrued to these totals, as the
        market's getters must confirm. The sender has `shares`, and `loan`."""
        asked = [self.view(name) for name in ("getCash", "totalBorrows", "totalReserves")]
        asked += [self.view(name) for name in ("borrowIndex", "totalSupply")]
        number = max(elapsed, self.chain.head().number) + 1
        storage = self._storage(totals, supply=supply, shares=shares, loan=loan)
        storage |= {
            (self.market.address, RESERVE_FACTOR): reserve_factor,
            (self.market.address, ACCRUAL_BLOCK_NUMBER): number - elapsed,
        }
        if curve is not None:
            base_rate, multiplier = curve
            storage |= {(self.model, BASE_RATE): base_rate, (self.model, MULTIPLIER): multiplier}
        results = simulate(self.chain, storage, [*asked, *steps], number=number)
        found = [each.integer for each in results[: len(asked)]]
        assert found[:3] == [totals.cash, totals.total_borrows, totals.total_reserves]
        assert found[3:] == [totals.borrow_index, supply]
        return results[len(asked) :]

    def view(self, name: str, *args: object, inputs: str = "") -> Step:
        return step(self.market.address, f"{name}({inputs})", *args)

    def _storage(
        self, totals: Totals, *, supply: int, shares: int, loan: Loan
    ) -> dict[tuple[Address, int], int]:
        market = self.market.address
        owed = entry_of(ACCOUNT_BORROWS, SENDER)
        balances = WETH_BALANCES if self.weth else TOKEN_BALANCES
        return {
            (market, BORROW_INDEX): totals.borrow_index,
            (market, TOTAL_BORROWS): totals.total_borrows,
            (market, TOTAL_RESERVES): totals.total_reserves,
            (market, TOTAL_SUPPLY): supply,
            (market, entry_of(ACCOUNT_TOKENS, SENDER)): shares,
            (market, owed): loan.principal,
            (market, owed + 1): loan.interest_index,
            (self.market.token.address, entry_of(balances, market)): totals.cash,
        }


def real_markets(site: LocalWorld) -> list[RealMarket]:
    """Those of the local world."""
    found = []
    for market in site.world.lending_markets:
        if market.protocol != "compound_v2":
            continue
        (model,) = site.chain.read(market.address, "interestRateModel()(address)")
        weth = market.token == site.world.weth
        found.append(RealMarket(site.chain, market, to_address(model), weth))
    return found


def account_storage(market: LendingMarket, account: Address, shares: int, loan: Loan) -> Storage:
    """What an account has and owes in a market, as its storage has it."""
    owed = entry_of(ACCOUNT_BORROWS, account)
    return {
        (market.address, entry_of(ACCOUNT_TOKENS, account)): shares,
        (market.address, owed): loan.principal,
        (market.address, owed + 1): loan.interest_index,
    }
