"""A quote as a person asks for it: which coins, how much, and what the answer means."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

from watcher.errors import InputError, MathError
from watcher.math.exact.cryptoswap import fee as cryptoswap_fee
from watcher.math.exact.cryptoswap import scaled
from watcher.math.families import concentrated
from watcher.math.families.cryptoswap import pool_of as cryptoswap_pool
from watcher.math.quotes import (
    Quote,
    quote_exact_in,
    quote_exact_out,
    spot_price,
    without_fee,
)
from watcher.report.naming import symbol, symbols
from watcher.state.balancer_stable import BalancerStable
from watcher.state.canonical import content_hash, state_to_json
from watcher.state.concentrated import Concentrated
from watcher.state.constant_product import ConstantProduct
from watcher.state.cryptoswap import CryptoSwap
from watcher.state.kinds import State
from watcher.state.kyber_dmm import WAD, KyberDMM
from watcher.state.peg_stability import BPS, PegStability
from watcher.state.price_feed import PriceFeed
from watcher.state.pyth_price import PythPrice
from watcher.state.redemption_rate import RedemptionRate
from watcher.state.share_vault import ShareVault
from watcher.state.snapshot import Snapshot
from watcher.state.solidly import Solidly
from watcher.state.stableswap import FEE_DENOMINATOR, StableSwap, StableSwapMeta
from watcher.state.target import Target
from watcher.state.token import Token, to_address
from watcher.state.weighted import ONE, Weighted
from watcher.state.yearn_vault import YearnVault

UINT256_MAX = 2**256 - 1
_AMOUNT = re.compile(r"([0-9]{1,78})(?:\.([0-9]{1,78}))?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Trade:
    """Prices are whole tokens out for one whole token in, `slippage` and `price_impact` parts of
    the marginal price before the trade; None where nothing goes in or the fee-less pool refuses."""

    snapshot: Snapshot
    state_hash: str
    token_in: Token
    token_out: Token
    quote: Quote
    exact_out: bool
    fee: float
    marginal_price: float
    average_price: float | None
    slippage: float | None
    price_impact: float | None


def coins(target: Target) -> tuple[Token, ...]:
    """What can be exchanged, in the order of the indices that `math.quotes` knows them by."""
    match target.kind:
        case ShareVault.KIND | YearnVault.KIND if target.share is not None:
            return (*target.tokens, target.share)
        case PriceFeed.KIND | PythPrice.KIND:
            raise InputError(f"{target.label} is a price feed: name a pool or a vault")
        case RedemptionRate.KIND:
            raise InputError(f"{target.label} is a redemption rate: name a pool or a vault")
        case _:
            return target.tokens


def find_coin(target: Target, text: str) -> int:
    """The index of the coin that `text` names by index, address or symbol.

    A number is always an index and an address always an address: no symbol can pass for either.
    """
    found = coins(target)
    wanted = text.strip()
    if wanted.isascii() and wanted.isdigit():
        if int(wanted[:9]) < len(found):
            return int(wanted[:9])
        raise InputError(f"there is no coin {wanted[:9]} in {target.label}: {_listed(target)}")
    matches = [row for row, coin in enumerate(found) if _matches(coin, wanted)]
    if len(matches) > 1:
        raise InputError(
            f"{wanted[:40]!r} names {len(matches)} coins of {target.label}: {_listed(target)}; "
            "give the index or the address"
        )
    if not matches:
        raise InputError(f"{target.label} has no coin {wanted[:50]!r}: {_listed(target)}")
    return matches[0]


def parse_amount(text: str, token: Token, *, raw: bool) -> int:
    """An amount in smallest units, digit by digit; `raw` means that it is one already."""
    found = _AMOUNT.fullmatch(text.strip())
    if found is None:
        raise InputError(f"{text[:40]!r} is no amount: write digits, and a point if need be, 12.5")
    whole, part = found[1], (found[2] or "").rstrip("0")
    if raw and found[2] is not None:
        raise InputError(f"{text[:40]!r} is no amount in smallest units: leave out the point")
    decimals = 0 if raw else token.decimals
    if len(part) > decimals:
        raise InputError(
            f"{text[:40]!r} has {len(part)} decimals and {symbol(token)} has {token.decimals}: "
            "write fewer"
        )
    amount = int(whole + part.ljust(decimals, "0"))
    if amount > UINT256_MAX:
        raise InputError(f"{text[:40]!r} {symbol(token)} is more than 256 bits can hold")
    return amount


def trade(
    snapshot: Snapshot, coin_in: int, coin_out: int, amount: int, *, exact_out: bool
) -> Trade:
    """Quote `amount` of the coin that goes in, with `exact_out` of the one that comes out.

    Raises MathError where the contract would revert."""
    state, target = snapshot.state, snapshot.target
    if coin_in == coin_out:
        raise InputError(f"the coin in and the coin out are the same: {_listed(target)}")
    ask = quote_exact_out if exact_out else quote_exact_in
    found = ask(state, coin_in, coin_out, amount)
    token_in, token_out = coins(target)[coin_in], coins(target)[coin_out]
    scale = Fraction(10**token_in.decimals, 10**token_out.decimals)
    spot = spot_price(state, coin_in, coin_out)
    average = _average(found)
    try:
        feeless = _average(ask(without_fee(state), coin_in, coin_out, amount))
    except MathError:
        feeless = None
    return Trade(
        snapshot=snapshot,
        state_hash=content_hash(state_to_json(state)),
        token_in=token_in,
        token_out=token_out,
        quote=found,
        exact_out=exact_out,
        fee=_fee(state, coin_in),
        marginal_price=float(spot * scale),
        average_price=None if average is None else float(average * scale),
        slippage=None if average is None else float(1 - average / spot),
        price_impact=None if feeless is None else float(1 - feeless / spot),
    )


def _average(quote: Quote) -> Fraction | None:
    return Fraction(quote.amount_out, quote.amount_in) if quote.amount_in else None


def _fee(state: State, coin_in: int) -> float:
    if isinstance(state, ConstantProduct):
        return float(1 - Fraction(state.fee_numerator, state.fee_denominator))
    if isinstance(state, Concentrated):
        return float(concentrated.fee(state, coin_in))
    if isinstance(state, StableSwapMeta):
        return state.pool.fee / FEE_DENOMINATOR
    if isinstance(state, StableSwap):
        return state.fee / FEE_DENOMINATOR
    if isinstance(state, CryptoSwap):
        pool = cryptoswap_pool(state)
        return cryptoswap_fee(pool, scaled(pool, pool.balances)) / FEE_DENOMINATOR
    if isinstance(state, Solidly):
        return state.fee / state.fee_denominator
    if isinstance(state, KyberDMM):
        return state.fee / WAD
    if isinstance(state, PegStability):
        return (state.fee_out if coin_in else state.fee_in) / BPS
    if isinstance(state, Weighted | BalancerStable):
        return state.swap_fee / ONE
    return 0.0


def _matches(coin: Token, wanted: str) -> bool:
    if wanted.lower().startswith("0x"):
        try:
            checked = to_address(wanted)
        except ValueError:
            return False
        return coin.address == checked and wanted in (checked, wanted.lower())
    return coin.symbol.lower() == wanted.lower() != ""


def _listed(target: Target) -> str:
    names = symbols(target)
    found = enumerate(coins(target))
    return "it has " + ", ".join(f"{row} {names[coin.address]}" for row, coin in found)
