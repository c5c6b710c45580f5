"""Set's index tokens beside the real ones: issuing, redeeming, and what SetValuer sums."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from eth_abi.abi import decode
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.effort import examples
from tests.support.numbers import sizes, spread
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
from watcher.devnet.deploy.set_tokens import PRICES
from watcher.devnet.places import IndexToken
from watcher.errors import MathError
from watcher.math.exact import set_token as ours
from watcher.protocols import ADAPTERS, Entry
from watcher.state import Address, SetToken

MOVES = ("issue", "redeem", "calculateSetTokenValuation", "getRequiredComponentUnitsForIssue")
pytestmark = [
    pytest.mark.anvil,
    pytest.mark.proves("set_token", "SetIssuance", "SetValuer", moves=MOVES),
]

on_chain = settings(max_examples=examples(25, deep=300))
ADAPTER = ADAPTERS["set_token"]

# Storage of SetToken.sol after ERC20's, in the order of declaration; of an oracle and of a coin.
BALANCES, TOTAL_SUPPLY, POSITIONS, MULTIPLIER = 0, 2, 12, 13
PRICE = COINS = 0
EXTERNAL = 2
"""Where a component's external positions are in its position."""
UNITS = st.one_of(sizes(0, 2**100), spread(10**4, 10**22), spread(10**4, 10**24))


class RealSet:
    """An index token of the world."""

    def __init__(self, site: LocalWorld, index: IndexToken) -> None:
        self.chain = site.chain
        self.index = index
        self.keeper = site.world.actors.keeper
        entry = Entry(site.chain.chain_id, "set_token", index.address)
        (self.target,) = identified(site.chain, [entry])
        _, _, _, _, _, *oracles = index.beside
        self.oracles = {symbol: oracle for (symbol, _), oracle in zip(PRICES, oracles, strict=True)}

    def run(self, storage: Storage, steps: Sequence[Step]) -> tuple[list[Result], list[Result]]:
        """What the adapter is answered in this storage, and the steps' results."""
        asked = getters(ADAPTER.calls(self.target))
        results = simulate(self.chain, storage, [*asked, *steps])
        return results[: len(asked)], results[len(asked) :]

    def unit_slots(self, component: Address) -> tuple[int, int]:
        """Of its unit at hand, and of that which the keeper has elsewhere."""
        own = entry_of(POSITIONS, component)
        return own, entry_of(own + EXTERNAL, self.keeper)


@pytest.fixture(scope="module")
def sets(fork_site: LocalWorld) -> list[RealSet]:
    return [RealSet(fork_site, index) for index in fork_site.world.index_tokens]


@pytest.mark.parametrize("which", [0, 1], ids=["at hand", "owed elsewhere"])
@on_chain
@given(
    units=st.lists(UNITS, min_size=3, max_size=3),
    elsewhere=st.one_of(*[spread(-(10**26), -(10**24))] * 3, spread(-(10**22), 10**22)),
    multiplier=st.sampled_from([10**18, 98 * 10**16, 10**18 - 1]),
    prices=st.lists(spread(10**15, 10**24) | sizes(0, 2**100), min_size=3, max_size=3),
)
def test_the_valuer_sums_what_ours_does(
    sets: list[RealSet],
    which: int,
    units: list[int],
    elsewhere: int,
    multiplier: int,
    prices: list[int],
) -> None:
    """With a debt elsewhere in the second, whose first component has an external position."""
    real = sets[which]
    index = real.index
    storage = {(index.address, MULTIPLIER): multiplier}
    for token, unit, price in zip(index.components, units, prices, strict=False):
        storage[index.address, real.unit_slots(token.address)[0]] = unit
        storage[real.oracles[token.symbol], PRICE] = price
    if which == 1:
        slot = real.unit_slots(index.components[0].address)[1]
        storage[index.address, slot] = elsewhere % 2**256
    found, _ = real.run(storage, [])
    *read, valued = found
    told = [each.integers()[0] for each in read[3::3]]
    totals = [unit - (unit >> 255 << 256) for unit in told]
    decimals = [token.decimals for token in index.components]
    try:
        expected = ours.valuation(totals, decimals, prices[: len(totals)])
    except MathError:
        assert not valued.ok
        return
    assert valued.ok, valued.reason
    state = ADAPTER.decode(real.target, answers(found))
    assert isinstance(state, SetToken)
    assert state.valuation == (expected,)
    assert [one.total_unit for one in state.components] == totals


@on_chain
@given(
    units=st.lists(UNITS, min_size=3, max_size=3),
    quantity=st.one_of(sizes(0, 2**120), sizes(0, 10**21)),
    short=st.sampled_from([0, 0, 1]),
)
def test_redeeming_pays_and_issuing_asks_what_ours_says(
    sets: list[RealSet], units: list[int], quantity: int, short: int
) -> None:
    """Where the basket lacks one unit of its last component, redeeming all of it pays nothing."""
    real = sets[0]
    index = real.index
    paid = ours.paid_for_redemption(quantity, units)
    held = [amount - (short if row == 2 else 0) for row, amount in enumerate(paid)]
    storage: dict[tuple[Address, int], int] = {
        (index.address, TOTAL_SUPPLY): quantity,
        (index.address, entry_of(BALANCES, SENDER)): quantity,
    }
    for token, unit, amount in zip(index.components, units, held, strict=True):
        storage[index.address, real.unit_slots(token.address)[0]] = unit
        storage[token.address, coin_slot(token.symbol, index.address)] = max(amount, 0)
        storage[token.address, coin_slot(token.symbol, RECEIVER)] = 0
    arguments = index.address, quantity
    asked = "getRequiredComponentUnitsForIssue(address,uint256)"
    redeem = step(index.issuance, "redeem(address,uint256,address)", *arguments, RECEIVER)
    got = [step(token.address, "balanceOf(address)", RECEIVER) for token in index.components]
    _, (required, redeemed, *after) = real.run(
        storage, [step(index.issuance, asked, *arguments), redeem, *got]
    )
    _, amounts = decode(["address[]", "uint256[]"], required.data)
    assert tuple(amounts) == ours.required_for_issue(quantity, units)
    assert redeemed.ok == (quantity > 0 and not (short and paid[2])), redeemed.reason
    if redeemed.ok:
        assert tuple(each.integer for each in after) == paid


def coin_slot(symbol: str, holder: Address) -> int:
    """WETH9 keeps its balances in its fourth slot."""
    return entry_of(3 if symbol == "WETH" else COINS, holder)
