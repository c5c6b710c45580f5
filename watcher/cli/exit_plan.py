"""What `watcher exit` says: the plan line by line, and what it comes to."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from watcher.cli.leaving import Left, find_token, weights
from watcher.cli.options import Format
from watcher.cli.output import Row, note, print_json, print_rows, print_table, print_text
from watcher.cli.phrases import (
    grouped,
    money,
    percent,
    short,
    symbol,
    utc,
    whole_amount,
    with_names,
)
from watcher.math.exit.plan import Step
from watcher.math.exit.sales import Unsold
from watcher.math.exit.solvency import Money
from watcher.state.finding import Deltas
from watcher.state.token import Address, Token

COLUMNS = ("step", "does", "where", "gives", "takes")
COMPUTED = "Computed from the state alone, without gas: nothing was executed."


def print_exit(left: Left, *, format_: Format) -> None:
    if format_ is Format.JSON:
        print_json(_document(left))
        return
    rows = _rows(left, people=format_ is Format.TABLE)
    if format_ is Format.CSV:
        print_rows(rows, COLUMNS, format_=format_)
        return
    leaving, block = left.leaving, left.leaving.block
    print_text(
        f"{leaving.label} at block {block.number:,}, {utc(block.timestamp)}, all for "
        f"{symbol(left.into)}"
    )
    if rows:
        print_rows(rows, COLUMNS, format_=format_)
    print_text()
    print_table(_summary(left), None, elastic=2)
    note(COMPUTED)


def _rows(left: Left, *, people: bool) -> list[Row]:
    tokens = left.leaving.tokens
    return [
        {
            "step": number,
            "does": step.verb,
            "where": _where(left, step),
            "gives": _amounts(step.gives, tokens, people=people),
            "takes": _amounts(step.takes, tokens, people=people),
        }
        for number, step in enumerate(left.plan.steps, 1)
    ]


def _where(left: Left, step: Step) -> str:
    """The name of a watched target, the number of a position, else a token or an address."""
    if step.verb == "close":
        return f"position {step.where}"
    for each in left.leaving.watched:
        if each.target.id == step.target_id:
            return each.target.label
    known = left.leaving.tokens.get(Address(step.where))
    return symbol(known) if known is not None else short(step.where)


def _amounts(amounts: Deltas, tokens: Mapping[Address, Token], *, people: bool) -> str:
    shown = []
    for address, amount in amounts:
        token = tokens.get(address)
        if token is None:
            shown.append(f"{amount} of {address}")
            continue
        whole = whole_amount(amount, token.decimals)
        shown.append(f"{grouped(whole) if people else whole} {symbol(token)}")
    return ", ".join(shown)


def _summary(left: Left) -> list[list[str]]:
    tokens, found, unit = left.leaving.tokens, left.solvency, left.leaving.unit
    received = _amounts(((left.into.address, left.plan.received),), tokens, people=True)
    names: dict[str, str] = {address: symbol(token) for address, token in tokens.items()}

    def line(what: str, figure: Money, shown: str) -> list[str]:
        return [what, shown, with_names(figure.reason, names)]

    return [
        ["received", received, ""],
        *(_unsold(each, tokens, names) for each in left.plan.left),
        line("exit value", found.exit, money(found.exit.value, unit)),
        line("held at reference prices", found.reference, money(found.reference.value, unit)),
        line("leaving costs", found.discount, percent(found.discount.value)),
        line("owed", found.owed, money(found.owed.value, unit)),
        line("solvency_reference", found.over_reference, _ratio(found.over_reference)),
        line("solvency_exit", found.over_exit, _ratio(found.over_exit)),
        *_targets(left),
    ]


def _unsold(each: Unsold, tokens: Mapping[Address, Token], names: Mapping[str, str]) -> list[str]:
    amount = _amounts(((each.token, each.amount),), tokens, people=True)
    return ["left over", amount, with_names(each.reason, names)]


def _targets(left: Left) -> list[list[str]]:
    """How each token of a basket stands against its part."""
    found, rows = weights(left), []
    for token, part, wanted, band in _wanted(left, found):
        off = abs(part - wanted) > band
        said = "out of its band" if off else "within its band"
        told = f"{percent(wanted)} wanted, {said}"
        rows.append([f"part of {symbol(token)}", percent(part), told])
    return rows


def _wanted(left: Left, found: Mapping[Address, float]) -> list[tuple[Token, float, float, float]]:
    """Of one basket alone: several together are no basket."""
    if len(left.leaving.baskets) != 1 or not found:
        return []
    (basket,) = left.leaving.baskets
    named = [(find_token(text, left.leaving.tokens), to) for text, to in basket.targets.items()]
    return [(token, found.get(token.address, 0.0), to, basket.band) for token, to in named]


def _ratio(figure: Money) -> str:
    return "" if math.isnan(figure.value) else f"{figure.value:.4f}"


def _document(left: Left) -> dict[str, object]:
    leaving, plan, found = left.leaving, left.plan, left.solvency
    chain_id = leaving.block.chain_id

    def named(token: Address) -> str:
        return f"eip155:{chain_id}/erc20:{token}"

    def amounts(each: Deltas) -> dict[str, str]:
        return {named(token): str(amount) for token, amount in each}

    return {
        "targets": [each.target.id for each in leaving.subjects],
        "baskets": [basket.name for basket in leaving.baskets],
        "block": leaving.block.number,
        "block_hash": leaving.block.hash,
        "unit_of_account": leaving.unit,
        "into": named(left.into.address),
        "received": str(plan.received),
        "steps": [
            {
                "does": step.verb,
                "where": step.where,
                "target_id": step.target_id or None,
                "gives": amounts(step.gives),
                "takes": amounts(step.takes),
            }
            for step in plan.steps
        ],
        "left": [
            {"token": named(each.token), "amount": str(each.amount), "reason": each.reason}
            for each in plan.left
        ],
        "held": amounts(plan.reference),
        **_figures(
            {
                "exit_value": found.exit,
                "reference_value": found.reference,
                "exit_discount": found.discount,
                "owed": found.owed,
                "solvency_reference": found.over_reference,
                "solvency_exit": found.over_exit,
            }
        ),
        "targets_of_basket": [
            {"token": named(token.address), "part": part, "wanted": wanted, "band": band}
            for token, part, wanted, band in _wanted(left, weights(left))
        ],
        "executed": False,
    }


def _figures(figures: Mapping[str, Money]) -> dict[str, object]:
    reasons = {name: each.reason for name, each in figures.items() if each.reason}
    values: Sequence[tuple[str, object]] = [
        (name, None if each.reason else each.value) for name, each in figures.items()
    ]
    return {**dict(values), "reasons": reasons}
