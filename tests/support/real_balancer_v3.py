"""Real pools of Balancer V3: a chain with the Vault, its Router, Permit2 and coins, and pools that
are born, filled and asked inside one `eth_simulateV1`, so that the chain stays as it was."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from eth_abi.abi import decode, encode
from hypothesis import strategies as st

from tests.support.numbers import SHARES, portion
from tests.support.real_balancer import (
    COINS_OF_EACH,
    DECIMALS,
    FAR_FUTURE,
    NOBODY,
    WEALTH,
    Reply,
    Script,
)
from tests.support.real_stableswaps import MAKER
from watcher.devnet.artifacts import Artifacts
from watcher.devnet.deploy.balancer_v3 import (
    MINIMUM_TRADE,
    STANDARD,
    WITH_RATE,
    YIELD_PART,
    Venue,
    deploy_venue,
)
from watcher.devnet.deploy.site import Site
from watcher.devnet.local_chain import LocalChain
from watcher.math.exact import balancer_v3
from watcher.math.exact.balancer_v3 import VaultPool
from watcher.math.exact.balancer_v3_pools import PoolMath, StablePool, WeightedPool
from watcher.math.exact.fixed_point import UINT256_MAX
from watcher.math.exact.stable_surge import Surge
from watcher.state.token import Address, to_address

ONE = 10**18
MOST = 2**128 - 1
PAUSE_END = 1_800_000_000
WEIGHTED_PARAMS = "((string,string,uint256,uint256[],string,uint256[]),address)"
STABLE_PARAMS = "((string,string,uint256,string),address)"
REGISTER = [
    "address",
    "(address,uint8,address,bool)[]",
    *("uint256", "uint32", "bool", "(address,address,address)", "address"),
    "(bool,bool,bool,bool)",
]


@dataclass(frozen=True, slots=True)
class Bench:
    """The Vault takes the parts of swap fees and yields that the local world's does; `coins` are by
    their decimals."""

    chain: LocalChain
    venue: Venue
    code: dict[str, bytes]
    coins: dict[int, tuple[Address, ...]]

    def coins_of(self, decimals: Sequence[int]) -> list[tuple[Address, int]]:
        """Coins of these decimals, in the order that the Vault demands."""
        left = {places: list(coins) for places, coins in self.coins.items()}
        found = [(left[places].pop(), places) for places in decimals]
        return sorted(found, key=lambda coin: int(coin[0], 16))


def build(chain: LocalChain, artifacts: Artifacts) -> Bench:
    site = Site(chain, artifacts)
    builder = to_address(chain.request("eth_accounts")[0])
    venue = deploy_venue(site, builder, weth=site.create(builder, "WETH9"))
    coins = {
        places: tuple(
            site.create(builder, "Token", "Coin", "C", places) for _ in range(COINS_OF_EACH)
        )
        for places in DECIMALS
    }
    site.mine()
    names = ("WeightedPool", "StablePool", "SurgeHook")
    code = {name: bytes.fromhex(site.creation_code(name)[2:]) for name in names}
    return Bench(chain, venue, code, coins)


@dataclass(frozen=True, slots=True)
class Plan:
    """A pool to be: coins with their decimals, what it is filled with, the rates that it is born
    with, None of a coin without one, and those that it is asked at."""

    math: WeightedPool | StablePool
    coins: Sequence[tuple[Address, int]]
    amounts: Sequence[int]
    born: Sequence[int | None]
    later: Sequence[int]
    pays_yield: Sequence[bool]
    swap_fee: int
    surge: Surge | None = None


def changing_rate(script: Script) -> Address:
    """A contract that keeps what it is called with and answers it to calls without an argument:
    calldatasize > 4 ? sstore(0, calldataload(4)) : return sload(0)."""
    runtime = bytes.fromhex("60043611600f575f545f5260205ff35b6004355f5500")
    # push1 size, dup1, push1 offset, push0, codecopy, push0, return
    prologue = bytes([0x60, len(runtime), 0x80, 0x60, 9, 0x5F, 0x39, 0x5F, 0xF3])
    return script.create(prologue + runtime)


def give_birth(script: Script, bench: Bench, plan: Plan) -> Address:
    """Queue the pool's creation, its registration and its filling, then the later rates."""
    venue = bench.venue
    providers = [NOBODY if rate is None else changing_rate(script) for rate in plan.born]
    _tell(script, providers, plan.born)
    pool = script.create(_creation(bench, plan))
    hook = NOBODY
    if plan.surge is not None:
        numbers = [plan.surge.threshold, plan.surge.max_fee]
        hook = script.create(bench.code["SurgeHook"] + encode(["uint256"] * 2, numbers))
    config = [
        (coin, STANDARD if provider == NOBODY else WITH_RATE, provider, pays)
        for (coin, _), provider, pays in zip(plan.coins, providers, plan.pays_yield, strict=True)
    ]
    script.must(
        venue.vault,
        "registerPool",
        REGISTER,
        pool,
        config,
        plan.swap_fee,
        PAUSE_END,
        False,
        (MAKER, MAKER, NOBODY),
        hook,
        (False, False, False, False),
    )
    held = [coin for coin, _ in plan.coins]
    for coin in held:
        script.must(coin, "mint", ["address", "uint256"], MAKER, WEALTH)
        script.must(coin, "approve", ["address", "uint256"], venue.permit2, UINT256_MAX)
        spending = ["address", "address", "uint160", "uint48"]
        spender = (coin, venue.router, 2**160 - 1, 2**48 - 1)
        script.must(venue.permit2, "approve", spending, *spender)
    script.must(pool, "approve", ["address", "uint256"], venue.router, UINT256_MAX)
    filling = ["address", "address[]", "uint256[]", "uint256", "bool", "bytes"]
    script.must(venue.router, "initialize", filling, pool, held, plan.amounts, 0, False, b"")
    _tell(script, providers, plan.later)
    return pool


def _tell(script: Script, providers: Sequence[str], rates: Sequence[int | None]) -> None:
    for provider, rate in zip(providers, rates, strict=True):
        if provider != NOBODY:
            script.must(provider, "tell", ["uint256"], rate)


def _creation(bench: Bench, plan: Plan) -> bytes:
    """The constructor takes the two arguments apart, as a tuple without its offset does."""
    given: tuple[Any, ...]
    match plan.math:
        case WeightedPool(math, least):
            given = ("W", "W", len(plan.coins), math.weights, "v", least)
            types, name = WEIGHTED_PARAMS, "WeightedPool"
        case StablePool(math):
            given = ("S", "S", math.amp // 1000, "v")
            types, name = STABLE_PARAMS, "StablePool"
    return bench.code[name] + encode([types], [(given, bench.venue.vault)])[32:]


@dataclass(frozen=True, slots=True)
class Ask:
    """A question, of which `given` are coins and an amount, pool tokens and a coin, or amounts."""

    kind: str
    given: tuple[int, ...]


KINDS = ("in", "out", "join", "join_one", "join_all", "one", "exact", "all")


@st.composite
def asks(draw: st.DrawFn, amounts: Sequence[int], supply: int, kinds: Sequence[str]) -> Ask:
    """From one unit to nearly the whole pool, and beyond."""
    n = len(amounts)

    def some(whole: int) -> int:
        share = st.builds(portion, st.just(whole), SHARES)
        return draw(st.one_of(share, st.integers(0, max(1, whole * 6 // 5)), st.integers(0, 3)))

    match draw(st.sampled_from(kinds)):
        case ("in" | "out") as kind:
            i = draw(st.integers(0, n - 1))
            j = (i + draw(st.integers(1, n - 1))) % n
            return Ask(kind, (i, j, some(amounts[i if kind == "in" else j])))
        case "join":
            nothing = st.booleans()
            return Ask("join", tuple(0 if draw(nothing) else some(whole) for whole in amounts))
        case "exact":
            k = draw(st.integers(0, n - 1))
            return Ask("exact", (some(amounts[k]), k))
        case ("join_all" | "all") as kind:
            return Ask(kind, (some(supply),))
        case kind:
            return Ask(kind, (some(supply), draw(st.integers(0, n - 1))))


def put(
    script: Script, bench: Bench, pool: Address, coins: Sequence[Address], ask: Ask, *, really: bool
) -> int:
    """Queue a question to the Router: nobody asks it, or the maker does it."""
    name, types, given = request(pool, coins, ask, taker=MAKER, really=really)
    sender = MAKER if really else NOBODY
    return script.ask(bench.venue.router, name, types, *given, sender=sender)


def request(
    pool: Address, coins: Sequence[Address], ask: Ask, *, taker: Address, really: bool
) -> tuple[str, list[str], list[Any]]:
    """The Router's function that does it, or that asks what it would, its types and arguments."""
    name, types, given, (at, kind, most) = _call(pool, coins, ask)
    if not really:
        query = f"query{name[0].upper()}{name[1:]}"
        return query, [*types, "address", "bytes"], [*given, taker, b""]
    types.insert(at, kind)
    given.insert(at, most)
    if name.startswith("swap"):
        types, given = [*types, "uint256"], [*given, FAR_FUTURE]
    return name, [*types, "bool", "bytes"], [*given, False, b""]


def _call(
    pool: Address, coins: Sequence[Address], ask: Ask
) -> tuple[str, list[str], list[Any], tuple[int, str, Any]]:
    """The Router's function, its arguments but for the limit, and where that stands, its type and
    one that nothing exceeds."""
    of_each = [MOST] * len(coins)
    one = ["address", "uint256", "address"]
    match ask.kind, ask.given:
        case ("in" | "out") as kind, (i, j, amount):
            name = "swapSingleTokenExact" + ("In" if kind == "in" else "Out")
            given = [pool, coins[i], coins[j], amount]
            limit = 0 if kind == "in" else MOST
            return name, ["address", "address", "address", "uint256"], given, (4, "uint256", limit)
        case "join", amounts:
            name = "addLiquidityUnbalanced"
            return name, ["address", "uint256[]"], [pool, amounts], (2, "uint256", 0)
        case "join_one", (bpt, k):
            name = "addLiquiditySingleTokenExactOut"
            given = [pool, coins[k], bpt]
            return name, ["address", "address", "uint256"], given, (2, "uint256", MOST)
        case "join_all", (bpt,):
            name = "addLiquidityProportional"
            return name, ["address", "uint256"], [pool, bpt], (1, "uint256[]", of_each)
        case "all", (bpt,):
            name, none = "removeLiquidityProportional", [0] * len(coins)
            return name, ["address", "uint256"], [pool, bpt], (2, "uint256[]", none)
        case "one", (bpt, k):
            name = "removeLiquiditySingleTokenExactIn"
            return name, one, [pool, bpt, coins[k]], (3, "uint256", 1)
        case "exact", (amount, k):
            name = "removeLiquiditySingleTokenExactOut"
            given = [pool, coins[k], amount]
            return name, ["address", "address", "uint256"], given, (1, "uint256", MOST)
    raise ValueError(ask)


def theirs(ask: Ask, reply: Reply) -> tuple[int, ...] | None:
    """What the Router has answered; None of a revert."""
    several = ask.kind in ("all", "join_all")
    values = reply.values("uint256[]" if several else "uint256")
    return tuple(values[0]) if values and several else values


Look = Callable[[Sequence[Reply]], VaultPool]


def look(
    script: Script, bench: Bench, pool: Address, math: PoolMath, surge: Surge | None = None
) -> Look:
    """Queue the reading of what the Vault keeps; as our pool, once the replies are there."""
    vault = bench.venue.vault
    info, rates, data, live, fee = (
        script.must(vault, name, ["address"], pool)
        for name in (
            "getPoolTokenInfo",
            "getPoolTokenRates",
            "getPoolData",
            "getCurrentLiveBalances",
            "getStaticSwapFeePercentage",
        )
    )
    config = script.must(vault, "getPoolConfig", ["address"], pool)
    supply = script.must(pool, "totalSupply", [])

    def read(replies: Sequence[Reply]) -> VaultPool:
        _, described, raw, last = decode(TOKEN_INFO, replies[info].data)
        factors, told = decode(["uint256[]", "uint256[]"], replies[rates].data)
        pays = [YIELD_PART if each[2] else 0 for each in described]
        due, due_up = (
            [
                balancer_v3.compute_yield_fees_due(
                    now, before, percentage=part, scaling_factor=factor, rate=rate
                )
                for now, before, part, factor, rate in zip(
                    balancer_v3.live_balances(raw, factors, told, up=up),
                    *(last, pays, factors, told),
                    strict=True,
                )
            ]
            for up in (False, True)
        )
        (aggregate_fee,) = decode(["uint256"], replies[config].data[5 * 32 : 6 * 32])
        made = balancer_v3.vault_pool(
            math,
            balances=tuple(b - d for b, d in zip(raw, due, strict=True)),
            scaling_factors=tuple(factors),
            rates=tuple(told),
            swap_fee=int.from_bytes(replies[fee].data),
            aggregate_fee=aggregate_fee,
            total_supply=int.from_bytes(replies[supply].data),
            minimum_trade=MINIMUM_TRADE,
            surge=surge,
            due_besides=tuple(more - less for more, less in zip(due_up, due, strict=True)),
        )
        (kept,) = decode([POOL_DATA], replies[data].data)
        assert made.balances == kept[3]
        assert made.live == kept[4] == decode(["uint256[]"], replies[live].data)[0]
        return made

    return read


TOKEN_INFO = ["address[]", "(uint8,address,bool)[]", "uint256[]", "uint256[]"]
POOL_DATA = "(bytes32,address[],(uint8,address,bool)[],uint256[],uint256[],uint256[],uint256[])"
