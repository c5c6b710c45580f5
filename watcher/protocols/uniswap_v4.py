"""Uniswap V4: all pools live in one PoolManager, which knows each by the hash of its key. The key
is configured, since the contract keeps none, and the pool is read through the StateView beside it.

Source: v4-core 1.0.2 PoolManager.sol, Hooks.sol and StateLibrary.sol, v4-periphery 1.0.3 StateView.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from eth_abi.abi import encode
from eth_utils.crypto import keccak

from watcher.errors import DecodeError, ReadError, RefusedTarget
from watcher.protocols import erc20
from watcher.protocols.adapter import Adapter, Entry, Identification, Option
from watcher.protocols.interface import Views, require_code, selector, view
from watcher.protocols.options import address_list, hexadecimal, small_integer
from watcher.protocols.tick_pools import (
    NOT_COVERED,
    TICK_WORDS_OPTION,
    number,
    require_pool,
    ticks_call,
    walk_answered,
    words_of,
)
from watcher.state.call import Answer, Call, Code
from watcher.state.concentrated import Concentrated
from watcher.state.target import Param, Target
from watcher.state.token import NATIVE_DECIMALS, ZERO_ADDRESS, Address, Token, to_address

PROTOCOL = "uniswap_v4"

_VIEWS = "uniswap_v4/StateView"
POOL_MANAGER = view(_VIEWS, "poolManager")
GET_SLOT0 = view(_VIEWS, "getSlot0")
GET_LIQUIDITY = view(_VIEWS, "getLiquidity")
GET_TICK_BITMAP = view(_VIEWS, "getTickBitmap")
GET_TICK_LIQUIDITY = view(_VIEWS, "getTickLiquidity")
EXTSLOAD = view("uniswap_v4/PoolManager", "extsload")
STATE = Views(GET_SLOT0, GET_LIQUIDITY)
"""What `calls` asks before the ticks."""

DYNAMIC_FEE_FLAG = 0x800000
"""LPFeeLibrary: the fee of a key whose pool's fee its hooks set."""

MOST_FEE = 1_000_000
POOLS_SLOT = 6
"""StateLibrary: where the PoolManager keeps its pools."""

NEEDED = ("currency0", "currency1", "fee", "tick_spacing", "state_view")
"""Options without which nothing can be read."""

NATIVE = Token(ZERO_ADDRESS, NATIVE_DECIMALS, "native")
"""Currency 0 of pools of the chain's own coin."""

HOOKS = (
    (1 << 13, "before_initialize"),
    (1 << 12, "after_initialize"),
    (1 << 11, "before_add_liquidity"),
    (1 << 10, "after_add_liquidity"),
    (1 << 9, "before_remove_liquidity"),
    (1 << 8, "after_remove_liquidity"),
    (1 << 7, "before_swap"),
    (1 << 6, "after_swap"),
    (1 << 5, "before_donate"),
    (1 << 4, "after_donate"),
    (1 << 3, "before_swap_returns_delta"),
    (1 << 2, "after_swap_returns_delta"),
    (1 << 1, "after_add_liquidity_returns_delta"),
    (1 << 0, "after_remove_liquidity_returns_delta"),
)
"""Hooks.sol: what a bit of the hooks' address lets them do."""

ALTERING = 1 << 7 | 1 << 3 | 1 << 2
"""Hooks that may change what a swap pays: one that runs before it may set its fee, and move the
liquidity; two return amounts of their own."""


def pool_id(options: Mapping[str, Param]) -> str:
    """PoolId.toId of the key that the options say; "" where they do not say it all."""
    try:
        key = [options[name] for name in ("currency0", "currency1", "fee", "tick_spacing")]
    except KeyError:
        return ""
    kinds = ["address", "address", "uint24", "int24", "address"]
    return "0x" + keccak(encode(kinds, [*key, options.get("hooks", ZERO_ADDRESS)])).hex()


def hook_names(hooks: Address) -> str:
    bits = int(hooks, 16)
    return " ".join(name for bit, name in HOOKS if bits & bit)


def identify(entry: Entry) -> Identification:
    """Compare what the StateView says of the pool with the PoolManager's own storage."""
    manager, views = entry.address, _address(entry, "state_view")
    _require_key(entry)
    currencies = _address(entry, "currency0"), _address(entry, "currency1")
    pool = bytes.fromhex(entry.key[2:])
    named = [token for token in currencies if token != ZERO_ADDRESS]
    code, view_code, its_manager, slot0, stored, *metadata = yield [
        Code(manager),
        Code(views),
        POOL_MANAGER.call(views),
        GET_SLOT0.call(views, pool),
        EXTSLOAD.call(manager, keccak(pool + POOLS_SLOT.to_bytes(32))),
        *(call for token in named for call in erc20.metadata_calls(token)),
    ]
    require_code(code, manager)
    require_code(view_code, views)
    try:
        is_its_view = POOL_MANAGER.address(its_manager) == manager
        price, tick, protocol_fee, lp_fee = GET_SLOT0.integers(slot0)
        word = EXTSLOAD.integer(stored)
    except ReadError as error:
        raise RefusedTarget(
            f"{manager} is no PoolManager of Uniswap V4 with the StateView {views}: {error}; fix "
            "`address` or `state_view`"
        ) from None
    tick_bits = tick % 2**24
    if not is_its_view or word != price | tick_bits << 160 | protocol_fee << 184 | lp_fee << 208:
        raise RefusedTarget(f"{views} is no StateView of {manager}: fix `state_view`")
    if not price:
        raise RefusedTarget(
            f"{manager} has no pool {entry.key}: fix `currency0`, `currency1`, `fee`, "
            "`tick_spacing` or `hooks`, which make up its key"
        )
    described = iter(metadata)
    hooks = _hooks(entry)
    return Target(
        chain_id=entry.chain_id,
        protocol=PROTOCOL,
        address=manager,
        kind=Concentrated.KIND,
        key=entry.key,
        tokens=tuple(
            NATIVE
            if token == ZERO_ADDRESS
            else erc20.decode_metadata(token, [next(described), next(described)])
            for token in currencies
        ),
        params={
            "state_view": views,
            "fee": entry.options["fee"],
            "tick_spacing": entry.options["tick_spacing"],
            "hooks": hooks,
            "hook_flags": hook_names(hooks),
            "tick_words": words_of(entry),
        },
        name=entry.name,
    )


def calls(target: Target) -> list[Call]:
    views, pool = to_address(str(target.params["state_view"])), bytes.fromhex(target.key[2:])
    walk = ticks_call(
        views,
        spacing=number(target, "tick_spacing"),
        words=number(target, "tick_words"),
        bitmap=selector(GET_TICK_BITMAP.signature) + pool,
        info=selector(GET_TICK_LIQUIDITY.signature) + pool,
        current=selector(GET_SLOT0.signature) + pool,
    )
    return [GET_SLOT0.call(views, pool), GET_LIQUIDITY.call(views, pool), walk]


def decode(target: Target, answers: Sequence[Answer]) -> Concentrated:
    """The pool's own fee is that of a swap at this block as long as no hook sets another."""
    price, tick, protocol_fee, lp_fee, liquidity = STATE.integers(answers[:-1])
    spacing, fee = number(target, "tick_spacing"), number(target, "fee")
    if fee not in (lp_fee, DYNAMIC_FEE_FLAG):
        raise DecodeError(f"{target.label} answered the fee {lp_fee}, its key has {fee}")
    walked = walk_answered(answers[-1], spacing)
    token0, token1 = target.tokens
    state = Concentrated(
        variant="uniswap_v4",
        sqrt_price_x96=price,
        tick=tick,
        liquidity=liquidity,
        fee0=lp_fee,
        fee1=lp_fee,
        protocol_fee0=protocol_fee % (1 << 12),
        protocol_fee1=protocol_fee >> 12,
        tick_spacing=spacing,
        **walked._asdict(),
        balances=(),
        decimals0=token0.decimals,
        decimals1=token1.decimals,
        hooked=bool(int(str(target.params["hooks"]), 16) & ALTERING),
    )
    require_pool(target, state, grid=spacing)
    return state


def _require_key(entry: Entry) -> None:
    """Raise RefusedTarget where the entry says no key, or another pool's id beside it."""
    missing = [name for name in NEEDED if name not in entry.options]
    if missing:
        raise RefusedTarget(
            f"a pool of {entry.address} is known by its key alone: give `{'`, `'.join(missing)}`"
        )
    if entry.key != pool_id(entry.options):
        raise RefusedTarget(f"{entry.key} is not the id of the pool that the entry's key names")
    said = entry.options.get("pool_id", entry.key)
    if said != entry.key:
        raise RefusedTarget(
            f"the id of the pool with this key is {entry.key}, the entry says {said}: fix "
            "`currency0`, `currency1`, `fee`, `tick_spacing`, `hooks` or `pool_id`"
        )


def _address(entry: Entry, name: str) -> Address:
    return to_address(str(entry.options.get(name, ZERO_ADDRESS)))


def _hooks(entry: Entry) -> Address:
    return _address(entry, "hooks")


def _fee(value: object) -> int:
    """A fee of a key, in pips, or the flag of one that hooks set."""
    fee = small_integer(0, DYNAMIC_FEE_FLAG)(value)
    if MOST_FEE < fee < DYNAMIC_FEE_FLAG:
        raise ValueError(f"write at most {MOST_FEE}, or {DYNAMIC_FEE_FLAG} where hooks set the fee")
    return fee


ADAPTER = Adapter(
    protocol=PROTOCOL,
    kind=Concentrated.KIND,
    title="Uniswap V4",
    identify=identify,
    calls=calls,
    decode=decode,
    options=(
        Option(
            "currency0",
            address_list(1, 1),
            "the lower currency of the pool's key; 0x0 is the chain's own coin",
        ),
        Option("currency1", address_list(1, 1), "the higher currency of the pool's key"),
        Option(
            "fee", _fee, "the fee of the pool's key in pips; 8388608 where its hooks set the fee"
        ),
        Option("tick_spacing", small_integer(1, 32_767), "the tick spacing of the pool's key"),
        Option("hooks", address_list(1, 1), "the hooks of the pool's key; none unless told"),
        Option("pool_id", hexadecimal(32), "the pool's id, to be held against its key"),
        Option("state_view", address_list(1, 1), "the StateView of the PoolManager at `address`"),
        TICK_WORDS_OPTION,
    ),
    not_covered=(
        *NOT_COVERED,
        "What hooks may change of a swap: such a pool is flagged and has no quote.",
    ),
    trials=(),
    key=pool_id,
)
