"""Kyber DMM: pools of several amplifications, filled without its router; its protocol takes a part
of the fees from the start."""

from __future__ import annotations

from watcher.devnet.deploy.site import Site, created_address
from watcher.devnet.deploy.tokens import provide
from watcher.devnet.places import KyberPool
from watcher.state.token import Address, Token

POOL_GAS = 4_500_000
GOVERNMENT_FEE_BPS = 1_500

# The two tokens, how many whole ones of each, the amplification of 10,000, and a first trade: whole
# ones of the first token for those of the second. It leaves the second pool out of balance; in the
# third nobody has traded yet.
KYBER_POOLS = (
    ("WETH", "USDC", 200, 600_000, 10_000, (1, 2_900)),
    ("DAI", "USDC", 400_000, 400_000, 1_000_000, (200_000, 197_000)),
    ("WBTC", "WETH", 20, 400, 20_000, None),
    ("USDT", "USDC", 300_000, 300_000, 5_000_000, (1_000, 998)),
    ("WBTC", "DAI", 10, 600_000, 15_000, (1, 54_000)),
)


def deploy_kyber(
    site: Site, builder: Address, tokens: dict[str, Token], *, fee_to: Address
) -> tuple[KyberPool, ...]:
    """Queue the factory and its pools; their addresses are known before anything is mined."""
    factory = site.create(builder, "KyberDMMFactory", builder)
    fees = "setFeeConfiguration(address,uint16)"
    site.send(builder, factory, fees, fee_to, GOVERNMENT_FEE_BPS)
    made = []
    for number, (a, b, _, _, amplification, _) in enumerate(KYBER_POOLS, start=1):
        token0, token1 = sorted((tokens[a], tokens[b]), key=lambda one: int(one.address, 16))
        create = "createPool(address,address,uint32)"
        coins = token0.address, token1.address
        site.send(builder, factory, create, *coins, amplification, gas=POOL_GAS)
        address = created_address(factory, number)
        made.append(KyberPool(f"kyber:{a}/{b}", address, token0, token1))
    return tuple(made)


def fill_kyber(
    site: Site, builder: Address, pools: tuple[KyberPool, ...], tokens: dict[str, Token]
) -> None:
    """First liquidity of equal value, then the first trades."""
    weth = tokens["WETH"]
    for pool, (a, b, whole_a, whole_b, _, trade) in zip(pools, KYBER_POOLS, strict=True):
        sold, bought = tokens[a], tokens[b]
        _give(site, builder, pool, sold, whole_a, weth=weth)
        _give(site, builder, pool, bought, whole_b, weth=weth)
        site.send(builder, pool.address, "mint(address)", builder)
        if trade is not None:
            whole_in, whole_out = trade
            _give(site, builder, pool, sold, whole_in, weth=weth)
            out = whole_out * 10**bought.decimals
            amounts = (out, 0) if bought == pool.token0 else (0, out)
            swap = "swap(uint256,uint256,address,bytes)"
            site.send(builder, pool.address, swap, *amounts, builder, b"")


def _give(
    site: Site, builder: Address, pool: KyberPool, token: Token, whole: int, *, weth: Token
) -> None:
    amount = whole * 10**token.decimals
    provide(site, builder, token, amount, weth=weth)
    site.send(builder, token.address, "transfer(address,uint256)", pool.address, amount)
