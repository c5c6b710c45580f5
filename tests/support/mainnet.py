"""An Anvil on which the real contracts stand where a watch-list of Ethereum says that they do.

The pools are made by the real factories, put where Ethereum has them: an address follows from the
factory, the tokens and the creation code, so that a wrong one in the list is seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from watcher.devnet.artifacts import Toolchain
from watcher.devnet.deploy.feeds import deploy_feed, start_feed
from watcher.devnet.deploy.site import Site
from watcher.devnet.local_chain import LocalChain
from watcher.protocols import Entry
from watcher.state import Address, Token, to_address

# The deployment pages of Uniswap V2 and V3.
V2_FACTORY = to_address("0x5C69bEe701ef814a2B6a3EDD4B1652CB9cc5aA6f")
V3_FACTORY = to_address("0x1F98431c8aD98523631AE4a59f267346ea31F984")
V3_OWNER_SLOT = 3
PLAIN_SLOTS = 12
"""Of a feed's proxy: its owner, its phase, what it reads."""
CREATE_GAS = 6_000_000


@dataclass(frozen=True, slots=True)
class Mainnet:
    chain: LocalChain
    site: Site
    builder: Address
    oracle: Address

    def put(self, made: Address, at: Address) -> None:
        """The code of `made`, which names itself nowhere else than in what it is given, at `at`."""
        code = str(self.chain.request("eth_getCode", made, "latest"))
        moved = code.replace(made[2:].lower(), at[2:].lower())
        self.chain.request("anvil_setCode", at, moved)

    def store(self, at: Address, slot: int, word: str) -> None:
        self.chain.request("anvil_setStorageAt", at, hex(slot), "0x" + word[2:].zfill(64))


def make_mainnet(chain: LocalChain, toolchain: Toolchain, entries: Sequence[Entry]) -> Mainnet:
    builder, oracle = chain.accounts[:2]
    mainnet = Mainnet(chain, Site(chain, toolchain.artifacts), builder, oracle)
    _tokens(mainnet, entries)
    _factories(mainnet)
    for entry in entries:
        if entry.protocol == "uniswap_v2":
            pair = "createPair(address,address)"
            mainnet.site.send(builder, V2_FACTORY, pair, *tokens_of(entry), gas=CREATE_GAS)
        elif entry.protocol == "uniswap_v3":
            order = (*tokens_of(entry), entry.expect["fee"])
            pool = "createPool(address,address,uint24)"
            mainnet.site.send(builder, V3_FACTORY, pool, *order, gas=CREATE_GAS)
    mainnet.site.mine()
    for entry in entries:
        if entry.protocol == "erc4626":
            put_vault(mainnet, entry, tokens_of(entry)[0])
        elif entry.protocol == "chainlink":
            put_feed(mainnet, entry.address, str(entry.expect["description"]))
    return mainnet


def tokens_of(entry: Entry) -> tuple[Address, ...]:
    found = entry.expect["tokens"]
    assert isinstance(found, tuple)
    return found


def put_vault(mainnet: Mainnet, entry: Entry, asset: Address) -> None:
    """Of the arithmetic that the entry says, for `asset`."""
    site, builder = mainnet.site, mainnet.builder
    offset: Any = entry.options.get("decimals_offset", 0)
    made = (
        site.create(builder, "OpenZeppelinVault", asset, "V", "V", offset)
        if entry.options["virtual_shares"]
        else site.create(builder, "SolmateVault", asset, "V", "V")
    )
    site.mine()
    mainnet.put(made, entry.address)


def put_feed(mainnet: Mainnet, at: Address, description: str) -> None:
    site = mainnet.site
    feed = deploy_feed(
        site,
        mainnet.builder,
        Token(at, 18, "X"),
        pair=description,
        first_answer=10**8,
        heartbeat=3_600,
        deviation=0.005,
    )
    start_feed(site, mainnet.builder, feed, oracle=mainnet.oracle)
    site.mine()
    mainnet.put(feed.proxy, at)
    for slot in range(PLAIN_SLOTS):
        word = mainnet.chain.request("eth_getStorageAt", feed.proxy, hex(slot), "latest")
        mainnet.store(at, slot, word)


def _tokens(mainnet: Mainnet, entries: Sequence[Entry]) -> None:
    made = mainnet.site.create(mainnet.builder, "Token", "T", "T", 18)
    mainnet.site.mine()
    for entry in entries:
        for token in tokens_of(entry) if "tokens" in entry.expect else ():
            mainnet.put(made, token)


def _factories(mainnet: Mainnet) -> None:
    site, builder = mainnet.site, mainnet.builder
    v2 = site.create(builder, "UniswapV2Factory", builder)
    v3 = site.create(builder, "UniswapV3Factory")
    site.mine()
    mainnet.put(v2, V2_FACTORY)
    mainnet.put(v3, V3_FACTORY)
    mainnet.store(V3_FACTORY, V3_OWNER_SLOT, builder)
    for fee, spacing in ((100, 1), (500, 10), (3_000, 60), (10_000, 200)):
        site.send(builder, V3_FACTORY, "enableFeeAmount(uint24,int24)", fee, spacing)
    site.mine()
