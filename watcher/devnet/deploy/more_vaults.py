"""Vaults beside OpenZeppelin's and solmate's: solady's, snekmate's, one that takes fees, one whose
assets are partly elsewhere, and Yearn's with strategies that owe them."""

from __future__ import annotations

from watcher.devnet.calldata import creation_data
from watcher.devnet.deploy.site import Site, created_address
from watcher.devnet.deploy.tokens import allow, provide
from watcher.devnet.places import Option, WatchedVault
from watcher.math.exact.fixed_point import UINT256_MAX
from watcher.state.token import Address, Token

SNEKMATE, SOLADY = "SnekmateVault", "SoladyVault"
ENTRY_FEE_BPS, EXIT_FEE_BPS = 25, 50
DEPLOYED_PART = 3
"""Of the limited vault's assets one in so many is at its desk, and of Yearn's with a strategy."""

UNLOCK_SECONDS = 2 * 3_600
"""How long V3 unlocks a gain."""

EVERY_ROLE = 2**13 - 1
DEBT_RATIO_BPS = 10_000 // DEPLOYED_PART
TRANSFER = "transfer(address,uint256)"
HARVEST_GAS = 1_000_000
SET_UP_GAS = 2_000_000
CREATE_GAS = 8_000_000

# Whole units of the asset that each vault starts with.
STARTS = {
    "solady-usdc": 300_000,
    "solady-plain-dai": 200_000,
    "snekmate3-usdc": 250_000,
    "oz4-wbtc": 10,
    "fees-dai": 150_000,
    "limited-usdc": 600_000,
    "yearn2-usdc": 900_000,
    "yearn2-first-dai": 700_000,
    "yearn3-usdc": 800_000,
}


def deploy_more_vaults(
    site: Site, builder: Address, tokens: dict[str, Token], *, keeper: Address
) -> tuple[WatchedVault, ...]:
    """Queue all of them; their addresses are known before anything is mined."""
    usdc, dai, wbtc = tokens["USDC"], tokens["DAI"], tokens["WBTC"]
    create = site.create
    plain = (
        ("solady-usdc", usdc, create(builder, SOLADY, usdc.address, "solady", "syUSDC", True, 0)),
        ("solady-plain-dai", dai, create(builder, SOLADY, dai.address, "solady", "sDAI", False, 0)),
        (
            "snekmate3-usdc",
            usdc,
            create(builder, SNEKMATE, "snekmate", "snUSD", usdc.address, 3, "snekmate", "1"),
        ),
        (
            "oz4-wbtc",
            wbtc,
            create(builder, "OpenZeppelin4Vault", wbtc.address, "OpenZeppelin 4", "o4WBTC", 0),
        ),
        ("fees-dai", dai, create(builder, "FeeVault", dai.address, "Fees", "fDAI", keeper)),
    )
    limited = create(builder, "LimitedVault", usdc.address, "Limited", "lUSDC", keeper)
    return (
        *(WatchedVault(name, "erc4626", address, asset, {}) for name, asset, address in plain),
        WatchedVault("limited-usdc", "erc4626", limited, usdc, {"holder": [keeper]}),
        deploy_yearn_v2(site, builder, usdc, "yearn2-usdc", contract="YearnV2LaterVault"),
        deploy_yearn_v2(site, builder, dai, "yearn2-first-dai", contract="YearnV2Vault"),
        deploy_yearn_v3(site, builder, usdc, "yearn3-usdc"),
    )


def deploy_yearn_v2(
    site: Site, builder: Address, asset: Token, name: str, *, contract: str
) -> WatchedVault:
    """A vault with one strategy, which the builder governs."""
    vault = site.create(builder, contract)
    start = "initialize(address,address,address,string,string)"
    named = name, f"yv{asset.symbol}"
    site.send(builder, vault, start, asset.address, builder, builder, *named, gas=SET_UP_GAS)
    site.send(builder, vault, "setDepositLimit(uint256)", UINT256_MAX)
    strategy = site.create(builder, "YearnStrategy", vault)
    add = "addStrategy(address,uint256,uint256,uint256,uint256)"
    site.send(builder, vault, add, strategy, DEBT_RATIO_BPS, 0, UINT256_MAX, 0, gas=SET_UP_GAS)
    return WatchedVault(name, "yearn_v2", vault, asset, {}, strategies=(strategy,))


def deploy_yearn_v3(site: Site, builder: Address, asset: Token, name: str) -> WatchedVault:
    """A vault with one strategy, OpenZeppelin's vault, in which the builder has every role."""
    symbol = f"yv{asset.symbol}"
    factory = site.create(builder, "YearnFactory")
    code = creation_data(
        site.creation_code("YearnV3Vault"),
        ("address", "string", "string", "address", "uint256"),
        *(asset.address, name, symbol, builder, UNLOCK_SECONDS),
    )
    site.send(builder, factory, "create(bytes)", bytes.fromhex(code[2:]), gas=CREATE_GAS)
    vault = created_address(factory, 1)
    site.send(builder, vault, "set_role(address,uint256)", builder, EVERY_ROLE)
    site.send(builder, vault, "set_deposit_limit(uint256)", UINT256_MAX)
    strategy = site.create(builder, "OpenZeppelinVault", asset.address, name, f"s{symbol}", 0)
    site.send(builder, vault, "add_strategy(address)", strategy)
    site.send(
        builder, vault, "update_max_debt_for_strategy(address,uint256)", strategy, UINT256_MAX
    )
    options: dict[str, Option] = {"strategies": [strategy]}
    return WatchedVault(name, "yearn_v3", vault, asset, options, strategies=(strategy,))


def fill_more_vaults(
    site: Site,
    depositor: Address,
    vaults: tuple[WatchedVault, ...],
    *,
    builder: Address,
    keeper: Address,
    weth: Token,
) -> None:
    """First deposits, the fees, and what is lent; the limited vault's shares are partly the
    keeper's."""
    for vault in vaults:
        amount = STARTS[vault.name] * 10**vault.asset.decimals
        allow(site, depositor, vault.asset, vault.address)
        provide(site, depositor, vault.asset, amount, weth=weth)
        site.send(depositor, vault.address, "deposit(uint256,address)", amount, depositor)
        if vault.name == "fees-dai":
            site.send(
                builder, vault.address, "setFees(uint256,uint256)", ENTRY_FEE_BPS, EXIT_FEE_BPS
            )
        if vault.name == "solady-plain-dai":
            # Only a vault that has earned shows that it has no virtual shares.
            gift = amount // 100
            provide(site, depositor, vault.asset, gift, weth=weth)
            site.send(depositor, vault.asset.address, TRANSFER, vault.address, gift)
        if vault.name == "limited-usdc":
            site.send(depositor, vault.address, TRANSFER, keeper, amount // 2)
            allow(site, keeper, vault.asset, vault.address)
            site.send(builder, vault.address, "deploy(uint256)", amount * 2 // DEPLOYED_PART)
        for strategy in vault.strategies:
            if vault.protocol == "yearn_v2":
                site.send(builder, strategy, "harvest(uint256)", 0, gas=HARVEST_GAS)
            else:
                lend = "update_debt(address,uint256)"
                lent = amount // DEPLOYED_PART
                site.send(builder, vault.address, lend, strategy, lent, gas=HARVEST_GAS)
