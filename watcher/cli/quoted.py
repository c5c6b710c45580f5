"""What `watcher quote` says."""

from __future__ import annotations

from watcher.cli.explain import Explanation, explain, steps
from watcher.cli.measured import heading
from watcher.cli.options import Format
from watcher.cli.output import Row, print_json, print_rows, print_table, print_text
from watcher.cli.phrases import grouped, percent, price, symbols, utc, whole_amount
from watcher.report.trade import Trade

LEAST = 1e-6
"""Smaller losses are those of rounding."""


def print_trade(trade: Trade, *, explained: bool, format_: Format) -> None:
    reasoning = (
        explain(trade.snapshot.state, trade.quote, exact_out=trade.exact_out) if explained else None
    )
    match format_:
        case Format.TABLE:
            _print_for_people(trade, reasoning)
        case Format.JSON:
            print_json({**_row(trade), **_explained(reasoning)})
        case Format.CSV:
            row = _row(trade)
            print_rows([row], list(row), format_=format_)


def _print_for_people(trade: Trade, reasoning: Explanation | None) -> None:
    names = symbols(trade.snapshot.target)
    coin_in, coin_out = names[trade.token_in.address], names[trade.token_out.address]
    quote = trade.quote
    amount_in = grouped(whole_amount(quote.amount_in, trade.token_in.decimals))
    amount_out = grouped(whole_amount(quote.amount_out, trade.token_out.decimals))
    unit = f"{coin_out} per {coin_in}"
    print_text(heading(trade.snapshot))
    rows = [
        ["in", f"{amount_in} {coin_in}", f"{quote.amount_in} smallest units"],
        ["out", f"{amount_out} {coin_out}", f"{quote.amount_out} smallest units"],
        ["average price", f"{_price(trade.average_price)} {unit}", ""],
        ["marginal price", f"{price(trade.marginal_price)} {unit}", "before the trade"],
        *_losses(trade),
    ]
    print_table(rows, None)
    if reasoning is None:
        return
    print_text()
    print_text(reasoning.function)
    print_table([["", *step] for step in steps(reasoning)], None)


def _price(value: float | None) -> str:
    return "no" if value is None else price(value)


def _losses(trade: Trade) -> list[list[str]]:
    if trade.fee == 0:
        return [["slippage", _percent(trade.slippage), "from rounding alone: no fee, no curve"]]
    return [
        ["slippage", _percent(trade.slippage), f"with the fee of {percent(trade.fee)}"],
        ["price impact", _percent(trade.price_impact), "without the fee"],
    ]


def _percent(value: float | None) -> str:
    if value is None:
        return "unknown"
    return percent(value) if value == 0 or abs(value) >= LEAST else f"under {percent(LEAST)}"


def _row(trade: Trade) -> Row:
    snapshot, quote = trade.snapshot, trade.quote
    target, block = snapshot.target, snapshot.block
    token_in, token_out = trade.token_in, trade.token_out
    return {
        "target": target.label,
        "target_id": target.id,
        "block": block.number,
        "block_hash": block.hash,
        "time": utc(block.timestamp),
        "state_hash": trade.state_hash,
        "token_in": token_in.caip19(target.chain_id),
        "symbol_in": token_in.symbol,
        "amount_in": whole_amount(quote.amount_in, token_in.decimals),
        "amount_in_raw": str(quote.amount_in),
        "token_out": token_out.caip19(target.chain_id),
        "symbol_out": token_out.symbol,
        "amount_out": whole_amount(quote.amount_out, token_out.decimals),
        "amount_out_raw": str(quote.amount_out),
        "asked": "amount_out" if trade.exact_out else "amount_in",
        "average_price": trade.average_price,
        "marginal_price": trade.marginal_price,
        "fee": trade.fee,
        "slippage": trade.slippage,
        "price_impact": trade.price_impact,
    }


def _explained(reasoning: Explanation | None) -> dict[str, object]:
    if reasoning is None:
        return {}
    return {
        "explanation": {
            "function": reasoning.function,
            "given": {name: str(value) for name, value in reasoning.given},
            "lines": [
                {
                    "name": line.name,
                    "formula": line.formula,
                    "numbers": line.numbers,
                    "value": str(line.value),
                }
                for line in reasoning.lines
            ],
        }
    }
