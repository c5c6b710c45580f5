"""A target at one block with its prices: what a file for `--state FILE` holds.

The file is `{block, target, state, prices}`, sorted keys, indented, ASCII; integers are decimal
strings as in every state, but for the whole numbers among a target's params. Whoever reads one did
not write it, so that everything that the arithmetic relies on is checked again.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass
from types import MappingProxyType
from typing import Any

from watcher.errors import InputError
from watcher.state import (
    aave_reserve,
    balancer_stable,
    compound_market,
    cryptoswap,
    kyber_dmm,
    morpho_market,
    peg_stability,
    set_token,
    solidly,
    weighted,
)
from watcher.state.aave_reserve import AaveReserve
from watcher.state.balancer_stable import BalancerStable
from watcher.state.block import Block
from watcher.state.canonical import (
    from_plain,
    parse_json,
    state_from_plain,
    state_to_plain,
    to_plain,
)
from watcher.state.compound_market import CompoundMarket
from watcher.state.concentrated import Concentrated
from watcher.state.constant_product import ConstantProduct
from watcher.state.cryptoswap import CryptoSwap
from watcher.state.holdings import Holdings
from watcher.state.kinds import State
from watcher.state.kyber_dmm import KyberDMM
from watcher.state.lockbox import Lockbox
from watcher.state.morpho_market import MorphoMarket
from watcher.state.pair_oracle import PairOracle
from watcher.state.peg_stability import PegStability
from watcher.state.price import Price
from watcher.state.price_feed import PriceFeed
from watcher.state.pyth_price import PythPrice
from watcher.state.redemption_rate import RedemptionRate
from watcher.state.set_token import SetToken
from watcher.state.share_vault import ShareVault
from watcher.state.solidly import Solidly
from watcher.state.stableswap import StableSwap, StableSwapMeta, problems, problems_of_metapool
from watcher.state.target import Param, Target
from watcher.state.tick_oracle import TickOracle
from watcher.state.token import Address, Token, to_address
from watcher.state.weighted import Weighted
from watcher.state.yearn_vault import YearnVault

MOST_DECIMALS = 77
"""10**78 does not fit a uint256: such a token has no whole unit."""

LAST_SECOND = 253_402_300_799
"""The end of the year 9999, the last that a date can be written of."""

_HASH = re.compile(r"0x[0-9a-f]{64}")
_KEYS = ("block", "target", "state")
_COINS = {
    ConstantProduct.KIND: 2,
    Concentrated.KIND: 2,
    TickOracle.KIND: 2,
    PairOracle.KIND: 2,
    ShareVault.KIND: 1,
    YearnVault.KIND: 1,
    PriceFeed.KIND: 0,
    PythPrice.KIND: 0,
    RedemptionRate.KIND: 2,
    MorphoMarket.KIND: 2,
    PegStability.KIND: 2,
    Lockbox.KIND: 1,
    CompoundMarket.KIND: 1,
    AaveReserve.KIND: 1,
}
_SIGNED = ("answer", "price", "expo", "min_answer", "max_answer", "mean_tick", "total_unit")
TICKS = ("tick", "tick_lower", "tick_upper")
_ISSUES_SHARES = (
    ConstantProduct.KIND,
    ShareVault.KIND,
    YearnVault.KIND,
    SetToken.KIND,
    CompoundMarket.KIND,
)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Enough to repeat every analysis of one target without a node."""

    block: Block
    target: Target
    state: State
    prices: tuple[Price, ...] | None = None


@dataclass(frozen=True, slots=True)
class _Identity:
    """A target without its params, whose values may be of several types."""

    chain_id: int
    protocol: str
    address: Address
    kind: str
    key: str
    tokens: tuple[Token, ...]
    share: Token | None
    name: str


def snapshot_to_json(snapshot: Snapshot) -> str:
    """The text of the file; the same snapshot always gives the same text."""
    target = {**to_plain(snapshot.target), "params": dict(snapshot.target.params)}
    plain = {
        "block": to_plain(snapshot.block),
        "target": target,
        "state": state_to_plain(snapshot.state),
    }
    if snapshot.prices is not None:
        plain["prices"] = to_plain(snapshot.prices)
    return json.dumps(plain, indent=2, sort_keys=True, allow_nan=False) + "\n"


def snapshot_from_json(text: str) -> Snapshot:
    """Parse one file. Raises InputError on anything that `snapshot_to_json` would not write."""
    plain = parse_json(text)
    if not isinstance(plain, dict) or not {*_KEYS} <= plain.keys() <= {*_KEYS, "prices"}:
        raise InputError("it is not an object with block, target, state and perhaps prices")
    snapshot = Snapshot(
        block=from_plain(plain["block"], Block, what="block"),
        target=_target(plain["target"]),
        state=state_from_plain(plain["state"]),
        prices=_prices(plain["prices"]) if "prices" in plain else None,
    )
    problem = next(_problems(snapshot), None)
    if problem is not None:
        raise InputError(problem)
    return snapshot


def _target(plain: object) -> Target:
    if not isinstance(plain, dict):
        raise InputError("target is not an object")
    rest = dict(plain)
    params = rest.pop("params", None)
    if not isinstance(params, dict) or not all(map(_is_param, params.values())):
        raise InputError("target.params is not an object of texts, whole numbers, true and false")
    known = from_plain(rest, _Identity, what="target")
    values = {field.name: getattr(known, field.name) for field in fields(known)}
    return Target(**values, params=MappingProxyType(params))


def _is_param(value: object) -> bool:
    return isinstance(value, Param)


def _prices(plain: object) -> tuple[Price, ...]:
    if not isinstance(plain, list):
        raise InputError("prices is not a list")
    for row, item in enumerate(plain):
        if not isinstance(item, dict) or not isinstance(item.get("ancestry", []), list):
            raise InputError(f"prices[{row}] is not an object, or its ancestry is not a list")
    return tuple(from_plain(item, Price, what=f"prices[{row}]") for row, item in enumerate(plain))


def _problems(snapshot: Snapshot) -> Iterator[str]:
    """What each part may be by itself and still not be of the others."""
    yield from _of_block(snapshot.block)
    yield from _of_target(snapshot.target)
    if snapshot.block.chain_id != snapshot.target.chain_id:
        yield "block.chain_id and target.chain_id differ"
    if snapshot.state.KIND != snapshot.target.kind:
        yield f"target.kind is not that of the state, {snapshot.state.KIND}"
    yield from _of_state(snapshot.state, snapshot.target)
    for row, price in enumerate(snapshot.prices or ()):
        if not _is_address(price.token):
            yield f"prices[{row}].token is no address with its checksum"
        if price.known and not (math.isfinite(price.value) and price.value > 0):
            yield f"prices[{row}].value is not a positive number; write null where there is none"


def _of_block(block: Block) -> Iterator[str]:
    if block.chain_id < 1 or block.number < 0:
        yield "block.chain_id or block.number is out of range"
    if not 0 <= block.timestamp <= LAST_SECOND:
        yield "block.timestamp is no time in seconds up to the year 9999"
    if not (_HASH.fullmatch(block.hash) and _HASH.fullmatch(block.parent_hash)):
        yield "block.hash and block.parent_hash are 0x and 64 lower-case hexadecimal digits"


def _of_target(target: Target) -> Iterator[str]:
    coins = [*target.tokens, *filter(None, [target.share])]
    if not all(map(_is_address, [target.address, *(coin.address for coin in coins)])):
        yield "an address of the target is missing its EIP-55 checksum, or is none"
    if not all(0 <= coin.decimals <= MOST_DECIMALS for coin in coins):
        yield f"a token of the target has decimals outside of 0 to {MOST_DECIMALS}"
    if len(target.tokens) != _COINS.get(target.kind, len(target.tokens)):
        yield f"target.tokens does not hold the {_COINS[target.kind]} of a {target.kind}"
    if target.kind in _ISSUES_SHARES and target.share is None:
        yield "target.share is missing"


def _of_state(state: State, target: Target) -> Iterator[str]:
    for name, value in _integers(state) if not isinstance(state, Concentrated) else ():
        if isinstance(state, Holdings) and name.rpartition(".")[2] in TICKS:
            continue
        signed = name.rpartition(".")[2] in _SIGNED
        bits = 255 if signed else 256
        if value >= 1 << bits or value < (-1 << bits if signed else 0):
            yield f"state.{name} is out of the range of its type"
    match state:
        case ConstantProduct():
            if not 0 < state.fee_numerator <= state.fee_denominator:
                yield "state.fee_numerator / state.fee_denominator is no part of an input"
            if state.protocol_share_denominator < max(1, state.protocol_share_numerator):
                yield "state.protocol_share_numerator / _denominator is no part of a growth"
            decimals: tuple[int, ...] = (state.decimals0, state.decimals1)
        case Concentrated():
            yield from state.problems()
            decimals = (state.decimals0, state.decimals1)
        case ShareVault():
            decimals = (state.asset_decimals,)
            if target.share is None or target.share.decimals != state.share_decimals:
                yield "state.share_decimals and those of target.share differ"
        case YearnVault():
            yield from state.problems()
            decimals = (state.decimals,)
        case PriceFeed():
            decimals = ()
            if state.decimals > MOST_DECIMALS:
                yield f"state.decimals is over {MOST_DECIMALS}"
        case PythPrice():
            decimals = ()
            if abs(state.expo) > MOST_DECIMALS:
                yield f"state.expo is not -{MOST_DECIMALS} to {MOST_DECIMALS}"
        case RedemptionRate():
            decimals = tuple(token.decimals for token in target.tokens)
            if state.decimals > MOST_DECIMALS:
                yield f"state.decimals is over {MOST_DECIMALS}"
        case TickOracle() | PairOracle():
            decimals = (state.decimals0, state.decimals1)
            if state.window < 1:
                yield "state.window is no time"
        case Holdings():
            yield from state.problems()
            decimals = state.decimals
        case StableSwap():
            yield from problems(state)
            decimals = (*state.decimals, *state.underlying_decimals)
        case StableSwapMeta():
            yield from problems_of_metapool(state)
            decimals = (*state.pool.decimals, *state.base.decimals)
        case CryptoSwap():
            yield from cryptoswap.problems(state)
            decimals = state.decimals
        case Solidly():
            yield from solidly.problems(state)
            decimals = (state.decimals0, state.decimals1)
        case KyberDMM():
            yield from kyber_dmm.problems(state)
            decimals = (state.decimals0, state.decimals1)
        case Weighted():
            yield from weighted.problems(state)
            decimals = state.decimals
        case BalancerStable():
            yield from balancer_stable.problems(state)
            decimals = state.decimals
        case MorphoMarket():
            yield from morpho_market.problems(state)
            decimals = (state.loan_decimals, state.collateral_decimals)
        case PegStability():
            yield from peg_stability.problems(state)
            decimals = (state.stable_decimals, state.minted_decimals)
        case SetToken():
            yield from set_token.problems(state)
            decimals = state.decimals
        case Lockbox():
            decimals = (state.locked_decimals,)
            if state.issued_decimals != (target.share or target.tokens[0]).decimals:
                yield "state.issued_decimals and those of the issued token differ"
        case AaveReserve():
            yield from aave_reserve.problems(state)
            decimals = (state.decimals,)
        case CompoundMarket():
            yield from compound_market.problems(state)
            decimals = (state.decimals,)
            if target.share is None or target.share.decimals != state.share_decimals:
                yield "state.share_decimals and those of target.share differ"
    if decimals != tuple(coin.decimals for coin in target.tokens):
        yield "the state's decimals and those of target.tokens differ"


def _integers(value: Any, name: str = "") -> Iterator[tuple[str, int]]:
    """Every integer of a state, with its path."""
    if isinstance(value, int):
        yield name, value
    elif isinstance(value, tuple):
        for row, item in enumerate(value):
            yield from _integers(item, f"{name}[{row}]")
    elif is_dataclass(value):
        for field in fields(value):
            path = f"{name}.{field.name}" if name else field.name
            yield from _integers(getattr(value, field.name), path)


def _is_address(text: str) -> bool:
    try:
        return to_address(text) == text
    except ValueError:
        return False
