"""What the world's treasury holds, by plain `eth_call`s: what the adapter is compared with."""

from __future__ import annotations

from dataclasses import replace

from eth_utils.crypto import keccak

from tests.support import plain
from tests.support.plain import SLOT0, TICK, Plain
from tests.support.world import LocalWorld
from watcher.state import Address, Holdings, Target, to_address
from watcher.state.holdings import (
    HeldPosition,
    PairShare,
    PositionPool,
    PositionRange,
    Redemption,
    VaultShare,
)

POSITION = (
    "positions(uint256)(uint96,address,address,address,uint24,int24,int24,uint128,uint256,uint256,"
    "uint128,uint128)"
)


def holdings(node: LocalWorld, target: Target) -> Holdings:
    """The world's treasury: one holder, a pair, two vaults, and one position in its range."""
    (known,) = node.world.treasuries
    tokens = [Plain(node.chain, token.address) for token in target.tokens]
    weth = [token.address for token in target.tokens].index(known.native.address)
    shares = range(int(target.params["assets"]), len(tokens))
    pairs = [at for at in shares if any(tokens[at].address == p.address for p in node.world.pairs)]
    found = position(node, target, known.positions, known.address)
    return Holdings(
        decimals=tuple(token.decimals for token in tokens),
        balances=(tuple(token.balance(known.address) for token in tokens),),
        native=(int(node.chain.request("eth_getBalance", known.address, "latest"), 16),),
        wrapped=weth,
        pairs=tuple(pair_share(node, target, at) for at in pairs),
        vaults=tuple(
            vault_share(target, tokens[at], at, known.address) for at in shares if at not in pairs
        ),
        order=tuple(shares),
        pools=(found[0],),
        ranges=(found[1],),
        positions=(found[2],),
        other_positions=(),
    )


def pair_share(node: LocalWorld, target: Target, at: int) -> PairShare:
    known = next(each for each in node.world.pairs if each.address == target.tokens[at].address)
    target = replace(target, address=known.address)
    pair = plain.pair(node.chain, target, fee=known.fee, protocol_share=known.protocol_share)
    contract = Plain(node.chain, target.address)
    place = {token.address: where for where, token in enumerate(target.tokens)}
    return PairShare(
        token=at,
        token0=place[contract.at("token0").address],
        token1=place[contract.at("token1").address],
        reserve0=pair.reserve0,
        reserve1=pair.reserve1,
        balance0=pair.balance0,
        balance1=pair.balance1,
        at_pair=contract.balance(contract.address),
        total_supply=pair.total_supply,
        k_last=pair.k_last,
        protocol_share_numerator=pair.protocol_share_numerator,
        protocol_share_denominator=pair.protocol_share_denominator,
    )


def vault_share(target: Target, vault: Plain, at: int, holder: Address) -> VaultShare:
    place = {token.address: where for where, token in enumerate(target.tokens)}
    held = vault.balance(holder)
    assets = vault.integer("previewRedeem", held, inputs="uint256")
    most = vault.integer("maxRedeem", holder, inputs="address")
    asset = place[vault.at("asset").address]
    return VaultShare(at, asset, (most,), (Redemption(held, assets),))


def position(
    node: LocalWorld, target: Target, manager: Address, holder: Address
) -> tuple[PositionPool, PositionRange, HeldPosition]:
    place = {token.address: where for where, token in enumerate(target.tokens)}
    nft = Plain(node.chain, manager).integer(
        "tokenOfOwnerByIndex", holder, 0, inputs="address,uint256"
    )
    _, _, token0, token1, fee, lower, upper, *own = Plain(node.chain, manager).get(POSITION, nft)
    known = next(
        each
        for each in node.world.tick_pools
        if {each.token0.address, each.token1.address} == {to_address(token0), to_address(token1)}
        and each.fee == fee
    )
    pool = Plain(node.chain, known.address)
    price, tick, *_ = pool.get(SLOT0)
    growth = [pool.integer(f"feeGrowthGlobal{coin}X128") for coin in (0, 1)]
    ends = [pool.get(TICK, end)[2:4] for end in (lower, upper)]
    ticks = b"".join(end.to_bytes(3, "big", signed=True) for end in (lower, upper))
    key = keccak(bytes.fromhex(manager[2:]) + ticks)
    account = pool.get("positions(bytes32)(uint128,uint256,uint256,uint128,uint128)", key)
    return (
        PositionPool(place[to_address(token0)], place[to_address(token1)], price, tick, *growth),
        PositionRange(0, 0, lower, upper, *ends[0], *ends[1], *account),
        HeldPosition(0, nft, 0, *own),
    )
