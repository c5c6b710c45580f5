"""Venus' peg stability modules: two with room under their caps, one whose coin is below its peg and
whose cap is nearly reached."""

from __future__ import annotations

from watcher.devnet.calldata import call_data
from watcher.devnet.deploy.site import Site
from watcher.devnet.deploy.tokens import allow, provide
from watcher.devnet.places import Actors, PegModule
from watcher.state.token import Address, Token

PRICE_DECIMALS = 36
SWAP_IN = "swapStableForVAI(address,uint256)"
SWAP_OUT = "swapVAIForStable(address,uint256)"

# The stable coin, its price in thousandths of a dollar, fees of 10,000 in and out, the cap in whole
# VAI, and the whole coins that are swapped in at first.
MODULES = (
    ("USDC", 1_000, 0, 10, 5_000_000, 2_000_000),
    ("USDT", 996, 5, 25, 500_000, 495_000),
    ("GUSD", 1_000, 0, 0, 1_000_000, 300_000),
)


def deploy_modules(
    site: Site, builder: Address, tokens: dict[str, Token], actors: Actors
) -> tuple[PegModule, ...]:
    """Queue VAI, the oracle and the modules, each behind its proxy."""
    vai = Token(site.create(builder, "VAI", site.chain.chain_id), 18, "VAI")
    access = site.create(builder, "VenusAccessControl", builder)
    oracle = site.create(builder, "VenusPriceOracle")
    made = []
    for symbol, thousandths, fee_in, fee_out, cap, _ in MODULES:
        stable = tokens[symbol]
        price = thousandths * 10 ** (PRICE_DECIMALS - stable.decimals - 3)
        site.send(builder, oracle, "setDirectPrice(address,uint256)", stable.address, price)
        behind = site.create(builder, "VenusPegStability", stable.address, vai.address)
        initialize = "initialize(address,address,address,uint256,uint256,uint256)"
        around = access, actors.treasury, oracle
        data = call_data(initialize, *around, fee_in, fee_out, cap * 10**vai.decimals)
        address = site.create(builder, "ERC1967Proxy", behind, bytes.fromhex(data[2:]))
        site.send(builder, vai.address, "rely(address)", address)
        made.append(PegModule(f"psm:{symbol}", address, stable, vai, (behind, oracle, access)))
    return tuple(made)


def fill_modules(
    site: Site, holder: Address, modules: tuple[PegModule, ...], *, weth: Token
) -> None:
    """Swap in the first coins; whoever does may swap them back."""
    for module, (*_, whole) in zip(modules, MODULES, strict=True):
        amount = whole * 10**module.stable.decimals
        provide(site, holder, module.stable, amount, weth=weth)
        allow(site, holder, module.stable, module.address)
        allow(site, holder, module.minted, module.address)
        site.send(holder, module.address, SWAP_IN, holder, amount)
