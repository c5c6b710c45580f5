"""Markets of Compound V2: a comptroller, its oracle over the feeds, cTokens of the first kind."""

from __future__ import annotations

from watcher.devnet.deploy.site import Site
from watcher.devnet.deploy.tokens import allow, provide
from watcher.devnet.places import PRICE_DECIMALS, Actors, Feed, LendingMarket
from watcher.errors import SetupError
from watcher.state.token import Address, Token

PROTOCOL = "compound_v2"
WAD = 10**18
PERCENT = WAD // 100
SHARE_DECIMALS = 8
LENDING_GAS = 1_200_000
FILLING_GAS = 600_000
"""While the markets are new: all of it goes into the block of the feeds' first answers."""

# Underlying, whole ones supplied at first, and in percent: collateral factor, reserve factor, base
# rate and multiplier of a year.
MARKETS = (
    ("USDC", 2_000_000, 75, 10, 1, 20),
    ("WETH", 800, 80, 15, 0, 12),
    ("WBTC", 30, 70, 20, 2, 30),
    ("DAI", 1_200_000, 75, 15, 0, 15),
)
# Collateral and loan, whole ones, of the two that borrow.
LOANS = (("WETH", 200, "USDC", 350_000), ("USDC", 900_000, "WETH", 120))
CLOSE_FACTOR, INCENTIVE = 50, 108
VALUED_AS = {"DAI": "USDC"}
"""A dollar is a dollar to the oracles of these markets, as to some real ones."""


def deploy_compound(
    site: Site, builder: Address, tokens: dict[str, Token], feeds: tuple[Feed, ...], actors: Actors
) -> tuple[LendingMarket, ...]:
    """Queue the comptroller and its markets."""
    comptroller = site.create(builder, "CompoundComptroller")
    oracle = site.create(builder, "FeedPrices")
    site.send(builder, comptroller, "_setPriceOracle(address)", oracle)
    site.send(builder, comptroller, "_setCloseFactor(uint256)", CLOSE_FACTOR * PERCENT)
    site.send(builder, comptroller, "_setLiquidationIncentive(uint256)", INCENTIVE * PERCENT)
    site.send(builder, comptroller, "_setMaxAssets(uint256)", len(MARKETS))
    found = []
    for symbol, _, _, reserved, base, multiplier in MARKETS:
        token = tokens[symbol]
        curve = base * PERCENT, multiplier * PERCENT
        market = _market(site, builder, comptroller, token, curve)
        feed = feed_of(token, tokens, feeds)
        scale = 10 ** (36 - token.decimals - PRICE_DECIMALS)
        site.send(builder, oracle, "setFeed(address,address,uint256)", market, feed.proxy, scale)
        site.send(builder, comptroller, "_supportMarket(address)", market)
        site.send(builder, market, "_setReserveFactor(uint256)", reserved * PERCENT)
        accounts = (actors.keeper, actors.whale)
        found.append(
            LendingMarket(f"compound:{symbol}", PROTOCOL, market, token, comptroller, accounts)
        )
    return tuple(found)


def feed_of(token: Token, tokens: dict[str, Token], feeds: tuple[Feed, ...]) -> Feed:
    """Where the oracles of lending markets take the price of a token from."""
    valued = tokens[VALUED_AS.get(token.symbol, token.symbol)]
    return next(each for each in feeds if each.token == valued)


def _market(
    site: Site, builder: Address, comptroller: Address, token: Token, curve: tuple[int, int]
) -> Address:
    model = site.create(builder, "WhitePaperInterestRateModel", *curve)
    share = f"c{token.symbol}"
    # 0.02 whole tokens for a whole share
    initial = 2 * 10 ** (16 + token.decimals - SHARE_DECIMALS)
    names = share, share, SHARE_DECIMALS
    return site.create(builder, "CErc20", token.address, comptroller, model, initial, *names)


def fill_compound(
    site: Site, actors: Actors, markets: tuple[LendingMarket, ...], *, weth: Token
) -> None:
    """Collateral factors, for which the feeds must have answered, and first deposits; then two
    borrow."""
    by_symbol = {market.token.symbol: market for market in markets}
    for symbol, whole, factor, *_ in MARKETS:
        market = by_symbol[symbol]
        weigh = "_setCollateralFactor(address,uint256)"
        site.send(actors.builder, market.rules, weigh, market.address, factor * PERCENT)
        _supply(site, actors.depositor, market, whole, weth=weth)
    for borrower, (held, whole, owed, borrowed) in zip(
        (actors.keeper, actors.whale), LOANS, strict=True
    ):
        collateral, loan = by_symbol[held], by_symbol[owed]
        _supply(site, borrower, collateral, whole, weth=weth)
        entered = [collateral.address, loan.address]
        enter = "enterMarkets(address[])"
        site.send(borrower, collateral.rules, enter, entered, gas=FILLING_GAS)
        amount = borrowed * 10**loan.token.decimals
        site.send(borrower, loan.address, "borrow(uint256)", amount, gas=FILLING_GAS)


def require_loans(site: Site, markets: tuple[LendingMarket, ...]) -> None:
    """Raise SetupError unless the loans were made: these contracts answer errors, and go on."""
    for _, _, owed, whole in LOANS:
        market = next(each for each in markets if each.token.symbol == owed)
        (borrows,) = site.chain.read(market.address, "totalBorrows()(uint256)")
        if borrows < whole * 10**market.token.decimals:
            raise SetupError(f"nothing was borrowed from {market.name}: restore the lock")


def _supply(site: Site, holder: Address, market: LendingMarket, whole: int, *, weth: Token) -> None:
    amount = whole * 10**market.token.decimals
    provide(site, holder, market.token, amount, weth=weth)
    allow(site, holder, market.token, market.address)
    site.send(holder, market.address, "mint(uint256)", amount, gas=FILLING_GAS)
