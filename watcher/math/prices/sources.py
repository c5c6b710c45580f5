"""From what a source's target is observed as to what the source says."""

from __future__ import annotations

from watcher.math.prices import pools
from watcher.math.prices.feeds import read_feed, read_pyth
from watcher.math.prices.reading import Reading, nothing
from watcher.math.settings import PriceSource
from watcher.state.concentrated import Concentrated
from watcher.state.constant_product import ConstantProduct
from watcher.state.kinds import State
from watcher.state.observation import Observation
from watcher.state.pair_oracle import PairOracle
from watcher.state.price_feed import PriceFeed
from watcher.state.pyth_price import PythPrice
from watcher.state.redemption_rate import RedemptionRate
from watcher.state.share_vault import ShareVault
from watcher.state.tick_oracle import TickOracle

NOUNS = {"chainlink": "feed", "pyth": "feed", "redemption": "vault", "redemption_rate": "rate"}
"""What a source reads, for sentences; all others read a pool."""


def read_source(
    source: PriceSource,
    observation: Observation | None,
    earlier: Observation | None,
    *,
    timestamp: int,
) -> Reading:
    """`earlier` is what was in force when the source's window began, for those that need it."""
    if source.source == "fixed":
        return Reading(source.value)
    if source.source == "wrapped":
        return Reading(1.0)
    noun = NOUNS.get(source.source, "pool")
    if observation is None:
        return nothing(f"the {noun} was not read yet")
    if observation.state is None:
        return nothing(f"the {noun} is {observation.status}")
    before = earlier.state if earlier is not None else None
    found = _read(source, observation.state, before, timestamp=timestamp)
    return nothing(f"the {noun} gives no such price") if found is None else found


def _read(
    source: PriceSource, state: State, before: State | None, *, timestamp: int
) -> Reading | None:
    """None where the target is not of the source's kind."""
    is_token0 = int(source.token, 16) < int(source.quote or "0", 16)
    match source.source, state:
        case "chainlink", PriceFeed():
            return read_feed(state, source, timestamp=timestamp)
        case "pyth", PythPrice():
            return read_pyth(state, source, timestamp=timestamp)
        case "redemption", ShareVault():
            return pools.read_redemption(state)
        case "redemption_rate", RedemptionRate():
            return pools.read_rate(state)
        case "spot", ConstantProduct():
            return pools.read_pair(state, is_token0=is_token0)
        case "spot", Concentrated():
            return pools.read_pool(state, is_token0=is_token0)
        case "uniswap_v3_twap", TickOracle():
            return pools.read_tick_oracle(state, is_token0=is_token0)
        case "uniswap_v2_twap", PairOracle():
            first = before if isinstance(before, PairOracle) else None
            return pools.read_pair_oracle(state, first, timestamp=timestamp, is_token0=is_token0)
    return None
