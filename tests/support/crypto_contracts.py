"""Contracts that answer as a CryptoSwap pool of each era does: which functions there are, and where
its storage keeps what no function tells."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from tests.support.answers import REVERTED, Fake, FakeChain, Reply, address_word, text, words
from tests.support.strategies import address
from watcher.errors import MathError
from watcher.math.exact import cryptoswap as exact
from watcher.math.exact import cryptoswap_swaps as swaps
from watcher.math.exact.cryptoswap_variants import ARITHMETIC
from watcher.math.families.cryptoswap import pool_of
from watcher.protocols.curve_cryptoswap import ETHER_EXCHANGE
from watcher.state import Answer, CryptoSwap

POOL, SHARE, MATHEMATICS = (address(number) for number in (0x10, 0x20, 0x30))
COINS = tuple(address(0x40 + coin) for coin in range(3))
NOW = 1_700_000_000
FLAG = 30
"""Where `not_adjusted` stands."""
PROFIT_A = 10**18 + 7
VERSIONS = {"twocrypto_ng_early": "v2.0.0", "twocrypto_ng": "v2.1.0"}


@dataclass(frozen=True, slots=True)
class Contract:
    """What a contract keeps beside its state: when a ramp ends; when it moved last, and in what
    time its average has gone half of its way; `live`: v1 that tells its average at the block."""

    until: int = 0
    moved: int = NOW
    half_time: int = 600
    live: bool = False
    code: bytes = b"\x60"


def possible(state: CryptoSwap) -> tuple[CryptoSwap, Contract]:
    """The state as far as a contract can be so, and such a contract."""
    if ARITHMETIC[state.variant].generation == "v1":
        state = replace(state, loss_allowed=state.ramping)
        code = ETHER_EXCHANGE if state.variant == "twocrypto" else b"\x60"
        return state, Contract(until=NOW + 9 if state.ramping else 0, code=code)
    state = replace(state, loss_allowed=state.loss_allowed or state.ramping)
    until = NOW + 1 if state.ramping else NOW if state.loss_allowed else NOW - 1
    return state, Contract(until=until)


def crypto_chain(
    state: CryptoSwap,
    contract: Contract,
    *,
    quote: Callable[..., int] = swaps.get_dy,
    instead: Mapping[str, Reply] | None = None,
) -> FakeChain:
    """A chain with that pool, with the named replies instead of its own."""
    is_v1 = ARITHMETIC[state.variant].generation == "v1"
    replies = _numbers(state, contract) | _own(state, contract, is_v1=is_v1)
    replies["get_dy(uint256,uint256,uint256)"] = lambda data: _answered(
        lambda: quote(pool_of(state), *(int.from_bytes(data[at : at + 32]) for at in (0, 32, 64)))
    )
    profits = (state.xcp_profit, PROFIT_A, state.virtual_price, int(state.not_adjusted))
    slots = dict(enumerate(profits, start=FLAG - 3)) if is_v1 else {}
    supply: dict[str, Reply] = {"totalSupply()": words(state.total_supply), **_token("LP", 18)}
    if not is_v1:
        replies |= supply
    contracts = {
        coin: Fake(_token(f"C{at}", decimals))
        for at, (coin, decimals) in enumerate(zip(COINS, state.decimals, strict=False))
    }
    contracts[POOL] = Fake(replies | (dict(instead) if instead else {}), contract.code, slots)
    contracts[SHARE] = Fake(supply)
    contracts[MATHEMATICS] = Fake({"version()": text(VERSIONS.get(state.variant, "v0.1.0"))})
    return FakeChain(contracts, NOW)


def _numbers(state: CryptoSwap, contract: Contract) -> dict[str, Reply]:
    pool = pool_of(state)
    inputs = "uint256" if len(state.balances) > 2 else ""
    return {
        "coins(uint256)": _listed([int(coin, 16) for coin in COINS[: len(state.balances)]]),
        "balances(uint256)": _listed(state.balances),
        "A()": words(state.amplification),
        "gamma()": words(state.gamma),
        "D()": words(state.invariant),
        "mid_fee()": words(state.mid_fee),
        "out_fee()": words(state.out_fee),
        "fee_gamma()": words(state.fee_gamma),
        "allowed_extra_profit()": words(state.allowed_extra_profit),
        "adjustment_step()": words(state.adjustment_step),
        "xcp_profit()": words(state.xcp_profit),
        "xcp_profit_a()": words(PROFIT_A),
        "virtual_price()": words(state.virtual_price),
        "future_A_gamma_time()": words(contract.until),
        f"price_scale({inputs})": _prices(state.price_scale),
        f"price_oracle({inputs})": _prices(state.price_oracle),
        f"last_prices({inputs})": _prices(state.last_prices),
        "fee()": _answered(lambda: exact.fee(pool, exact.scaled(pool, pool.balances))),
        "get_virtual_price()": _answered(lambda: exact.get_virtual_price(pool)),
    }


def _own(state: CryptoSwap, contract: Contract, *, is_v1: bool) -> dict[str, Reply]:
    """What contracts of one era have and those of others have not."""
    if not is_v1:
        return {"MATH()": address_word(MATHEMATICS), "lp_price()": words(1)}
    live: dict[str, Reply] = {"lp_price()": words(1)} if contract.live else {}
    return live | {
        "token()": address_word(SHARE),
        "last_prices_timestamp()": words(contract.moved),
        "ma_half_time()": words(contract.half_time),
    }


def _token(symbol: str, decimals: int) -> dict[str, Reply]:
    return {"decimals()": words(decimals), "symbol()": text(symbol)}


def _listed(values: tuple[int, ...] | list[int]) -> Reply:
    def reply(data: bytes) -> Answer:
        at = int.from_bytes(data[:32])
        return words(values[at]) if at < len(values) else REVERTED

    return reply


def _prices(prices: tuple[int, ...]) -> Reply:
    return words(*prices) if len(prices) == 1 else _listed(prices)


def _answered(ask: Callable[[], int]) -> Answer:
    try:
        return words(ask())
    except MathError:
        return REVERTED
