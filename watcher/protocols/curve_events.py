"""Flows of Curve's pools and Saddle's, which write of each coin by its place.

What the administrator gets of a fee leaves the balances of a StableSwap pool without an event, and
stays unexplained. The first pools say that one coin was taken out and not which: such a log is no
flow, and the block's flows are not known. CryptoSwap takes such fees as pool tokens.

Source: Curve's StableSwap and CryptoSwap contracts of every era; Saddle's SwapUtils.sol.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from watcher.errors import DecodeError
from watcher.protocols.events import Event, Field, Reading, decoder, event, flow, whole
from watcher.state.flow import Flow, FlowAmount, FlowKind, Side
from watcher.state.log import Log
from watcher.state.target import Target

MOST_COINS = 8


def _exchanged(target: Target, log: Log, values: Sequence[Field]) -> Flow | None:
    buyer, sold_id, sold, bought_id, bought, *_ = values
    amounts = [
        _amount(target, log, Side.IN, sold_id, sold),
        _amount(target, log, Side.OUT, bought_id, bought),
    ]
    return flow(log, FlowKind.SWAP, buyer, amounts)


def _swapped(target: Target, log: Log, values: Sequence[Field]) -> Flow | None:
    buyer, sold, bought, sold_id, bought_id = values
    return _exchanged(target, log, (buyer, sold_id, sold, bought_id, bought))


def _added(target: Target, log: Log, values: Sequence[Field]) -> Flow | None:
    provider, amounts, *_ = values
    return flow(log, FlowKind.ADD, provider, _each(target, log, Side.IN, amounts))


def _removed(target: Target, log: Log, values: Sequence[Field]) -> Flow | None:
    provider, amounts, *_ = values
    return flow(log, FlowKind.REMOVE, provider, _each(target, log, Side.OUT, amounts))


def _one_of_ng(target: Target, log: Log, values: Sequence[Field]) -> Flow | None:
    provider, coin, _, amount, *_ = values
    return _one(target, log, provider, coin, amount)


def _one_of_crypto(target: Target, log: Log, values: Sequence[Field]) -> Flow | None:
    provider, _, coin, amount, *_ = values
    return _one(target, log, provider, coin, amount)


def _one_of_saddle(target: Target, log: Log, values: Sequence[Field]) -> Flow | None:
    provider, _, _, coin, amount = values
    return _one(target, log, provider, coin, amount)


def _one_of_some(target: Target, log: Log, values: Sequence[Field]) -> Flow | None:
    raise DecodeError(f"log {log.index} says that one coin was taken out and not which")


def _one(target: Target, log: Log, provider: Field, coin: Field, amount: Field) -> Flow | None:
    amounts = [_amount(target, log, Side.OUT, coin, amount)]
    return flow(log, FlowKind.REMOVE, provider, amounts)


def _each(target: Target, log: Log, side: Side, amounts: Field) -> list[FlowAmount]:
    if not isinstance(amounts, tuple):
        raise TypeError("the event's declaration is not what is read")
    if len(amounts) != len(target.tokens):
        raise DecodeError(f"log {log.index} is of {len(amounts)} coins")
    return [_amount(target, log, side, place, raw) for place, raw in enumerate(amounts)]


def _amount(target: Target, log: Log, side: Side, place: Field, raw: Field) -> FlowAmount:
    coin = whole(place)
    if not 0 <= coin < len(target.tokens):
        raise DecodeError(f"log {log.index} names coin {coin} of {len(target.tokens)}")
    return FlowAmount(side, target.tokens[coin].address, whole(raw))


def _sized(declared: str) -> Iterator[Event]:
    """Of each number of coins."""
    for count in range(2, MOST_COINS + 1):
        yield event(declared.replace("[N]", f"[{count}]"))


def _of(reading: Reading, *declared: str) -> dict[Event, Reading]:
    return {
        one: reading
        for text in declared
        for one in (_sized(text) if "[N]" in text else [event(text)])
    }


_BUYER = "address indexed buyer"
_PROVIDER = "address indexed provider"

STABLESWAP_EVENTS = decoder(
    {
        **_of(
            _exchanged,
            f"TokenExchange({_BUYER}, int128 sold_id, uint256 tokens_sold, int128 bought_id, "
            "uint256 tokens_bought)",
            f"TokenExchange({_BUYER}, uint128 sold_id, uint256 tokens_sold, uint128 bought_id, "
            "uint256 tokens_bought)",
        ),
        **_of(
            _added,
            *(
                f"AddLiquidity({_PROVIDER}, uint256{n} token_amounts, uint256{n} fees, "
                "uint256 invariant, uint256 token_supply)"
                for n in ("[N]", "[]")
            ),
        ),
        **_of(
            _removed,
            *(
                f"RemoveLiquidity({_PROVIDER}, uint256{n} token_amounts, uint256{n} fees, "
                "uint256 token_supply)"
                for n in ("[N]", "[]")
            ),
            *(
                f"RemoveLiquidityImbalance({_PROVIDER}, uint256{n} token_amounts, "
                f"uint256{n} fees, uint256 invariant, uint256 token_supply)"
                for n in ("[N]", "[]")
            ),
        ),
        **_of(
            _one_of_ng,
            *(
                f"RemoveLiquidityOne({_PROVIDER}, {kind} token_id, uint256 token_amount, "
                "uint256 coin_amount, uint256 token_supply)"
                for kind in ("int128", "uint128")
            ),
        ),
        **_of(
            _one_of_some,
            f"RemoveLiquidityOne({_PROVIDER}, uint256 token_amount, uint256 coin_amount)",
            f"RemoveLiquidityOne({_PROVIDER}, uint256 token_amount, uint256 coin_amount, "
            "uint256 token_supply)",
        ),
    }
)

CRYPTOSWAP_EVENTS = decoder(
    {
        **_of(
            _exchanged,
            *(
                f"TokenExchange({_BUYER}, uint256 sold_id, uint256 tokens_sold, "
                f"uint256 bought_id, uint256 tokens_bought{more})"
                for more in ("", ", uint256 fee, uint256 packed_price_scale")
            ),
        ),
        **_of(
            _added,
            *(
                f"AddLiquidity({_PROVIDER}, uint256[N] token_amounts, uint256 fee, "
                f"uint256 token_supply{more})"
                for more in ("", ", uint256 packed_price_scale")
            ),
        ),
        **_of(
            _removed,
            f"RemoveLiquidity({_PROVIDER}, uint256[N] token_amounts, uint256 token_supply)",
        ),
        **_of(
            _one_of_crypto,
            *(
                f"RemoveLiquidityOne({_PROVIDER}, uint256 token_amount, uint256 coin_index, "
                f"uint256 coin_amount{more})"
                for more in ("", ", uint256 approx_fee, uint256 packed_price_scale")
            ),
        ),
    }
)

SADDLE_EVENTS = decoder(
    {
        **_of(
            _swapped,
            f"TokenSwap({_BUYER}, uint256 tokensSold, uint256 tokensBought, uint128 soldId, "
            "uint128 boughtId)",
        ),
        **_of(
            _added,
            f"AddLiquidity({_PROVIDER}, uint256[] tokenAmounts, uint256[] fees, "
            "uint256 invariant, uint256 lpTokenSupply)",
        ),
        **_of(
            _removed,
            f"RemoveLiquidity({_PROVIDER}, uint256[] tokenAmounts, uint256 lpTokenSupply)",
            f"RemoveLiquidityImbalance({_PROVIDER}, uint256[] tokenAmounts, uint256[] fees, "
            "uint256 invariant, uint256 lpTokenSupply)",
        ),
        **_of(
            _one_of_saddle,
            f"RemoveLiquidityOne({_PROVIDER}, uint256 lpTokenAmount, uint256 lpTokenSupply, "
            "uint256 boughtId, uint256 tokensBought)",
        ),
    }
)
