"""Real pools of Balancer V2: a chain with the Vault, its factories and coins, and pools that are
born, filled and asked inside one `eth_simulateV1`, so that the chain stays as it was.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pytest
from eth_abi.abi import decode, encode
from eth_utils.crypto import keccak

from tests.support.real_stableswaps import BLOCK_GAS, CALL_GAS, FIRST_NONCE, MAKER, MAKER_CODE
from watcher.devnet.artifacts import Artifacts
from watcher.devnet.deploy.site import Site, created_address
from watcher.devnet.local_chain import LocalChain
from watcher.errors import MathError
from watcher.math.exact.balancer_stable import StableMath
from watcher.math.exact.balancer_v2 import VaultPool
from watcher.math.exact.balancer_v2_fees import stable_fees_due, weighted_fees_due
from watcher.math.exact.weighted import WeightedMath
from watcher.state.token import Address, to_address

DECIMALS = (2, 6, 8, 18)
COINS_OF_EACH = 4
NOBODY = "0x" + "00" * 20
WEALTH = 2**111
FAR_FUTURE = 2**40
PROTOCOL_FEE = 10**18 // 2
"""Half of the swap fees, the most that the Vault allows."""

SWAP = "(bytes32,uint8,address,address,uint256,bytes)"
FUNDS = "(address,bool,address,bool)"
CHANGE = "(address[],uint256[],bytes,bool)"


@dataclass(frozen=True, slots=True)
class Bench:
    """The Vault takes PROTOCOL_FEE of all swap fees; `coins` are by their decimals."""

    chain: LocalChain
    vault: Address
    queries: Address
    factories: dict[str, Address]
    coins: dict[int, tuple[Address, ...]]

    def coins_of(self, decimals: Sequence[int]) -> list[tuple[Address, int]]:
        """Coins of these decimals, in the order that the Vault demands."""
        left = {places: list(coins) for places, coins in self.coins.items()}
        found = [(left[places].pop(), places) for places in decimals]
        return sorted(found, key=lambda coin: int(coin[0], 16))


FACTORIES = {
    "weighted": "BalancerWeightedFactory",
    "composable": "BalancerComposableFactory",
    "first_weighted": "BalancerFirstWeightedFactory",
    "stable": "BalancerStableFactory",
    "first_stable": "BalancerFirstStableFactory",
}
WITH_FEE_PROVIDER = ("weighted", "composable")


def build(chain: LocalChain, artifacts: Artifacts) -> Bench:
    site = Site(chain, artifacts)
    builder = to_address(chain.request("eth_accounts")[0])
    authorizer = site.create(builder, "BalancerAuthorizer", builder)
    window = (90 * 86_400, 30 * 86_400)
    vault = site.create(builder, "BalancerVault", authorizer, NOBODY, *window)
    fees = site.create(builder, "BalancerFeePercentages", vault, 10**18, 10**18)
    queries = site.create(builder, "BalancerQueries", vault)
    site.mine()
    (collector,) = chain.read(vault, "getProtocolFeesCollector()(address)")
    role = keccak(bytes.fromhex(collector[2:]).rjust(32, b"\0") + _selector(SET_FEE))
    site.send(builder, authorizer, "grantRole(bytes32,address)", role, builder)
    site.send(builder, to_address(collector), SET_FEE, PROTOCOL_FEE)
    factories = {}
    for name, contract in FACTORIES.items():
        more = (fees, "f", "p") if name in WITH_FEE_PROVIDER else ()
        factories[name] = site.create(builder, contract, vault, *more)
    coins = {
        places: tuple(
            site.create(builder, "Token", "Coin", "C", places) for _ in range(COINS_OF_EACH)
        )
        for places in DECIMALS
    }
    site.mine()
    return Bench(chain, vault, queries, factories, coins)


SET_FEE = "setSwapFeePercentage(uint256)"


def _selector(signature: str) -> bytes:
    return keccak(text=signature)[:4]


@dataclass(frozen=True, slots=True)
class Reply:
    ok: bool
    data: bytes

    def values(self, *types: str) -> tuple[Any, ...] | None:
        """None of a revert."""
        return decode(types, self.data) if self.ok else None


class Script:
    """Calls by the maker, one after the other in one block."""

    def __init__(self, chain: LocalChain) -> None:
        self._chain = chain
        self._calls: list[dict[str, str]] = []
        self._needed: list[int] = []
        self._births: list[int] = []

    def must(self, to: str, name: str, types: Sequence[str], *args: Any) -> int:
        """A call that has to succeed."""
        self._needed.append(self.ask(to, name, types, *args))
        return self._needed[-1]

    def ask(self, to: str, name: str, types: Sequence[str], *args: Any, sender: str = MAKER) -> int:
        """The number of its reply."""
        data = _selector(f"{name}({','.join(types)})") + encode(types, args)
        return self._add(to, data, sender=sender)

    def create(self, code: bytes) -> Address:
        """A contract with this creation code."""
        number = self._add(MAKER, code)
        self._births.append(number)
        return created_address(MAKER, FIRST_NONCE + number + len(self._births))

    def play(self) -> list[Reply]:
        block = {
            "blockOverrides": {"gasLimit": hex(BLOCK_GAS)},
            "stateOverrides": {MAKER: {"code": MAKER_CODE, "nonce": hex(FIRST_NONCE)}},
            "calls": self._calls,
        }
        [done] = self._chain.request("eth_simulateV1", {"blockStateCalls": [block]}, "latest")
        for number in self._births:
            assert int(done["calls"][number]["returnData"], 16), f"{number} created nothing"
        for number in self._needed:
            assert int(done["calls"][number]["status"], 16) == 1, (number, done["calls"][number])
        return [
            Reply(int(call["status"], 16) == 1, bytes.fromhex(call["returnData"][2:]))
            for call in done["calls"]
        ]

    def _add(self, to: str, data: bytes, *, sender: str = MAKER) -> int:
        call = {"from": sender, "to": to, "gas": hex(CALL_GAS), "data": "0x" + data.hex()}
        self._calls.append(call)
        return len(self._calls) - 1


class VaultScript(Script):
    """With the Vault at hand."""

    def __init__(self, bench: Bench) -> None:
        super().__init__(bench.chain)
        self.bench = bench


@dataclass(frozen=True, slots=True)
class Born:
    """A pool before its first join: `tokens` are the Vault's for it, its own among them."""

    address: Address
    id: bytes
    tokens: tuple[Address, ...]
    bpt_index: int | None


FIRST_POOL_NONCE = {"first_weighted": 1, "first_stable": 1}
"""The other factories have created the two halves of their pools' code before."""

GENERAL, MINIMAL, TWO = 0, 1, 2


def give_birth(
    script: VaultScript, kind: str, pool: VaultPool, coins: Sequence[tuple[Address, int]]
) -> Born:
    """Queue the pool's creation; `pool` says its mathematics, fee and scaling factors, without its
    own tokens."""
    bench = script.bench
    tokens = tuple(coin for coin, _ in coins)
    factory = bench.factories[kind]
    address = created_address(factory, FIRST_POOL_NONCE.get(kind, 3))
    places = sorted((*tokens, address), key=lambda token: int(token, 16))
    fee, math = pool.swap_fee, pool.math
    held, index = tokens, None
    if isinstance(math, WeightedMath):
        kinds = ["string", "string", "address[]", "uint256[]"]
        given: list[Any] = ["W", "W", tokens, math.weights]
        if kind == "weighted":
            kinds, given = [*kinds, "address[]"], [*given, [NOBODY] * len(tokens)]
        specialization = TWO if len(tokens) == 2 else MINIMAL
    else:
        kinds = ["string", "string", "address[]", "uint256"]
        given = ["S", "S", tokens, math.amp // 1000]
        specialization = TWO if len(tokens) == 2 else GENERAL
        if kind == "composable":
            held, index, specialization = tuple(places), places.index(address), GENERAL
            providers = [
                rate_provider(script, factor // int(10 ** (18 - decimals)))
                for factor, (_, decimals) in zip(pool.scaling_factors, coins, strict=True)
            ]
            kinds += ["address[]", "uint256[]", "bool[]"]
            given += [providers, [10_000] * len(tokens), [False] * len(tokens)]
    script.must(factory, "create", [*kinds, "uint256", "address"], *given, fee, MAKER)
    pool_id = bytes.fromhex(address[2:]) + specialization.to_bytes(2) + (0).to_bytes(10)
    return Born(address, pool_id, held, index)


def holding_itself(pool: VaultPool, born: Born) -> VaultPool:
    """With the pool's own tokens in their place, where it holds them; it holds none yet."""
    k = born.bpt_index
    if k is None:
        return pool
    balances, factors = pool.balances, pool.scaling_factors
    return replace(
        pool,
        balances=(*balances[:k], 0, *balances[k:]),
        scaling_factors=(*factors[:k], 10**18, *factors[k:]),
        bpt_index=k,
    )


def rate_provider(script: Script, rate: int) -> Address:
    """A contract that answers every call with `rate`: push32 rate, mstore at 0, return 32 bytes."""
    runtime = b"\x7f" + rate.to_bytes(32) + bytes.fromhex("5f5260205ff3")
    # push1 size, dup1, push1 offset, push0, codecopy, push0, return
    prologue = bytes([0x60, len(runtime), 0x80, 0x60, 9, 0x5F, 0x39, 0x5F, 0xF3])
    return script.create(prologue + runtime)


def fill(script: VaultScript, born: Born, amounts: Sequence[int]) -> None:
    """Queue the first join with these amounts, none of the pool's own."""
    vault = script.bench.vault
    for token in born.tokens:
        if token != born.address:
            script.must(token, "mint", ["address", "uint256"], MAKER, WEALTH)
            script.must(token, "approve", ["address", "uint256"], vault, 2**256 - 1)
    most = [2**256 - 1] * len(born.tokens)
    data = encode(["uint256", "uint256[]"], [0, amounts])
    script.must(vault, "joinPool", _JOIN, born.id, MAKER, MAKER, (born.tokens, most, data, False))


_JOIN = ["bytes32", "address", "address", CHANGE]


@dataclass(frozen=True, slots=True)
class Ask:
    """A question, of which `given` are coins and an amount, or amounts, in the Vault's order."""

    kind: str
    given: tuple[int, ...]


def put(script: VaultScript, born: Born, ask: Ask) -> int:
    """Queue a question to the Vault's queries."""
    queries = script.bench.queries
    match ask.kind:
        case "in" | "out":
            return script.ask(queries, "querySwap", [SWAP, FUNDS], *_swap(born, ask))
        case _:
            return script.ask(queries, *_change(born, ask))


def _swap(born: Born, ask: Ask) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    i, j, amount = ask.given
    direction = 0 if ask.kind == "in" else 1
    swap = (born.id, direction, born.tokens[i], born.tokens[j], amount, b"")
    return swap, (MAKER, False, MAKER, False)


def really_swap(script: VaultScript, born: Born, ask: Ask) -> int:
    """Queue the swap itself."""
    limit = 0 if ask.kind == "in" else 2**255
    types = [SWAP, FUNDS, "uint256", "uint256"]
    return script.ask(script.bench.vault, "swap", types, *_swap(born, ask), limit, FAR_FUTURE)


def _change(born: Born, ask: Ask) -> tuple[Any, ...]:
    """queryJoin or queryExit with the user data of each kind."""
    coins = [k for k in range(len(born.tokens)) if k != born.bpt_index]
    composable = born.bpt_index is not None
    stable_exit = {"one": 0, "all": 2 if composable else 1, "exact": 1 if composable else 2}
    joins = ("join", "join_one")
    match ask.kind:
        case "join":
            amounts = [ask.given[k] for k in coins]
            data = encode(["uint256", "uint256[]", "uint256"], [1, amounts, 0])
        case "join_one":
            bpt, coin = ask.given
            data = encode(["uint256", "uint256", "uint256"], [2, bpt, coins.index(coin)])
        case "one":
            bpt, coin = ask.given
            data = encode(["uint256", "uint256", "uint256"], [0, bpt, coins.index(coin)])
        case "all":
            data = encode(["uint256", "uint256"], [stable_exit["all"], ask.given[0]])
        case "exact":
            amounts = [ask.given[k] for k in coins]
            kinds = ["uint256", "uint256[]", "uint256"]
            data = encode(kinds, [stable_exit["exact"], amounts, 2**256 - 1])
        case _:
            raise ValueError(ask.kind)
    name = "queryJoin" if ask.kind in joins else "queryExit"
    limits = [2**256 - 1 if ask.kind in joins else 0] * len(born.tokens)
    return name, _JOIN, born.id, MAKER, MAKER, (born.tokens, limits, data, False)


Look = Callable[[Sequence[Reply]], VaultPool | None]


def look(script: VaultScript, kind: str, born: Born, pool: VaultPool) -> Look:
    """Queue the reading of what changes; `pool` with it, once the replies are there. None where
    the pool cannot tell its supply, since its invariant does not settle and ours does not either.
    """
    held = script.must(script.bench.vault, "getPoolTokens", ["bytes32"], born.id)
    counted = "getActualSupply" if kind in WITH_FEE_PROVIDER else "totalSupply"
    supply = script.ask(born.address, counted, [])
    last = script.must(born.address, "getLastInvariant", []) if kind == "first_weighted" else None

    def read(replies: Sequence[Reply]) -> VaultPool | None:
        _, balances, _ = decode(["address[]", "uint256[]", "uint256"], replies[held].data)
        if not replies[supply].ok:
            moved = replace(pool, balances=tuple(balances), bpt_index=born.bpt_index)
            with pytest.raises(MathError):
                moved.math.calculate_invariant(moved.upscaled())
            return None
        (total,) = decode(["uint256"], replies[supply].data)
        now = replace(pool, balances=tuple(balances), total_supply=total, bpt_index=born.bpt_index)
        if kind in WITH_FEE_PROVIDER:
            return now
        # A stable pool tells nobody; its first join has minted that invariant.
        invariant = total if last is None else int.from_bytes(replies[last].data)
        return replace(now, fees_due=_fees_due(now, invariant))

    return read


def _fees_due(pool: VaultPool, invariant: int) -> tuple[int, ...]:
    known = {"last_invariant": invariant, "percentage": PROTOCOL_FEE}
    if isinstance(pool.math, StableMath):
        return stable_fees_due(pool.math, pool.upscaled(), **known)
    return weighted_fees_due(pool.math, pool.upscaled(), **known)
