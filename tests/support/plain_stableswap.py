"""StableSwap pools by plain `eth_call`s: Curve's and Saddle's."""

from __future__ import annotations

from tests.support.plain import Plain
from watcher.devnet.local_chain import LocalChain
from watcher.state.stableswap import StableSwap, StableSwapVariant
from watcher.state.target import Target


def curve_pool(chain: LocalChain, target: Target) -> StableSwap:
    """Of the first generation, whose LP token is another contract, or NG, which is its own."""
    assert target.share is not None
    first = target.share.address != target.address
    pool, coins = Plain(chain, target.address), range(len(target.tokens))
    kind = "int128" if first else "uint256"
    variant: StableSwapVariant = "gen1" if first else "ng_early"
    rates = [10 ** (36 - token.decimals) for token in target.tokens]
    return StableSwap(
        variant=variant,
        balances=tuple(pool.integer("balances", coin, inputs=kind) for coin in coins),
        rates=tuple(rates if first else pool.get("stored_rates()(uint256[])")[0]),
        amplification=pool.integer("A" if first else "A_precise"),
        amplification_precision=1 if first else 100,
        fee=pool.integer("fee"),
        admin_fee=pool.integer("admin_fee"),
        offpeg_fee_multiplier=0 if first else pool.integer("offpeg_fee_multiplier"),
        withdraw_fee=0,
        total_supply=Plain(chain, target.share.address).integer("totalSupply"),
        decimals=tuple(token.decimals for token in target.tokens),
        underlying_decimals=(),
    )


def saddle_pool(chain: LocalChain, target: Target) -> StableSwap:
    assert target.share is not None
    pool, coins = Plain(chain, target.address), range(len(target.tokens))
    words = ",".join(["uint256"] * 6)
    *_, fee, admin_fee, share = pool.get(f"swapStorage()({words},address)")
    assert share.lower() == target.share.address.lower()
    return StableSwap(
        variant="connext",
        balances=tuple(pool.integer("getTokenBalance", coin, inputs="uint8") for coin in coins),
        rates=tuple(10 ** (36 - token.decimals) for token in target.tokens),
        amplification=pool.integer("getAPrecise"),
        amplification_precision=100,
        fee=fee,
        admin_fee=admin_fee,
        offpeg_fee_multiplier=0,
        withdraw_fee=0,
        total_supply=Plain(chain, target.share.address).integer("totalSupply"),
        decimals=tuple(token.decimals for token in target.tokens),
        underlying_decimals=(),
    )
