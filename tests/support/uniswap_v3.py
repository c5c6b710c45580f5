"""Real Uniswap V3 contracts on an Anvil, and calls on them that leave the chain as it was."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from eth_abi.abi import decode, encode
from eth_utils.crypto import keccak

from watcher.chain.anvil import run_anvil
from watcher.devnet.artifacts import Toolchain
from watcher.devnet.deploy.site import Site
from watcher.devnet.local_chain import LocalChain, local_options
from watcher.math.exact.fixed_point import UINT256_MAX
from watcher.state import Address, Token, to_address

DECIMALS = (6, 8, 18)
SPACINGS = {500: 10, 3_000: 60, 10_000: 200}
"""Of the three fee tiers that the factory begins with."""

HELD = 2**200
"""Of each token in the trader's hands: more than any pool takes."""

FAR_FUTURE = 2**40
GAS = 60_000_000
GAS_LIMIT = 10**11
_SWAP = "0x" + keccak(text="Swap(address,address,int256,int256,uint160,uint128,int24)").hex()


@dataclass(frozen=True, slots=True)
class Step:
    """A call to be run; the types in `returns` are those of its answer."""

    sender: Address
    to: Address
    data: str
    returns: tuple[str, ...] = ()
    value: int = 0


@dataclass(frozen=True, slots=True)
class Swapped:
    """What the pool's own event says."""

    amount0: int
    amount1: int
    sqrt_price_x96: int
    liquidity: int
    tick: int


@dataclass(frozen=True, slots=True)
class Result:
    ok: bool
    values: tuple[Any, ...]
    swaps: tuple[Swapped, ...]


@dataclass(frozen=True, slots=True)
class Runner:
    """Who runs steps; `tokens` are two of each number of decimals, all in the trader's hands."""

    chain: LocalChain
    owner: Address
    trader: Address
    tokens: tuple[Token, ...]

    def step(
        self,
        to: Address,
        name: str,
        types: Sequence[str] = (),
        *args: Any,
        returns: Sequence[str] = (),
        sender: Address | None = None,
        value: int = 0,
    ) -> Step:
        selector = keccak(text=f"{name}({','.join(types)})")[:4]
        data = "0x" + (selector + encode(types, args)).hex()
        return Step(sender or self.trader, to, data, tuple(returns), value)

    def run(self, steps: Sequence[Step]) -> list[Result]:
        """The steps one after another in one block that is not kept."""
        (results,) = self.run_blocks([(self.chain.head().timestamp + 12, steps)])
        return results

    def run_blocks(self, blocks: Sequence[tuple[int, Sequence[Step]]]) -> list[list[Result]]:
        """Blocks with their timestamps and steps, none of which is kept."""
        asked = [
            {
                "blockOverrides": {"time": hex(timestamp)},
                "calls": [
                    {
                        "from": step.sender,
                        "to": step.to,
                        "data": step.data,
                        "gas": hex(GAS),
                        "value": hex(step.value),
                    }
                    for step in steps
                ],
            }
            for timestamp, steps in blocks
        ]
        ran = self.chain.request("eth_simulateV1", {"blockStateCalls": asked}, "latest")
        return [
            [_result(step, call) for step, call in zip(steps, block["calls"], strict=True)]
            for (_, steps), block in zip(blocks, ran, strict=True)
        ]


@dataclass(frozen=True, slots=True)
class Uniswap(Runner):
    """The contracts."""

    factory: Address
    positions: Address
    router: Address
    quoter: Address

    def pool_address(self, token0: Token, token1: Token, fee: int) -> Address:
        """Where the factory puts the pool, by CREATE2, if its pools are those of mainnet."""
        key = encode(["address", "address", "uint24"], [token0.address, token1.address, fee])
        payload = b"\xff" + bytes.fromhex(self.factory[2:]) + keccak(key) + INIT_CODE_HASH
        return to_address(keccak(payload)[12:])


# PoolAddress.sol of v3-periphery: the hash of the creation code of mainnet's pools.
INIT_CODE_HASH = bytes.fromhex("e34f199b19b2b4f47f68442619d555527d244f78a3297ea89325f843f87b8b54")


@contextmanager
def uniswap(toolchain: Toolchain) -> Iterator[Uniswap]:
    """Deployed on an Anvil of its own, which ends with the block."""
    with run_anvil(toolchain.anvil, replace(local_options(), gas_limit=GAS_LIMIT)) as anvil:
        chain = LocalChain(anvil.url)
        owner, trader = chain.accounts[:2]
        site = Site(chain, toolchain.artifacts)
        weth = site.create(owner, "WETH9")
        factory = site.create(owner, "UniswapV3Factory")
        nobody = to_address(bytes(20))
        positions = site.create(owner, "NonfungiblePositionManager", factory, weth, nobody)
        router = site.create(owner, "SwapRouter", factory, weth)
        quoter = site.create(owner, "QuoterV2", factory, weth)
        tokens = held_tokens(site, owner, trader, spenders=(positions, router))
        site.mine()
        yield Uniswap(chain, owner, trader, tokens, factory, positions, router, quoter)


def held_tokens(
    site: Site, owner: Address, trader: Address, *, spenders: Sequence[Address]
) -> tuple[Token, ...]:
    """In the order of their addresses, in the trader's hands and at the spenders' disposal."""
    tokens = [
        Token(site.create(owner, "Token", symbol, symbol, decimals), decimals, symbol)
        for decimals in DECIMALS
        for symbol in (f"A{decimals}", f"B{decimals}")
    ]
    for token in tokens:
        site.send(owner, token.address, "mint(address,uint256)", trader, HELD)
        for spender in spenders:
            site.send(trader, token.address, "approve(address,uint256)", spender, UINT256_MAX)
    return tuple(sorted(tokens, key=lambda token: int(token.address, 16)))


def _result(step: Step, call: Any) -> Result:
    if int(call["status"], 16) != 1:
        return Result(False, (), ())
    values = decode(step.returns, bytes.fromhex(call["returnData"][2:])) if step.returns else ()
    swaps = [
        Swapped(
            *decode(
                ["int256", "int256", "uint160", "uint128", "int24"],
                bytes.fromhex(log["data"][2:]),
            )
        )
        for log in call["logs"]
        if log["topics"][0] == _SWAP
    ]
    return Result(True, values, tuple(swaps))
