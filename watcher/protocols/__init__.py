"""One pure adapter module a protocol, and the table that everything else takes them from."""

from watcher.protocols import (
    balancer_v1,
    balancer_v2_stable,
    balancer_v2_weighted,
    chainlink,
    curve_stableswap,
    erc4626,
    holdings,
    pyth,
    saddle,
    solidly,
    uniswap_v2,
    uniswap_v2_twap,
    uniswap_v3,
    uniswap_v3_twap,
)
from watcher.protocols.adapter import Adapter, Contest, Entry, Identification, Option, Trial

ADAPTERS: dict[str, Adapter] = {
    module.ADAPTER.protocol: module.ADAPTER
    for module in (
        uniswap_v2,
        uniswap_v3,
        solidly,
        curve_stableswap,
        saddle,
        balancer_v1,
        balancer_v2_weighted,
        balancer_v2_stable,
        erc4626,
        holdings,
        chainlink,
        pyth,
        uniswap_v2_twap,
        uniswap_v3_twap,
    )
}

__all__ = ["ADAPTERS", "Adapter", "Contest", "Entry", "Identification", "Option", "Trial"]
