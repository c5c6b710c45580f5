"""What each figure of a block's flows is: the definitions behind `watcher flow`.

They are no part of the catalogue of measures: a measure holds until the next one, a figure of a
flow is of its block alone (docs/adr/0014).
"""

from __future__ import annotations

from watcher.math.catalogue import POOLS, VAULT, Definition

KINDS = (*POOLS, VAULT)

FLOW_DEFINITIONS = (
    Definition(
        name="trade_volume",
        kinds=POOLS,
        unit="token",
        formula="sum over swaps of what came in and what went out, whole tokens",
        dims="token",
        source="the pool's own events",
        bad="none by itself",
        cannot_say="who traded with whom: a taker that trades to and fro counts each time",
    ),
    Definition(
        name="trade_imbalance",
        kinds=POOLS,
        unit="fraction",
        formula="(B - S) / (B + S), B what swaps took out of the token, S what they brought in; "
        "null where B + S is no more than a millionth of the reserve",
        dims="token",
        source="Easley, Kiefer, O'Hara and Paperman (1996): trade imbalance of buys and sells",
        bad="towards 1: the token is bought out of the pool; towards -1: it is sold to it",
        cannot_say="why: one arbitrage after a move of the market is as one-sided as a run",
    ),
    Definition(
        name="lp_flow",
        kinds=KINDS,
        unit="token",
        formula="what adding brought in - what removing took out or set aside, whole tokens",
        dims="token",
        source="the contract's own events",
        bad="below 0: liquidity, or deposits, leave",
        cannot_say="whose it is; what was set aside and not collected yet has not left",
    ),
    Definition(
        name="corrected_flow",
        kinds=KINDS,
        unit="token",
        formula="what reserves were set to by sync or removing beyond what flowed, whole tokens",
        dims="token",
        source="Uniswap V2: reserves follow the balances at sync and burn",
        bad="away from 0: a gift, a rebase or a fee on transfer has become reserve",
        cannot_say="which of these; of pools that say no reserves it is always 0",
    ),
    Definition(
        name="unexplained_flow",
        kinds=KINDS,
        unit="token",
        formula="(reserve at the block - reserve at the block before) - (in - out - fees + "
        "corrected), whole tokens, exact before the division; of pools with ticks the reserve is "
        "the balance, of vaults total_assets",
        dims="token",
        source="conservation",
        bad="away from 0: of a pair, logs are missing or false; of a pool with ticks somebody sent "
        "it tokens or overpaid; of a vault it earned, lost or was given that much; of a StableSwap "
        "pool it is what became the administrator's",
        cannot_say="anything where the block before was not read, or a state is missing",
    ),
)

FLOWS = {definition.name: definition for definition in FLOW_DEFINITIONS}
FLOW_VERSIONS = {name: definition.version for name, definition in FLOWS.items()}
