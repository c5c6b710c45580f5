"""Set's index tokens: one at its target weights, one that has drifted, owes some of a coin
elsewhere and lacks some of what it should hold."""

from __future__ import annotations

from watcher.devnet.calldata import call_data
from watcher.devnet.deploy.site import Site, created_address
from watcher.devnet.deploy.tokens import allow, provide
from watcher.devnet.places import Actors, IndexToken
from watcher.state.token import ZERO_ADDRESS, Address, Token

WAD = 10**18
SET_GAS = 5_500_000
ISSUE_GAS = 1_500_000
LOST_PART = 20
"""Of the last component of the second, a module takes the twentieth away."""
ORACLE_RESOURCE, VALUER_RESOURCE = 1, 2

# Component, dollars of a whole one, in what the system's oracle counts.
PRICES = (("WETH", 3_000), ("WBTC", 60_000), ("USDC", 1), ("DAI", 1), ("GUSD", 1))
QUOTE = "USDC"

# Name, components with their units of a whole index token, target weights, band, whole index
# tokens issued, and the component whose unit elsewhere is a debt.
SETS = (
    (
        "index",
        (("WETH", 166_666_666_666_666_666), ("WBTC", 500_000), ("USDC", 200_000_000)),
        (0.5, 0.3, 0.2),
        0.02,
        1_000,
        None,
    ),
    (
        "dollars",
        (("DAI", 70 * WAD), ("GUSD", 4_000)),
        (0.5, 0.5),
        0.05,
        5_000,
        ("DAI", -10 * WAD),
    ),
)


def deploy_sets(
    site: Site, builder: Address, tokens: dict[str, Token], actors: Actors
) -> tuple[IndexToken, ...]:
    """Queue the system and its index tokens; the builder manages them, and its keeper stands in for
    a module with positions elsewhere."""
    controller = site.create(builder, "SetController", actors.treasury)
    creator = site.create(builder, "SetTokenCreator", controller)
    issuance = site.create(builder, "SetIssuance", controller)
    quote = tokens[QUOTE].address
    feeds = [site.create(builder, "SetOracleMock", dollars * WAD) for _, dollars in PRICES]
    priced = [tokens[symbol].address for symbol, _ in PRICES]
    against = [quote] * len(priced)
    oracle = site.create(builder, "SetPriceOracle", controller, quote, [], priced, against, feeds)
    valuer = site.create(builder, "SetValuer", controller)
    initialize = "initialize(address[],address[],address[],uint256[])"
    modules, resources = [issuance, actors.keeper], [oracle, valuer]
    ids = [ORACLE_RESOURCE, VALUER_RESOURCE]
    site.send(builder, controller, initialize, [creator], modules, resources, ids)
    made = []
    for number, (name, units, weights, band, _, _) in enumerate(SETS, start=1):
        components = [tokens[symbol] for symbol, _ in units]
        create = "create(address[],int256[],address[],address,string,string)"
        named = [token.address for token in components], [unit for _, unit in units]
        site.send(builder, creator, create, *named, modules, builder, name, name, gas=SET_GAS)
        made.append(
            IndexToken(
                name=f"set:{name}",
                address=created_address(creator, number),
                components=tuple(components),
                weights=weights,
                band=band,
                issuance=issuance,
                beside=(controller, creator, issuance, oracle, valuer, *feeds),
            )
        )
    return tuple(made)


def fill_sets(site: Site, actors: Actors, sets: tuple[IndexToken, ...], *, weth: Token) -> None:
    """Issue them to their manager, then let the keeper owe and take some of one of them."""
    builder, keeper = actors.builder, actors.keeper
    for index, (_, units, _, _, whole, owed) in zip(sets, SETS, strict=True):
        start = "initialize(address,address)"
        site.send(builder, index.issuance, start, index.address, ZERO_ADDRESS)
        for token, (_, unit) in zip(index.components, units, strict=True):
            provide(site, builder, token, unit * whole, weth=weth)
            allow(site, builder, token, index.issuance)
        issue = "issue(address,uint256,address)"
        amounts = index.address, whole * WAD, builder
        site.send(builder, index.issuance, issue, *amounts, gas=ISSUE_GAS)
        if owed is not None:
            symbol, unit = owed
            token = next(one for one in index.components if one.symbol == symbol)
            site.send(keeper, index.address, "initializeModule()")
            pair = token.address, keeper
            site.send(keeper, index.address, "addExternalPositionModule(address,address)", *pair)
            edit = "editExternalPositionUnit(address,address,int256)"
            site.send(keeper, index.address, edit, *pair, unit)
            lost = index.components[-1]
            taken = units[-1][1] * whole // LOST_PART
            data = bytes.fromhex(call_data("transfer(address,uint256)", keeper, taken)[2:])
            invoke = "invoke(address,uint256,bytes)"
            site.send(keeper, index.address, invoke, lost.address, 0, data)
