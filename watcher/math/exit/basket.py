"""The exit of a basket as the configuration describes it: who leaves, through what, and what is
owed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction

from watcher.errors import MathError
from watcher.math.exit.estate import estate_of, together
from watcher.math.exit.plan import ExitPlan, exit_plan
from watcher.math.exit.solvency import Solvency, owed_by, solvency
from watcher.math.exit.world import world_of
from watcher.math.settings import BasketExit
from watcher.state.finding import Deltas, deltas, total
from watcher.state.kinds import State
from watcher.state.price import Price
from watcher.state.target import Target
from watcher.state.token import Address, Token

SHOWN = 5


def basket_exit(
    basket: BasketExit,
    watched: Sequence[tuple[Target, State]],
    prices: Mapping[Address, Price],
) -> tuple[ExitPlan, Solvency]:
    """`watched` are the basket's own targets and what it is sold in. Raises MathError where one of
    them is missing, or where a token that is named is not there."""
    known = {target.id: (target, state) for target, state in watched}
    tokens = tokens_of(target for target, _ in watched)
    missing = [one for one in (*basket.target_ids, *basket.issued_by) if one not in known]
    if missing:
        raise MathError(f"target {missing[0][:12]} of the basket has no state")
    estate = together(estate_of(*known[one]) for one in basket.target_ids)
    plan = exit_plan(estate, world_of(known.values()), named_token(basket.into, tokens).address)
    owed = total(
        [
            *(owed_by(*known[one]) for one in basket.issued_by),
            *(whole_amount(named_token(one.token, tokens), one.amount) for one in basket.owed),
        ]
    )
    return plan, solvency(plan, owed, prices, tokens)


def tokens_of(targets: Iterable[Target]) -> dict[Address, Token]:
    """All tokens and shares, by address."""
    found: dict[Address, Token] = {}
    for target in targets:
        for token in (*target.tokens, *filter(None, [target.share])):
            found[token.address] = token
    return found


def named_token(text: str, tokens: Mapping[Address, Token]) -> Token:
    """The token that a person means, by address or symbol, letter case left aside. Raises MathError
    that names what it could have meant."""
    wanted = text.strip().lower()
    found = [
        token
        for token in tokens.values()
        if wanted in (token.address.lower(), token.symbol.strip().lower())
    ]
    if len(found) == 1:
        return found[0]
    if found:
        shown = ", ".join(token.address for token in found[:SHOWN])
        raise MathError(f"{text[:40]!r} is {len(found)} tokens: {shown}; give the address")
    raise MathError(f"no watched target has a token {text[:50]!r}: give its symbol or address")


def whole_amount(token: Token, amount: float) -> Deltas:
    """So many whole tokens, in the smallest unit."""
    return deltas((token.address, round(Fraction(amount) * 10**token.decimals)))
