"""Our quotes: the exact arithmetic itself, and through the door that takes any state."""

from __future__ import annotations

from benchmarks.peers.quoter import Maker
from benchmarks.problems import Problem, problems
from watcher.math.quotes import quote_exact_in


def _exact(problem: Problem) -> Maker:
    """What the problem is told in is for the peers: ours was made with it."""
    return lambda _: problem.exact


def _whole(problem: Problem) -> Maker:
    def quote(amount: int) -> int:
        return quote_exact_in(problem.state, 0, 1, amount).amount_out

    return lambda _: quote


_ALL = problems()
EXACT = {one.family: _exact(one) for one in _ALL}
WHOLE = {one.family: _whole(one) for one in _ALL}
