"""One pure adapter module a protocol, and the table that everything else takes them from."""

from watcher.protocols import (
    chainlink,
    erc4626,
    holdings,
    pyth,
    redemption_rate,
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
