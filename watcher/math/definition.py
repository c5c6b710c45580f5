"""What a definition of a measure is, and the kinds of targets that it may be of."""

from __future__ import annotations

from dataclasses import dataclass

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
from watcher.state.stableswap import StableSwap
from watcher.state.tick_oracle import TickOracle
from watcher.state.weighted import Weighted
from watcher.state.yearn_vault import YearnVault

POOL = ConstantProduct.KIND
TICK_POOL = Concentrated.KIND
RATED_POOLS = (StableSwap.KIND, CryptoSwap.KIND, Solidly.KIND, BalancerStable.KIND)
"""Coin pools that may take their coins at rates of their own, or at a price scale."""
COIN_POOLS = (*RATED_POOLS, KyberDMM.KIND, Weighted.KIND)
"""Pools that may have more than two coins, or are measured as if they had."""
POOLS = (POOL, TICK_POOL, *COIN_POOLS)
VAULT = ShareVault.KIND
YEARN = YearnVault.KIND
HOLDINGS = Holdings.KIND
FEED = PriceFeed.KIND
PYTH = PythPrice.KIND
RATE = RedemptionRate.KIND
TICK_ORACLE = TickOracle.KIND
PAIR_ORACLE = PairOracle.KIND
MORPHO = MorphoMarket.KIND
PEG = PegStability.KIND
SET = SetToken.KIND
LOCKBOX = Lockbox.KIND
LENDING = (CompoundMarket.KIND, AaveReserve.KIND)


@dataclass(frozen=True, slots=True)
class Definition:
    """`version` grows with every change of a figure; `bad` says which direction worries whom.

    A measure may be one of several kinds: its unit and its meaning are then the same, and `formula`
    says what it is of each. `coin_dims` are the dims of pools that may have more than two coins.
    """

    name: str
    kinds: tuple[str, ...]
    unit: str
    formula: str
    dims: str
    source: str
    bad: str
    cannot_say: str
    version: int = 1
    coin_dims: str | None = None

    def dims_of(self, kind: str) -> str:
        return self.dims if self.coin_dims is None or kind not in COIN_POOLS else self.coin_dims
