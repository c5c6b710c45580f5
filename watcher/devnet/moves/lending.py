"""Supplying to lending markets, borrowing from them and repaying there."""

from __future__ import annotations

from random import Random

from watcher.devnet.deploy.aave import PROTOCOL as AAVE
from watcher.devnet.deploy.aave import VARIABLE
from watcher.devnet.deploy.compound import LENDING_GAS
from watcher.devnet.draft import Draft
from watcher.devnet.places import LendingMarket
from watcher.devnet.text import amount_text
from watcher.state.token import Address

# Of what is owed in all, in basis points; less than anybody owes or may still borrow.
_SMALL_BPS = (1, 20)


def supply(draft: Draft, lender: Address, market: LendingMarket, amount: int) -> str:
    draft.fund(lender, market.token, amount)
    _allow(draft, lender, market, amount)
    if market.protocol == AAVE:
        order = (market.token.address, amount, lender, 0)
        _send(draft, lender, market, "supply(address,uint256,address,uint16)", *order)
    else:
        _send(draft, lender, market, "mint(uint256)", amount)
    return f"somebody lends {amount_text(amount, market.token)} in {market.name}"


def borrow(draft: Draft, borrower: Address, market: LendingMarket, amount: int) -> str:
    if market.protocol == AAVE:
        order = (market.token.address, amount, VARIABLE, 0, borrower)
        _send(draft, borrower, market, "borrow(address,uint256,uint256,uint16,address)", *order)
    else:
        _send(draft, borrower, market, "borrow(uint256)", amount)
    return f"somebody borrows {amount_text(amount, market.token)} from {market.name}"


def repay(draft: Draft, borrower: Address, market: LendingMarket, amount: int) -> str:
    draft.fund(borrower, market.token, amount)
    _allow(draft, borrower, market, amount)
    if market.protocol == AAVE:
        order = (market.token.address, amount, VARIABLE, borrower)
        _send(draft, borrower, market, "repay(address,uint256,uint256,address)", *order)
    else:
        _send(draft, borrower, market, "repayBorrow(uint256)", amount)
    return f"somebody repays {amount_text(amount, market.token)} to {market.name}"


def small_lending(draft: Draft, random: Random) -> list[str]:
    """In one block of three something small happens in one market: its borrower repays or borrows,
    or somebody lends."""
    owed = {market: draft.owed_to(market) for market in draft.world.lending_markets}
    lent = [(market, who, debt) for market, (who, debt) in owed.items() if debt]
    if not lent or random.randrange(3):
        return []
    market, borrower, debt = random.choice(lent)
    amount = max(debt * random.randint(*_SMALL_BPS) // 10_000, 1)
    move = random.choice((supply, borrow, repay))
    who = draft.world.actors.other_depositor if move is supply else borrower
    return [move(draft, who, market, amount)]


def _allow(draft: Draft, owner: Address, market: LendingMarket, amount: int) -> None:
    approve = "approve(address,uint256)"
    label = f"letting {market.name} take {market.token.symbol}"
    draft.send(owner, market.token.address, approve, market.address, amount, label=label)


def _send(draft: Draft, sender: Address, market: LendingMarket, call: str, *args: object) -> None:
    label = f"{call.partition('(')[0]} in {market.name}"
    draft.send(sender, market.address, call, *args, label=label, gas=LENDING_GAS)
