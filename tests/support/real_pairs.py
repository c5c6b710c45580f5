"""Uniswap's and Pancake's own pairs in any state, for tokens of 6, 8 and 18 decimals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import combinations

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
from tests.support.world import LocalWorld
from watcher.devnet.calldata import call_data
from watcher.devnet.deploy.pools import PAIR_GAS
from watcher.devnet.local_chain import LocalChain, Transaction
from watcher.math.exact.constant_product import MINIMUM_LIQUIDITY
from watcher.protocols import ADAPTERS, Entry
from watcher.state import Address, ConstantProduct, Target, to_address

ADAPTER = ADAPTERS["uniswap_v2"]
FEE_TO = to_address("0x00000000000000000000000000000000000Fee70")
SYMBOLS = ("USDC", "WBTC", "DAI")
"""6, 8 and 18 decimals."""

PROTOCOLS = {"uniswap": "", "pancake": "pancake:"}
"""The prefix of each protocol's pairs in the local world."""

# UniswapV2ERC20 and UniswapV2Pair, solc 0.5.16: slots in the order of declaration, ancestors first.
TOTAL_SUPPLY, LP_BALANCES, RESERVES, K_LAST = 0, 1, 8, 11
# UniswapV2Factory.feeTo; OpenZeppelin's ERC20._balances.
FACTORY_FEE_TO, TOKEN_BALANCES = 0, 0

WEALTH = 1 << 200
"""What the sender has of each token: more than any pair can hold."""


@dataclass(frozen=True, slots=True)
class RealPair:
    """A deployed pair; `router` where the protocol's own works."""

    chain: LocalChain
    target: Target
    router: Address | None

    @property
    def address(self) -> Address:
        return self.target.address

    def like(self, state: ConstantProduct, drift: tuple[int, int] = (0, 0)) -> ConstantProduct:
        """The state as this pair would have it: its fees, its decimals, balances that differ from
        the reserves by `drift`."""
        params = self.target.params
        token0, token1 = self.target.tokens
        fee_is_on = state.protocol_share_numerator > 0
        return replace(
            state,
            balance0=max(state.reserve0 + drift[0], 0),
            balance1=max(state.reserve1 + drift[1], 0),
            fee_numerator=int(params["fee_numerator"]),
            fee_denominator=int(params["fee_denominator"]),
            protocol_share_numerator=int(params["protocol_share_numerator"]) if fee_is_on else 0,
            protocol_share_denominator=int(params["protocol_share_denominator"]),
            decimals0=token0.decimals,
            decimals1=token1.decimals,
        )

    def run(self, state: ConstantProduct, steps: Sequence[Step]) -> list[Result]:
        """The steps' results on this pair in this state, which its own getters must confirm."""
        asked = getters(ADAPTER.calls(self.target))
        results = simulate(self.chain, self._storage(state), [*asked, *steps])
        found = ADAPTER.decode(self.target, answers(results[: len(asked)]))
        assert found == state
        return results[len(asked) :]

    def pay(self, coin: int, amount: int) -> Step:
        """Send an amount of a coin to the pair."""
        token = self.target.tokens[coin].address
        return step(token, "transfer(address,uint256)", self.address, amount)

    def swap(self, coin_in: int, amount_out: int) -> Step:
        """Ask for an amount of the other coin."""
        amounts = (amount_out, 0) if coin_in else (0, amount_out)
        signature = "swap(uint256,uint256,address,bytes)"
        return step(self.address, signature, *amounts, RECEIVER, b"")

    def received(self, coin: int) -> Step:
        token = self.target.tokens[coin].address
        return step(token, "balanceOf(address)", RECEIVER)

    def _storage(self, state: ConstantProduct) -> Storage:
        factory = Address(str(self.target.params["factory"]))
        token0, token1 = (token.address for token in self.target.tokens)
        held = max(state.total_supply - MINIMUM_LIQUIDITY, 0)
        mine, its_own = entry_of(TOKEN_BALANCES, SENDER), entry_of(TOKEN_BALANCES, self.address)
        return {
            (self.address, TOTAL_SUPPLY): state.total_supply,
            (self.address, entry_of(LP_BALANCES, SENDER)): held,
            (self.address, RESERVES): state.reserve0 | state.reserve1 << 112,
            (self.address, K_LAST): state.k_last,
            (factory, FACTORY_FEE_TO): int(FEE_TO, 16) if state.protocol_share_numerator else 0,
            (token0, its_own): state.balance0,
            (token1, its_own): state.balance1,
            (token0, mine): WEALTH,
            (token1, mine): WEALTH,
        }


def deploy_pairs(site: LocalWorld, protocol: str) -> list[RealPair]:
    """One pair for each two of SYMBOLS; the factory makes those that the world does not have."""
    chain, world = site.chain, site.world
    known = world.pair(f"{PROTOCOLS[protocol]}DAI/USDC")
    (factory,) = chain.read(known.address, "factory()(address)")
    tokens = [world.token(symbol).address for symbol in SYMBOLS]
    missing = [both for both in combinations(tokens, 2) if not _pair(chain, factory, *both)]
    chain.mine(
        [
            Transaction(
                world.actors.builder,
                to_address(factory),
                call_data("createPair(address,address)", *both),
                "createPair",
                gas=PAIR_GAS,
            )
            for both in missing
        ]
    )
    entries = [
        _entry(chain, _pair(chain, factory, *both), known.fee, known.protocol_share)
        for both in combinations(tokens, 2)
    ]
    return [RealPair(chain, target, known.router) for target in identified(chain, entries)]


def _pair(chain: LocalChain, factory: str, a: Address, b: Address) -> int:
    signature = "getPair(address,address)(address)"
    return int(chain.read(to_address(factory), signature, a, b)[0], 16)


def _entry(chain: LocalChain, pair: int, fee: Fraction, share: Fraction) -> Entry:
    options = {"fee": str(fee), "protocol_fee_share": str(share)}
    return Entry(chain.chain_id, ADAPTER.protocol, to_address(f"0x{pair:040x}"), options=options)
