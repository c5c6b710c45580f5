"""Real StableSwap pools that are born, filled and used inside one `eth_simulateV1`: the chain stays
as it was, and no storage is set by hand.

Our Pool says which one: its first deposit gives the real one the same balances, the constructor and
the administrator's functions the rest. What each move did is read from balances before and after.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from tests.support.stableswap_moves import Move, Numbers, Outcome
from watcher.devnet.artifacts import Artifacts
from watcher.devnet.calldata import call_data, creation_data
from watcher.devnet.deploy.site import created_address
from watcher.devnet.local_chain import LocalChain
from watcher.math.exact.stableswap import Pool
from watcher.state.call import Static
from watcher.state.token import Address, to_address

CALL_GAS = 15_000_000
TRANSACTION_GAS = 50_000
BLOCK_GAS = 10**10
FAR_FUTURE = 2**40
WEALTH = 2**200
"""Of each coin, in the trader's hands."""

MAKER = to_address("0x00000000000000000000000000000000000a4e12")
"""Acts in every story. Its code creates what it is called with, since a simulation creates nothing
by itself: calldatacopy(0, 0, size), create(0, 0, size)."""

FIRST_NONCE = 1
MAKER_CODE = "0x365f5f37365f5ff05f5260205ff3"

ADMIN_DELAY = 3 * 86_400
SECONDS = 12


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a contract's functions are called: names, the type of an index, what follows at the end.

    `late` is a deadline at the end of what moves coins, `remove_more` what a proportional
    withdrawal takes besides. `view` and `count` are the views of an exchange and of adding, None
    where this contract has none of its own.
    """

    exchange: str
    add: str
    remove: str
    imbalance: str
    one_coin: str
    index: str
    dynamic: bool
    late: tuple[int, ...]
    remove_more: tuple[tuple[str, ...], tuple[Any, ...]]
    balance: str
    virtual_price: str
    view: str | None
    count: str | None

    def ask(self, move: Move, coins: Sequence[Address], *, most: int) -> tuple[str, list[Any]]:
        """Signature and arguments of a move that takes any result, and burns `most` at most."""
        amounts = "uint256[]" if self.dynamic else f"uint256[{len(coins)}]"
        nothing = (0,) * len(coins)
        types: list[str]
        given: list[Any]
        match move.kind:
            case "exchange":
                types, given = [self.index, self.index, "uint256", "uint256"], [*move.given, 0]
            case "add":
                types, given = [amounts, "uint256"], [move.given, 0]
            case "remove":
                more, values = self.remove_more
                types, given = ["uint256", amounts, *more], [*move.given, nothing, *values]
            case "imbalance":
                types, given = [amounts, "uint256"], [move.given, most]
            case "one_coin":
                types, given = ["uint256", self.index, "uint256"], [*move.given, 0]
            case "swap_out":
                i, j, dy = move.given
                types = ["uint256", "address", "address", "uint256"]
                given = [dy, coins[i], coins[j], WEALTH]
                return _signature("swapExactOut", [*types, "uint256"]), [*given, *self.late]
            case _:
                raise ValueError(move.kind)
        types += ["uint256"] * len(self.late)
        return _signature(getattr(self, move.kind), types), [*given, *self.late]

    def look(self, move: Move) -> tuple[str, list[Any]] | None:
        """The contract's view of a move, where it has one."""
        amounts = "uint256[]" if self.dynamic else f"uint256[{len(move.given)}]"
        match move.kind:
            case "exchange" if self.view is not None:
                return _signature(self.view, [self.index, self.index, "uint256"]), [*move.given]
            case "add" | "imbalance" if self.count is not None:
                return _signature(self.count, [amounts, "bool"]), [move.given, move.kind == "add"]
            case _:
                return None


def _signature(name: str, types: Sequence[str]) -> str:
    return f"{name}({','.join(types)})"


VYPER = Dialect(
    exchange="exchange",
    add="add_liquidity",
    remove="remove_liquidity",
    imbalance="remove_liquidity_imbalance",
    one_coin="remove_liquidity_one_coin",
    index="int128",
    dynamic=False,
    late=(),
    remove_more=((), ()),
    balance="balances(int128)",
    virtual_price="get_virtual_price()",
    view="get_dy",
    count="calc_token_amount",
)

# Its views are another contract's, and so is who gets the administrator's fees, which are left.
NG = replace(
    VYPER,
    index="uint128",
    dynamic=True,
    remove_more=(("address", "bool"), (MAKER, False)),
    balance="balances(uint256)",
    view=None,
    count=None,
)

SOLIDITY = Dialect(
    exchange="swap",
    add="addLiquidity",
    remove="removeLiquidity",
    imbalance="removeLiquidityImbalance",
    one_coin="removeLiquidityOneToken",
    index="uint8",
    dynamic=True,
    late=(FAR_FUTURE,),
    remove_more=((), ()),
    balance="getTokenBalance(uint8)",
    virtual_price="getVirtualPrice()",
    view="calculateSwap",
    count="calculateTokenAmount",
)


@dataclass(frozen=True, slots=True)
class Reply:
    ok: bool
    data: bytes

    @property
    def integer(self) -> int | None:
        """The first word of an answer; None of a revert."""
        return int.from_bytes(self.data[:32]) if self.ok else None


@dataclass(frozen=True, slots=True)
class Played:
    """One move as the contract did it; `outcome` is None where it reverted. `virtual_price` and
    `view` were asked before it."""

    outcome: Outcome | None
    virtual_price: int | None
    view: int | None


class Story:
    """Calls by the maker in two blocks, the second behind the administrator's delay."""

    def __init__(self, chain: LocalChain, artifacts: Artifacts) -> None:
        self.chain = chain
        self.artifacts = artifacts
        self._created = 0
        self._blocks: tuple[list[dict[str, str]], list[dict[str, str]]] = ([], [])

    def create(self, name: str, *args: Any, libraries: Mapping[str, str] | None = None) -> Address:
        """In the first block; the address it will have."""
        artifact = self.artifacts[name].linked(libraries or {})
        inputs = [entry["inputs"] for entry in artifact.abi if entry["type"] == "constructor"]
        types = tuple(argument["type"] for arguments in inputs for argument in arguments)
        calls = self._add(0, {"to": MAKER, "data": creation_data(artifact.bytecode, types, *args)})
        # Each call counts once, and once more where it creates.
        nonce = FIRST_NONCE + calls + 1 + self._created
        self._created += 1
        return created_address(MAKER, nonce)

    def next_address(self, ahead: int = 0) -> Address:
        """Where what is created next in the first block will be, or `ahead` creations later."""
        calls = len(self._blocks[0])
        return created_address(MAKER, FIRST_NONCE + calls + 1 + self._created + 2 * ahead)

    def send(self, to: Address, signature: str, *args: Any) -> None:
        """In the first block."""
        self._add(0, {"to": to, "data": call_data(signature, *args)})

    def later(self, to: Address, signature: str, *args: Any) -> int:
        """In the second; the number of its reply there."""
        return self._add(1, {"to": to, "data": call_data(signature, *args)})

    def read(self, call: Static) -> int:
        """In the second, with the gas that it is allowed besides the transaction's own."""
        data = "0x" + call.data.hex()
        gas = hex(call.gas_cap + TRANSACTION_GAS)
        return self._add(1, {"to": call.to, "data": data, "gas": gas})

    def play(self) -> list[Reply]:
        """The replies of the second block; all of the first must have succeeded."""
        start = self.chain.head().timestamp
        blocks = [
            {
                "blockOverrides": {"time": hex(time), "gasLimit": hex(BLOCK_GAS)},
                "stateOverrides": {MAKER: {"code": MAKER_CODE, "nonce": hex(FIRST_NONCE)}}
                if not number
                else {},
                "calls": calls,
            }
            for number, (time, calls) in enumerate(
                zip((start + SECONDS, start + SECONDS + ADMIN_DELAY + 1), self._blocks, strict=True)
            )
        ]
        first, second = self.chain.request("eth_simulateV1", {"blockStateCalls": blocks}, "latest")
        for number, call in enumerate(first["calls"]):
            assert int(call["status"], 16) == 1, (number, call)
        return [
            Reply(int(call["status"], 16) == 1, bytes.fromhex(call["returnData"][2:]))
            for call in second["calls"]
        ]

    def _add(self, block: int, call: dict[str, str]) -> int:
        calls = self._blocks[block]
        calls.append({"from": MAKER, "gas": hex(CALL_GAS)} | call)
        return len(calls) - 1


@dataclass(frozen=True, slots=True)
class Place:
    """Where a story's pool stands."""

    pool: Address
    share: Address
    coins: tuple[Address, ...]


Birth = Callable[[Story, Pool, tuple[Address, ...]], tuple[Address, Address]]
"""Queues a pool's creation without liquidity: its address and its LP token's."""


def curve_pool(story: Story, pool: Pool, coins: tuple[Address, ...]) -> tuple[Address, Address]:
    """The sUSD pool of the first generation: 18, 6, 6 and 18 decimals are written in its code."""
    share = story.create("CurvePoolToken", "LP", "LP", 18, 0)
    made = story.create("CurveStableSwap", coins, coins, share, pool.amp, pool.fee)
    story.send(share, "set_minter(address)", made)
    parameters = "commit_new_parameters(uint256,uint256,uint256)"
    story.send(made, parameters, pool.amp, pool.fee, pool.admin_fee)
    story.later(made, "apply_new_parameters()")
    return made, share


@dataclass(frozen=True, slots=True)
class VaultCoin:
    """Coin 0 of a pool as the share of a real ERC-4626 vault, whose rate the pool asks for."""

    assets: int
    gift: int

    @property
    def rate(self) -> int:
        """Assets for one whole share, as the vault with one virtual share and asset answers."""
        return 10**18 * (self.assets + self.gift + 1) // (self.assets + 1)


def ng_pool(
    story: Story,
    pool: Pool,
    coins: tuple[Address, ...],
    *,
    multipliers: tuple[int, ...] | None = None,
    types: tuple[int, ...] | None = None,
) -> tuple[Address, Address]:
    """StableSwap-NG, which is its own LP token; of coins without rates unless told."""
    n = len(coins)
    made = story.create(
        "CurveStableSwapNG",
        "LP",
        "LP",
        pool.amp // pool.a_precision,
        pool.fee,
        pool.offpeg_fee_multiplier,
        866,
        coins,
        multipliers or pool.rates,
        types or (0,) * n,
        (bytes(4),) * n,
        ("0x" + "00" * 20,) * n,
    )
    return made, made


def vault_share(story: Story, asset: Address, coin: VaultCoin) -> Address:
    """A vault that holds a gift beside what was deposited: its shares are worth more than 1."""
    vault = story.create("OpenZeppelinVault", asset, "V", "V", 0)
    story.send(asset, "mint(address,uint256)", MAKER, coin.assets + coin.gift)
    story.send(asset, "approve(address,uint256)", vault, coin.assets)
    story.send(vault, "deposit(uint256,address)", coin.assets, MAKER)
    story.send(asset, "transfer(address,uint256)", vault, coin.gift)
    return vault


def saddle_pool(story: Story, pool: Pool, coins: tuple[Address, ...]) -> tuple[Address, Address]:
    """Connext's fork of Saddle, whose LP token is a clone that the pool makes first."""
    token = story.create("SaddlePoolToken")
    library = story.create("SwapUtilsExternal")
    made = story.create("SaddlePool", libraries={"SwapUtilsExternal": library})
    decimals = tuple(18 - (len(str(rate // 10**18)) - 1) for rate in pool.rates)
    story.send(
        made,
        "initialize(address[],uint8[],string,string,uint256,uint256,uint256,address)",
        coins,
        decimals,
        "LP",
        "LP",
        pool.amp // pool.a_precision,
        pool.fee,
        pool.admin_fee,
        token,
    )
    return made, created_address(made, 1)


def filled(
    story: Story,
    birth: Birth,
    dialect: Dialect,
    *,
    pool: Pool,
    coins: tuple[Address, ...],
    own: Sequence[Address] = (),
) -> Place:
    """A pool with its first deposit; `own` are the coins that the maker has already."""
    made, share = birth(story, pool, coins)
    for coin in coins:
        if coin not in own:
            story.send(coin, "mint(address,uint256)", MAKER, WEALTH)
        story.send(coin, "approve(address,uint256)", made, 2**256 - 1)
    signature, args = dialect.ask(Move("add", pool.balances), coins, most=0)
    story.send(made, signature, *args)
    return Place(made, share, coins)


def plays(
    story: Story,
    birth: Birth,
    dialect: Dialect,
    *,
    pool: Pool,
    coins: tuple[Address, ...],
    moves: Sequence[Move],
    supplies: Sequence[int],
    own: Sequence[Address] = (),
) -> list[Played]:
    """What the real pool does, move by move; `supplies` are ours of LP tokens before each, `own`
    the coins that the maker has already."""
    place = filled(story, birth, dialect, pool=pool, coins=coins, own=own)
    made = place.pool
    before = _holdings(story, place, dialect)
    numbers = []
    for move, supply in zip(moves, supplies, strict=True):
        price = story.later(made, dialect.virtual_price)
        look = dialect.look(move)
        view = None if look is None else story.later(made, look[0], *look[1])
        signature, args = dialect.ask(move, coins, most=supply)
        done = story.later(made, signature, *args)
        numbers.append((price, view, done, _holdings(story, place, dialect)))
    replies = story.play()
    found, held = [], _read(replies, before)
    for price, view, done, after in numbers:
        now = _read(replies, after)
        outcome = _outcome(held, now, len(coins)) if replies[done].ok else None
        seen = None if view is None else replies[view].integer
        found.append(Played(outcome, replies[price].integer, seen))
        held = now
    return found


def _holdings(story: Story, place: Place, dialect: Dialect) -> list[int]:
    """Queue what the trader holds of each coin and of LP tokens, and what the pool does."""
    balance = "balanceOf(address)"
    return [
        *(story.later(coin, balance, MAKER) for coin in (*place.coins, place.share)),
        *(story.later(place.pool, dialect.balance, k) for k in range(len(place.coins))),
    ]


def _read(replies: Sequence[Reply], numbers: Sequence[int]) -> Numbers:
    found = []
    for number in numbers:
        value = replies[number].integer
        assert value is not None
        found.append(value)
    return tuple(found)


def _outcome(before: Numbers, after: Numbers, coins: int) -> Outcome:
    moved = tuple(b - a for a, b in zip(before, after, strict=True))
    return Outcome(moved[:coins], moved[coins], after[coins + 1 :])
