"""The token amounts inside a state, for SQL and for people."""

from __future__ import annotations

from dataclasses import dataclass

from watcher.state.aave_reserve import AaveReserve
from watcher.state.balancer_stable import BalancerStable
from watcher.state.compound_market import CompoundMarket
from watcher.state.concentrated import Concentrated
from watcher.state.constant_product import ConstantProduct
from watcher.state.cryptoswap import CryptoSwap
from watcher.state.holdings import Holdings
from watcher.state.kinds import State
from watcher.state.kyber_dmm import KyberDMM
from watcher.state.pair_oracle import PairOracle
from watcher.state.price_feed import PriceFeed
from watcher.state.pyth_price import PythPrice
from watcher.state.redemption_rate import RedemptionRate
from watcher.state.share_vault import ShareVault
from watcher.state.solidly import Solidly
from watcher.state.stableswap import StableSwap, StableSwapMeta
from watcher.state.target import Target
from watcher.state.tick_oracle import TickOracle
from watcher.state.token import Token
from watcher.state.weighted import Weighted


@dataclass(frozen=True, slots=True)
class Amount:
    """`raw` is in the token's smallest unit; `field` is its name in the state."""

    field: str
    token: Token
    raw: int

    @property
    def units(self) -> float:
        """Whole tokens, correctly rounded (Python divides integers of any size so)."""
        return float(self.raw / 10**self.token.decimals)


def amounts(target: Target, state: State) -> tuple[Amount, ...]:
    """What `state` holds and owes, in a fixed order."""
    match state:
        case ConstantProduct() | Solidly() | KyberDMM():
            token0, token1 = target.tokens
            pool = (
                Amount("reserve0", token0, state.reserve0),
                Amount("reserve1", token1, state.reserve1),
                Amount("balance0", token0, state.balance0),
                Amount("balance1", token1, state.balance1),
            )
            return pool + _issued(target, state.total_supply)
        case Concentrated():
            return tuple(
                Amount(f"balances[{coin}]", target.tokens[coin], raw)
                for coin, raw in enumerate(state.balances)
            )
        case ShareVault():
            (asset,) = target.tokens
            held = (
                Amount("total_assets", asset, state.total_assets),
                Amount("idle_assets", asset, state.idle_assets),
            )
            return held + _issued(target, state.total_supply)
        case CompoundMarket():
            (underlying,) = target.tokens
            lent = tuple(
                Amount(name, underlying, getattr(state, name))
                for name in ("cash", "total_borrows", "total_reserves")
            )
            return lent + _issued(target, state.total_supply)
        case AaveReserve():
            (underlying,) = target.tokens
            return tuple(
                Amount(name, underlying, getattr(state, name))
                for name in ("available", "stable_debt", "unbacked")
            )
        case PriceFeed() | PythPrice() | RedemptionRate() | TickOracle() | PairOracle():
            # What a pool holds is told by the pool as a target, once.
            return ()
        case Holdings():
            return _held(target, state)
        case StableSwap() | CryptoSwap() | Weighted() | BalancerStable():
            return _balances(target, state) + _issued(target, state.total_supply)
        case StableSwapMeta():
            base = _balances(
                target, state.base, name="base.balances", first=len(state.pool.balances)
            )
            own = _balances(target, state.pool, name="pool.balances")
            issued = _issued(target, state.pool.total_supply, name="pool.total_supply")
            return own + base + issued


def _held(target: Target, state: Holdings) -> tuple[Amount, ...]:
    own = [
        Amount(f"balances[{holder}][{place}]", target.tokens[place], raw)
        for holder, row in enumerate(state.balances)
        for place, raw in enumerate(row)
    ]
    native = [
        Amount(f"native[{holder}]", target.tokens[state.wrapped], raw)
        for holder, raw in enumerate(state.native)
    ]
    return (*own, *native)


def _balances(
    target: Target,
    state: StableSwap | CryptoSwap | Weighted | BalancerStable,
    *,
    name: str = "balances",
    first: int = 0,
) -> tuple[Amount, ...]:
    tokens = target.tokens[first : first + len(state.balances)]
    held = zip(tokens, state.balances, strict=True)
    return tuple(Amount(f"{name}[{k}]", token, raw) for k, (token, raw) in enumerate(held))


def _issued(target: Target, total_supply: int, *, name: str = "total_supply") -> tuple[Amount, ...]:
    if target.share is None:
        raise ValueError(f"{target.label} issues shares but names no share token")
    return (Amount(name, target.share, total_supply),)
