"""One price from several sources: the median of those that may vote."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations

from watcher.math.settings import Votes
from watcher.state.price import Price, Vote, unknown_price
from watcher.state.token import Address


def decide(
    token: Address,
    candidates: Sequence[Price],
    votes: Votes,
    *,
    contracts: Sequence[str] | None = None,
) -> Price:
    """The median of the candidates that have a value, outliers left out. Of two in the middle it is
    the one that comes first, so that the price is always one that a source said.

    `contracts` are what the candidates are read from, "" for none: several of one contract have one
    vote together, which the first that has a value casts. *Degraded* where those left disagree,
    where fewer than half of the votes are left, or where the deciding source is doubtful itself.
    """
    read = contracts or [""] * len(candidates)
    known = [row for row, price in enumerate(candidates) if price.known]
    same = _same_contract(known, read)
    asked = [row for row in known if row not in same]
    outliers = _outliers(candidates, asked, votes.outlier)
    voters = [row for row in asked if row not in outliers]
    lost = dict.fromkeys(outliers, f"further than {votes.outlier:.4g} from the median")
    lost |= {row: f"its contract has a vote by {candidates[same[row]].source}" for row in same}
    cast = tuple(_vote(price, lost.get(row, "")) for row, price in enumerate(candidates))
    if not voters:
        why = "; ".join(f"{vote.source}: {vote.reason}" for vote in cast)
        return replace(unknown_price(token, f"no source has a vote: {why}"), votes=cast)
    chosen = candidates[_median(candidates, voters)]
    reasons = [chosen.reason, _disagreement(candidates, voters, votes.disagreement)]
    several = len(candidates) - len(same)
    if 2 * len(voters) < several:
        reasons.append(f"only {len(voters)} of {several} sources have a vote")
    ancestors = (one for row in voters for one in candidates[row].ancestry)
    return replace(
        chosen,
        ancestry=tuple(dict.fromkeys(ancestors)),
        reason="; ".join(filter(None, reasons)),
        votes=cast,
    )


def _vote(price: Price, lost: str) -> Vote:
    target_id = price.ancestry[0] if price.ancestry else ""
    return Vote(price.source, target_id, price.value, lost if price.known else price.reason)


def _same_contract(rows: Sequence[int], contracts: Sequence[str]) -> dict[int, int]:
    """Each row that is read from the contract of one before it: that one."""
    first: dict[str, int] = {}
    found = {}
    for row in rows:
        before = first.setdefault(contracts[row], row) if contracts[row] else row
        if before != row:
            found[row] = before
    return found


def _median(candidates: Sequence[Price], rows: Sequence[int]) -> int:
    ordered = sorted(rows, key=lambda row: candidates[row].value)
    return min(ordered[(len(rows) - 1) // 2 : len(rows) // 2 + 1])


def _outliers(candidates: Sequence[Price], rows: Sequence[int], most: float) -> set[int]:
    """Of two that differ nobody can say which is wrong."""
    if len(rows) < 3:
        return set()
    middle = candidates[_median(candidates, rows)]
    return {row for row in rows if _distance(candidates[row], middle) > most}


def _disagreement(candidates: Sequence[Price], rows: Sequence[int], most: float) -> str:
    for one, other in combinations(rows, 2):
        if _distance(candidates[one], candidates[other]) > most:
            names = " and ".join(candidates[row].source for row in (one, other))
            return f"{names} disagree by more than {most:.4g}"
    return ""


def _distance(one: Price, other: Price) -> float:
    """The logarithm of their ratio, beyond what both may lag."""
    apart = abs(math.log(one.value) - math.log(other.value))
    return apart - one.dead_band - other.dead_band
