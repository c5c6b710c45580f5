"""Real Uniswap V3 pools with hundreds of ticks on an Anvil: the real code, its storage written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from random import Random

from eth_utils.crypto import keccak

from tests.support.many_pairs import Change, balance_slot, code_change, send_changes, slot_change
from watcher.chain.loopback import rpc
from watcher.devnet.artifacts import Artifacts
from watcher.devnet.deploy.site import Site
from watcher.devnet.local_chain import LocalChain
from watcher.math.exact.tick_math import get_sqrt_price_at_tick
from watcher.protocols import uniswap_v3
from watcher.state import Concentrated, Target, Token, to_address

FIRST_POOL = 0xB0_0000
FEE, SPACING = 3_000, 60
# UniswapV3Pool's storage, in the order of its source.
SLOT0, LIQUIDITY, TICKS, BITMAP = 0, 4, 5, 6
HELD = (5 * 10**20, 7 * 10**20)


@dataclass(frozen=True, slots=True)
class Pool:
    """A target, and the state that reading it must give."""

    target: Target
    state: Concentrated


def make_pools(url: str, artifacts: Artifacts, *, pools: int, ticks: int) -> list[Pool]:
    """Pools of one pair of tokens, each with as many ticks of its own, at the head of the chain."""
    chain = LocalChain(url)
    site = Site(chain, artifacts)
    owner = chain.accounts[0]
    factory = site.create(owner, "UniswapV3Factory")
    tokens = sorted(
        (Token(site.create(owner, "Token", name, name, 18), 18, name) for name in ("A", "B")),
        key=lambda token: int(token.address, 16),
    )
    addresses = [token.address for token in tokens]
    create = "createPool(address,address,uint24)"
    site.send(owner, factory, create, *addresses, FEE, gas=8_000_000)
    site.mine()
    (real,) = chain.read(factory, "getPool(address,address,uint24)(address)", *addresses, FEE)
    code = chain.request("eth_getCode", real, "latest")
    made = [_pool(i, (tokens[0], tokens[1]), chain.chain_id, ticks) for i in range(pools)]
    changes: list[Change] = []
    for pool in made:
        changes += [code_change(pool.target.address, code), *_storage(pool)]
    send_changes(url, changes)
    rpc(url, "evm_mine")
    return made


def _pool(number: int, tokens: tuple[Token, Token], chain_id: int, ticks: int) -> Pool:
    """Its positions lie side by side from below the price to above it, none over another."""
    random = Random(number)
    places = sorted(random.sample(range(-8_000, 8_000), ticks))
    liquidity = [random.randrange(10**15, 10**24) for _ in range(ticks - 1)]
    steps = [0, *liquidity, 0]
    net = tuple(after - before for before, after in pairwise(steps))
    gross = tuple(after + before for before, after in pairwise(steps))
    middle = places[ticks // 2]
    state = Concentrated(
        variant="uniswap_v3",
        sqrt_price_x96=get_sqrt_price_at_tick(middle * SPACING),
        tick=middle * SPACING,
        liquidity=liquidity[ticks // 2],
        fee0=FEE,
        fee1=FEE,
        protocol_fee0=0,
        protocol_fee1=0,
        tick_spacing=SPACING,
        ticks=tuple(place * SPACING for place in places),
        liquidity_net=net,
        liquidity_gross=gross,
        known_from=-887_272,
        known_to=887_272,
        balances=HELD,
        decimals0=18,
        decimals1=18,
    )
    target = Target(
        chain_id=chain_id,
        protocol=uniswap_v3.PROTOCOL,
        address=to_address(f"0x{FIRST_POOL + number:040x}"),
        kind=Concentrated.KIND,
        tokens=tokens,
        params={"factory": "", "fee": FEE, "tick_spacing": SPACING, "tick_words": 64},
    )
    return Pool(target, state)


def _storage(pool: Pool) -> Iterator[Change]:
    address, state = pool.target.address, pool.state
    unlocked, observations = 1 << 240, 1 << 200 | 1 << 216
    tick = (state.tick % 2**24) << 160
    yield slot_change(address, SLOT0, state.sqrt_price_x96 | tick | observations | unlocked)
    yield slot_change(address, LIQUIDITY, state.liquidity)
    for token, held in zip(pool.target.tokens, HELD, strict=True):
        yield slot_change(token.address, balance_slot(address), held)
    words: dict[int, int] = {}
    rows = zip(state.ticks, state.liquidity_net, state.liquidity_gross, strict=True)
    for place, net, gross in rows:
        index = place // SPACING
        words[index >> 8] = words.get(index >> 8, 0) | 1 << (index & 255)
        yield slot_change(address, _mapped(place, TICKS), (net % 2**128) << 128 | gross)
    for word, bits in words.items():
        yield slot_change(address, _mapped(word, BITMAP), bits)


def _mapped(key: int, slot: int) -> int:
    return int.from_bytes(keccak((key % 2**256).to_bytes(32, "big") + slot.to_bytes(32, "big")))
