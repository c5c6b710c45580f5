"""What lending markets, peg stability modules, index tokens and lockboxes answer to plain
`eth_call`s, with interest reckoned as the protocol's library does."""

from __future__ import annotations

from tests.support.plain import Plain
from tests.support.world import LocalWorld
from watcher.devnet.deploy.morpho import PARAMS
from watcher.state import (
    Lockbox,
    MorphoMarket,
    MorphoPosition,
    PegStability,
    SetComponent,
    SetToken,
    Target,
    to_address,
)

WAD = 10**18
MARKET = "(uint128,uint128,uint128,uint128,uint128,uint128)"


def morpho_market(node: LocalWorld, target: Target) -> MorphoMarket:
    """As MorphoBalancesLib.expectedMarketBalances of the package."""
    morpho, key = Plain(node.chain, target.address), bytes.fromhex(target.key[2:])
    market = morpho.get(f"market(bytes32){MARKET}", key)
    supplied, supply_shares, borrowed, borrow_shares, last_update, fee = market
    params = morpho.get("idToMarketParams(bytes32)(address,address,address,address,uint256)", key)
    loan, collateral, oracle, irm = (Plain(node.chain, to_address(one)) for one in params[:4])
    (rate,) = irm.get(f"borrowRateView({PARAMS},{MARKET})(uint256)", params, market)
    first = rate * (node.chain.head().timestamp - last_update)
    second = first * first // (2 * WAD)
    interest = borrowed * (first + second + second * first // (3 * WAD)) // WAD
    fee_assets = interest * fee // WAD
    without = supplied + interest - fee_assets
    minted = fee_assets * (supply_shares + 10**6) // (without + 1)
    recipient = morpho.at("feeRecipient").address
    positions = []
    for account in str(target.params["accounts"]).split():
        shares, owed, held = morpho.get(
            "position(bytes32,address)(uint256,uint128,uint128)", key, account
        )
        positions.append(MorphoPosition(shares + minted * (account == recipient), owed, held))
    return MorphoMarket(
        total_supply_assets=supplied + interest,
        total_supply_shares=supply_shares + minted,
        total_borrow_assets=borrowed + interest,
        total_borrow_shares=borrow_shares,
        fee=fee,
        borrow_rate=rate,
        lltv=params[4],
        oracle_price=oracle.integer("price"),
        loan_balance=loan.balance(morpho.address),
        positions=tuple(positions),
        loan_decimals=loan.decimals,
        collateral_decimals=collateral.decimals,
    )


def peg_module(node: LocalWorld, target: Target) -> PegStability:
    module = Plain(node.chain, target.address)
    stable, minted = module.at("STABLE_TOKEN_ADDRESS"), module.at("VAI")
    return PegStability(
        held=stable.balance(module.address),
        minted=module.integer("vaiMinted"),
        mint_cap=module.integer("vaiMintCap"),
        fee_in=module.integer("feeIn"),
        fee_out=module.integer("feeOut"),
        oracle_price=module.at("oracle").integer("getPrice", stable.address, inputs="address"),
        paused=bool(module.get("isPaused()(bool)")[0]),
        stable_decimals=stable.decimals,
        minted_decimals=minted.decimals,
    )


def set_token(node: LocalWorld, target: Target) -> SetToken:
    known = next(one for one in node.world.index_tokens if one.address == target.address)
    token, valuer = Plain(node.chain, target.address), Plain(node.chain, known.beside[4])
    quote = node.world.token("USDC").address
    value = valuer.integer(
        "calculateSetTokenValuation", token.address, quote, inputs="address,address"
    )
    found = []
    for component in known.components:
        units = [
            token.integer(name, component.address, inputs="address", kind="int256")
            for name in ("getDefaultPositionRealUnit", "getTotalComponentRealUnits")
        ]
        balance = Plain(node.chain, component.address).balance(token.address)
        found.append(SetComponent(units[0], units[1], balance))
    return SetToken(
        total_supply=token.integer("totalSupply"),
        components=tuple(found),
        weights=tuple(round(100 * one) * 10**16 for one in known.weights),
        valuation=(value,),
        decimals=tuple(component.decimals for component in known.components),
    )


def lockbox(node: LocalWorld, target: Target) -> Lockbox:
    known = next(one for one in node.world.boxes if one.holders[0] == target.address)
    token = Plain(node.chain, known.locked.address)
    issued = Plain(node.chain, known.issued.address) if known.issued else None
    owed = 2_499_995 * 10 ** (token.decimals - 1)
    return Lockbox(
        locked=tuple(token.balance(holder) for holder in known.holders),
        issued=issued.integer("totalSupply") if issued else owed,
        locked_decimals=token.decimals,
        issued_decimals=(issued or token).decimals,
    )
