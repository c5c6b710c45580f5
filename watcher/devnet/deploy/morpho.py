"""Morpho Blue: markets of several decimals, whose oracles read the feeds; one lends nearly all that
it has, one so much on its collateral that a fall of it by some percent leaves bad debt."""

from __future__ import annotations

from collections.abc import Sequence

from watcher.devnet.deploy.site import Site
from watcher.devnet.deploy.tokens import allow, provide
from watcher.devnet.places import Actors, Feed, MorphoLoan
from watcher.state.token import Address, Token

PARAMS = "(address,address,address,address,uint256)"
ORACLE_DECIMALS = 36

# Collateral, loan token, loan-to-value limit and the protocol's part of the interest with 18
# decimals, whole loan tokens supplied, and the whole tokens that two borrowers bring and take.
MARKETS = (
    ("WETH", "USDC", 86 * 10**16, 10**17, 2_000_000, ((400, 700_000), (100, 240_000))),
    ("WBTC", "DAI", 77 * 10**16, 0, 500_000, ((12, 480_000), (1, 10_000))),
    ("WETH", "GUSD", 945 * 10**15, 25 * 10**16, 300_000, ((50, 141_000), (10, 28_000))),
)


def deploy_morpho(
    site: Site, builder: Address, tokens: dict[str, Token], feeds: Sequence[Feed], actors: Actors
) -> tuple[MorphoLoan, ...]:
    """Queue Morpho, a rate model, the oracles and the markets, in which nothing is supplied yet."""
    morpho = site.create(builder, "Morpho", builder)
    irm = site.create(builder, "IrmMock")
    site.send(builder, morpho, "enableIrm(address)", irm)
    site.send(builder, morpho, "setFeeRecipient(address)", actors.treasury)
    proxies = {feed.token: feed.proxy for feed in feeds}
    made = []
    for symbol, borrowed, lltv, fee, _, _ in MARKETS:
        collateral, loan = tokens[symbol], tokens[borrowed]
        scale = 10 ** (ORACLE_DECIMALS + loan.decimals - collateral.decimals)
        feeds_of = proxies[collateral], proxies[loan]
        oracle = site.create(builder, "FeedOracle", *feeds_of, scale)
        params = (loan.address, collateral.address, oracle, irm, lltv)
        site.send(builder, morpho, "enableLltv(uint256)", lltv)
        site.send(builder, morpho, f"createMarket({PARAMS})", params)
        if fee:
            site.send(builder, morpho, f"setFee({PARAMS},uint256)", params, fee)
        made.append(
            MorphoLoan(
                name=f"morpho:{symbol}/{borrowed}",
                morpho=morpho,
                loan=loan,
                collateral=collateral,
                params=params,
                accounts=(actors.whale, actors.other_trader),
            )
        )
    return tuple(made)


def fill_morpho(
    site: Site, lender: Address, markets: tuple[MorphoLoan, ...], *, weth: Token
) -> None:
    """Supply and collateral."""
    for market, (*_, supplied, debts) in zip(markets, MARKETS, strict=True):
        amount = supplied * 10**market.loan.decimals
        provide(site, lender, market.loan, amount, weth=weth)
        allow(site, lender, market.loan, market.morpho)
        supply = f"supply({PARAMS},uint256,uint256,address,bytes)"
        site.send(lender, market.morpho, supply, market.params, amount, 0, lender, b"")
        for borrower, (brought, _) in zip(market.accounts, debts, strict=True):
            collateral = brought * 10**market.collateral.decimals
            provide(site, borrower, market.collateral, collateral, weth=weth)
            for token in (market.collateral, market.loan):
                allow(site, borrower, token, market.morpho)
            bring = f"supplyCollateral({PARAMS},uint256,address,bytes)"
            site.send(borrower, market.morpho, bring, market.params, collateral, borrower, b"")


def borrow_morpho(site: Site, markets: tuple[MorphoLoan, ...]) -> None:
    """The debts, once the feeds that the oracles read have answered."""
    for market, (*_, debts) in zip(markets, MARKETS, strict=True):
        for borrower, (_, taken) in zip(market.accounts, debts, strict=True):
            borrow = f"borrow({PARAMS},uint256,uint256,address,address)"
            debt = taken * 10**market.loan.decimals
            who = borrower, borrower
            site.send(borrower, market.morpho, borrow, market.params, debt, 0, *who)
