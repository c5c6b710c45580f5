"""One pure adapter module a protocol, and the table that everything else takes them from."""

from watcher.protocols import (
    chainlink,
    curve_stableswap,
    erc4626,
    holdings,
    kyber_dmm,
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
        kyber_dmm,
        erc4626,
        holdings,
        chainlink,
        pyth,
        uniswap_v2_twap,
        uniswap_v3_twap,
    )
}

__all__ = ["ADAPTERS", "Adapter", "Contest", "Entry", "Identification", "Option", "Trial"]
