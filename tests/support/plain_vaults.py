"""What vaults of more kinds answer to plain requests, as the state that their adapters read."""

from __future__ import annotations

from tests.support.plain import Plain
from tests.support.plain import vault as plain_vault
from tests.support.world import LocalWorld
from watcher.devnet.deploy.more_vaults import ENTRY_FEE_BPS, EXIT_FEE_BPS
from watcher.devnet.local_chain import LocalChain
from watcher.protocols.erc4626 import ANYBODY
from watcher.state import ShareVault, Target, YearnStrategy, YearnVault, to_address

PRECISION = 10**18

# Virtual shares of those that have other than one.
VIRTUAL = {"solady-plain-dai": 0, "snekmate3-usdc": 1_000}


def share_vault(node: LocalWorld, target: Target) -> ShareVault:
    """A vault of `more_vaults`; until it has earned, one without virtual shares is taken for one
    that has them."""
    known = next(one for one in node.world.more_vaults if one.address == target.address)
    contract = Plain(node.chain, target.address)
    earned = contract.integer("totalAssets") != contract.integer("totalSupply")
    virtual = VIRTUAL.get(known.name, 1) if earned else VIRTUAL.get(known.name) or 1
    holder = to_address(str(target.params.get("holder", ANYBODY)))
    limits = {
        "max_deposit": contract.integer("maxDeposit", holder, inputs="address"),
        "max_mint": contract.integer("maxMint", holder, inputs="address"),
    }
    if "holder" in target.params:
        limits["max_withdraw"] = contract.integer("maxWithdraw", holder, inputs="address")
        limits["max_redeem"] = contract.integer("maxRedeem", holder, inputs="address")
    has_fees = known.name == "fees-dai"
    return plain_vault(
        node.chain,
        target,
        virtual_assets=1 if virtual else 0,
        virtual_shares=virtual,
        refuses_zero=False,
        full_products=not virtual,
        entry_fee_bps=ENTRY_FEE_BPS if has_fees else 0,
        exit_fee_bps=EXIT_FEE_BPS if has_fees else 0,
        **limits,
    )


def yearn_v2(chain: LocalChain, target: Target) -> YearnVault:
    vault = Plain(chain, target.address)
    token, version = vault.at("token"), str(target.params["version"])
    first = version == "0.3.4"
    degradation = "lockedProfitDegration" if first else "lockedProfitDegradation"
    locked = vault.integer("lockedProfit")
    seconds = chain.head().timestamp - vault.integer("lastReport")
    ratio = min(seconds * vault.integer(degradation), PRECISION)
    words = "uint256," * 8 + "uint256"
    if not first:
        words += ",bool,uint256,uint256,address"
    strategies = []
    for place in range(20):
        (found,) = vault.get("withdrawalQueue(uint256)(address)", place)
        if int(found, 16) == 0:
            break
        debt = vault.get(f"strategies(address)({words})", found)[6]
        assets = Plain(chain, to_address(found)).integer("estimatedTotalAssets")
        strategies.append(YearnStrategy(debt, assets, assets))
    return YearnVault(
        version="0.3.4" if first else "0.4.3",
        total_idle=token.balance(vault.address),
        total_debt=vault.integer("totalDebt"),
        total_supply=vault.integer("totalSupply"),
        balance=token.balance(vault.address),
        locked_profit=locked - ratio * locked // PRECISION,
        locked_shares=0,
        deposit_limit=vault.integer("depositLimit"),
        shutdown=vault.get("emergencyShutdown()(bool)")[0],
        guarded=False,
        strategies=tuple(strategies),
        decimals=token.decimals,
    )


def yearn_v3(chain: LocalChain, target: Target) -> YearnVault:
    vault = Plain(chain, target.address)
    asset = vault.at("asset")
    strategies = []
    for named in str(target.params["strategies"]).split():
        strategy = Plain(chain, to_address(named))
        _, _, debt, _ = vault.get(
            "strategies(address)(uint256,uint256,uint256,uint256)", strategy.address
        )
        held = strategy.balance(vault.address)
        strategies.append(
            YearnStrategy(
                debt,
                strategy.integer("convertToAssets", held, inputs="uint256"),
                strategy.integer("maxWithdraw", vault.address, inputs="address"),
            )
        )
    return YearnVault(
        version="3.1.0",
        total_idle=vault.integer("totalIdle"),
        total_debt=vault.integer("totalDebt"),
        total_supply=vault.integer("totalSupply"),
        balance=asset.balance(vault.address),
        locked_profit=0,
        locked_shares=vault.balance(vault.address),
        deposit_limit=vault.integer("deposit_limit"),
        shutdown=vault.get("shutdown()(bool)")[0],
        guarded=False,
        strategies=tuple(strategies),
        decimals=asset.decimals,
    )
