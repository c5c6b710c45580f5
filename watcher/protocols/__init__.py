"""One pure adapter module a protocol, and the table that everything else takes them from."""

from watcher.protocols import chainlink, curve_stableswap, erc4626, uniswap_v2, uniswap_v3
from watcher.protocols.adapter import Adapter, Contest, Entry, Identification, Option, Trial

ADAPTERS: dict[str, Adapter] = {
    module.ADAPTER.protocol: module.ADAPTER
    for module in (uniswap_v2, uniswap_v3, curve_stableswap, erc4626, chainlink)
}

__all__ = ["ADAPTERS", "Adapter", "Contest", "Entry", "Identification", "Option", "Trial"]
