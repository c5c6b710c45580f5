"""Saddle's pools and those of its forks: StableSwap in Solidity, A where it stands on its ramp.

Sources: Saddle's Swap.sol and SwapUtils.sol, Connext's StableSwap.sol. Pools of another pool's LP
token are refused. While a pool is paused it exchanges nothing, which no figure here knows of.
"""

from __future__ import annotations

from collections.abc import Sequence

from watcher.errors import DecodeError, ReadError, RefusedTarget
from watcher.protocols import curve, erc20
from watcher.protocols.adapter import Adapter, Entry, Identification
from watcher.protocols.curve_events import SADDLE_EVENTS
from watcher.protocols.interface import WORD, Views, require_code, selector, view
from watcher.protocols.saddle_calls import encode
from watcher.state.call import Answer, Call, Code
from watcher.state.stableswap import MOST_COINS, StableSwap, StableSwapVariant, problems
from watcher.state.target import Target
from watcher.state.token import Address

PROTOCOL = "saddle"

_SWAP = "saddle/Swap"
GET_TOKEN = view(_SWAP, "getToken")
GET_TOKEN_BALANCE = view(_SWAP, "getTokenBalance")
GET_A_PRECISE = view(_SWAP, "getAPrecise")
GET_VIRTUAL_PRICE = view(_SWAP, "getVirtualPrice")
SWAP_STORAGE = view(_SWAP, "swapStorage")
FIRST_SWAP_STORAGE = view("saddle/FirstSwap", "swapStorage")
"""Of those contracts that take a fee of who withdraws at once."""
CALCULATE_SWAP_OUT = view(_SWAP, "calculateSwapOut")

A_PRECISION = 100
MOST_DECIMALS = 18
_INDICES = range(MOST_COINS + 1)


def identify(entry: Entry) -> Identification:
    """Ask for the coins, for the storage of either form, and for what Connext alone has."""
    pool = entry.address
    code, *answers = yield [
        Code(pool),
        *(GET_TOKEN.call(pool, index) for index in _INDICES),
        FIRST_SWAP_STORAGE.call(pool),
        CALCULATE_SWAP_OUT.call(pool, 0, 1, 1),
    ]
    require_code(code, pool)
    *listed, storage, swap_out = answers
    coins = curve.listed(GET_TOKEN, listed)
    if coins is None or not 2 <= len(coins) <= MOST_COINS:
        raise RefusedTarget(f"{pool} is no Saddle pool: it names no coins; remove the entry")
    is_first = storage.length == WORD * len(FIRST_SWAP_STORAGE.outputs)
    try:
        share = _share(storage, is_first=is_first)
    except ReadError as error:
        raise RefusedTarget(f"{pool} is no Saddle pool: {error}; remove the entry") from None
    metadata = yield [call for coin in (*coins, share) for call in erc20.metadata_calls(coin)]
    tokens = tuple(
        erc20.decode_metadata(coin, metadata[2 * row : 2 * row + 2])
        for row, coin in enumerate((*coins, share))
    )
    has_swap_out = swap_out.ok or selector(CALCULATE_SWAP_OUT.signature) in code.data
    target = Target(
        chain_id=entry.chain_id,
        protocol=PROTOCOL,
        address=pool,
        kind=StableSwap.KIND,
        key=entry.key,
        tokens=tokens[:-1],
        share=tokens[-1],
        params={"variant": "connext" if has_swap_out else "saddle", "withdraw_fee": is_first},
        name=entry.name,
    )
    found = yield calls(target)
    try:
        decode(target, found)
    except ReadError as error:
        raise RefusedTarget(
            f"{pool} does not compute as Saddle does, or is of another pool's LP token: {error}; "
            "remove the entry"
        ) from None
    return target


def _share(storage: Answer, *, is_first: bool) -> Address:
    """The LP token, which stands last in either form."""
    *_, share = (FIRST_SWAP_STORAGE if is_first else SWAP_STORAGE).decode(storage)
    if not isinstance(share, str):
        raise DecodeError("swapStorage() does not answer an address")
    return share


def calls(target: Target) -> list[Call]:
    pool, share = target.address, _share_of(target)
    return [
        (FIRST_SWAP_STORAGE if _has_withdraw_fee(target) else SWAP_STORAGE).call(pool),
        GET_A_PRECISE.call(pool),
        erc20.TOTAL_SUPPLY.call(share),
        *(GET_TOKEN_BALANCE.call(pool, coin) for coin in range(len(target.tokens))),
        GET_VIRTUAL_PRICE.call(pool),
    ]


def decode(target: Target, answers: Sequence[Answer]) -> StableSwap:
    """Raises DecodeError where no pool can be so, or its virtual price is not what the arithmetic
    gives."""
    storage, *rest, virtual_price = answers
    is_first = _has_withdraw_fee(target)
    if _share(storage, is_first=is_first) != _share_of(target):
        raise DecodeError(f"{target.label} has another LP token than it was identified with")
    settings = (FIRST_SWAP_STORAGE if is_first else SWAP_STORAGE).integers(storage)
    swap_fee, admin_fee, *withdraw_fee = settings[4:]
    balances = [GET_TOKEN_BALANCE] * len(target.tokens)
    amplification, supply, *held = Views(GET_A_PRECISE, erc20.TOTAL_SUPPLY, *balances).integers(
        rest
    )
    if any(token.decimals > MOST_DECIMALS for token in target.tokens):
        raise DecodeError(f"a token of {target.label} has more decimals than Saddle takes")
    found = StableSwap(
        variant=_variant(target),
        balances=tuple(held),
        rates=tuple(int(10 ** (curve.RATE_DECIMALS - token.decimals)) for token in target.tokens),
        amplification=amplification,
        amplification_precision=A_PRECISION,
        fee=swap_fee,
        admin_fee=admin_fee,
        offpeg_fee_multiplier=0,
        withdraw_fee=withdraw_fee[0] if withdraw_fee else 0,
        total_supply=supply,
        decimals=tuple(token.decimals for token in target.tokens),
        underlying_decimals=(),
    )
    problem = next(problems(found), None)
    if problem is not None:
        raise DecodeError(f"{target.label} answered what no pool is: {problem}")
    curve.require_virtual_price(found, virtual_price, asked=GET_VIRTUAL_PRICE)
    return found


def _share_of(target: Target) -> Address:
    if target.share is None:
        raise DecodeError(f"{target.label} names no LP token")
    return target.share.address


def _has_withdraw_fee(target: Target) -> bool:
    return bool(target.params.get("withdraw_fee"))


def _variant(target: Target) -> StableSwapVariant:
    return "connext" if target.params.get("variant") == "connext" else "saddle"


ADAPTER = Adapter(
    protocol=PROTOCOL,
    kind=StableSwap.KIND,
    title="Saddle pools",
    identify=identify,
    calls=calls,
    decode=decode,
    events=SADDLE_EVENTS,
    encode=encode,
    not_covered=(
        "A pause, which stops all exchanges: it is not read.",
        "Pools of another pool's LP token: they are refused.",
    ),
)
