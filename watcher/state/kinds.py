"""The closed set of states."""

from __future__ import annotations

from typing import TypeAlias

from watcher.state.aave_reserve import AaveReserve
from watcher.state.balancer_stable import BalancerStable
from watcher.state.compound_market import CompoundMarket
from watcher.state.concentrated import Concentrated
from watcher.state.constant_product import ConstantProduct
from watcher.state.cryptoswap import CryptoSwap
from watcher.state.holdings import Holdings
from watcher.state.kyber_dmm import KyberDMM
from watcher.state.lockbox import Lockbox
from watcher.state.morpho_market import MorphoMarket
from watcher.state.pair_oracle import PairOracle
from watcher.state.peg_stability import PegStability
from watcher.state.price_feed import PriceFeed
from watcher.state.pyth_price import PythPrice
from watcher.state.redemption_rate import RedemptionRate
from watcher.state.set_token import SetToken
from watcher.state.share_vault import ShareVault
from watcher.state.solidly import Solidly
from watcher.state.stableswap import StableSwap, StableSwapMeta
from watcher.state.tick_oracle import TickOracle
from watcher.state.weighted import Weighted
from watcher.state.yearn_vault import YearnVault

State: TypeAlias = (
    ConstantProduct
    | Concentrated
    | ShareVault
    | PriceFeed
    | PythPrice
    | RedemptionRate
    | TickOracle
    | PairOracle
    | Holdings
    | StableSwap
    | StableSwapMeta
    | CryptoSwap
    | Solidly
    | KyberDMM
    | Weighted
    | BalancerStable
    | YearnVault
    | MorphoMarket
    | PegStability
    | SetToken
    | Lockbox
    | CompoundMarket
    | AaveReserve
)

KINDS: dict[str, type[State]] = {
    kind.KIND: kind
    for kind in (
        ConstantProduct,
        Concentrated,
        ShareVault,
        PriceFeed,
        PythPrice,
        RedemptionRate,
        TickOracle,
        PairOracle,
        Holdings,
        StableSwap,
        StableSwapMeta,
        CryptoSwap,
        Solidly,
        KyberDMM,
        Weighted,
        BalancerStable,
        YearnVault,
        MorphoMarket,
        PegStability,
        SetToken,
        Lockbox,
        CompoundMarket,
        AaveReserve,
    )
}
