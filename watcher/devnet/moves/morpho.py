"""Supplying to Morpho's markets, and repaying there."""

from __future__ import annotations

from random import Random

from watcher.devnet.deploy.morpho import PARAMS
from watcher.devnet.draft import Draft
from watcher.devnet.places import MorphoLoan
from watcher.devnet.text import amount_text
from watcher.state.token import Address

# Of what is owed in all, in basis points; less than anybody owes.
_SMALL_BPS = (1, 20)


def supply(draft: Draft, lender: Address, loan: MorphoLoan, assets: int) -> str:
    draft.fund(lender, loan.loan, assets)
    call = f"supply({PARAMS},uint256,uint256,address,bytes)"
    _send(draft, lender, loan, call, assets, 0, lender, b"")
    return f"somebody lends {amount_text(assets, loan.loan)} in {loan.name}"


def repay(draft: Draft, borrower: Address, loan: MorphoLoan, assets: int) -> str:
    draft.fund(borrower, loan.loan, assets)
    call = f"repay({PARAMS},uint256,uint256,address,bytes)"
    _send(draft, borrower, loan, call, assets, 0, borrower, b"")
    return f"somebody repays {amount_text(assets, loan.loan)} in {loan.name}"


def small_loans(draft: Draft, random: Random) -> list[str]:
    """In one block of three, one market is supplied to or repaid to."""
    if not draft.world.morpho_loans or random.randrange(3):
        return []
    loan = random.choice(draft.world.morpho_loans)
    amount = max(draft.borrowed(loan) * random.randint(*_SMALL_BPS) // 10_000, 1)
    if random.randrange(2):
        return [supply(draft, draft.world.actors.depositor, loan, amount)]
    return [repay(draft, loan.accounts[0], loan, amount)]


def _send(draft: Draft, sender: Address, loan: MorphoLoan, call: str, *args: object) -> None:
    label = f"{call.partition('(')[0]} in {loan.name}"
    draft.send(sender, loan.morpho, call, loan.params, *args, label=label)
