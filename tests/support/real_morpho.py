"""Morpho Blue's own contract with a market in any state, its rate and its oracle's price too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from eth_utils.crypto import keccak

from tests.support.simulation import (
    RECEIVER,
    SENDER,
    Result,
    Step,
    Storage,
    answers,
    entry_of,
    getters,
    identified,
    simulate,
    step,
)
from tests.support.strategies import UINT256
from tests.support.world import LocalWorld
from watcher.devnet.artifacts import Artifacts
from watcher.devnet.deploy.morpho import PARAMS
from watcher.devnet.deploy.site import Site
from watcher.devnet.local_chain import LocalChain
from watcher.devnet.places import MorphoLoan
from watcher.math.exact.morpho import Market, Position
from watcher.protocols import ADAPTERS, Entry
from watcher.protocols.morpho_blue import MarketParams
from watcher.state import Address, Answer, MorphoMarket, Target

ADAPTER = ADAPTERS["morpho_blue"]
RECIPIENT = RECEIVER
"""Of the protocol's fees."""
LLTVS = (0, 86 * 10**16, 777_777_777_777_777_777, 10**18 - 1)
RICH = 2**254
"""What the sender and Morpho have of both tokens."""

# Storage of Morpho.sol, in the order of declaration, of the rate model, the oracle and the tokens.
FEE_RECIPIENT, POSITION, MARKET = 1, 2, 3
RATE = PRICE = 0
BALANCES = 0


@dataclass(frozen=True, slots=True)
class Given:
    """A market as its storage has it, and what stands around it."""

    market: Market
    last_update: int
    rate: int
    price: int
    positions: tuple[Position, ...] = ()
    """Of the sender, then of the recipient of fees."""


@dataclass(frozen=True, slots=True)
class RealMarket:
    """A deployed market whose named accounts are the sender and the recipient of fees."""

    chain: LocalChain
    target: Target
    params: MarketParams

    @property
    def morpho(self) -> Address:
        return self.target.address

    def run(
        self, given: Given, steps: Sequence[Step], *, time: int
    ) -> tuple[list[Answer], list[Result]]:
        """What the adapter is answered at `time`, then the steps' results. The sender is rich and
        has allowed Morpho to take of both tokens."""
        tokens = self.params.loan_token, self.params.collateral_token
        before = [step(token, "approve(address,uint256)", self.morpho, UINT256) for token in tokens]
        calls = ADAPTER.calls(self.target)
        asked = getters(calls)
        rate = step(
            self.params.irm,
            f"borrowRateView({PARAMS},(uint128,uint128,uint128,uint128,uint128,uint128))",
            tuple(self.params),
            (*_totals(given.market), given.last_update, given.market.fee),
        )
        results = simulate(
            self.chain, self._storage(given), [*before, *asked, rate, *steps], time=time
        )
        start, end = len(before), len(before) + len(asked) + 1
        assert all(each.ok for each in results[:start])
        market, *others = answers(results[start:end])
        clock = Answer(ok=True, data=time.to_bytes(32), length=32)
        return [market, clock, *others], results[end:]

    def read(self, found: Sequence[Answer]) -> MorphoMarket:
        """The state of the adapter's answers. Raises DecodeError."""
        state = ADAPTER.decode(self.target, found)
        assert isinstance(state, MorphoMarket)
        return state

    def accrue(self) -> Step:
        return step(self.morpho, f"accrueInterest({PARAMS})", tuple(self.params))

    def move(self, name: str, assets: int, shares: int) -> Step:
        """supply or repay for the sender, withdraw or borrow to the receiver."""
        amounts = tuple(self.params), assets, shares
        if name in ("supply", "repay"):
            signature = f"{name}({PARAMS},uint256,uint256,address,bytes)"
            return step(self.morpho, signature, *amounts, SENDER, b"")
        signature = f"{name}({PARAMS},uint256,uint256,address,address)"
        return step(self.morpho, signature, *amounts, SENDER, RECEIVER)

    def liquidate(self, seized: int, repaid_shares: int) -> Step:
        """The sender liquidates itself, which nothing forbids."""
        signature = f"liquidate({PARAMS},address,uint256,uint256,bytes)"
        arguments = tuple(self.params), SENDER, seized, repaid_shares, b""
        return step(self.morpho, signature, *arguments)

    def after(self) -> list[Step]:
        """The market, then the positions of the sender and of the recipient of fees."""
        own = self.params.id
        return [
            step(self.morpho, "market(bytes32)", own),
            step(self.morpho, "position(bytes32,address)", own, SENDER),
            step(self.morpho, "position(bytes32,address)", own, RECIPIENT),
        ]

    def _storage(self, given: Given) -> Storage:
        own = self.params.id
        supplied, supply_shares, borrowed, borrow_shares = _totals(given.market)
        market = _nested(own, MARKET)
        found = {
            (self.morpho, FEE_RECIPIENT): int(RECIPIENT, 16),
            (self.morpho, market): supplied | supply_shares << 128,
            (self.morpho, market + 1): borrowed | borrow_shares << 128,
            (self.morpho, market + 2): given.last_update | given.market.fee << 128,
            (self.params.irm, RATE): given.rate,
            (self.params.oracle, PRICE): given.price,
        }
        for account, position in zip((SENDER, RECIPIENT), given.positions, strict=False):
            slot = entry_of(_nested(own, POSITION), account)
            found[self.morpho, slot] = position.supply_shares
            found[self.morpho, slot + 1] = position.borrow_shares | position.collateral << 128
        for token in (self.params.loan_token, self.params.collateral_token):
            for holder in (SENDER, self.morpho):
                found[token, entry_of(BALANCES, holder)] = RICH
        return found


def market_after(result: Result) -> Market:
    supplied, supply_shares, borrowed, borrow_shares, _, fee = result.integers()
    return Market(supplied, supply_shares, borrowed, borrow_shares, fee)


def position_after(result: Result) -> Position:
    return Position(*result.integers())


def deploy_markets(site: LocalWorld, artifacts: Artifacts) -> list[RealMarket]:
    """Empty markets of a rate and a price that storage alone sets, one for each of LLTVS."""
    building, builder = Site(site.chain, artifacts), site.world.actors.builder
    morpho = building.create(builder, "Morpho", builder)
    irm, oracle = building.create(builder, "SteadyRate"), building.create(builder, "OracleMock")
    building.send(builder, morpho, "enableIrm(address)", irm)
    loan, collateral = site.world.token("USDC"), site.world.token("DAI")
    made = []
    for lltv in LLTVS:
        params = MarketParams(loan.address, collateral.address, oracle, irm, lltv)
        building.send(builder, morpho, "enableLltv(uint256)", lltv)
        building.send(builder, morpho, f"createMarket({PARAMS})", tuple(params))
        made.append(params)
    building.mine()
    entries = [_entry(site.chain, morpho, params) for params in made]
    found = identified(site.chain, entries)
    return [RealMarket(site.chain, *each) for each in zip(found, made, strict=True)]


def real_loan(chain: LocalChain, loan: MorphoLoan) -> RealMarket:
    """A market of the world; its accounts are those that the world names."""
    params = MarketParams(*loan.params)
    options = {"market_id": loan.market_id, "accounts": " ".join(loan.accounts)}
    entry = Entry(chain.chain_id, "morpho_blue", loan.morpho, key=loan.market_id, options=options)
    (target,) = identified(chain, [entry])
    return RealMarket(chain, target, params)


def _entry(chain: LocalChain, morpho: Address, params: MarketParams) -> Entry:
    key = "0x" + params.id.hex()
    options = {"market_id": key, "accounts": f"{SENDER} {RECIPIENT}"}
    return Entry(chain.chain_id, "morpho_blue", morpho, key=key, options=options)


def _totals(market: Market) -> tuple[int, int, int, int]:
    return (
        market.total_supply_assets,
        market.total_supply_shares,
        market.total_borrow_assets,
        market.total_borrow_shares,
    )


def _nested(key: bytes, slot: int) -> int:
    """Where a mapping by id keeps an id's value."""
    return int.from_bytes(keccak(key + slot.to_bytes(32)))
