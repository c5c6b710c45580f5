"""Large loans of Compound V2's markets, and what becomes of them: all cash taken, and liquidations
at the close factor."""

from __future__ import annotations

from watcher.devnet.deploy.compound import CLOSE_FACTOR, PROTOCOL
from watcher.devnet.draft import Draft
from watcher.devnet.moves.lending import borrow, supply
from watcher.devnet.places import LendingMarket
from watcher.devnet.text import amount_text
from watcher.state.token import Address

MARKET_GAS = 1_500_000
_BALANCE = "balanceOf(address)(uint256)"
_SEIZED = "liquidateCalculateSeizeTokens(address,address,uint256)(uint256,uint256)"


def market_of(draft: Draft, symbol: str) -> LendingMarket:
    """The market of Compound V2 that lends a token."""
    markets = draft.world.lending_markets
    return next(one for one in markets if (one.protocol, one.token.symbol) == (PROTOCOL, symbol))


def cash(draft: Draft, market: LendingMarket) -> int:
    """As of the head, without what is planned."""
    return int(draft.read(market.token.address, _BALANCE, market.address)[0])


def pledge(draft: Draft, who: Address, market: LendingMarket, amount: int) -> None:
    """Lend an amount, and let it count as collateral."""
    supply(draft, who, market, amount)
    label = f"entering {market.name}"
    enter = "enterMarkets(address[])"
    draft.send(who, market.rules, enter, [market.address], label=label, gas=MARKET_GAS)


def take_cash(draft: Draft, who: Address, market: LendingMarket, part: int) -> int:
    """Borrow one of `part` equal parts of the cash; how much that is."""
    amount = cash(draft, market) // part
    borrow(draft, who, market, amount)
    return amount


def debt(draft: Draft, market: LendingMarket, account: Address) -> int:
    """As of the head, as stored."""
    return int(draft.read(market.address, "borrowBalanceStored(address)(uint256)", account)[0])


def liquidate(
    draft: Draft, who: Address, market: LendingMarket, collateral: LendingMarket, debtor: Address
) -> str | None:
    """Repay as much as the close factor allows and as there is collateral for; what is told of it,
    None where there is nothing to seize."""
    owed = debt(draft, market, debtor)
    (shares,) = draft.read(collateral.address, _BALANCE, debtor)
    most = owed * CLOSE_FACTOR // 100
    _, wanted = draft.read(market.rules, _SEIZED, market.address, collateral.address, most)
    amount = most if wanted <= shares else most * int(shares) // int(wanted)
    if amount == 0:
        return None
    draft.fund(who, market.token, amount)
    approve, label = "approve(address,uint256)", f"letting {market.name} take what is repaid"
    draft.send(who, market.token.address, approve, market.address, amount, label=label)
    call = "liquidateBorrow(address,uint256,address)"
    order = (debtor, amount, collateral.address)
    draft.send(who, market.address, call, *order, label="a liquidation", gas=MARKET_GAS)
    return f"a liquidator repays {amount_text(amount, market.token)} in {market.name}"
