"""A pool of Aave V3 with its reserves, which takes its prices from the feeds."""

from __future__ import annotations

from watcher.devnet.deploy.compound import FILLING_GAS, feed_of
from watcher.devnet.deploy.site import Site, created_address
from watcher.devnet.deploy.tokens import allow, provide
from watcher.devnet.places import PRICE_DECIMALS, Actors, Feed, LendingMarket
from watcher.state.token import ZERO_ADDRESS, Address, Token

PROTOCOL = "aave_v3"
RAY = 10**27
PERCENT = RAY // 100
LISTING_GAS = 12_000_000
VARIABLE = 2
"""The mode of a loan at the variable rate."""

LIBRARIES = (
    *("AaveSupplyLogic", "AaveBorrowLogic", "AaveLiquidationLogic", "AaveEModeLogic"),
    *("AaveBridgeLogic", "AavePoolLogic", "AaveFlashLoanLogic", "AaveConfiguratorLogic"),
)
# Underlying, whole ones supplied at first; in basis points loan to value, liquidation threshold and
# bonus, reserve factor; caps of supply and borrowing in whole ones, 0 for none.
RESERVES = (
    ("USDC", 3_000_000, 7_500, 7_800, 10_450, 1_000, 50_000_000, 40_000_000),
    ("WETH", 1_000, 8_000, 8_250, 10_500, 1_500, 5_000, 0),
    ("DAI", 1_500_000, 6_300, 7_700, 10_500, 2_500, 0, 0),
)
# Optimal usage, base rate, the slopes of the variable rate before and after it, in percent.
CURVES = {"USDC": (90, 0, 6, 60), "WETH": (80, 1, 3, 80), "DAI": (80, 0, 4, 75)}
# Collateral and loan, whole ones, of the two that borrow.
LOANS = (("WETH", 250, "USDC", 420_000), ("USDC", 800_000, "DAI", 350_000))

INIT = (
    "initReserves((address,address,address,uint8,address,address,address,address,string,string,"
    "string,string,string,string,bytes)[])"
)


def deploy_aave(
    site: Site, builder: Address, tokens: dict[str, Token], feeds: tuple[Feed, ...], actors: Actors
) -> tuple[LendingMarket, ...]:
    """Queue the pool and its reserves. Its provider makes the proxies, the pool's first."""
    libraries: dict[str, str] = {}
    for name in LIBRARIES:
        made = site.create(builder, name, libraries=libraries)
        libraries[name.removeprefix("Aave")] = made
    provider = site.create(builder, "AavePoolAddressesProvider", "local", builder)
    pool, configurator = created_address(provider, 1), created_address(provider, 2)
    site.send(builder, provider, "setACLAdmin(address)", builder)
    acl = site.create(builder, "AaveACLManager", provider)
    site.send(builder, provider, "setACLManager(address)", acl)
    for role in ("addPoolAdmin(address)", "addAssetListingAdmin(address)", "addRiskAdmin(address)"):
        site.send(builder, acl, role, builder)
    code = site.create(builder, "AavePool", provider, libraries=libraries)
    site.send(builder, provider, "setPoolImpl(address)", code, gas=LISTING_GAS)
    code = site.create(builder, "AavePoolConfigurator", libraries=libraries)
    site.send(builder, provider, "setPoolConfiguratorImpl(address)", code, gas=LISTING_GAS)
    listed = [tokens[symbol] for symbol, *_ in RESERVES]
    proxies = [feed_of(token, tokens, feeds).proxy for token in listed]
    oracle = site.create(
        builder,
        "AaveOracle",
        provider,
        [token.address for token in listed],
        proxies,
        ZERO_ADDRESS,
        ZERO_ADDRESS,
        10**PRICE_DECIMALS,
    )
    site.send(builder, provider, "setPriceOracle(address)", oracle)
    _list(site, builder, (provider, pool, configurator), listed, actors.treasury)
    for token, (_, _, *factors) in zip(listed, RESERVES, strict=True):
        _set_up(site, builder, configurator, token, factors)
    accounts = (actors.keeper, actors.whale)
    return tuple(
        LendingMarket(f"aave:{token.symbol}", PROTOCOL, pool, token, provider, accounts)
        for token in listed
    )


def _list(
    site: Site,
    builder: Address,
    at: tuple[Address, Address, Address],
    listed: list[Token],
    treasury: Address,
) -> None:
    provider, pool, configurator = at
    names = ("AaveAToken", "AaveStableDebtToken", "AaveVariableDebtToken")
    a_token, stable, variable = (site.create(builder, name, pool) for name in names)
    for token in listed:
        optimal, base, slope1, slope2 = (each * PERCENT for each in CURVES[token.symbol])
        rates = (base, slope1, slope2, PERCENT, slope2, PERCENT, PERCENT, 20 * PERCENT)
        model = site.create(builder, "AaveInterestRateStrategy", provider, optimal, *rates)
        symbol = token.symbol
        called = (
            f"a{symbol}",
            f"a{symbol}",
            f"v{symbol}",
            f"v{symbol}",
            f"s{symbol}",
            f"s{symbol}",
        )
        order = (
            *(a_token, stable, variable, token.decimals, model, token.address, treasury),
            *(ZERO_ADDRESS, *called, b"\x10"),
        )
        site.send(builder, configurator, INIT, [order], gas=LISTING_GAS)


def _set_up(
    site: Site, builder: Address, configurator: Address, token: Token, factors: list[int]
) -> None:
    ltv, threshold, bonus, reserved, supply_cap, borrow_cap = factors
    weigh = "configureReserveAsCollateral(address,uint256,uint256,uint256)"
    site.send(builder, configurator, weigh, token.address, ltv, threshold, bonus)
    site.send(builder, configurator, "setReserveBorrowing(address,bool)", token.address, True)
    for name, value in (
        ("setReserveFactor", reserved),
        ("setSupplyCap", supply_cap),
        ("setBorrowCap", borrow_cap),
    ):
        site.send(builder, configurator, f"{name}(address,uint256)", token.address, value)


def fill_aave(
    site: Site, actors: Actors, markets: tuple[LendingMarket, ...], *, weth: Token
) -> None:
    """First deposits; then two borrow at the variable rate."""
    by_symbol = {market.token.symbol: market for market in markets}
    for symbol, whole, *_ in RESERVES:
        _supply(site, actors.depositor, by_symbol[symbol], whole, weth=weth)
    for borrower, (held, whole, owed, borrowed) in zip(
        (actors.keeper, actors.whale), LOANS, strict=True
    ):
        _supply(site, borrower, by_symbol[held], whole, weth=weth)
        loan = by_symbol[owed]
        amount = borrowed * 10**loan.token.decimals
        take = "borrow(address,uint256,uint256,uint16,address)"
        order = (loan.token.address, amount, VARIABLE, 0, borrower)
        site.send(borrower, loan.address, take, *order, gas=FILLING_GAS)


def _supply(site: Site, holder: Address, market: LendingMarket, whole: int, *, weth: Token) -> None:
    amount = whole * 10**market.token.decimals
    provide(site, holder, market.token, amount, weth=weth)
    allow(site, holder, market.token, market.address)
    give = "supply(address,uint256,address,uint16)"
    site.send(
        holder, market.address, give, market.token.address, amount, holder, 0, gas=FILLING_GAS
    )
