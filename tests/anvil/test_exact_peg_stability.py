"""Venus' peg stability module beside the real one: swaps both ways, their previews and the cap."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.effort import examples
from tests.support.numbers import SHARES, UINT256, portion, sizes
from tests.support.simulation import (
    RECEIVER,
    SENDER,
    Result,
    Step,
    Storage,
    entry_of,
    getters,
    identified,
    simulate,
    step,
)
from tests.support.simulation import answers as told
from tests.support.world import LocalWorld
from watcher.devnet.artifacts import Toolchain
from watcher.devnet.calldata import call_data
from watcher.devnet.deploy.site import Site
from watcher.devnet.deploy.venus_psm import SWAP_IN, SWAP_OUT
from watcher.devnet.local_chain import LocalChain
from watcher.errors import MathError
from watcher.math.exact import peg_stability as ours
from watcher.math.families.peg_stability import module_of
from watcher.protocols import ADAPTERS, Entry
from watcher.protocols.venus_psm import GET_PRICE
from watcher.state import Address, PegStability, Target

MOVES = (
    "swapStableForVAI",
    "swapVAIForStable",
    "previewSwapStableForVAI",
    "previewSwapVAIForStable",
)
pytestmark = [
    pytest.mark.anvil,
    pytest.mark.proves("peg_stability", "VenusPegStability", moves=MOVES),
]

on_chain = settings(max_examples=examples(25, deep=300))
ADAPTER = ADAPTERS["venus_psm"]
SYMBOLS = ("USDC", "WBTC", "DAI")
"""6, 8 and 18 decimals."""
RICH = 2**254

# Storage of PegStability behind its proxy, after the slots of what it inherits; of the oracle, of
# the coins and of VAI.
FEE_IN, FEE_OUT, MINT_CAP, MINTED, PAUSED = 253, 254, 255, 256, 257
PRICES = BALANCES = 0
VAI_SUPPLY, VAI_BALANCES = 1, 2


@dataclass(frozen=True, slots=True)
class RealModule:
    """A deployed module."""

    chain: LocalChain
    target: Target
    oracle: Address

    def run(self, state: PegStability, steps: Sequence[Step]) -> list[Result]:
        """The steps' results in this state, which the module's getters must confirm; the sender is
        rich in both coins and has allowed the module to take them."""
        stable, vai = self.target.tokens
        module = self.target.address
        before = [
            step(each.address, "approve(address,uint256)", module, UINT256)
            for each in (stable, vai)
        ]
        asked = getters([*ADAPTER.calls(self.target), GET_PRICE.call(self.oracle, stable.address)])
        results = simulate(self.chain, self._storage(state), [*before, *asked, *steps])
        start, end = len(before), len(before) + len(asked)
        assert all(each.ok for each in results[:start])
        assert ADAPTER.decode(self.target, told(results[start:end])) == state
        return results[end:]

    def _storage(self, state: PegStability) -> Storage:
        stable, vai = self.target.tokens
        module = self.target.address
        return {
            (module, FEE_IN): state.fee_in,
            (module, FEE_OUT): state.fee_out,
            (module, MINT_CAP): state.mint_cap,
            (module, MINTED): state.minted,
            (module, PAUSED): int(state.paused),
            (self.oracle, entry_of(PRICES, stable.address)): state.oracle_price,
            (stable.address, entry_of(BALANCES, module)): state.held,
            (stable.address, entry_of(BALANCES, SENDER)): RICH,
            (vai.address, VAI_SUPPLY): RICH,
            (vai.address, entry_of(VAI_BALANCES, SENDER)): RICH,
        }


@pytest.fixture(scope="module")
def modules(fork_site: LocalWorld, toolchain: Toolchain) -> list[RealModule]:
    """One for each of SYMBOLS, as its own deployment has it."""
    site, builder = Site(fork_site.chain, toolchain.artifacts), fork_site.world.actors.builder
    vai = site.create(builder, "VAI", fork_site.chain.chain_id)
    access = site.create(builder, "VenusAccessControl", builder)
    oracle = site.create(builder, "VenusPriceOracle")
    entries = []
    for symbol in SYMBOLS:
        stable = fork_site.world.token(symbol).address
        site.send(builder, oracle, "setDirectPrice(address,uint256)", stable, 10**18)
        behind = site.create(builder, "VenusPegStability", stable, vai)
        initialize = "initialize(address,address,address,uint256,uint256,uint256)"
        data = call_data(initialize, access, builder, oracle, 0, 0, 10**30)
        module = site.create(builder, "ERC1967Proxy", behind, bytes.fromhex(data[2:]))
        site.send(builder, vai, "rely(address)", module)
        entries.append(Entry(fork_site.chain.chain_id, ADAPTER.protocol, module, name=symbol))
    site.mine()
    found = identified(fork_site.chain, entries)
    return [RealModule(fork_site.chain, target, oracle) for target in found]


@st.composite
def modules_of(draw: st.DrawFn, decimals: int) -> PegStability:
    """Priced around a dollar half of the time, its cap reached or not."""
    one = 10 ** (36 - decimals)
    cap = draw(sizes(0, 2**120))
    around = st.integers(900, 1_100).map(lambda thousandths: one * thousandths // 1_000)
    fees = st.sampled_from([0, 1, 30, 9_999])
    return PegStability(
        held=draw(sizes(0, 2**120)),
        minted=draw(st.one_of(st.just(cap), sizes(0, cap))),
        mint_cap=cap,
        fee_in=draw(fees),
        fee_out=draw(fees),
        oracle_price=draw(st.one_of(st.just(one), around, sizes(0, 2**130))),
        paused=draw(st.sampled_from([False] * 9 + [True])),
        stable_decimals=decimals,
        minted_decimals=18,
    )


@st.composite
def cases(draw: st.DrawFn) -> tuple[int, PegStability, int]:
    """A module, its state, and an amount: a part of what could be swapped, its border, or any."""
    which = draw(st.integers(0, 2))
    state = draw(modules_of((6, 8, 18)[which]))
    module = module_of(state)
    room = (state.mint_cap - state.minted) * 10**18 // max(min(module.price, module.one_dollar), 1)
    whole = min(draw(st.sampled_from([room, ours.most_stable_out(module)])), 2**200)
    border = st.integers(-1, 2).map(lambda by: max(whole + by, 0))
    part = SHARES.map(lambda share: portion(whole, share))
    return which, state, draw(st.one_of(part, border, sizes(0, 2**200)))


def outcome(ask: Callable[[], int]) -> int | None:
    """What ours gives, None where it raises."""
    try:
        return ask()
    except MathError:
        return None


def answer(found: Result) -> int | None:
    """What the contract gives, None where it reverts."""
    return found.integer if found.ok else None


@on_chain
@given(case=cases())
def test_what_is_minted_for_the_stable_coin(
    modules: list[RealModule], case: tuple[int, PegStability, int]
) -> None:
    which, state, amount = case
    real, module = modules[which], module_of(state)
    stable, vai = real.target.tokens
    at = real.target.address
    previewed, swapped, minted, held, got = real.run(
        state,
        [
            step(at, "previewSwapStableForVAI(uint256)", amount),
            step(at, SWAP_IN, RECEIVER, amount),
            step(at, "vaiMinted()"),
            step(stable.address, "balanceOf(address)", at),
            step(vai.address, "balanceOf(address)", RECEIVER),
        ],
    )
    assert answer(previewed) == outcome(partial(ours.preview_swap_stable_for_vai, module, amount))
    expected = outcome(partial(ours.swap_stable_for_vai, module, amount))
    assert answer(swapped) == expected, swapped.reason
    if expected is not None:
        usd = amount * min(module.price, module.one_dollar) // 10**18
        after = [state.minted + usd, state.held + amount, expected]
        assert [each.integer for each in (minted, held, got)] == after


@on_chain
@given(case=cases())
def test_what_the_stable_coin_costs(
    modules: list[RealModule], case: tuple[int, PegStability, int]
) -> None:
    """The swap tells what it burns; the fee goes on top, and the preview has both."""
    which, state, amount = case
    real, module = modules[which], module_of(state)
    stable, vai = real.target.tokens
    at = real.target.address
    previewed, swapped, held, left = real.run(
        state,
        [
            step(at, "previewSwapVAIForStable(uint256)", amount),
            step(at, SWAP_OUT, RECEIVER, amount),
            step(stable.address, "balanceOf(address)", at),
            step(vai.address, "balanceOf(address)", SENDER),
        ],
    )
    assert answer(previewed) == outcome(partial(ours.preview_swap_vai_for_stable, module, amount))
    expected = outcome(partial(ours.swap_vai_for_stable, module, amount))
    assert swapped.ok == (expected is not None), swapped.reason
    if expected is not None:
        assert [held.integer, left.integer] == [state.held - amount, RICH - expected]


@on_chain
@given(case=cases())
def test_the_most_that_can_be_had_is_paid_and_one_unit_more_is_not(
    modules: list[RealModule], case: tuple[int, PegStability, int]
) -> None:
    """Without a fee, which refuses amounts that are too small for it."""
    which, state, _ = case
    free = replace(state, fee_out=0)
    most = ours.most_stable_out(module_of(free))
    at = modules[which].target.address
    swaps = [step(at, SWAP_OUT, RECEIVER, amount) for amount in (most + 1, most)]
    more, paid = modules[which].run(free, swaps)
    assert not more.ok
    assert paid.ok == (most > 0)
