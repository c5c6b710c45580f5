"""One pure adapter module a protocol, and the table that everything else takes them from."""

from watcher.protocols import (
    algebra_integral,
    balancer_v1,
    balancer_v2_stable,
    balancer_v2_weighted,
    balancer_v3_stable,
    balancer_v3_weighted,
    chainlink,
    curve_cryptoswap,
    curve_stableswap,
    erc4626,
    holdings,
    kyber_dmm,
    pancake_v3,
    pyth,
    redemption_rate,
    saddle,
    solidly,
    uniswap_v2,
    uniswap_v2_twap,
    uniswap_v3,
    uniswap_v3_twap,
    uniswap_v4,
)
from watcher.protocols.adapter import Adapter, Contest, Entry, Identification, Option, Trial

ADAPTERS: dict[str, Adapter] = {
    module.ADAPTER.protocol: module.ADAPTER
    for module in (
        uniswap_v2,
        uniswap_v3,
        pancake_v3,
        algebra_integral,
        uniswap_v4,
        solidly,
        curve_stableswap,
        curve_cryptoswap,
        saddle,
        kyber_dmm,
        balancer_v1,
        balancer_v2_weighted,
        balancer_v2_stable,
        balancer_v3_weighted,
        balancer_v3_stable,
        erc4626,
        holdings,
        chainlink,
        pyth,
        redemption_rate,
        uniswap_v2_twap,
        uniswap_v3_twap,
    )
}

__all__ = ["ADAPTERS", "Adapter", "Contest", "Entry", "Identification", "Option", "Trial"]
